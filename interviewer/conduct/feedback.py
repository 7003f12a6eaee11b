"""What a candidate is told about a question that is over, in practice: true by construction, worded from the grade."""

from __future__ import annotations

from interviewer.conduct.wording import name_of
from interviewer.domain.grading import Grade, GradedPoint, Outcome, Verdict
from interviewer.domain.guide import KeyPoint, Question
from interviewer.domain.text import listed
from interviewer.prompts import Phrases

_BANDS = ("none", "beginning", "developing", "solid", "strong")
LONGEST_QUOTE = 160


def feedback(question: Question, grade: Grade, phrases: Phrases, turn: int) -> str:
    """Markdown that goes on from a line: what was made, half made, missed, pitfalls; then the guide's model answer."""
    if grade.outcome is Outcome.UNGRADED:
        return "\n\n" + phrases.say("failed.line", turn)
    if grade.outcome is Outcome.NOT_ASKED:
        return ""
    parts = [
        _skipped(question, phrases, turn)
        if grade.outcome is Outcome.NOT_SHOWN
        else _heard(question, grade, phrases, turn)
    ]
    if question.answer:
        parts.append("**A model answer**\n\n" + "\n".join(f"> {line}" for line in question.answer.splitlines()))
    return "\n\n" + "\n\n".join(parts)


def _skipped(question: Question, phrases: Phrases, turn: int) -> str:
    return phrases.say("feedback.skipped", turn, points=_names(question, question.key_points))


def _heard(question: Question, grade: Grade, phrases: Phrases, turn: int) -> str:
    standing = {p.id: p for p in grade.points}

    def points(verdict: Verdict) -> list[KeyPoint]:
        return [k for k in question.key_points if standing.get(k.id, GradedPoint(id=k.id)).verdict is verdict]

    lines = [phrases.say(f"feedback.{_BANDS[(grade.band or 1) - 1]}", turn)]
    for verdict, key in ((Verdict.COVERED, "made"), (Verdict.PARTIAL, "partly"), (Verdict.CONTRADICTED, "opposite")):
        if found := points(verdict):
            lines.append(phrases.say(f"feedback.{key}", turn, points=_names(question, found)))
    for pitfall in question.pitfalls:
        if (graded := next((p for p in grade.pitfalls if p.id == pitfall.id), None)) and graded.committed:
            name = pitfall.label or pitfall.text.rstrip(".")
            lines.append(phrases.say("feedback.pitfall", turn, pitfall=name, quote=short(graded.quote)))
    text = " ".join(lines)
    missed = [k for k in question.key_points if k in points(Verdict.MISSING) + points(Verdict.CONTRADICTED)]
    return f"{text}\n\nWhat I missed:\n\n" + "\n".join(f"- {k.text}" for k in missed) if missed else text


def _names(question: Question, points: list[KeyPoint] | tuple[KeyPoint, ...]) -> str:
    return listed([f"**{name_of(k.label, k.text, question.text)}**" for k in points])


def short(quote: str) -> str:
    """A quote on one line, cut at a word when it is long."""
    line = " ".join(quote.split())
    return line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
