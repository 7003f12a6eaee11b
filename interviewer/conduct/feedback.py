"""What a candidate is told about a question that is over, in practice: true by construction, worded from the grade."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from interviewer.conduct.wording import title_of
from interviewer.domain.grading import Grade, GradedPoint, Outcome, Verdict
from interviewer.domain.guide import KeyPoint, Question
from interviewer.domain.scorecard import SURE
from interviewer.domain.text import listed
from interviewer.prompts import Phrases

_BANDS = ("none", "beginning", "developing", "solid", "strong")
LONGEST_QUOTE = 160
SURE_OF_PITFALL = 0.7
"""From this confidence on, six of seven pitfalls that the embedded engine hears are ones, on answers held apart."""


def feedback(question: Question, grade: Grade, phrases: Phrases, turn: int) -> str:
    """Markdown that goes on from a line: what was made, half made, missed, pitfalls; then the guide's model answer."""
    if grade.outcome is Outcome.UNGRADED:
        return "\n\n" + phrases.say("failed.line", turn)
    if grade.outcome is Outcome.NOT_ASKED:
        return ""
    parts = [
        _list("feedback.skipped", question.key_points, phrases, turn)
        if grade.outcome is Outcome.NOT_SHOWN
        else _heard(question, grade, phrases, turn)
    ]
    if question.answer:
        quoted = "\n".join(f"> {line}".rstrip() for line in question.answer.splitlines())
        parts.append(f"**{phrases.say('feedback.model_answer', turn)}**\n\n{quoted}")
    return "\n\n" + "\n\n".join(parts)


def _list(key: str, points: Iterable[KeyPoint], phrases: Phrases, turn: int) -> str:
    return f"{phrases.say(key, turn)}\n\n" + "\n".join(f"- {p.text}" for p in points)


def _heard(question: Question, grade: Grade, phrases: Phrases, turn: int) -> str:
    standing = {p.id: p for p in grade.points}

    def points(*verdicts: Verdict) -> list[KeyPoint]:
        return [k for k in question.key_points if standing.get(k.id, GradedPoint(id=k.id)).verdict in verdicts]

    lists = [("half", points(Verdict.PARTIAL)), ("missed", points(Verdict.MISSING, Verdict.CONTRADICTED))]
    unsure = [phrases.say("feedback.unsure", turn)] if grade.review else []
    text = " ".join([*_verdicts(grade, points, phrases, turn), *_pitfalls(question, grade, phrases, turn), *unsure])
    return "\n\n".join([text, *(_list(f"feedback.{key}", found, phrases, turn) for key, found in lists if found)])


def _verdicts(grade: Grade, points: Callable[..., list[KeyPoint]], phrases: Phrases, turn: int) -> list[str]:
    made = points(Verdict.COVERED)
    if not points(Verdict.PARTIAL, Verdict.CONTRADICTED, Verdict.MISSING):
        return [phrases.say("feedback.all", turn, points=_names(made))]
    at_least = 2 if points(Verdict.COVERED, Verdict.PARTIAL) else 1
    lines = [phrases.say(f"feedback.{_BANDS[max(grade.band or 1, at_least) - 1]}", turn)]
    doubted = {p.id for p in grade.points if p.verdict is Verdict.CONTRADICTED and p.confidence < SURE}
    for verdict, key in ((Verdict.COVERED, "made"), (Verdict.PARTIAL, "partly"), (Verdict.CONTRADICTED, "opposite")):
        if found := [k for k in points(verdict) if k.id not in doubted]:
            lines.append(phrases.say(f"feedback.{key}", turn, points=_names(found)))
    return lines


def _pitfalls(question: Question, grade: Grade, phrases: Phrases, turn: int) -> list[str]:
    """What to avoid; where that is in doubt, or the same words made a point, as something to look at."""
    committed = {p.id: p for p in grade.pitfalls if p.committed}
    earned = {p.quote for p in grade.points if p.quote and p.credit > 0}
    lines = []
    for n, p in enumerate(p for p in question.pitfalls if p.id in committed):
        heard = committed[p.id]
        doubtful = heard.confidence < SURE_OF_PITFALL or heard.quote in earned
        key = "feedback.maybe_pitfall" if doubtful else "feedback.pitfall"
        lines.append(phrases.say(key, turn + n, pitfall=title_of(p.label, p.text), quote=short(heard.quote)))
    return lines


def _names(points: Iterable[KeyPoint]) -> str:
    return listed([f"**{title_of(k.label, k.text)}**" for k in points])


def short(quote: str) -> str:
    """A quote on one line, without its full stop, cut at a word when it is long."""
    line = " ".join(quote.split()).removesuffix(".")
    return line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
