"""One answer graded outside an interview: whole findings, verified quotes, and failures that are no grade."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from interviewer.conduct.single import grade_answer
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.domain.interview import Assessment, MessageKind
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import AssessRequest
from interviewer.prompts import phrases
from tests.conduct.helpers import scripted
from tests.factories import question


class Telling(ScriptedEngine):
    """An engine that gives these readings, one after another, or raises."""

    def __init__(self, *readings: Assessment | Exception | float) -> None:
        super().__init__(phrases())
        self.readings = readings

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        for each in self.readings:
            if isinstance(each, Exception):
                raise each
            if isinstance(each, float):
                await asyncio.sleep(each)
            else:
                yield each


def reading(*points: PointFinding, pitfalls: tuple[PitfallFinding, ...] = ()) -> Assessment:
    return Assessment(kind=MessageKind.ANSWER, points=points, pitfalls=pitfalls)


async def test_every_point_and_pitfall_has_a_finding_in_the_order_of_the_question() -> None:
    said = Telling(reading(PointFinding(id="k3", verdict=Verdict.COVERED, quote="warm")))
    grade = await grade_answer(said, question(pitfalls=2), "It is warm there.")
    assert [(p.id, p.verdict) for p in grade.points] == [("k1", "missing"), ("k2", "missing"), ("k3", "covered")]
    assert [(p.id, p.committed) for p in grade.pitfalls] == [("p1", False), ("p2", False)]
    assert (grade.status, grade.score, grade.band) == ("graded", 33.3, 2)


async def test_findings_of_points_that_the_question_does_not_have_count_for_nothing() -> None:
    said = Telling(reading(PointFinding(id="k9", verdict=Verdict.COVERED, quote="warm")))
    grade = await grade_answer(said, question(), "It is warm there.")
    assert (grade.score, len(grade.points)) == (0.0, 3)


async def test_a_quote_that_was_not_said_supports_nothing() -> None:
    said = Telling(
        reading(
            PointFinding(id="k1", verdict=Verdict.COVERED, quote="cold"),
            pitfalls=(PitfallFinding(id="p1", committed=True, quote="cold"),),
        )
    )
    grade = await grade_answer(said, question(), "It is warm there.")
    assert (grade.score, grade.points[0].quote, grade.pitfalls[0].committed) == (0.0, "", False)
    assert grade.points[0].unsupported


async def test_the_last_reading_counts() -> None:
    said = Telling(reading(), reading(PointFinding(id="k1", verdict=Verdict.COVERED, quote="warm")))
    assert (await grade_answer(said, question(), "warm")).score == 33.3


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ((), "empty"),
        ((EngineError("It fell over.", reason="unreachable"),), "unreachable"),
        ((reading(), EngineError("It fell over.", reason="cut_off")), "cut_off"),
        ((5.0,), "timeout"),
    ],
)
async def test_a_failure_is_ungraded_and_never_zero(
    readings: tuple[Assessment | Exception | float, ...], reason: str
) -> None:
    grade = await grade_answer(Telling(*readings), question(), "warm", seconds=0.05)
    assert (grade.status, grade.reason, grade.score, grade.band) == ("ungraded", reason, None, None)


async def test_what_a_person_must_mend_stops() -> None:
    with pytest.raises(EngineUnusable):
        await grade_answer(Telling(EngineUnusable("No credit.")), question(), "warm")


async def test_a_question_without_key_points_cannot_be_graded() -> None:
    grade = await grade_answer(scripted(), question(weights=()), "warm")
    assert (grade.status, grade.score) == ("ungraded", None)


async def test_an_empty_answer_shows_nothing() -> None:
    grade = await grade_answer(scripted(), question(), "")
    assert (grade.status, grade.score, grade.band) == ("graded", 0.0, 1)
