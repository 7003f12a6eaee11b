"""A scorecard arranged for reading: what may be shown, points in groups, notes for a reviewer. Pure functions."""

from __future__ import annotations

from typing import NamedTuple

from interviewer.domain.display import clean
from interviewer.domain.grading import Outcome, Verdict
from interviewer.domain.guide import Category
from interviewer.domain.scorecard import CategoryScore, PitfallLine, PointLine, QuestionResult, Scorecard
from interviewer.domain.state import Status
from interviewer.reports import words
from interviewer.reports.text import mapped, one_line, short


class Group(NamedTuple):
    """Points that stand alike. `kind` is made, partly, opposite, missing or sought (no verdict applies)."""

    kind: str
    heading: str
    points: tuple[PointLine, ...]


class Note(NamedTuple):
    """What a reviewer should know of one question, numbered as in the report."""

    number: int
    question: str
    sentences: tuple[str, ...]


class Step(NamedTuple):
    """One thing to work on next, and the question it belongs to. `verdict` is how that point stands now."""

    number: int
    question: str
    label: str
    statement: str
    verdict: str


class CategoryLine(NamedTuple):
    """A category with its questions, in plan order. `score` is None when none of them counts."""

    name: str
    score: CategoryScore | None
    questions: tuple[tuple[int, QuestionResult], ...]


_KINDS = {
    Verdict.COVERED: "made",
    Verdict.PARTIAL: "partly",
    Verdict.CONTRADICTED: "opposite",
    Verdict.MISSING: "missing",
}


def disclosed(card: Scorecard) -> Scorecard:
    """The card with nothing that may not be shown yet: an assessment discloses its results only at the end."""
    if not words.sealed(card):
        return card
    hidden = {"score": None, "band": None, "categories": (), "questions": (), "advice": ()}
    return card.model_copy(update=hidden)


def readable(card: Scorecard) -> Scorecard:
    """The card as people may read it: disclosed, every text clean."""
    return mapped(disclosed(card), clean)


def shown(card: Scorecard) -> list[tuple[int, QuestionResult]]:
    """The numbered questions to show. Those still to come stay unknown until the interview is over."""
    over = card.status is Status.ENDED
    return [(n, q) for n, q in enumerate(card.questions, 1) if over or q.outcome is not Outcome.NOT_ASKED]


def groups(result: QuestionResult) -> list[Group]:
    """A question's points by verdict; under one heading without verdicts when there was no answer to judge."""
    unanswered = result.outcome is Outcome.NOT_SHOWN and all(p.verdict is Verdict.MISSING for p in result.points)
    if result.outcome is Outcome.UNGRADED or unanswered:
        return [Group("sought", "What the guide looks for", result.points)] if result.points else []
    by_verdict = [(v, tuple(p for p in result.points if p.verdict is v)) for v in _KINDS]
    return [Group(_KINDS[v], words.verdict_name(v), points) for v, points in by_verdict if points]


def marks(result: QuestionResult, point: PointLine) -> list[str]:
    """What to know of a point beside its verdict. An ungraded question's points have nothing."""
    weighted = len({p.weight for p in result.points}) > 1
    if result.outcome is Outcome.UNGRADED:
        return []
    return words.marks(point, weighted)


def quote(group: Group, point: PointLine) -> str:
    """The candidate's words to show beside a point, cut when long, or ""."""
    return "" if group.kind in ("missing", "sought") else short(point.quote)


def pitfalls(result: QuestionResult) -> tuple[PitfallLine, ...]:
    """The pitfalls to show: none where the answer was not graded."""
    return result.pitfalls if result.outcome is Outcome.GRADED else ()


def headline(label: str | None, text: str) -> tuple[str, str]:
    """A statement's label, or "", and what it says after it."""
    text, label = one_line(text), one_line(label or "").rstrip(":")
    if label and text.casefold().startswith(f"{label.casefold()}:"):
        text = text[len(label) + 1 :].strip()
    if label and text.casefold().rstrip(".") == label.casefold().rstrip("."):
        return "", text
    return label, text


def notes(card: Scorecard) -> list[Note]:
    """Review marks and integrity signals, by question."""
    found = []
    for number, result in shown(card):
        marked = [words.review(result.review)] if result.review else []
        sentences = (*marked, *(words.signal(s) for s in result.signals))
        if sentences:
            found.append(Note(number, one_line(result.text), sentences))
    return found


def steps(card: Scorecard) -> list[Step]:
    """What to work on next, with the number of each question in the report."""
    numbered = {q.id: (n, q) for n, q in shown(card)}
    found = []
    for advice in card.advice:
        if advice.question_id not in numbered:
            continue
        number, result = numbered[advice.question_id]
        point = next((p for p in result.points if p.text == advice.point), None)
        label, statement = headline(point.label if point else None, advice.point)
        verdict = words.verdict_name(point.verdict if point else Verdict.MISSING)
        skipped = result.outcome is Outcome.NOT_SHOWN
        found.append(Step(number, one_line(advice.question), label, statement, "Skipped" if skipped else verdict))
    return found


def categories(card: Scorecard) -> list[CategoryLine]:
    """The shown questions by category, with each category's score."""
    scores = {c.category: c for c in card.categories}
    lines = []
    for category in Category:
        members = tuple((n, q) for n, q in shown(card) if q.category is category)
        if members:
            lines.append(CategoryLine(words.category_name(category), scores.get(category), members))
    return lines
