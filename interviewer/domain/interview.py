"""What an interview is made of: its plan, messages, assessments, moves and turns, and the events that are stored.

Started      the plan, once
Received     a candidate's message, as it came
Edited       the candidate has changed a message; only what is not answered yet changes with it
Withdrawn    the candidate has taken a message back, which only what is not answered yet can be
Moved        the interview goes on in another place of a chat
Assessed     what the engine made of the messages of a turn, kept as soon as it is paid for
Turned       a whole turn: what it answered, its move, its words, and the grades it settled
Sent         a turn's reply has reached the channel
Regraded     everything was read again, and these grades hold from now on
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, field_validator

from interviewer.domain.display import whole
from interviewer.domain.grading import Grade, PitfallFinding, PointFinding, Verdict
from interviewer.domain.guide import Frozen


class Mode(StrEnum):
    """`practice` gives hints, feedback and model answers; `assess` discloses nothing until the end."""

    PRACTICE = "practice"
    ASSESS = "assess"


class MessageKind(StrEnum):
    """What a candidate's message is."""

    ANSWER = "answer"
    DONT_KNOW = "dont_know"
    CLARIFY = "clarify"
    REPEAT = "repeat"
    HINT = "hint"
    SKIP = "skip"
    PAUSE = "pause"
    STOP = "stop"
    OFF_TOPIC = "off_topic"
    STEERING = "steering"


ABOUT_A_QUESTION = frozenset({MessageKind.CLARIFY, MessageKind.REPEAT, MessageKind.HINT, MessageKind.SKIP})


class MoveKind(StrEnum):
    """What the interviewer does next."""

    ASK = "ask"
    PROBE = "probe"
    FOLLOW_UP = "follow_up"
    HINT = "hint"
    CLARIFY = "clarify"
    REPEAT = "repeat"
    REDIRECT = "redirect"
    NEXT = "next"
    PAUSE = "pause"
    CLOSE = "close"


class Move(Frozen):
    """One move. `question_id` is the question on the floor after it; `settles` the one it ends, if any.

    `target` is what a probe or hint aims at (a key point's id, or "star:result" and the like) or the follow-up asked.
    `wording` is the id of the guide's follow-up that words a probe, if one does. `rung` is 1..3 for a hint.
    `cause` is the message kind that led here.
    """

    kind: MoveKind
    question_id: str | None = None
    settles: str | None = None
    target: str | None = None
    wording: str | None = None
    rung: int = Field(default=0, ge=0, le=3)
    cause: MessageKind | None = None
    time_up: bool = False


class ModelCall(Frozen):
    """One call to a model, as it was paid for. Latency in milliseconds. `text`: the reply, where it is to be kept."""

    role: str
    model: str
    prompt_digest: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: float = 0.0
    text: str = ""


class Assessment(Frozen):
    """What the engine made of a message. Findings are about everything said under the question so far.

    `elsewhere` holds findings on key points of other questions (their id as "question/point"). `lacks` names the parts
    missing from a behavioral answer: situation, task, action, result, own ("we" without "I"). `evidence` is False while
    quotes are still to come. `signals` are for a reviewer, such as "steering"; they never lower a grade. `too_short`:
    an answer of so few words that the engine looked for nothing in it.
    """

    kind: MessageKind
    too_short: bool = False
    points: tuple[PointFinding, ...] = ()
    pitfalls: tuple[PitfallFinding, ...] = ()
    elsewhere: tuple[PointFinding, ...] = ()
    lacks: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    evidence: bool = True

    @property
    def answers(self) -> bool:
        """Whether the message counts as part of the answer: an answer, or something else that showed a point."""
        shown = any(p.verdict is not Verdict.MISSING for p in self.points) or any(p.committed for p in self.pitfalls)
        return self.kind is MessageKind.ANSWER or shown


class Plan(Frozen):
    """What will be asked, in which order and under which rules; the same for everyone who gets the same plan."""

    guide_id: str
    guide_title: str
    guide_revision: str
    questions: tuple[str, ...] = Field(min_length=1)
    mode: Mode = Mode.PRACTICE
    seed: int = 0
    minutes: int | None = Field(default=None, ge=1)
    topic: str | None = None
    probes: int = Field(default=2, ge=0)
    follow_ups: int = Field(default=1, ge=0)


class Inbound(Frozen):
    """A candidate's message as a channel hands it over. `id` is the channel's own, and makes a redelivery harmless.

    `command` is set when the message is a command ("/hint"), whose meaning needs no engine. What came before the reply
    is one answer; in a chat in the order of `at`, whatever order it arrived in.
    """

    id: str
    interview_id: str
    text: str
    at: datetime
    command: MessageKind | None = None

    def lapsed(self, turns: Sequence[Turn]) -> bool:
        """Whether this is a button under a turn ("skip@3") whose question is over: it is not meant for another."""
        kind, _, under = self.id.partition("@")
        if self.command is None or kind != self.command or kind not in ABOUT_A_QUESTION or not under.isdecimal():
            return False
        return any(turn.move.kind is MoveKind.NEXT for turn in turns[int(under) + 1 :])

    @field_validator("id", "text", mode="before")
    @classmethod
    def _storable(cls, value: object) -> object:
        """An answer is never refused for a character that no encoding can hold."""
        return whole(value) if isinstance(value, str) else value


class Turn(Frozen):
    """One turn of the interviewer. `consumed` are the ids of the messages it answers; 0 is the opening.

    `failure` is why the engine could not read them, `unspoken` why it could not word the reply, each "" where it could.
    """

    number: int = Field(ge=0)
    at: datetime
    consumed: tuple[str, ...] = ()
    assessment: Assessment | None = None
    failure: str = ""
    move: Move
    reply: str
    grades: tuple[Grade, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    blocked: int = 0
    unspoken: str = ""


class Started(Frozen):
    """The interview begins. `candidate` is the channel's id of the person, never a name that was not asked for."""

    type: Literal["started"] = "started"
    at: datetime
    plan: Plan
    candidate: str
    channel: str
    engine: str


class Received(Frozen):
    """A message arrived and will not be lost."""

    type: Literal["received"] = "received"
    message: Inbound


class Edited(Frozen):
    """The candidate has changed a message. The new text counts unless a turn has answered the old one."""

    type: Literal["edited"] = "edited"
    message_id: str
    text: str
    at: datetime

    @property
    def version(self) -> str:
        """The id of the message as it reads from now on."""
        return f"{self.message_id}@{self.at.isoformat()}"

    @field_validator("message_id", "text", mode="before")
    @classmethod
    def _storable(cls, value: object) -> object:
        return whole(value) if isinstance(value, str) else value


class Withdrawn(Frozen):
    """The candidate has taken a message back. It does not count unless a turn has answered it."""

    type: Literal["withdrawn"] = "withdrawn"
    message_id: str
    at: datetime


class Moved(Frozen):
    """The interview goes on in this place of a chat; see channels.chat.Place."""

    type: Literal["moved"] = "moved"
    place: str
    at: datetime

    @property
    def platform(self) -> str:
        """The platform of the place: "slack"."""
        return self.place.partition(":")[0]

    @property
    def space(self) -> str:
        """The workspace or guild that the place is in, with its platform: "slack:T1"; "" where it is in none."""
        platform, _, rest = self.place.partition(":")
        space = rest.partition(":")[0]
        return f"{platform}:{space}" if space else ""


class Assessed(Frozen):
    """The engine's reading of the messages of the coming turn."""

    type: Literal["assessed"] = "assessed"
    number: int
    consumed: tuple[str, ...]
    assessment: Assessment


class Turned(Frozen):
    """A turn was taken."""

    type: Literal["turned"] = "turned"
    turn: Turn


class Sent(Frozen):
    """A turn's reply reached the channel; `ref` is the channel's id of it."""

    type: Literal["sent"] = "sent"
    number: int
    at: datetime
    ref: str = ""


class Regraded(Frozen):
    """Every question that is over was graded again; these grades hold from now on."""

    type: Literal["regraded"] = "regraded"
    at: datetime
    grades: tuple[Grade, ...]


Event = Annotated[
    Started | Received | Edited | Withdrawn | Moved | Assessed | Turned | Sent | Regraded, Field(discriminator="type")
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(hide_input_in_errors=True))


def received_key(message_id: str) -> str:
    """The key of the event that a message was received."""
    return f"received:{message_id}"


def event_key(event: Event) -> str:
    """A key that is unique within an interview: storing the same thing twice is refused by it."""
    match event:
        case Received():
            return received_key(event.message.id)
        case Edited():
            return f"edited:{event.message_id}:{event.at.isoformat()}"
        case Withdrawn():
            return f"withdrawn:{event.message_id}"
        case Moved():
            return f"moved:{event.at.isoformat()}:{event.place}"
        case Assessed():
            return f"assessed:{event.number}:{json.dumps(event.consumed)}"
        case Turned():
            return f"turned:{event.turn.number}"
        case Sent():
            return f"sent:{event.number}"
        case Regraded():
            return f"regraded:{event.at.isoformat()}"
        case _:
            return "started"
