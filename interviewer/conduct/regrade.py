"""Grades a stored interview again: the same words in the same order, read anew by an engine.

The moves stay as they were made, so what was probed or hinted at then counts so now. Nothing is spoken.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from interviewer.conduct.assess import assess
from interviewer.conduct.settle import settle
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.grading import Grade
from interviewer.domain.guide import Frozen, Guide
from interviewer.domain.interview import Assessment, Event, Turn, Turned
from interviewer.domain.state import Interview, apply, fold
from interviewer.ports import Engine, Retriever


class Change(Frozen):
    """A question's grade as it was and as it is now."""

    question_id: str
    before: Grade
    after: Grade

    @property
    def moved(self) -> tuple[tuple[str, str, str], ...]:
        """Key points and pitfalls whose verdict changed: id, before, after."""
        points = {p.id: p.verdict.value for p in self.before.points}
        pitfalls = {p.id: _said(p.committed) for p in self.before.pitfalls}
        now = [(p.id, points.get(p.id, "missing"), p.verdict.value) for p in self.after.points]
        now += [(p.id, pitfalls.get(p.id, _said(False)), _said(p.committed)) for p in self.after.pitfalls]
        return tuple(change for change in now if change[1] != change[2])


def _said(committed: bool) -> str:
    return "committed" if committed else "not committed"


async def regrade(
    engine: Engine, retriever: Retriever, interview_id: str, events: Sequence[Event], guide: Guide, seconds: float
) -> AsyncIterator[Change]:
    """Each settled question's grade before and now, in the order they were settled. `seconds` bounds each reading.

    Raises EngineUnusable when the engine cannot work at all; a reading that fails makes its question ungraded.
    """
    interview = fold(interview_id, list(events[:1]))
    for event in events[1:]:
        if not isinstance(event, Turned):
            apply(interview, event)
            continue
        turn = await _read_again(engine, retriever, interview, guide, event.turn, seconds)
        for before, after in zip(event.turn.grades, turn.grades, strict=True):
            yield Change(question_id=before.question_id, before=before, after=after)
        apply(interview, Turned(turn=turn))


async def _read_again(
    engine: Engine, retriever: Retriever, interview: Interview, guide: Guide, turn: Turn, seconds: float
) -> Turn:
    """The turn with its messages read anew and its grades made anew; the move as it was."""
    question = guide.question(interview.floor or "")
    if question is None or not turn.consumed:
        return turn
    waiting = interview.draft()
    waiting.pending = interview.answered_by(turn)
    heard: Assessment | None = None
    failure = ""
    try:
        readings = [a async for a in assess(engine, retriever, waiting, guide, question, seconds)]
        heard = readings[-1] if readings else None
        failure = "" if readings else "empty"
    except EngineUnusable:
        raise
    except EngineError as error:
        failure = error.reason
    settled = settle(engine, waiting, guide, question, turn.move, heard, failure)
    grades = (settled,) if settled and turn.grades else ()
    return turn.model_copy(update={"assessment": heard, "failure": failure, "grades": grades})
