"""Guides, events and a clock to test stores with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interviewer.domain.grading import Grade, Outcome, Provenance
from interviewer.domain.guide import Guide, KeyPoint, Question
from interviewer.domain.interview import (
    Assessed,
    Assessment,
    Inbound,
    MessageKind,
    Move,
    Moved,
    MoveKind,
    Plan,
    Received,
    Sent,
    Started,
    Turn,
    Turned,
)

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("url", ["postgresql"], indirect=True)
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1.0) -> None:
        self.now += timedelta(seconds=seconds)


def guide(revision: str = "r1", text: str = "A point.") -> Guide:
    points = (KeyPoint(id="p1", text=text, line=2),)
    questions = tuple(Question(id=f"q{i}", text=f"Question {i}?", line=i, key_points=points) for i in range(1, 4))
    return Guide(id="g", title="A guide", file="g.md", revision=revision, questions=questions)


def started(candidate: str = "cara", revision: str = "r1") -> Started:
    plan = Plan(guide_id="g", guide_title="A guide", guide_revision=revision, questions=("q1", "q2", "q3"))
    return Started(at=AT, plan=plan, candidate=candidate, channel="terminal", engine="scripted")


def received(message: str, text: str = "An answer.", interview: str = "i1") -> Received:
    return Received(message=Inbound(id=message, interview_id=interview, text=text, at=AT))


def assessed(number: int, *messages: str) -> Assessed:
    return Assessed(number=number, consumed=messages, assessment=Assessment(kind=MessageKind.ANSWER))


def turned(
    number: int,
    *messages: str,
    kind: MoveKind = MoveKind.PROBE,
    outcomes: dict[str, Outcome] | None = None,
    reply: str = "Go on.",
    question: str | None = "q1",
) -> Turned:
    grades = tuple(
        Grade(question_id=q, outcome=o, provenance=Provenance(engine="scripted", guide_revision="r1"))
        for q, o in (outcomes or {}).items()
    )
    move = Move(kind=kind, question_id=question)
    return Turned(turn=Turn(number=number, at=AT, consumed=messages, move=move, reply=reply, grades=grades))


def sent(number: int) -> Sent:
    return Sent(number=number, at=AT, ref="r")


def moved(place: str = "chat:T1:C1:1", at: datetime = AT) -> Moved:
    return Moved(place=place, at=at)
