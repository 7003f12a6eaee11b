"""Where interviews in chats are held: what waits is answered, what was not seen is shown, the scorecard handed over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from interviewer.channels import commands
from interviewer.channels.chat import (
    Attachment,
    Button,
    Command,
    Conductor,
    Outbox,
    Person,
    Place,
    Post,
    Render,
)
from interviewer.channels.chat_access import Access
from interviewer.channels.chat_hold import Hold
from interviewer.channels.chat_reply import Reply, being_busy, patiently, post_once
from interviewer.channels.chat_rota import BUSY_AGAIN
from interviewer.domain.errors import (
    ChannelDown,
    ChannelError,
    EngineUnusable,
    InterviewBusy,
    InterviewerError,
    OutcomeUnknown,
    PlaceClosed,
    TurnConflict,
)
from interviewer.domain.interview import Mode, MoveKind, Turn
from interviewer.domain.state import Interview, Status
from interviewer.domain.text import posed
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """A platform as the desk knows it."""

    outbox: Outbox
    access: Access


@dataclass
class _Taking:
    """A turn that is being taken, and its reply."""

    task: asyncio.Task[Turn | None]
    reply: Reply


@dataclass
class Floor:
    """Serves interviews, each one at a time. `begun` are those that began in this process and show nothing yet."""

    conductor: Conductor
    lines: Phrases
    render: Render
    counts: Counter[str]
    rooms: dict[str, Room] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    _taking: dict[str, _Taking] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def line(self, key: str, **values: object) -> str:
        """A line of chat.toml."""
        return self.lines.say(key, 0, **values)

    def outbox(self, platform: str) -> Outbox:
        """The way out to a platform. Raises PlaceClosed where this process has none."""
        if platform not in self.rooms:
            raise PlaceClosed(f"This process does not speak {platform}.", f"Add it to `interviewer serve {platform}`.")
        return self.rooms[platform].outbox

    async def serve(self, interview_id: str, hold: Hold) -> None:
        """Show what was not seen, and answer what waits. Raises what may pass, to be tried again later."""
        interview = await self.conductor.load(interview_id)
        try:
            await self._serve(interview, hold)
        except PlaceClosed:
            if _place(interview).direct:
                raise
            await self._go_direct(interview)
            await self._serve(await self.conductor.load(interview_id), hold)

    async def _serve(self, interview: Interview, hold: Hold) -> None:
        await self._settle_in(interview, "open")
        outbox, place = self._where(interview)
        for number in list(interview.unsent):
            again = hold.left or not (number == 0 and interview.id in self.begun)
            reply = Reply(outbox, place, f"{interview.id}/{number}", self.counts, again=again, hold=hold)
            await self._show(interview, interview.turns[number], reply)
        self.begun.discard(interview.id)
        if interview.pending and interview.status is not Status.ENDED:
            await self._answer(interview, hold)

    def hold(self, interview_id: str) -> None:
        """Stop the reply that is being made, because what it answers is changing, unless some of it is seen already."""
        taking = self._taking.get(interview_id)
        if taking and not taking.reply.begun and not taking.task.done():
            taking.task.cancel()

    async def _answer(self, interview: Interview, hold: Hold) -> None:
        outbox, place = self._where(interview)
        number = len(interview.turns)
        reply = Reply(outbox, place, f"{interview.id}/{number}", self.counts, again=hold.left, hold=hold)
        advancing = self.conductor.advance(interview.id, reply.hear, number)
        taking = _Taking(asyncio.create_task(advancing), reply)
        self._taking[interview.id] = taking
        turn: Turn | None = None
        try:
            async with being_busy(outbox, place):
                turn = await taking.task
        except asyncio.CancelledError:
            await reply.drop()
            if (this := asyncio.current_task()) and this.cancelling():
                raise
            raise TurnConflict("What is being answered has changed.") from None  # and is answered anew
        except EngineUnusable:
            await reply.drop()
            await self._tell_unreadable(interview, outbox, place)
            raise
        except Exception:
            await reply.drop()  # it was answered somewhere else, or is tried again
            raise
        finally:
            self._taking.pop(interview.id, None)
        self._told.discard(interview.id)
        if turn is not None:
            self.counts["turns"] += 1
            await self._show(interview, turn, reply)

    async def _show(self, interview: Interview, turn: Turn, reply: Reply) -> None:
        """Have a recorded turn seen with what goes with it, and note that it was."""
        ref = await reply.finish(turn.reply, self.buttons(interview, turn))
        person = Person.parse(interview.candidate)
        if turn.consumed:
            await self._tell_of_changes(turn, await self.conductor.load(interview.id), reply.outbox, reply.place)
        if turn.move.kind is MoveKind.CLOSE:
            await self._hand_over(interview, turn, reply)
        reply.hold.check()  # who has taken over may have taken some of it back
        await self.conductor.sent(interview.id, turn.number, ref)
        reply.hold.left = False  # nothing of the next one is there
        with contextlib.suppress(ChannelError):
            await self.outbox(person.platform).refresh(person)

    async def _tell_unreadable(self, interview: Interview, outbox: Outbox, place: Place) -> None:
        if interview.id not in self._told:
            self._told.add(interview.id)
            key = f"{interview.id}/{len(interview.turns)}/unreadable"
            with contextlib.suppress(ChannelError):
                await outbox.post(place, Post(key=key, text=self.line("said.unreadable")))

    async def _tell_of_changes(self, turn: Turn, interview: Interview, outbox: Outbox, place: Place) -> None:
        """Tell of what was changed or deleted before this turn was recorded, and after it was read; of what comes later
        its author is told at once, by whoever takes it in. What the platform refuses for good holds up no reply.
        """
        how = self.rooms[place.platform].access.how_to(Command.FORGET)
        latest = {interview.versions.get(m.id, m.id): m.id for m in interview.messages}
        for name in dict.fromkeys(interview.versions.get(m, m) for m in turn.consumed):
            deleted, changed = name in interview.withdrawn, latest.get(name) not in turn.consumed
            if deleted or changed:
                text = self.line("said.deleted_late", how=how) if deleted else self.line("said.edited_late")
                note = Post(key=f"note/{name.rpartition(':')[2]}/late", text=text)
                try:
                    await patiently(partial(post_once, outbox, place, note, self.counts))
                except (ChannelDown, PlaceClosed):
                    raise
                except ChannelError as error:
                    log.warning("interview %s: a note was not sent: %s", interview.id, type(error).__name__)

    async def _settle_in(self, interview: Interview, key: str) -> None:
        """See to it that the interview has an exact place. Raises PlaceClosed.

        It may be brought there and served at the same time, also by two workers, and is to have one.
        """
        while not _place(interview).exact:
            try:
                await self._opened(interview.id, key)
                return
            except InterviewBusy:
                await asyncio.sleep(BUSY_AGAIN)
                interview = await self.conductor.load(interview.id)

    async def _opened(self, interview_id: str, key: str) -> None:
        """Make its place an exact one, where another has not done so by now."""
        async with self.conductor.alone(interview_id) as interview:
            place = _place(interview)
            if place.exact:
                return
            outbox, person = self.outbox(place.platform), Person.parse(interview.candidate)
            heading = self.line("place.heading", title=interview.plan.guide_title)
            exact = await patiently(lambda: outbox.open(place, person, heading, f"{interview.id}/{key}"))
            await self.conductor.move(interview.id, exact.id)
            await self.conductor.load(interview.id)

    async def _go_direct(self, interview: Interview) -> None:
        """Go on in direct messages, because the place where it was held is closed."""
        person = Person.parse(interview.candidate)
        direct = Place(platform=person.platform, space=person.space, direct=True)
        await self.conductor.move(interview.id, direct.id)
        await self._settle_in(await self.conductor.load(interview.id), "direct")
        outbox, place = self._where(interview)
        post = Post(key=f"{interview.id}/{len(interview.turns)}/moved", text=self.line("place.moved_here"))
        await patiently(lambda: self._post_once(interview.id, outbox, place, post))

    async def bring(self, interview_id: str, left: str, key: str) -> None:
        """Go on where the interview was moved to, from the place `left`: say so there, repeat the question here."""
        interview = await self.conductor.load(interview_id)
        try:
            await self._settle_in(interview, key)
        except PlaceClosed:
            await self._go_direct(interview)
        outbox, place = self._where(interview)
        if not place.is_that(left):
            with contextlib.suppress(ChannelError):
                await self._say_where_it_went(interview_id, Place.parse(left), place, f"{interview_id}/{key}/left")
        await patiently(lambda: self._repeat(interview_id, outbox, place, f"{interview_id}/{key}/recap"))

    async def _repeat(self, interview_id: str, outbox: Outbox, place: Place, key: str) -> None:
        async with self._alone(interview_id) as interview:
            if interview.status is not Status.ENDED:
                buttons = self.buttons(interview, interview.turns[-1], awake=True)
                post = Post(key=key, text=await self._recap(interview), buttons=buttons)
                await post_once(outbox, place, post, self.counts)

    async def _say_where_it_went(self, interview_id: str, left: Place, place: Place, key: str) -> None:
        if not left.exact:
            return
        where = await self.outbox(place.platform).pointer(place)
        post = Post(key=key, text=self.line("place.moved_away", place=where))
        await self._post_once(interview_id, self.outbox(left.platform), left, post)

    async def _post_once(self, interview_id: str, outbox: Outbox, place: Place, post: Post) -> None:
        async with self._alone(interview_id):
            await post_once(outbox, place, post, self.counts)

    @asynccontextmanager
    async def _alone(self, interview_id: str) -> AsyncIterator[Interview]:
        """Hold an interview once no other worker does, which may have been told of the same thing."""
        async with AsyncExitStack() as stack:
            while True:
                try:
                    interview = await stack.enter_async_context(self.conductor.alone(interview_id))
                    break
                except InterviewBusy:
                    await asyncio.sleep(BUSY_AGAIN)
            yield interview

    async def _recap(self, interview: Interview) -> str:
        """Where it stopped: the question on the floor, and what was last said about it."""
        parts = [commands.welcome_back(interview, self.conductor.clock())]
        question = (await self.conductor.guide_of(interview)).question(interview.floor or "")
        if question is not None:
            parts.append(posed(question.text, interview.number, len(interview.plan.questions)))
        last = next((t for t in reversed(interview.turns) if t.move.kind is not MoveKind.PAUSE), None)
        if last and last.move.kind not in (MoveKind.ASK, MoveKind.NEXT, MoveKind.REPEAT):
            parts.append(last.reply)
        return "\n\n".join(parts)

    async def _hand_over(self, interview: Interview, turn: Turn, reply: Reply) -> None:
        """Send the scorecard of an interview that has ended. What fails here does not hold up the last words."""
        outbox, place, person = reply.outbox, reply.place, Person.parse(interview.candidate)
        since = turn.at if reply.again else None
        try:
            await self.deliver(interview.id, person, "scorecard", place if place.direct else None, since)
        except InterviewerError as error:
            log.warning("interview %s: its scorecard was not sent: %s", interview.id, type(error).__name__)
            how = self.rooms[place.platform].access.how_to(Command.REPORT)
            post = Post(key=f"{interview.id}/undelivered", text=self.line("report.undelivered", how=how))
            with contextlib.suppress(ChannelError):
                await outbox.post(place, post)

    async def send_report(self, interview_id: str, reader: Person, key: str) -> None:
        """Send a scorecard that was asked for, or say that it cannot be sent. `key` is of the request."""
        try:
            await self.deliver(interview_id, reader, key)
        except InterviewerError as error:
            log.warning("interview %s: its scorecard was not sent: %s", interview_id, type(error).__name__)
            outbox = self.outbox(reader.platform)
            direct = Place(platform=reader.platform, space=reader.space, direct=True)
            with contextlib.suppress(ChannelError):
                place = await outbox.open(direct, reader, "", f"{interview_id}/failed")
                await outbox.post(place, Post(key=f"{interview_id}/failed", text=self.line("report.failed")))

    async def deliver(
        self, interview_id: str, reader: Person, key: str, place: Place | None = None, since: datetime | None = None
    ) -> None:
        """Send a scorecard as a file, to this place or the reader's direct messages. Whether they may was asked.

        `key` is of this delivery: trying again should not send it twice. `since` is Attachment's.
        """
        card = await self.conductor.scorecard(interview_id)
        page = await asyncio.to_thread(self.render, card)
        outbox = self.outbox(reader.platform)
        direct = Place(platform=reader.platform, space=reader.space, direct=True)
        title = card.guide_title
        if place is None:
            place = await patiently(lambda: outbox.open(direct, reader, title, f"{interview_id}/report"))
        attachment = Attachment(
            key=f"{interview_id}/{key}",
            name=f"scorecard-{interview_id}.html",
            title=self.line("report.title", title=title),
            content=page,
            comment=self.line("report.comment", title=title),
            since=since,
        )
        await patiently(partial(self._attach, outbox, place, attachment))

    async def _attach(self, outbox: Outbox, place: Place, attachment: Attachment) -> None:
        try:
            await outbox.attach(place, attachment)
        except OutcomeUnknown:
            self.counts["posts_unknown"] += 1
            raise

    def buttons(self, interview: Interview, turn: Turn, *, awake: bool = False) -> tuple[Button, ...]:
        """The buttons under a turn; `awake` where a pause is over, though nothing was said since."""
        practice = interview.plan.mode is Mode.PRACTICE
        match turn.move.kind:
            case MoveKind.CLOSE:
                wanted = []
            case MoveKind.PAUSE if not awake:
                wanted = [Command.RESUME, Command.END]
            case _:
                wanted = [*([Command.HINT] if practice else []), Command.SKIP, Command.PAUSE, Command.END]
        return tuple(self.button(command, f"{interview.id}/{turn.number}") for command in wanted)

    def button(self, command: Command, about: str) -> Button:
        """A button with its label, and the question it asks first."""
        grave = command in (Command.END, Command.FORGET)
        sure = self.line(f"sure.{command}") if grave else ""
        return Button(command=command, label=self.line(f"button.{command}"), about=about, grave=grave, sure=sure)

    def _where(self, interview: Interview) -> tuple[Outbox, Place]:
        """Where it is held. Raises TurnConflict where it has been moved meanwhile, and has no exact place yet."""
        place = _place(interview)
        if not place.exact:
            raise TurnConflict("It is being brought somewhere else.")
        return self.outbox(place.platform), place


def _place(interview: Interview) -> Place:
    return Place.parse(interview.place)
