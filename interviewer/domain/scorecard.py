"""The result of an interview: what was shown, quoted, and what to work on next. Pure functions.

An interview's score is the mean of its questions' scores, the skipped ones counting 0; questions that were not asked,
or that could not be graded, do not count. A category's score is the same over its questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import fmean

from interviewer.domain.grading import (
    BAND_FLOORS,
    FORMULA,
    Grade,
    GradedPitfall,
    GradedPoint,
    Origin,
    Outcome,
    Provenance,
    Verdict,
    anchors,
    band,
    score,
)
from interviewer.domain.guide import Category, Frozen, Guide, KeyPoint, Question
from interviewer.domain.interview import Mode
from interviewer.domain.state import Interview, QuestionState, Status
from interviewer.domain.usage import Price, Usage, usage

SURE = 0.6
STRONG = BAND_FLOORS[-1]


class PointLine(Frozen):
    """One key point on the scorecard."""

    id: str
    text: str
    label: str | None
    verdict: Verdict
    quote: str = ""
    origin: Origin = Origin.UNPROMPTED
    confidence: float = 1.0
    weight: float = 1.0


class PitfallLine(Frozen):
    """One committed pitfall on the scorecard."""

    id: str
    text: str
    quote: str = ""
    confidence: float = 1.0


class QuestionResult(Frozen):
    """One planned question on the scorecard. `anchor` says what its band means; `model_answer` is for practice only."""

    id: str
    text: str
    category: Category
    outcome: Outcome
    score: float | None = None
    band: int | None = None
    anchor: str = ""
    points: tuple[PointLine, ...] = ()
    pitfalls: tuple[PitfallLine, ...] = ()
    model_answer: str = ""
    reason: str = ""
    review: str = ""
    signals: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class CategoryScore(Frozen):
    """The mean over a category's questions that count."""

    category: Category
    score: float
    band: int
    questions: int


class Advice(Frozen):
    """One thing to work on next: a question's point that was worth most and was not made."""

    question_id: str
    question: str
    point: str


class Scorecard(Frozen):
    """The whole result. `score` and `band` are None when no question counts."""

    interview_id: str
    guide_id: str
    guide_title: str
    guide_revision: str
    mode: Mode
    status: Status
    engine: str
    formula: str = FORMULA
    seed: int
    started_at: datetime
    minutes: float
    score: float | None
    band: int | None
    categories: tuple[CategoryScore, ...] = ()
    questions: tuple[QuestionResult, ...] = ()
    advice: tuple[Advice, ...] = ()
    usage: tuple[Usage, ...] = ()


def grade(question: Question, state: QuestionState, provenance: Provenance, *, skipped: bool = False) -> Grade:
    """The grade of a question that is over."""
    points = tuple(state.points.get(k.id, GradedPoint(id=k.id)) for k in question.key_points)
    pitfalls = tuple(state.pitfalls.get(p.id, GradedPitfall(id=p.id)) for p in question.pitfalls)

    def result(outcome: Outcome, value: float | None = None, reason: str = "", review: str = "") -> Grade:
        return Grade(
            question_id=question.id,
            outcome=outcome,
            score=value,
            band=None if value is None else band(value),
            points=points,
            pitfalls=pitfalls,
            reason=reason,
            review=review,
            provenance=provenance,
        )

    if state.failure:
        return result(Outcome.UNGRADED, reason=state.failure)
    if not question.key_points:
        return result(Outcome.UNGRADED, reason="the guide lists no key points for this question")
    if not state.answers and not skipped:
        return result(Outcome.NOT_ASKED, reason="the interview ended while this question was open")
    if not state.answers and not state.showed_anything:
        return result(Outcome.NOT_SHOWN, 0.0)
    return result(Outcome.GRADED, round(score(question, points, pitfalls), 1), review=_review(points, pitfalls))


def _review(points: Iterable[GradedPoint], pitfalls: Iterable[GradedPitfall]) -> str:
    """Why a person should look at a grade: verdicts that the engine itself was unsure of."""
    unsure = sum(p.confidence < SURE for p in points) + sum(p.confidence < SURE for p in pitfalls)
    return f"the engine was unsure of {unsure} verdicts" if unsure >= 2 else ""


def scorecard(
    interview: Interview, guide: Guide, now: datetime, prices: Mapping[str, Price] | None = None
) -> Scorecard:
    """The scorecard of an interview as it stands; `guide` is the revision that it was held with.

    `prices` are what models cost, by name, for the cost of those that were called.
    """
    results = tuple(
        _result(q, interview.questions[q.id], interview)
        for q_id in interview.plan.questions
        if (q := guide.question(q_id)) is not None
    )
    counted = [r for r in results if r.score is not None]
    total = round(fmean(r.score or 0.0 for r in counted), 1) if counted else None
    return Scorecard(
        interview_id=interview.id,
        guide_id=guide.id,
        guide_title=guide.title,
        guide_revision=guide.revision,
        mode=interview.plan.mode,
        status=interview.status,
        engine=interview.engine,
        seed=interview.plan.seed,
        started_at=interview.started_at,
        minutes=round(interview.minutes_spent(now), 1),
        score=total,
        band=None if total is None else band(total),
        categories=tuple(_categories(counted)),
        questions=results,
        advice=tuple(_advice(results)),
        usage=usage((call for turn in interview.turns for call in turn.calls), prices),
    )


def _result(question: Question, state: QuestionState, interview: Interview) -> QuestionResult:
    settled = state.grade
    if settled is None or settled.outcome is Outcome.NOT_ASKED:
        return QuestionResult(id=question.id, text=question.text, category=question.category, outcome=Outcome.NOT_ASKED)
    steps = anchors(question)
    return QuestionResult(
        id=question.id,
        text=question.text,
        category=question.category,
        outcome=settled.outcome,
        score=settled.score,
        band=settled.band,
        anchor=steps[settled.band - 1] if settled.band and steps else "",
        points=tuple(_point_line(k, settled) for k in question.key_points),
        pitfalls=tuple(
            PitfallLine(id=p.id, text=p.text, quote=g.quote, confidence=g.confidence)
            for p in question.pitfalls
            for g in settled.pitfalls
            if g.id == p.id and g.committed
        ),
        model_answer=question.answer if interview.plan.mode is Mode.PRACTICE else "",
        reason=settled.reason,
        review=settled.review,
        signals=tuple(sorted(state.signals)),
        answers=tuple(state.answers),
    )


def _point_line(point: KeyPoint, settled: Grade) -> PointLine:
    graded = next((p for p in settled.points if p.id == point.id), GradedPoint(id=point.id))
    return PointLine(
        id=point.id,
        text=point.text,
        label=point.label,
        verdict=graded.verdict,
        quote=graded.quote,
        origin=graded.origin,
        confidence=graded.confidence,
        weight=point.weight,
    )


def _categories(counted: list[QuestionResult]) -> Iterable[CategoryScore]:
    for category in Category:
        scores = [r.score or 0.0 for r in counted if r.category is category]
        if scores:
            mean = round(fmean(scores), 1)
            yield CategoryScore(category=category, score=mean, band=band(mean), questions=len(scores))


def _advice(results: Iterable[QuestionResult], limit: int = 3) -> list[Advice]:
    """The heaviest point not made of each of the weakest questions, one a question."""
    weak = (r for r in results if r.score is not None and r.score < STRONG)
    weakest = sorted(weak, key=lambda r: r.score or 0.0)
    advice: list[Advice] = []
    for result in weakest:
        missed = [p for p in result.points if p.verdict is not Verdict.COVERED]
        if missed and len(advice) < limit:
            worst = max(missed, key=lambda p: (p.weight, p.verdict is Verdict.CONTRADICTED))
            advice.append(Advice(question_id=result.id, question=result.text, point=worst.text))
    return advice
