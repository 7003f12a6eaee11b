"""Grades one answer to one question, outside any interview: the very function that evaluation measures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from interviewer.conduct.assess import checked
from interviewer.conduct.integrity import bounded
from interviewer.domain.display import whole
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.grading import (
    FORMULA,
    GradedPitfall,
    GradedPoint,
    PitfallFinding,
    PointFinding,
    Verdict,
    band,
    score,
)
from interviewer.domain.guide import Frozen, Question
from interviewer.domain.interview import Assessment, ModelCall
from interviewer.ports import AssessRequest, Engine

SECONDS = 60.0


class SingleGrade(Frozen):
    """What one answer earned. `status` is "ungraded" with a `reason` when the engine could not say.

    A message that is no answer (`kind`), or is `too_short` to be read as one, is graded, and as a rule earns nothing.
    """

    status: Literal["graded", "ungraded"]
    reason: str = ""
    kind: str = ""
    too_short: bool = False
    points: tuple[PointFinding, ...] = ()
    pitfalls: tuple[PitfallFinding, ...] = ()
    signals: tuple[str, ...] = ()
    score: float | None = Field(default=None, ge=0, le=100)
    band: int | None = Field(default=None, ge=1, le=5)
    engine: str
    model: str = ""
    formula: str = FORMULA
    calls: tuple[ModelCall, ...] = ()


def request_of(question: Question, answer: str, earlier: Sequence[str] = ()) -> AssessRequest:
    """What an engine is asked about an answer; `earlier` is what was said under the question before it."""
    return AssessRequest(
        question=question, message=bounded(whole(answer)), earlier=tuple(bounded(whole(text)) for text in earlier)
    )


async def grade_answer(
    engine: Engine, question: Question, answer: str, seconds: float = SECONDS, earlier: Sequence[str] = ()
) -> SingleGrade:
    """The grade of one answer. Every key point and pitfall of the question has a finding, in the question's order.

    Raises EngineUnusable when no answer at all could be graded until a person has mended something.
    """
    if not question.key_points:
        return _ungraded(engine, "the question has no key points")
    request = request_of(question, answer, earlier)
    try:
        async with asyncio.timeout(seconds):
            readings = [each async for each in engine.assess(request)]
    except EngineUnusable:
        raise
    except EngineError as error:
        return _ungraded(engine, error.reason, error.calls)
    except TimeoutError:
        return _ungraded(engine, "timeout")
    return _graded(engine, question, checked(readings[-1], request)) if readings else _ungraded(engine, "empty")


def _graded(engine: Engine, question: Question, assessment: Assessment) -> SingleGrade:
    found = {f.id: f for f in assessment.points}
    points = tuple(found.get(k.id, PointFinding(id=k.id, verdict=Verdict.MISSING)) for k in question.key_points)
    committed = {f.id: f for f in assessment.pitfalls}
    pitfalls = tuple(committed.get(p.id, PitfallFinding(id=p.id, committed=False)) for p in question.pitfalls)
    value = score(
        question,
        [GradedPoint(id=f.id, verdict=f.verdict) for f in points],
        [GradedPitfall(id=f.id, committed=f.committed) for f in pitfalls],
    )
    return SingleGrade(
        status="graded",
        kind=assessment.kind,
        too_short=assessment.too_short,
        points=points,
        pitfalls=pitfalls,
        signals=assessment.signals,
        score=round(value, 1),
        band=band(value),
        engine=engine.name,
        model=engine.model,
        calls=assessment.calls,
    )


def _ungraded(engine: Engine, reason: str, calls: tuple[ModelCall, ...] = ()) -> SingleGrade:
    return SingleGrade(status="ungraded", reason=reason, engine=engine.name, model=engine.model, calls=calls)
