"""The suite retrieval: ranks of the right key point, from the words that made it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from interviewer.domain.guide import Guide
from interviewer.evaluation.quoted import said_of
from interviewer.evaluation.results import RunInfo, SuiteResult
from interviewer.evaluation.retrieval import Options, ranked, retrieval
from interviewer.ports import Match
from tests.conduct.helpers import CONTENT, WordRetriever, content_guide
from tests.evaluation.suite_runs import AT, labelled
from tests.fakes import FakeRetriever

INFO = RunInfo(suite="retrieval", engine="words", at=AT)


@cache
def guides() -> tuple[Guide, ...]:
    return tuple(map(content_guide, CONTENT))


class Placing(FakeRetriever):
    """Finds every key point of a guide, the one that was said at a given place."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.right = {said.quote: said.text for said in said_of(list(labelled()))}

    async def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        own = [
            Match(kind="key_point", text=k.text, question_id=q.id, item_id=k.id, score=0.5)
            for q in guide.questions
            for k in q.key_points
        ]
        right = [m for m in own if m.text == self.right.get(words)]
        others = [m for m in own if m not in right]
        return [*others[: self.place - 1], *right, *others[self.place - 1 :]]


def value(result: SuiteResult, name: str) -> float:
    found = next(m for m in result.measures if m.name == name)
    assert found.value is not None
    return found.value


async def test_the_point_that_is_always_first_is_always_found() -> None:
    result = await retrieval(Placing(1), guides()[:1], labelled(), INFO)
    assert value(result, "recall at 1, of the guide") == 1
    assert value(result, "mean reciprocal rank, of the question") == 1
    assert [t.title for t in result.tables] == ["The right key point from its quote"]
    assert result.graded == 247


async def test_ranks_are_counted_in_the_guide_and_in_the_question() -> None:
    result = await retrieval(Placing(4), guides()[:1], labelled(), INFO, Options(cuts=(3, 4)))
    assert value(result, "recall at 3, of the guide") < 0.1
    assert value(result, "recall at 4, of the guide") == 1
    assert 0.25 <= value(result, "mean reciprocal rank, of the guide") < 0.3
    assert value(result, "recall at 3, of the question") > 0.85


async def test_what_is_never_found_has_no_rank() -> None:
    found = await ranked(FakeRetriever(), guides()[:1], labelled())
    assert {one.question for one in found} == {math.inf}
    result = await retrieval(FakeRetriever(), guides()[:1], labelled(), INFO)
    assert value(result, "mean reciprocal rank, of the guide") == 0
    assert len(result.tables[1].rows) == 20


async def test_common_words_find_more_than_chance() -> None:
    result = await retrieval(WordRetriever(), guides(), labelled(), INFO)
    assert 0.3 < value(result, "recall at 1, of the question") < 0.6
    assert value(result, "recall at 1, of the question") > value(result, "recall at 1, of the guide")
    assert all(m.low is not None and m.low <= (m.value or 0) <= (m.high or 0) for m in result.measures)
    assert {m.clusters for m in result.measures} == {84}


async def test_no_question_of_the_guides_is_a_problem() -> None:
    result = await retrieval(WordRetriever(), (), labelled(), INFO)
    assert result.problems
    assert result.measures == ()
