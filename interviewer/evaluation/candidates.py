"""Simulated candidates: what one says next in an interview, scripted from labelled answers or played by a model.

expert      the best labelled answer, then what shows the very point that is asked for
rambler     a long answer that gets there late, with small talk around it
wrong       the answer with most contradictions and pitfalls, then more of them
one word, silent, don't know, off topic, asks back, hostile: what the name says
hints       asks for hints as long as there are any, then answers
leaves      answers once, then ends the interview
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from random import Random
from typing import Protocol

from interviewer.domain.grading import Verdict, quoted_in
from interviewer.domain.guide import Question
from interviewer.domain.interview import MessageKind, Turn
from interviewer.evaluation.perturb import harmless
from interviewer.evaluation.quoted import QuotedAnswer, QuotedQuestion
from interviewer.evaluation.sittings import Message
from interviewer.evaluation.suites import suite

Player = Callable[[str, str], Awaitable[str]]
"""A model that is told who it is, and what was said so far; its words."""
PLAYED_WORDS = 120
SMALL_TALK = 40
_COMMANDS = {"/hint": MessageKind.HINT}


@dataclass(frozen=True)
class Moment:
    """Where a candidate is: the question, the interviewer's latest turn, and what they said under the question.

    `answers` are labelled answers to it, None where there are none. `dialogue` is all that was said, (speaker, words).
    """

    question: Question
    turn: Turn
    said: tuple[str, ...] = ()
    answers: QuotedQuestion | None = None
    dialogue: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Candidate(Protocol):
    """Says something, whatever happens."""

    @property
    def name(self) -> str:
        """As a report calls it."""
        ...

    async def reply(self, moment: Moment) -> Message:
        """The next message, or a command."""
        ...


@dataclass(frozen=True)
class Scripted:
    """A candidate by rules. The same moment always gets the same reply."""

    name: str
    say: Callable[[Moment], Message]

    async def reply(self, moment: Moment) -> Message:
        """As the rules have it."""
        return self.say(moment)


@dataclass(frozen=True)
class Played:
    """A candidate played by a model, from a description."""

    name: str
    person: str
    player: Player

    async def reply(self, moment: Moment) -> Message:
        """The model's words. Raises EngineError when there are none."""
        play = suite("candidates")["play"]
        dialogue = "\n\n".join(f"{who.capitalize()}: {words}" for who, words in moment.dialogue)
        system = play["system"].format(person=self.person, most=PLAYED_WORDS).strip()
        return await self.player(system, play["user"].format(dialogue=dialogue).strip())


def scripted() -> tuple[Scripted, ...]:
    """All candidates by rules."""
    lines: Mapping[str, Sequence[str]] = suite("candidates")["lines"]
    return (
        Scripted("expert", _expert),
        Scripted("rambler", _rambler),
        Scripted("wrong", _wrong),
        Scripted("hints", lambda m: _line(lines["hint"], m) if len(m.said) < len(lines["hint"]) else _expert(m)),
        Scripted("leaves", lambda m: MessageKind.STOP if m.said else _expert(m)),
        *(
            Scripted(name.replace("_", " "), lambda m, name=name: _line(lines[name], m))  # type: ignore[misc]
            for name in ("one_word", "silent", "dont_know", "off_topic", "asks_back", "hostile")
        ),
    )


def played(player: Player) -> tuple[Played, ...]:
    """All candidates that a model can play."""
    return tuple(
        Played(f"{name.replace('_', ' ')}, played", person, player)
        for name, person in suite("candidates")["persons"].items()
    )


def _line(lines: Sequence[str], moment: Moment) -> Message:
    said = lines[len(moment.said) % len(lines)]
    return _COMMANDS.get(said, said)


def covered(answer: QuotedAnswer) -> float:
    """How good an answer is: key points covered, half for partial ones, less what it gets wrong."""
    worth = {Verdict.COVERED: 1.0, Verdict.PARTIAL: 0.5, Verdict.MISSING: 0.0, Verdict.CONTRADICTED: -1.0}
    return sum(worth[p.verdict] for p in answer.key_points) - sum(p.committed for p in answer.pitfalls)


def shows(moment: Moment, verdict: Verdict, point: str) -> list[str]:
    """The quotes of all labelled answers that show this verdict on a key point, by its text."""
    return moment.answers.quotes(point, verdict) if moment.answers else []


def target(moment: Moment) -> str | None:
    """The text of the key point that the interviewer aims at; None where at none."""
    return next((k.text for k in moment.question.key_points if k.id == moment.turn.move.target), None)


def _ranked(moment: Moment) -> list[QuotedAnswer]:
    """The labelled answers, the best first; equal ones in their order."""
    return sorted(moment.answers.answers if moment.answers else (), key=covered, reverse=True)


def _nothing_more(moment: Moment) -> str:
    lines: Sequence[str] = suite("candidates")["lines"]["nothing_more"]
    return lines[len(moment.said) % len(lines)]


def _unsaid(quotes: Sequence[str], moment: Moment) -> str | None:
    """The first of some quotes that was not said yet, as a sentence."""
    said = "\n".join(moment.said)
    quote = next((q for q in quotes if not quoted_in(q, said)), None)
    return None if quote is None else quote[:1].upper() + quote[1:].rstrip(" .") + "."


def _answered(moment: Moment) -> bool:
    """Whether anything but commands was said under the question."""
    return any(moment.said)


def _expert(moment: Moment) -> str:
    best = _ranked(moment)
    if not _answered(moment):
        return best[0].answer if best else _nothing_more(moment)
    aimed = target(moment)
    points = [aimed] if aimed else [k.text for k in moment.question.key_points]
    quotes = [q for point in points for q in shows(moment, Verdict.COVERED, point)]
    return _unsaid(quotes, moment) or _nothing_more(moment)


def _rambler(moment: Moment) -> str:
    rng = Random(f"{moment.question.text}/{len(moment.said)}")
    talk = harmless(SMALL_TALK, rng)
    rambling = sorted(_ranked(moment), key=lambda a: not a.manner.startswith("rambling"))
    if len(moment.said) < len(rambling):
        return f"{talk} {rambling[len(moment.said)].answer} {harmless(SMALL_TALK // 2, rng)}"
    return talk


def _wrong(moment: Moment) -> str:
    worst = _ranked(moment)[::-1]
    if not _answered(moment):
        return worst[0].answer if worst else _nothing_more(moment)
    wrong = [shows(moment, Verdict.CONTRADICTED, k.text) for k in moment.question.key_points]
    mixed = [quote for row in zip_longest(*wrong) for quote in row if quote]
    return _unsaid(mixed, moment) or _nothing_more(moment)
