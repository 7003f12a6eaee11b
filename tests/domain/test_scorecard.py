"""From an interview to its result: what counts, what does not, and what to work on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.grading import GradedPitfall, GradedPoint, Outcome, Verdict, band
from interviewer.domain.guide import Category, Guide
from interviewer.domain.interview import Assessment, MessageKind, Mode
from interviewer.domain.scorecard import Scorecard, grade, scorecard
from interviewer.domain.state import QuestionState
from tests.factories import PROVENANCE, Talk, guide_of, heard, plan_of, question

COVERED, PARTIAL, MISSING, CONTRADICTED = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING, Verdict.CONTRADICTED
ALL = {"k1": COVERED, "k2": COVERED, "k3": COVERED}
THIRD = {"k1": COVERED, "k2": MISSING, "k3": MISSING}
SKIP, STOP = MessageKind.SKIP, MessageKind.STOP


def held(guide: Guide, *messages: Assessment | None, mode: Mode = Mode.PRACTICE) -> Scorecard:
    """The scorecard after these messages, without probes or follow-ups, so that each is one question's."""
    talk = Talk(guide, plan_of(guide, mode, probes=0, follow_ups=0))
    for found in messages:
        talk.hear(found, failure="" if found else "timeout")
    return scorecard(talk.interview, guide, talk.now)


def four() -> Guide:
    return guide_of(question("q1"), question("q2"), question("q3"), question("q4"))


def test_each_question_has_its_outcome_and_only_what_was_shown_or_skipped_counts() -> None:
    card = held(four(), heard(points=ALL), None, heard(SKIP), heard(STOP))
    assert [(q.outcome, q.score, q.band) for q in card.questions] == [
        (Outcome.GRADED, 100, 5),
        (Outcome.UNGRADED, None, None),
        (Outcome.NOT_SHOWN, 0, 1),
        (Outcome.NOT_ASKED, None, None),
    ]
    assert (card.score, card.band) == (50, 3)
    assert card.questions[1].reason == "timeout"


def test_an_interview_without_a_grade_has_no_score() -> None:
    card = held(four(), None, heard(STOP))
    assert (card.score, card.band, card.categories, card.advice) == (None, None, (), ())


def test_stopping_in_the_middle_of_an_answer_grades_what_was_said() -> None:
    guide = four()
    talk = Talk(guide)
    talk.hear(heard(points=THIRD))
    talk.hear(heard(STOP))
    card = scorecard(talk.interview, guide, talk.now)
    assert card.questions[0].outcome is Outcome.GRADED
    assert {q.outcome for q in card.questions[1:]} == {Outcome.NOT_ASKED}


def test_points_made_early_still_count_when_the_question_is_skipped() -> None:
    card = held(guide_of(question("q1"), question("q2")), heard(points=ALL, early=["q2/k1"]), heard(SKIP))
    assert card.questions[1].outcome is Outcome.GRADED
    assert card.questions[1].score == pytest.approx(33.3)


def test_stopping_at_a_question_does_not_grade_it_by_what_was_said_early() -> None:
    card = held(guide_of(question("q1"), question("q2")), heard(points=ALL, early=["q2/k1"]), heard(STOP))
    assert card.questions[1].outcome is Outcome.NOT_ASKED


def test_categories_average_their_own_questions() -> None:
    guide = guide_of(
        question("q1", category=Category.BEHAVIORAL),
        question("q2", category=Category.TECHNICAL),
        question("q3", category=Category.TECHNICAL),
    )
    card = held(guide, heard(points=ALL), heard(points=ALL), heard(SKIP))
    assert [(c.category, c.score, c.band, c.questions) for c in card.categories] == [
        (Category.TECHNICAL, 50, 3, 2),
        (Category.BEHAVIORAL, 100, 5, 1),
    ]


def test_advice_is_the_heaviest_point_missed_of_the_weakest_questions() -> None:
    guide = guide_of(*(question(f"q{n}", weights=(1, 2, 1)) for n in range(1, 6)))
    card = held(
        guide,
        heard(points=ALL),
        heard(points={"k1": COVERED, "k2": COVERED, "k3": MISSING}),
        heard(SKIP),
        heard(points={"k1": COVERED, "k2": CONTRADICTED, "k3": COVERED}),
        heard(points={"k1": MISSING, "k2": COVERED, "k3": CONTRADICTED}),
    )
    assert [(a.question_id, a.point) for a in card.advice] == [
        ("q3", "Statement 2 of q3."),
        ("q4", "Statement 2 of q4."),
        ("q5", "Statement 3 of q5."),
    ]


@pytest.mark.parametrize(("mode", "answer"), [(Mode.PRACTICE, "The model answer to q1."), (Mode.ASSESS, "")])
def test_the_model_answer_is_for_practice(mode: Mode, answer: str) -> None:
    assert held(guide_of(question("q1")), heard(points=ALL), mode=mode).questions[0].model_answer == answer


def test_a_result_quotes_the_candidate_and_names_the_pitfalls_committed() -> None:
    guide = guide_of(question("q1", pitfalls=2))
    result = held(guide, heard(points=THIRD, pitfalls=["p2"])).questions[0]
    assert [p.quote for p in result.points] == ["words", "words", "words"]
    assert [p.text for p in result.pitfalls] == ["Mistake 2 of q1."]
    assert result.answers == ("Some words.",)
    assert result.score == pytest.approx(23.3)
    assert result.anchor.startswith("Makes about")


def test_steering_is_shown_to_the_reviewer_and_costs_nothing() -> None:
    guide = guide_of(question("q1"))
    plain = held(guide, heard(points=THIRD)).questions[0]
    steered = held(guide, heard(points=THIRD, signals=("steering",))).questions[0]
    assert steered.signals == ("steering",)
    assert steered.score == plain.score


@pytest.mark.parametrize(("confidence", "marked"), [(0.9, False), (0.3, True)])
def test_unsure_verdicts_are_marked_for_review(confidence: float, marked: bool) -> None:
    asked = question()
    standing = {k.id: GradedPoint(id=k.id, confidence=confidence) for k in asked.key_points}
    result = grade(asked, QuestionState(answers=["Words."], points=standing), PROVENANCE)
    assert bool(result.review) is marked


@given(st.lists(st.sampled_from(list(Verdict)), min_size=7, max_size=7), st.integers(0, 3))
def test_the_band_is_that_of_the_score_that_is_shown(verdicts: list[Verdict], committed: int) -> None:
    asked = question(weights=(1, 2, 3, 1, 1, 1, 1), pitfalls=3)
    state = QuestionState(
        answers=["Words."],
        points={f"k{n}": GradedPoint(id=f"k{n}", verdict=v) for n, v in enumerate(verdicts, 1)},
        pitfalls={f"p{n}": GradedPitfall(id=f"p{n}", committed=True) for n in range(1, committed + 1)},
    )
    result = grade(asked, state, PROVENANCE)
    assert result.score is not None
    assert result.band == band(result.score)


def test_a_guide_that_lost_a_question_is_no_reason_to_fail() -> None:
    guide = four()
    talk = Talk(guide)
    rest = guide.model_copy(update={"questions": guide.questions[:2]})
    assert [q.id for q in scorecard(talk.interview, rest, talk.now).questions] == ["q1", "q2"]
