"""The desk: one place that takes what happens on any chat platform, decides who may do what, and has it done.

Read chat.py first. Each entry (`begin`, `said`, `changed`, `removed`, `pressed`) stores durably, arranges that the
reply follows in its own time, and returns what this person alone is to be told at once, or None. Strangers in an
interview's thread, the bot's own messages and deliveries that came before are ignored. A person has one interview at a
time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from interviewer.channels import commands
from interviewer.channels.chat import (
    MEANINGS,
    Begin,
    Changed,
    Command,
    Conductor,
    Entry,
    Notice,
    Outbox,
    Person,
    Place,
    Planner,
    Pressed,
    Removed,
    Render,
    Said,
    Seats,
)
from interviewer.channels.chat_access import Access
from interviewer.channels.chat_rota import SLOTS, SPACE, Rota
from interviewer.channels.desk_begin import Beginnings
from interviewer.channels.desk_changes import Changes
from interviewer.channels.desk_enough import Enough
from interviewer.channels.desk_floor import Floor, Room
from interviewer.channels.desk_noticed import Noticed
from interviewer.domain.errors import ChannelError, NotFoundError
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Inbound
from interviewer.domain.state import Interview, Status
from interviewer.domain.text import counted
from interviewer.ports import InterviewSummary, Limits
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)
QUIET = 1.5


class Desk:
    """Interviews on chat platforms. `quiet` is how many seconds after a message its answer is begun, so that several
    quick ones are answered as one. `counts` is for measuring: interviews begun, messages, turns, and posts of which it
    was not known whether they were made. `slots` is how many interviews are served here at once, `space` of how many of
    one workspace there are turns at once."""

    def __init__(
        self,
        conductor: Conductor,
        seats: Seats,
        planner: Planner,
        lines: Phrases,
        render: Render,
        quiet: float = QUIET,
        *,
        slots: int = SLOTS,
        space: int = SPACE,
    ) -> None:
        self._conductor = conductor
        self._seats = seats
        self._planner = planner
        self._quiet = quiet
        self.counts: Counter[str] = Counter()
        self._floor = Floor(conductor, lines, render, self.counts)
        self._line = self._floor.line
        self.rota = Rota(self._floor.serve, seats, Limits(quiet=quiet, space=space), slots=slots)
        self._noticed = Noticed()
        self.enough = Enough(self._floor)
        self._changes = Changes(conductor, seats, self._floor, self.rota, self.enough, self._live)
        self._beginnings = Beginnings(conductor, seats, planner, self._floor, self.rota, self._live, self._pointer)
        self._taking_in: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def attach(self, platform: str, outbox: Outbox, access: Access) -> None:
        """Open the desk to a platform."""
        self._floor.rooms[platform] = Room(outbox, access)

    async def recover(self, platform: str) -> int:
        """Serve from now on whatever waits on this platform, whichever process took it in. How many wait by now.

        Those that another process is at are served here once it has died.
        """
        self.rota.serves(platform)
        return (await self._seats.backlog((platform,))).waiting

    async def drain(self, seconds: float) -> None:
        """Finish the replies that are being made; nothing new is begun. What is stored waits for the next process."""
        await self.rota.drain(seconds)

    async def held(self, platform: str) -> AsyncIterator[Interview]:
        """The interviews that are going on in places of this platform, for one that has to look for what it missed."""
        for name in await self._seats.going(platform):
            with contextlib.suppress(NotFoundError):  # it was forgotten meanwhile
                interview = await self._conductor.load(name)
                if interview.status is not Status.ENDED and Place.parse(interview.place).exact:
                    yield interview

    async def author(self, platform: str, message_id: str) -> Person | None:
        """Who wrote a message, if it is of an interview that is going on in a place of this platform."""
        found = await self._seats.author(platform, message_id)
        return Person.parse(found) if found else None

    def guides(self) -> list[Guide]:
        """The guides that there are to choose from, by title."""
        return sorted(self._planner.guides(), key=lambda g: g.title)

    async def entries(self, person: Person, most: int = 10) -> list[Entry]:
        """This person's interviews, the latest first, with the scores of those that have ended."""
        return [await self._entry(s) for s in (await self._seats.interviews(person.id))[:most]]

    async def _entry(self, summary: InterviewSummary) -> Entry:
        if summary.status != Status.ENDED:
            return Entry(summary=summary)
        card = await self._conductor.scorecard(summary.id)
        return Entry(summary=summary, score=card.score, band=card.band)

    async def begin(self, wanted: Begin) -> Notice | None:
        """Begin an interview, if this person may and has none."""
        return await self._beginnings.begin(wanted)

    async def said(self, message: Said) -> Notice | None:
        """Someone wrote something: an answer, if it is the candidate of the interview that is held here."""
        if message.by_bot or not message.place.exact:  # in a channel itself nobody is interviewed
            return None
        async with self._alone(message.author):
            return await self._said(message)

    def _alone(self, person: Person) -> asyncio.Lock:
        """One thing of a person after the other, so that what waits of them can be counted."""
        return self._taking_in.setdefault(person.id, asyncio.Lock())

    async def _said(self, message: Said) -> Notice | None:
        live = await self._live(message.author)
        if live is None or not message.place.is_that(live.place):
            return await self._not_here(message, live)
        entry = commands.understand(message.text)
        text = entry.words or message.text.strip()
        if message.attachments and self._noticed.first(message.id):
            notice = self._notice("said.attachment_too" if text else "said.attachment")
        else:
            notice = None
        if entry.command in ("status", "help"):
            return await self._told(Command(entry.command), message.author)
        if text:
            command = commands.MEANINGS.get(entry.command)
            if self.enough.declined(message.id):
                return None
            if self.enough.declines(live, message.id, command):
                return self.enough.notice(live)
            words = "" if command else text
            inbound = Inbound(id=message.id, interview_id=live.id, text=words, at=message.at, command=command)
            self.counts["messages"] += await self._conductor.receive(inbound)
            self.rota.due(live.id, 0.0 if command else self._quiet)
        return notice or await self._in_line(live)

    async def _in_line(self, live: Interview) -> Notice | None:
        """How many are before this one, said once a turn where it is long."""
        ahead = await self.rota.ahead(live.id)
        if ahead and self._noticed.first(f"line/{live.id}/{len(live.turns)}"):
            return self._notice("said.in_line", ahead=ahead)
        return None

    async def _not_here(self, message: Said, live: Interview | None) -> Notice | None:
        """In direct messages nobody is left without an answer; in a channel nobody is answered who did not ask."""
        if not message.place.direct or not self._noticed.first(message.id):
            return None
        if live is None:
            return self._notice("said.no_interview", how=self._how(message.author, "start"))
        how = self._how(message.author, Command.RESUME)
        return self._notice("said.elsewhere", place=await self._pointer(live), how=how)

    async def changed(self, change: Changed) -> Notice | None:
        """Someone changed a message: until the reply it counts as it is now."""
        async with self._alone(change.author):
            return await self._changes.changed(change)

    async def removed(self, removal: Removed) -> Notice | None:
        """Someone deleted a message: until the reply it was never said."""
        return await self._changes.removed(removal)

    async def pressed(self, press: Pressed) -> Notice | None:
        """Someone used a command or a button."""
        match press.command:
            case Command.STATUS | Command.HELP:
                return await self._told(press.command, press.author)
            case Command.RESUME:
                return await self._resume(press)
            case Command.REPORT:
                return await self._report(press)
            case Command.FORGET:
                return await self._forget(press)
            case _:
                return await self._ask(press)

    async def _ask(self, press: Pressed) -> Notice | None:
        """A command of the interview itself: hint, skip, repeat, clarify, pause, end."""
        live = await self._live(press.author)
        wanted, _, number = press.about.partition("/")
        if wanted and (live is None or live.id != wanted):
            return await self._not_that_one(press.author, wanted)
        if live is None:
            return self._notice("pressed.no_interview", how=self._how(press.author, "start"))
        latest = len(live.turns) - 1
        leaving = press.command in (Command.PAUSE, Command.END)
        if number and number != str(latest) and not leaving:
            return self._notice("pressed.over")
        if press.command is Command.PAUSE and live.status is Status.PAUSED:
            return self._notice("pressed.resting")
        # Of two presses of one button under one turn, by whichever way they came, one counts.
        key = f"{press.command}@{latest}" if number else press.id
        inbound = Inbound(id=key, interview_id=live.id, text="", at=press.at, command=MEANINGS[press.command])
        await self._conductor.receive(inbound)
        self.rota.due(live.id)
        return None

    async def _not_that_one(self, person: Person, interview_id: str) -> Notice:
        theirs = any(s.id == interview_id for s in await self._seats.interviews(person.id))
        key = "pressed.ended" if theirs else "pressed.not_yours"
        return self._notice(key, how=self._how(person, "start"))

    async def _resume(self, press: Pressed) -> Notice | None:
        """Bring the interview to where its candidate is now, and repeat where it stopped."""
        live = await self._live(press.author)
        wanted = press.about.partition("/")[0]
        if wanted and (live is None or live.id != wanted):
            return await self._not_that_one(press.author, wanted)
        if live is None:
            return self._notice("pressed.no_interview", how=self._how(press.author, "start"))
        if not press.place.direct and not self._access(press.author).may_come(press.author, press.place):
            return self._notice("begin.not_open")
        left = live.place
        if not press.place.is_that(left) and not press.place.holds(left):
            await self._conductor.move(live.id, press.place.id)
        elif live.unsent or live.pending:  # its place was closed for a while
            await self._conductor.move(live.id, left)
        if self._noticed.first(f"resume/{press.id}"):
            self.rota.beside(self._floor.bring(live.id, left, f"resume/{press.id}"))
        self.rota.due(live.id, self._quiet)
        return None

    async def _told(self, command: Command, person: Person) -> Notice:
        if command is Command.HELP:
            how = {c: self._how(person, c) for c in ("start", "resume", "status", "report", "forget")}
            return self._notice("help.commands", **how)
        live = await self._live(person)
        if live is None:
            return self._notice("pressed.no_interview", how=self._how(person, "start"))
        line = commands.status_line(live, self._conductor.clock())
        return Notice(text=f"**{live.plan.guide_title}**, {await self._pointer(live)}: {line}")

    async def _report(self, press: Pressed) -> Notice:
        """A scorecard: one's own latest, or that of an interview or a person that is named, if one may read it."""
        found = await self._reported(press)
        if isinstance(found, Notice):
            return found
        if self._noticed.first(f"report/{press.id}"):
            self.rota.beside(self._floor.send_report(found, press.author, f"report/{press.id}"))
        return self._notice("report.coming")

    async def _reported(self, press: Pressed) -> str | Notice:
        access, candidate, wanted = self._access(press.author), press.author, press.about.strip()
        if wanted and ":" not in wanted:
            with contextlib.suppress(NotFoundError, ValueError):
                candidate = Person.parse((await self._conductor.load(wanted)).candidate)
                if access.may_read(press.author, candidate):
                    return wanted
            return self._notice("report.not_allowed")
        if wanted:
            try:
                candidate = Person.parse(wanted)
            except ValueError:
                return self._notice("report.none")
        if not access.may_read(press.author, candidate):
            return self._notice("report.not_allowed")
        summaries = await self._seats.interviews(candidate.id)
        over = [s for s in summaries if s.status == Status.ENDED] or summaries
        return over[0].id if over else self._notice("report.none")

    async def _forget(self, press: Pressed) -> Notice:
        """Delete everything of a person, once they are sure."""
        theirs = await self._seats.interviews(press.author.id)
        if not theirs:
            return self._notice("pressed.nothing_kept")
        count = counted(len(theirs), "interview")
        if press.about != "sure":
            button = self._floor.button(Command.FORGET, "sure")
            return Notice(text=self._line("pressed.forget", count=count), buttons=(button,))
        for summary in theirs:
            self.rota.cancel(summary.id)
            await self._conductor.forget(summary.id)
        log.info("forgot %d interviews of one person", len(theirs))
        with contextlib.suppress(ChannelError):
            await self._floor.outbox(press.author.platform).refresh(press.author)
        return self._notice("pressed.forgotten", count=count[:1].upper() + count[1:])

    async def _live(self, person: Person) -> Interview | None:
        """The one interview of this person that is not over."""
        going = [s.id for s in await self._seats.interviews(person.id) if s.status != Status.ENDED]
        if not going:
            return None
        # Two are left where a process died while it began one.
        seated = going[0] if len(going) == 1 else await self._seats.seat(person.id, going[0])
        live = await self._conductor.load(seated)
        return live if live.place else None

    async def _pointer(self, live: Interview) -> str:
        """Where an interview is held, in words that lead there."""
        place = Place.parse(live.place)
        if place.exact:
            with contextlib.suppress(ChannelError):
                return await self._floor.outbox(place.platform).pointer(place)
        return self._line("place.direct" if place.direct else "place.thread")

    def _access(self, person: Person) -> Access:
        return self._floor.rooms[person.platform].access

    def _how(self, person: Person, command: str) -> str:
        return self._access(person).how_to(command)

    def _notice(self, key: str, **values: object) -> Notice:
        return Notice(text=self._line(key, **values))
