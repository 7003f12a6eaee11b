"""The one data path: a message is received, and a turn answers it. Read `take_turn` first.

    receive    stored durably, deduplicated by its id, before anything else
    advance    load, take a turn if a message waits, record it
    take_turn  assess -> decide -> speak

Everything is recoverable from the stored events: after a crash at any point `advance` finishes what was begun.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from interviewer.conduct.assess import assess, commanded
from interviewer.conduct.settle import having_heard, settle
from interviewer.conduct.speak import added, guard_for, opening, speak, speak_request
from interviewer.conduct.wording import spoken
from interviewer.domain.errors import (
    EngineError,
    EngineUnusable,
    InterviewBusy,
    InterviewerError,
    NotFoundError,
    TurnConflict,
)
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import (
    Assessed,
    Assessment,
    Edited,
    Event,
    Inbound,
    MessageKind,
    Mode,
    Move,
    Moved,
    MoveKind,
    Plan,
    Received,
    Sent,
    Started,
    Turn,
    Turned,
    Withdrawn,
)
from interviewer.domain.policy import decide, open_points
from interviewer.domain.scorecard import Scorecard, scorecard
from interviewer.domain.state import Interview, Status, apply, fold
from interviewer.domain.usage import Price
from interviewer.ports import Clock, Engine, Listener, Retriever, Store, unheard, utc_now
from interviewer.prompts import Phrases

LEASE_SECONDS = 10.0
KEPT_IN_MEMORY = 256
WORDING_NEAR = 0.4


class Conductor:
    """Holds interviews: any number, one turn of each at a time. `seconds` bounds how long a candidate waits."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        retriever: Retriever,
        phrases: Phrases,
        *,
        clock: Clock = utc_now,
        seconds: float = 60.0,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.store = store
        self.engine = engine
        self.retriever = retriever
        self.phrases = phrases
        self.clock = clock
        self.seconds = seconds
        self.prices = prices
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._guides: dict[str, Guide] = {}

    async def start(
        self, plan: Plan, guide: Guide, *, candidate: str, channel: str, interview_id: str | None = None
    ) -> Interview:
        """Begin an interview: its plan, its greeting and first question are stored before they are shown.

        With an `interview_id` of the caller's, beginning the same one twice is beginning it once.
        """
        await self.store.save_guide(guide)
        now = self.clock()
        interview_id = interview_id or new_id()
        first = Turn(
            number=0,
            at=now,
            move=Move(kind=MoveKind.ASK, question_id=plan.questions[0]),
            reply=opening(plan, guide, self.phrases),
        )
        started = Started(at=now, plan=plan, candidate=candidate, channel=channel, engine=self.engine.name)
        await self.store.append(interview_id, [started, Turned(turn=first)])
        return await self.load(interview_id)

    async def receive(self, message: Inbound) -> bool:
        """Store a message; False when it was stored before. Once this returns the message will be answered."""
        return await self.store.append(message.interview_id, [Received(message=message)])

    async def edit(self, interview_id: str, message_id: str, text: str, at: datetime) -> bool:
        """Store a message's new text; it counts unless the old one is answered. False when it was stored before."""
        return await self.store.append(interview_id, [Edited(message_id=message_id, text=text, at=at)])

    async def withdraw(self, interview_id: str, message_id: str, at: datetime) -> bool:
        """Store that a message was taken back; it does not count unless it is answered. False when stored before."""
        return await self.store.append(interview_id, [Withdrawn(message_id=message_id, at=at)])

    async def move(self, interview_id: str, place: str) -> None:
        """Store where in a chat the interview goes on."""
        await self.store.append(interview_id, [Moved(place=place, at=self.clock())])

    async def forget(self, interview_id: str) -> bool:
        """Delete everything of an interview, here and in the store; False when there was nothing."""
        there = await self.store.forget(interview_id)
        self._known.pop(interview_id, None)
        return there

    async def forget_before(self, moment: datetime) -> int:
        """Delete everything of the interviews in which nothing has happened since, here and in the store; how many."""
        gone = await self.store.forget_before(moment)
        for interview_id in gone:
            self._known.pop(interview_id, None)
        return len(gone)

    async def advance(self, interview_id: str, listen: Listener = unheard, number: int | None = None) -> Turn | None:
        """Answer what waits, if anything does. Raises InterviewBusy while another worker is at it, and TurnConflict.

        `number` is of the turn that `listen` expects; where another worker has taken that one, nothing is taken.
        """
        async with self._lease(interview_id) as lease:
            if number not in (None, len(lease.interview.turns)):
                raise TurnConflict("Another worker has answered this message.", "Look at the interview again.")
            turn = await self._advance(lease.interview, listen)
            lease.over = turn is not None
            return turn

    async def _advance(self, interview: Interview, listen: Listener) -> Turn | None:
        if not interview.pending or interview.status is Status.ENDED:
            return None
        guide = await self.guide_of(interview)
        turn = await self.take_turn(interview.draft(), guide, listen)
        if not await self.store.append(interview.id, [Turned(turn=turn)]):
            self._known.pop(interview.id, None)
            raise TurnConflict("Another worker has answered this message.", "Look at the interview again.")
        return turn

    async def take_turn(self, interview: Interview, guide: Guide, listen: Listener) -> Turn:
        """One turn: what the message shows, what to do next, and the words for it. Changes nothing that is kept.

        `interview` must stay as it is meanwhile: a message that comes during the turn belongs to the next one. An
        engine that fails leaves the answer ungraded, and the interview goes on; EngineUnusable is raised, and the
        message waits until a person has mended what is wrong.
        """
        question = self._on_the_floor(interview, guide)
        consumed = tuple(m.id for m in interview.pending)
        now = self.clock()
        until = asyncio.get_running_loop().time() + self.seconds
        reading = self._read(interview, guide, question, consumed)
        heard, failure = await _next_reading(reading)
        move = await self._decide(interview, guide, question, heard, failure)
        speaks_of_grade = move.settles is not None and interview.plan.mode is Mode.PRACTICE
        if speaks_of_grade:
            heard, failure = await _last_reading(reading, heard, failure)
        request = await speak_request(having_heard(interview, heard, failure), guide, question, move, self.retriever)
        guard = guard_for(interview, guide, request)
        left = until - asyncio.get_running_loop().time()
        engine = None if failure else self.engine
        speaking = asyncio.create_task(speak(engine, request, guard, self.phrases, listen, left))
        try:
            heard, failure = await _last_reading(reading, heard, failure)
            spoken_words = await speaking
        finally:
            speaking.cancel()
        settled = settle(self.engine, interview, guide, question, move, heard, failure)
        reply = spoken_words.text
        async for piece in added(interview, guide, move, settled, self.phrases):
            reply += piece
            await listen(piece)
        return Turn(
            number=len(interview.turns),
            at=now,
            consumed=consumed,
            assessment=heard,
            failure=failure,
            move=move,
            reply=reply,
            grades=(settled,) if settled else (),
            calls=(*(heard.calls if heard else ()), *spoken_words.calls),
            blocked=spoken_words.blocked,
            unspoken=spoken_words.failure,
        )

    async def sent(self, interview_id: str, number: int, ref: str = "") -> None:
        """Note that a turn's reply reached the candidate."""
        await self.store.append(interview_id, [Sent(number=number, at=self.clock(), ref=ref)])
        known = self._known.get(interview_id)
        if known and known.interview.status is Status.ENDED:  # a third of a megabyte that is seldom looked at again
            del self._known[interview_id]

    async def load(self, interview_id: str) -> Interview:
        """The interview as it stands now; only events that are new since the last look are read."""
        known = self._known.get(interview_id)
        return self._followed(interview_id, known, await self.store.events(interview_id, known.seq if known else 0))

    def _followed(self, interview_id: str, known: _Known | None, fresh: Sequence[tuple[int, Event]]) -> Interview:
        """The interview with what was read behind `known`."""
        if known is None:
            known = _Known(fresh[-1][0], fold(interview_id, [event for _, event in fresh]))
        else:
            known.follow(fresh)
        self._known[interview_id] = known
        self._known.move_to_end(interview_id)
        if len(self._known) > KEPT_IN_MEMORY:
            self._known.popitem(last=False)
        return known.interview

    async def guide_of(self, interview: Interview) -> Guide:
        """The guide as it was when the interview began."""
        revision = interview.plan.guide_revision
        if revision not in self._guides:
            self._guides[revision] = await self.store.guide(revision)
        return self._guides[revision]

    async def scorecard(self, interview_id: str) -> Scorecard:
        """The scorecard of an interview as it stands."""
        interview = await self.load(interview_id)
        return scorecard(interview, await self.guide_of(interview), self.clock(), self.prices)

    @asynccontextmanager
    async def alone(self, interview_id: str) -> AsyncIterator[Interview]:
        """Hold an interview while something is done for it once. Raises InterviewBusy while another worker has it."""
        async with self._lease(interview_id) as lease:
            yield lease.interview

    @asynccontextmanager
    async def _lease(self, interview_id: str) -> AsyncIterator[_Lease]:
        """Hold an interview, renewing while it lasts, so that a worker that died is replaced within LEASE_SECONDS.

        The store ends it with the turn that it is held for; it is given back where there was none.
        """
        holder, known = secrets.token_hex(8), self._known.get(interview_id)
        try:
            fresh = await self.store.claim(interview_id, holder, LEASE_SECONDS, known.seq if known else 0)
        except asyncio.CancelledError:  # it may have been given on the way
            await self.store.release(interview_id, holder)
            raise
        if fresh is None:
            raise InterviewBusy(
                "This interview is being answered somewhere else.", "Close it there, or try again in a few seconds."
            )

        lease = _Lease(self._followed(interview_id, known, fresh))

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE_SECONDS / 3)
                lease.renewed = True
                with suppress(InterviewerError):  # the next one may get through; a turn's number is unique in any case
                    await self.store.acquire(interview_id, holder, LEASE_SECONDS)

        renewing = asyncio.create_task(renew())
        try:
            yield lease
        finally:
            renewing.cancel()
            if lease.renewed or not lease.over:
                await self.store.release(interview_id, holder)

    async def _read(
        self, interview: Interview, guide: Guide, question: Question, consumed: tuple[str, ...]
    ) -> AsyncIterator[Assessment]:
        """The engine's reading of what waits; what was paid for is kept at once, and not paid for again."""
        number, kept = len(interview.turns), interview.assessed
        if kept and (kept.number, kept.consumed) == (number, consumed):
            yield kept.assessment
            return
        latest: Assessment | None = None
        async for latest in assess(self.engine, self.retriever, interview, guide, question, self.seconds):
            yield latest
        if latest and latest.calls:
            await self.store.append(interview.id, [Assessed(number=number, consumed=consumed, assessment=latest)])

    async def _decide(
        self, interview: Interview, guide: Guide, question: Question, heard: Assessment | None, failure: str
    ) -> Move:
        draft = having_heard(interview, heard, failure)
        command = commanded(interview.pending)
        if failure and command:
            heard = Assessment(kind=command)
        minutes = interview.plan.minutes
        time_up = minutes is not None and interview.minutes_spent(self.clock()) >= minutes
        may_probe = heard is not None and heard.kind in (MessageKind.ANSWER, MessageKind.DONT_KNOW)
        wordings = await self._wordings(draft, guide, question) if may_probe else None
        return decide(draft, question, heard, time_up=time_up, wordings=wordings)

    async def _wordings(self, draft: Interview, guide: Guide, question: Question) -> Mapping[str, str]:
        """For open points whose author wrote no probe: the guide's own follow-up that is near enough to draw it out."""
        wordings = {}
        for point in open_points(draft, question):
            if point.probe or not question.follow_ups or draft.current.probes >= draft.plan.probes:
                continue
            near = await self.retriever.match(guide, point.text, kinds=("follow_up",), count=8)
            own = [m for m in near if m.question_id == question.id and m.score >= WORDING_NEAR and spoken(m.text)]
            if own and own[0].item_id:
                wordings[point.id] = own[0].item_id
        return wordings

    @staticmethod
    def _on_the_floor(interview: Interview, guide: Guide) -> Question:
        question = guide.question(interview.floor or "")
        if question is None:
            raise NotFoundError(f"Interview {interview.id} has no question on the floor.")
        return question


@dataclass
class _Lease:
    """A lease, and the interview that it is on; whether the store has ended it, and whether it was renewed
    and so may outlive that.
    """

    interview: Interview
    over: bool = False
    renewed: bool = False


@dataclass
class _Known:
    """An interview in memory, and the number of the last event that it holds."""

    seq: int
    interview: Interview

    def follow(self, fresh: Sequence[tuple[int, Event]]) -> None:
        """Apply what is new; another load may have applied some of it while this one waited for the store."""
        for seq, event in fresh:
            if seq > self.seq:
                apply(self.interview, event)
                self.seq = seq


async def _next_reading(reading: AsyncIterator[Assessment]) -> tuple[Assessment | None, str]:
    try:
        return await anext(reading), ""
    except EngineUnusable:
        raise
    except EngineError as error:
        return None, error.reason
    except StopAsyncIteration:
        return None, "empty"


async def _last_reading(
    reading: AsyncIterator[Assessment], heard: Assessment | None, failure: str
) -> tuple[Assessment | None, str]:
    """The last of the readings; a failure in the middle is a failure."""
    if failure:
        return heard, failure
    try:
        return [heard, *[each async for each in reading]][-1], ""
    except EngineUnusable:
        raise
    except EngineError as error:
        return None, error.reason


def new_id() -> str:
    """A fresh interview id, short enough to type and too random to guess: "k7mf-q9xd-2hbt"."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))
