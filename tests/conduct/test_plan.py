"""Which questions an interview has: reproducible, spread, and only those that can be graded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.conduct.plan import DEFAULT_QUESTIONS, make_plan
from interviewer.domain.errors import GuideError
from interviewer.domain.guide import Category, Difficulty, Guide
from tests.factories import guide_of, question
from tests.fakes import FakeRetriever


def wide(each: int = 4) -> Guide:
    return guide_of(*(question(f"{c}-{n}", category=c) for c in Category for n in range(each)))


@given(st.integers(0, 10_000), st.integers(1, 30))
def test_the_same_wishes_give_the_same_plan_without_a_question_twice(seed: int, count: int) -> None:
    guide = wide()
    plan = make_plan(guide, count=count, seed=seed)
    assert plan == make_plan(guide, count=count, seed=seed)
    assert len(set(plan.questions)) == len(plan.questions) == min(count, len(guide.questions))


def test_another_seed_gives_another_plan() -> None:
    assert len({make_plan(wide(), seed=seed).questions for seed in range(10)}) > 1


def test_questions_are_spread_over_the_categories() -> None:
    plan = make_plan(wide(), count=len(Category))
    assert {q.rsplit("-", 1)[0] for q in plan.questions} == set(Category)


def test_easier_questions_come_first_within_a_category() -> None:
    levels = [Difficulty.HARD, Difficulty.EASY, None]
    guide = guide_of(*(question(f"q{n}").model_copy(update={"difficulty": level}) for n, level in enumerate(levels)))
    assert make_plan(guide).questions == ("q1", "q2", "q0")


@pytest.mark.parametrize(("wish", "expected"), [({}, DEFAULT_QUESTIONS), ({"minutes": 15}, 3), ({"minutes": 2}, 1)])
def test_how_many(wish: dict[str, int], expected: int) -> None:
    assert len(make_plan(wide(), minutes=wish.get("minutes")).questions) == expected


def test_a_question_without_key_points_is_not_asked() -> None:
    guide = guide_of(question("bare", weights=()), question("full"))
    assert make_plan(guide).questions == ("full",)


def test_a_guide_with_nothing_to_ask_is_refused() -> None:
    with pytest.raises(GuideError, match="nothing to ask"):
        make_plan(guide_of(question(weights=())))


def test_only_these_in_this_order() -> None:
    plan = make_plan(wide(), only=["other-1", "technical-0", "nowhere", "other-1"])
    assert plan.questions == ("other-1", "technical-0")


class Near(FakeRetriever):
    """Finds these questions near, whatever the topic; a guide's ungradable ones too."""

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        assert count >= len(guide.questions)
        return [("other-2", 0.9), ("bare", 0.8), ("technical-1", 0.7), ("other-3", 0.1)]


def test_nearest_to_a_topic() -> None:
    plan = make_plan(wide(), Near(), topic="words", count=2)
    assert plan.questions == ("other-2", "technical-1")
    assert plan.topic == "words"


def test_no_more_than_are_about_the_topic_unless_asked_for() -> None:
    assert make_plan(wide(), Near(), topic="words").questions == ("other-2", "technical-1")
    assert make_plan(wide(), Near(), topic="words", count=3).questions == ("other-2", "technical-1", "other-3")
    assert make_plan(wide(), Near(), topic="words", minutes=5).questions == ("other-2",)


def test_a_question_that_names_the_topic_comes_first() -> None:
    guide = guide_of(question("bean-story"), *wide().questions)
    assert make_plan(guide, Near(), topic="beans", count=2).questions == ("bean-story", "other-2")
    assert make_plan(guide, topic="the beans").questions == ("bean-story",)


@pytest.mark.parametrize("topic", ["football", "the", "?"])
def test_a_topic_that_nothing_is_about_is_refused(topic: str) -> None:
    with pytest.raises(GuideError, match="no question about"):
        make_plan(wide(), FakeRetriever(), topic=topic)


def test_only_these_though_a_topic_is_given() -> None:
    assert make_plan(wide(), Near(), topic="words", only=["technical-0"]).questions == ("technical-0",)
