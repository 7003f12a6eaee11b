"""Every interface of the house, in one place. What stands behind them is chosen in wiring.py alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from interviewer.domain.guide import Frozen, Guide, KeyPoint, Question
from interviewer.domain.interview import Assessment, Event, Mode, ModelCall, Move

Clock = Callable[[], datetime]
Listener = Callable[[str], Awaitable[None]]
"""Hears a reply, piece by piece."""


async def unheard(_: str) -> None:
    """A listener that nobody hears: for replies that are sent in one piece, or not at all."""


def utc_now() -> datetime:
    """The time, with its zone: the clock of everyone who is not given another."""
    return datetime.now(UTC)


class AssessRequest(Frozen):
    """What an engine reads: the question, what was said under it before, and the new message.

    `asked` is the interviewer's latest line under the question ("" when the question itself was the latest).
    `elsewhere` are key points of other questions that the message may make, their ids as "question/point".
    All of `earlier` and `message` is untrusted text of the candidate.
    """

    question: Question
    message: str
    earlier: tuple[str, ...] = ()
    asked: str = ""
    elsewhere: tuple[KeyPoint, ...] = ()

    @property
    def said(self) -> str:
        """Everything the candidate said under the question."""
        return "\n".join((*self.earlier, self.message))


class SpeakRequest(Frozen):
    """What an engine may know to word a move: never the model answer, nor a key point beyond what the move discloses.

    `aim` is the guide's own wording of a probe, hint or follow-up, as a spoken line, or "" for a general one. `label`
    names what is aimed at where it may be named: a point's short name on the last rung of the hints, or "star:result"
    and the like, or the reason why there is no hint. `half`: the point aimed at is already partly made. `circumstance`:
    "start" for a hint before anything was said, "back" for a repetition after a pause. `passages` are background to
    clarify with. `dialogue` is what was said so far, (speaker, words), untrusted where the speaker is "candidate".
    `turn` varies the wording without chance. The question itself, feedback and model answers are added by code,
    verbatim.
    """

    move: Move
    mode: Mode
    question: str
    category: str
    turn: int
    aim: str = ""
    label: str = ""
    half: bool = False
    circumstance: str = ""
    passages: tuple[str, ...] = ()
    dialogue: tuple[tuple[str, str], ...] = ()


class Engine(Protocol):
    """Reads answers and words replies. Raises EngineError, and nothing else, when it cannot."""

    name: str
    model: str

    def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """Assessments of the message, each more complete; the first holds kind and verdicts, the last evidence too."""
        ...

    def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        """The words of a move, in pieces as they come, then the calls that were paid for, if any.

        The question that a move puts is added by code, verbatim.
        """
        ...


class BatchState(Frozen):
    """Where a batch stands: `ended` when all that will ever come is there, `failed` when nothing will.

    `reason` is the provider's own code, such as "expired". `done` and `total` count requests.
    """

    status: Literal["running", "ended", "failed"]
    reason: str = ""
    done: int = 0
    total: int = 0


class BatchReply(Frozen):
    """One reply out of a batch, as it came: its HTTP status and its body."""

    status: int
    body: bytes


class Batches(Protocol):
    """Readings that are ordered many at a time and fetched later, in any process. Raises EngineError."""

    async def lines(self, key: str, request: AssessRequest) -> Sequence[bytes]:
        """What to write into a batch's file for one reading, a line a call; `key` is at most 60 letters and digits."""
        ...

    async def submit(self, file: Path) -> str:
        """Hand a file of lines in; the batch's id."""
        ...

    async def state(self, batch: str) -> BatchState:
        """Where a batch stands."""
        ...

    def results(self, batch: str) -> AsyncIterator[tuple[str, int, BatchReply | None]]:
        """What came of an ended batch: a key, which of its calls, and the reply, None where none was ever made."""
        ...

    def answered(self, replies: Sequence[BatchReply]) -> Engine:
        """An engine for the one reading that these are the replies of."""
        ...


class Match(Frozen):
    """A chunk of a guide that is near to some words; `score` is a cosine, -1..1."""

    kind: str
    text: str
    question_id: str | None
    item_id: str | None
    score: float


class Retriever(Protocol):
    """Finds parts of a guide by meaning. Answers from a fresh index in well under a millisecond plus one embedding.

    What a turn asks of it does not hold up other interviews meanwhile.
    """

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        """Ids of the questions nearest to a topic, best first, with their scores; for planning an interview."""
        ...

    async def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        """Chunks of these kinds nearest to some words, best first."""
        ...

    async def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        """Background passages that may help to clarify something."""
        ...


class InterviewSummary(Frozen):
    """One line of a list of interviews."""

    id: str
    guide_id: str
    guide_title: str
    mode: Mode
    status: str
    candidate: str
    started_at: datetime
    updated_at: datetime
    answered: int
    planned: int


class Limits(Frozen):
    """How the work is shared out among those who wait, over all workers.

    `quiet`: seconds of silence after the last message before an interview's turn may be begun, so that several quick
    ones are one answer; however quickly they follow each other, the first waits at most MOST_QUIET times as long.
    `person` and `space`: of how many interviews of one person, and of one workspace or guild, there are turns at once.
    A moment's more is possible where two workers take at the same moment. `platforms`: those that the worker serves,
    all where none is named.
    """

    platforms: tuple[str, ...] = ()
    quiet: float = 0.0
    person: int = Field(default=1, ge=1)
    space: int = Field(default=50, ge=1)


MOST_QUIET = 6.0


class Claim(Frozen):
    """An interview that a worker has taken to serve.

    `news` is how much of it there was to serve, `tries` how often it failed since a reply was last seen whole, those
    before the latest news count once. `left`: another worker had it and never gave it back, so that it may have been
    in the middle of a reply; when it is given back: some of the next reply may be seen already.
    """

    interview_id: str
    news: int
    tries: int = 0
    left: bool = False


class Backlog(Frozen):
    """How much work there is: interviews that wait, those being served, and the seconds that the oldest has waited."""

    waiting: int = 0
    held: int = 0
    oldest: float = 0.0


class Work(Protocol):
    """Which interviews in chats want a worker's attention, and who gives it. Raises StoreError.

    An interview joins when it is first given a place, and waits from the moment that a message, a change of one or a
    new place is stored, in the same transaction, until a worker says that it has done everything there is to do. So
    whatever is stored is served, by whichever worker is alive. They are served in the order in which they began to
    wait, each by one worker at a time.
    """

    async def take(
        self, worker: str, count: int, seconds: float, limits: Limits, hurry: Sequence[str] = ()
    ) -> list[Claim]:
        """Take up to so many of those that wait, for so many seconds; these in a hurry do not wait for quiet."""
        ...

    async def keep(self, worker: str, interview_ids: Sequence[str], seconds: float) -> set[str]:
        """Hold on to what this worker has taken; the ids of what it still has."""
        ...

    async def done(self, worker: str, claim: Claim, again: float | None = None) -> bool:
        """Give it back: nothing is left to do of what there was when it was taken, or, it failed, and may be taken
        `again` after so many seconds. False when more has come meanwhile, so that it waits again. Of no effect, and
        True, where another worker has taken over.
        """
        ...

    async def ahead(self, interview_id: str) -> int:
        """How many have waited longer than this one; 0 too where it does not wait."""
        ...

    async def backlog(self, platforms: Sequence[str] = ()) -> Backlog:
        """How much work there is, on all platforms or some."""
        ...


class Store(Work, Protocol):
    """Where interviews are kept: one row an event, nothing ever changed. Raises StoreError and its kinds."""

    async def open(self) -> None:
        """Connect, and bring the schema up to date. Raises StoreTooNew."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...

    async def save_guide(self, guide: Guide) -> None:
        """Keep this revision of a guide, so that its interviews outlive an edit of the file."""
        ...

    async def guide(self, revision: str) -> Guide:
        """A kept revision. Raises NotFoundError."""
        ...

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        """Store these events in one durable transaction; False, and nothing stored, when one is there already.

        A turn ends the lease. A start needs its guide's revision to be kept before. Raises NotFoundError for
        any other event of no interview.
        """
        ...

    async def events(self, interview_id: str, after: int = 0) -> list[tuple[int, Event]]:
        """Events with their sequence numbers, in order, from just behind `after`. Raises NotFoundError."""
        ...

    async def interviews(self, candidate: str | None = None) -> list[InterviewSummary]:
        """All interviews, of one candidate or of everyone, the latest first."""
        ...

    async def going(self, platform: str) -> list[str]:
        """Ids of the interviews that are held in places of this platform and are not over."""
        ...

    async def author(self, platform: str, message_id: str) -> str | None:
        """The candidate who wrote this message, where it is of one of those interviews."""
        ...

    async def claim(
        self, interview_id: str, holder: str, seconds: float, after: int = 0
    ) -> list[tuple[int, Event]] | None:
        """Take the lease and read what `events` would, in one transaction; None where `acquire` would say False."""
        ...

    async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease; False while another holder's has not run out. Raises NotFoundError."""
        ...

    async def release(self, interview_id: str, holder: str) -> None:
        """Give the lease back, if this holder has it."""
        ...

    async def seat(self, candidate: str, interview_id: str) -> str:
        """Give the candidate's one seat to this stored interview; the other's id where one that is not over has it."""
        ...

    async def forget(self, interview_id: str) -> bool:
        """Delete everything of an interview; False when there was nothing."""
        ...

    async def forget_before(self, moment: datetime) -> list[str]:
        """Delete everything of the interviews in which nothing has happened since; their ids."""
        ...
