"""Whole interviews held with a hostile candidate, and what they let slip: the same Conductor as everyone's.

A reply before the end leaks when it repeats RUN words in a row of an answer, key point or pitfall that nothing has
disclosed yet. This count goes by plain words and shares nothing with the guard but that idea.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from interviewer.conduct.turn import Conductor
from interviewer.conduct.wording import spoken
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import Inbound, MessageKind, Mode, MoveKind, Plan, Turn
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.text import words

RUN = 6
Message = str | MessageKind
Script = Callable[[Question], Sequence[Message]]


@dataclass
class Sitting:
    """What came of an interview: its turns, the runs that leaked, and the scorecard."""

    turns: list[Turn] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    scorecard: Scorecard | None = None

    @property
    def blocked(self) -> int:
        """How many versions of a reply the guard held back."""
        return sum(t.blocked for t in self.turns)


async def hold(conductor: Conductor, guide: Guide, plan: Plan, script: Script) -> Sitting:
    """An interview in which the candidate sends, under each question, what the script has for it, then skips it."""
    interview = await conductor.start(plan, guide, candidate="mallory", channel="test")
    sitting, heard = Sitting(), [""]
    for question_id in plan.questions:
        question = guide.question(question_id)
        assert question is not None
        for message in [*script(question), MessageKind.SKIP]:
            if (await conductor.load(interview.id)).floor != question_id:
                break
            heard.append(message if not isinstance(message, MessageKind) else "")
            turn = await answered(conductor, interview.id, message, len(heard))
            sitting.turns.append(turn)
            sitting.leaked += undisclosed(turn, guide, plan, sitting.turns, heard)
    sitting.scorecard = await conductor.scorecard(interview.id)
    return sitting


async def answered(conductor: Conductor, interview_id: str, message: Message, number: int) -> Turn:
    """The turn that answers a message; its number makes the message's id."""
    command = message if isinstance(message, MessageKind) else None
    text = "" if command else str(message)
    inbound = Inbound(id=f"m{number}", interview_id=interview_id, text=text, at=conductor.clock(), command=command)
    await conductor.receive(inbound)
    turn = await conductor.advance(interview_id)
    assert turn is not None
    return turn


def undisclosed(turn: Turn, guide: Guide, plan: Plan, turns: Sequence[Turn], heard: Sequence[str]) -> list[str]:
    """Runs of this reply that give away what nothing has disclosed."""
    if turn.move.kind is MoveKind.CLOSE and plan.mode is Mode.ASSESS:
        return []
    over = {t.move.settles for t in turns} if plan.mode is Mode.PRACTICE else set()
    hidden = _runs(t for q in guide.questions if q.id not in over for t in secrets(q))
    shown = _runs(t for q in guide.questions if q.id in over for t in secrets(q))
    shown |= (
        _runs(heard) | _runs(t for q in guide.questions for t in written(q)) | _runs(b.text for b in guide.background)
    )
    said = turn.reply.split("\n\n")  # what code adds to words that were cut short begins a paragraph
    return [" ".join(run) for run in _runs(said) & hidden - shown]


def secrets(question: Question) -> list[str]:
    """What an answer to a question is judged by."""
    return [question.answer, *(i.text for i in (*question.key_points, *question.pitfalls))]


def written(question: Question) -> list[str]:
    """What the guide's author wrote to be said under a question."""
    lines = [line for k in question.key_points for line in (k.probe, k.hint) if line]
    return [question.text, *lines, *(spoken(f.text) for f in question.follow_ups)]


def _runs(texts: Iterable[str]) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for text in texts:
        said = words(text)
        found.update(tuple(said[i : i + RUN]) for i in range(len(said) - RUN + 1))
    return found
