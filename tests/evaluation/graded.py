"""Labelled cases and gradings of them, as short to write as they are to read: "CPMX" are four verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import (
    GradedPitfall,
    GradedPoint,
    PitfallFinding,
    PointFinding,
    Verdict,
    band,
    score,
)
from interviewer.domain.guide import KeyPoint, Pitfall, Question
from interviewer.evaluation.cases import Case, Rating
from interviewer.evaluation.results import Row

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTERS = {"C": Verdict.COVERED, "P": Verdict.PARTIAL, "M": Verdict.MISSING, "X": Verdict.CONTRADICTED}


def rating(case_id: str, verdicts: str, pitfalls: Sequence[bool] = (), overall: float | None = None) -> Rating:
    return Rating(id=case_id, key_points=tuple(LETTERS[v] for v in verdicts), pitfalls=tuple(pitfalls), overall=overall)


def case(
    name: str,
    question: str,
    verdicts: str,
    pitfalls: Sequence[bool] = (),
    *,
    overall: float | None = None,
    answer: str = "An answer.",
    design: str = "",
    raters: Mapping[str, Rating] | None = None,
) -> Case:
    """A case whose label has these verdicts."""
    return Case(
        id=name,
        question=Question(
            id=question,
            text=f"What of {question}?",
            line=1,
            key_points=tuple(KeyPoint(id=f"k{n}", text=f"Point {n}.", line=1) for n in range(1, len(verdicts) + 1)),
            pitfalls=tuple(Pitfall(id=f"p{n}", text=f"Pitfall {n}.", line=1) for n in range(1, len(pitfalls) + 1)),
        ),
        answer=answer,
        design=design,
        label=rating(name, verdicts, pitfalls, overall),
        ratings=dict(raters or {}),
    )


def row(
    of: Case,
    verdicts: str,
    pitfalls: Sequence[bool] = (),
    *,
    repeat: int = 0,
    confidence: Sequence[float] | float = 0.9,
    variant: str = "",
    quote: str = "",
) -> Row:
    """A grading of a case; no verdicts: ungraded."""
    sure = [confidence] * len(verdicts) if isinstance(confidence, float) else confidence
    points = tuple(
        PointFinding(id=f"k{n}", verdict=LETTERS[v], confidence=c, quote=quote if v in "CP" else "")
        for n, (v, c) in enumerate(zip(verdicts, sure, strict=True), 1)
    )
    wrong = tuple(PitfallFinding(id=f"p{n}", committed=c) for n, c in enumerate(pitfalls, 1))
    grade = SingleGrade(status="ungraded", reason="timeout", engine="test")
    if verdicts:
        value = score(
            of.question,
            [GradedPoint(id=f.id, verdict=f.verdict) for f in points],
            [GradedPitfall(id=f.id, committed=f.committed) for f in wrong],
        )
        grade = SingleGrade(
            status="graded", points=points, pitfalls=wrong, score=round(value, 1), band=band(value), engine="test"
        )
    return Row(
        key=f"{of.id}-{variant}-{repeat}",
        item=f"{of.id}/{variant}" if variant else of.id,
        case_id=of.id,
        cluster=of.cluster,
        variant=variant,
        repeat=repeat,
        grade=grade,
        at=AT,
    )
