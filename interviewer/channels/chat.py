"""What the chat platforms share: who, where, what happened, and what the desk needs of a platform.

A channel for a platform is a translator. slack.py is one to copy from; its three parts are:

In   Translate what the platform delivers into Said, Changed, Removed, Pressed or Begin, and await the Desk's method for
     it: `said`, `changed`, `removed`, `pressed`, `begin`. It returns in milliseconds, once everything is stored for
     good and before any model is asked; acknowledge to the platform only then. When it raises, do not acknowledge, so
     that the platform delivers again: ids make a second delivery harmless. What it returns is a Notice for this person
     alone, or None.
Out  Implement Outbox. The desk writes replies through it, streamed by edits, split at `limit`.
Life At start `desk.attach(platform, outbox, access)`, then `await desk.recover(platform)`, which finishes what an
     earlier process left; chat_missed.Lookout finds what nobody took in. At the end stop what comes in, then
     `await desk.drain(seconds)`.

Ids are the platform's own and must be unique in it, as "T1:C1:1718.0001" is for a message. Times are the platform's
too: quick messages are one answer in the order of `at`, however they arrive. Text is Markdown both ways; who translates
in takes the platform's own markup away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from interviewer.domain.guide import Frozen, Guide
from interviewer.domain.interview import Inbound, MessageKind, Mode, Plan, Turn
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.state import Interview
from interviewer.ports import Clock, InterviewSummary, Listener, Work


class Person(Frozen):
    """Someone on a platform. `space` is the workspace where ids of people are only unique within one, else ""."""

    platform: str
    space: str = ""
    user: str

    @property
    def id(self) -> str:
        """As it is stored, an interview's candidate: "slack:T1:U2"."""
        return f"{self.platform}:{self.space}:{self.user}"

    @classmethod
    def parse(cls, stored: str) -> Person:
        """A person as `id` names them. Raises ValueError."""
        platform, space, user = stored.split(":")
        return cls(platform=platform, space=space, user=user)


class Place(Frozen):
    """Where people talk: a direct message, or a thread of a channel. `space` is the workspace or guild.

    Without a `channel` it is any direct message with the person, and without a `thread` a channel in which a thread is
    still to be opened; `Outbox.open` makes an exact place of both.
    """

    platform: str
    space: str = ""
    channel: str = ""
    thread: str = ""
    direct: bool = False

    @property
    def exact(self) -> bool:
        """Whether something can be posted here as it is."""
        return bool(self.channel and (self.direct or self.thread))

    def is_that(self, stored: str) -> bool:
        """Whether a stored id means this place. A person's direct messages with the bot are one place."""
        other = Place.parse(stored)
        return self.id == stored or (self.direct and other.direct and self.platform == other.platform)

    def holds(self, stored: str) -> bool:
        """Whether this is a channel, and a stored id means a thread of it."""
        other = Place.parse(stored)
        return bool(other.thread) and self.id == other.model_copy(update={"thread": ""}).id

    @property
    def id(self) -> str:
        """As it is stored: "slack:T1:C1:1718.0001", and "slack:T1:D1:direct" for a direct message."""
        return f"{self.platform}:{self.space}:{self.channel}:{'direct' if self.direct else self.thread}"

    @classmethod
    def parse(cls, stored: str) -> Place:
        """A place as `id` names it. Raises ValueError."""
        platform, space, channel, thread = stored.split(":")
        direct = thread == "direct"
        return cls(platform=platform, space=space, channel=channel, thread="" if direct else thread, direct=direct)


class Command(StrEnum):
    """What a person can ask for with a button or a command, besides beginning an interview."""

    HINT = "hint"
    SKIP = "skip"
    REPEAT = "repeat"
    CLARIFY = "clarify"
    PAUSE = "pause"
    END = "end"
    RESUME = "resume"
    STATUS = "status"
    REPORT = "report"
    FORGET = "forget"
    HELP = "help"


MEANINGS = {
    Command.HINT: MessageKind.HINT,
    Command.SKIP: MessageKind.SKIP,
    Command.REPEAT: MessageKind.REPEAT,
    Command.CLARIFY: MessageKind.CLARIFY,
    Command.PAUSE: MessageKind.PAUSE,
    Command.END: MessageKind.STOP,
}


class Said(Frozen):
    """Someone wrote something. `attachments` counts what came with it that is no text."""

    id: str
    author: Person
    place: Place
    text: str
    at: datetime
    attachments: int = 0
    by_bot: bool = False


class Changed(Frozen):
    """Someone changed a message that they wrote at `said_at`; `at` is when they changed it."""

    message_id: str
    author: Person
    place: Place
    text: str
    said_at: datetime
    at: datetime


class Removed(Frozen):
    """Someone deleted a message that they wrote at `said_at`."""

    message_id: str
    author: Person
    place: Place
    said_at: datetime
    at: datetime


class Pressed(Frozen):
    """Someone used a command, or pressed a button: `about` is the button's, or what was typed behind the command."""

    id: str
    author: Person
    place: Place
    command: Command
    at: datetime
    about: str = ""


class Begin(Frozen):
    """Someone wants an interview. `id` is that of the request: asking twice with one id begins one interview."""

    id: str
    author: Person
    place: Place
    guide: str
    mode: Mode = Mode.PRACTICE
    questions: int | None = None
    minutes: int | None = None


class Button(Frozen):
    """A button. `about` comes back in Pressed; `sure` is a question to ask before it counts, "" for none."""

    command: Command
    label: str
    about: str = ""
    grave: bool = False
    sure: str = ""


class Post(Frozen):
    """Something to post, in Markdown. `key` is the same for the same post whenever it is tried again."""

    key: str
    text: str
    buttons: tuple[Button, ...] = ()


class Notice(Frozen):
    """A line for one person alone, in Markdown."""

    text: str
    buttons: tuple[Button, ...] = ()


class Attachment(Frozen):
    """A text file to post, with the line that goes with it. `key` is the same whenever it is tried again. `since`: an
    earlier process may have posted it, but not before.
    """

    key: str
    name: str
    title: str
    content: str
    comment: str = ""
    since: datetime | None = None


class Entry(Frozen):
    """One of a person's interviews, as a list of theirs shows it. `score` is 0..100, None where there is none yet."""

    summary: InterviewSummary
    score: float | None = None
    band: int | None = None


class Outbox(Protocol):
    """What the desk needs of a platform. Raises ChannelError and its kinds, and nothing else.

    `limit` is how many characters of Markdown a post holds. `idempotent`: what is posted again with a key, soon, is the
    post that was made before, by whichever process.
    """

    limit: int
    idempotent: bool

    @property
    def pace(self) -> float:
        """How many seconds should lie between two edits of one post now; infinite for only such as must be."""
        ...

    async def open(self, place: Place, person: Person, heading: str, key: str) -> Place:
        """The exact place for an interview that is wanted here: the thread is opened, the direct message found.

        Only called for a place that is not exact. `key` is of this opening: trying again should find the thread again.
        """
        ...

    async def post(self, place: Place, post: Post) -> str:
        """Post, and return the platform's reference to it. Raises OutcomeUnknown when it may have been posted."""
        ...

    async def edit(self, place: Place, ref: str, post: Post) -> None:
        """Put this in the place of a post of ours."""
        ...

    async def find(self, place: Place, key: str) -> str | None:
        """The post with this key, if it was made and the platform can tell; where posting a key twice posts it once,
        None will do.
        """
        ...

    async def remove(self, place: Place, ref: str) -> None:
        """Take a post of ours back."""
        ...

    async def attach(self, place: Place, attachment: Attachment) -> None:
        """Post a file. Raises OutcomeUnknown when it may have been posted; trying again should find it."""
        ...

    async def pointer(self, place: Place) -> str:
        """Markdown that leads to a place: a link, or its name."""
        ...

    async def busy(self, place: Place) -> None:
        """Show for a while that a reply is on its way, where the platform can. Called again every few seconds."""
        ...

    async def refresh(self, person: Person) -> None:
        """The list of this person's interviews has changed, for platforms that show one."""
        ...


class Conductor(Protocol):
    """What the desk needs of whoever conducts interviews; conduct.turn.Conductor is one."""

    clock: Clock

    async def start(
        self, plan: Plan, guide: Guide, *, candidate: str, channel: str, interview_id: str | None = None
    ) -> Interview:
        """Begin an interview, once for each id."""
        ...

    async def load(self, interview_id: str) -> Interview:
        """The interview as it stands now."""
        ...

    async def guide_of(self, interview: Interview) -> Guide:
        """The guide as it was when the interview began."""
        ...

    async def receive(self, message: Inbound) -> bool:
        """Store a message; False when it was stored before."""
        ...

    async def edit(self, interview_id: str, message_id: str, text: str, at: datetime) -> bool:
        """Store a message's new text."""
        ...

    async def withdraw(self, interview_id: str, message_id: str, at: datetime) -> bool:
        """Store that a message was taken back."""
        ...

    async def move(self, interview_id: str, place: str) -> None:
        """Store where the interview goes on."""
        ...

    async def advance(self, interview_id: str, listen: Listener = ..., number: int | None = None) -> Turn | None:
        """Answer what waits."""
        ...

    def alone(self, interview_id: str) -> AbstractAsyncContextManager[Interview]:
        """Hold an interview while something is done for it once. Raises InterviewBusy while another worker has it."""
        ...

    async def sent(self, interview_id: str, number: int, ref: str = "") -> None:
        """Note that a turn's reply reached the candidate."""
        ...

    async def scorecard(self, interview_id: str) -> Scorecard:
        """The scorecard of an interview as it stands."""
        ...

    async def forget(self, interview_id: str) -> bool:
        """Delete everything of an interview."""
        ...


class Seats(Work, Protocol):
    """What the desk needs of the store; ports.Store is one."""

    async def interviews(self, candidate: str | None = None) -> list[InterviewSummary]:
        """All interviews, of one candidate or of everyone, the latest first."""
        ...

    async def going(self, platform: str) -> list[str]:
        """Ids of the interviews that are held in places of this platform and are not over."""
        ...

    async def author(self, platform: str, message_id: str) -> str | None:
        """The candidate who wrote this message, where it is of one of those interviews."""
        ...

    async def seat(self, candidate: str, interview_id: str) -> str:
        """Give the candidate's one seat to this interview; the other's id where one that is not over has it."""
        ...


class Planner(Protocol):
    """The guides there are, and plans made of them."""

    def guides(self) -> Sequence[Guide]:
        """All guides that can be asked from."""
        ...

    def plan(self, guide: Guide, wanted: Begin) -> Plan:
        """The plan for what is wanted. Raises GuideError."""
        ...

    def warm(self, guide: Guide) -> None:
        """Load what the first answer will need. May take seconds, and may fail."""
        ...


Render = Callable[[Scorecard], str]
"""A scorecard as a page."""


def interview_id_for(request: str) -> str:
    """An interview's id that is the same for the same request, in the form of all others: "k7mf-q9xd-2hbt"."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    number = int.from_bytes(hashlib.sha256(request.encode("utf-8", "surrogatepass")).digest())
    picked = [letters[number // len(letters) ** n % len(letters)] for n in range(12)]
    return "-".join("".join(picked[n : n + 4]) for n in (0, 4, 8))
