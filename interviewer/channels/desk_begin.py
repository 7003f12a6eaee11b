"""Interviews begin at the desk: one of a person at a time, whichever workers they asked, and whichever died of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from interviewer.channels import commands
from interviewer.channels.chat import (
    Begin,
    Command,
    Conductor,
    Notice,
    Person,
    Place,
    Planner,
    Seats,
    interview_id_for,
)
from interviewer.channels.chat_rota import Rota
from interviewer.channels.desk_floor import Floor
from interviewer.domain.errors import GuideError
from interviewer.domain.guide import Guide
from interviewer.domain.state import Interview, Status

log = logging.getLogger(__name__)
ABANDONED_SECONDS = 60.0


class Beginnings:
    """Begins interviews. `live` gives a person's interview that is not over, `pointer` the words that lead to one."""

    def __init__(
        self,
        conductor: Conductor,
        seats: Seats,
        planner: Planner,
        floor: Floor,
        rota: Rota,
        live: Callable[[Person], Awaitable[Interview | None]],
        pointer: Callable[[Interview], Awaitable[str]],
    ) -> None:
        self._conductor = conductor
        self._seats = seats
        self._planner = planner
        self._floor = floor
        self._rota = rota
        self._live = live
        self._pointer = pointer

    async def begin(self, wanted: Begin) -> Notice | None:
        """Begin an interview, if this person may and has none."""
        person = wanted.author
        if not self._floor.rooms[person.platform].access.may_come(person, wanted.place):
            return self._notice("begin.not_open")
        guide = next((g for g in await asyncio.to_thread(self._planner.guides) if g.id == wanted.guide), None)
        if guide is None:
            return self._notice("begin.no_guide")
        try:
            return await self._begin(wanted, guide)
        except GuideError as error:
            return self._notice("begin.unplanned", why=error.message)

    async def _begin(self, wanted: Begin, guide: Guide) -> Notice | None:
        person, interview_id = wanted.author, interview_id_for(wanted.id)
        live = await self._live(person)
        if live is not None:
            return None if live.id == interview_id else await self._refused(interview_id, live)
        plan = await asyncio.to_thread(self._planner.plan, guide, wanted)
        interview = await self._conductor.start(
            plan, guide, candidate=person.id, channel=person.platform, interview_id=interview_id
        )
        if interview.place:
            return None  # this request was met before
        first = await self._seats.seat(person.id, interview_id)
        if first != interview_id:
            await self._conductor.forget(interview_id)
            return await self._already(await self._placed(first, wanted.place))
        await self._conductor.move(interview_id, wanted.place.id)
        log.info("interview %s began on %s", interview_id, person.platform)
        self._floor.counts["begun"] += 1
        self._floor.begun.add(interview_id)
        self._rota.due(interview_id)
        self._rota.beside(self._sweep(person))
        self._rota.beside(asyncio.to_thread(_quietly_warm, self._planner, guide))
        return None

    async def _refused(self, interview_id: str, live: Interview) -> Notice:
        """The other is going; what a process may have begun of this one, which died when it was refused, is deleted."""
        begun = [s.id for s in await self._seats.interviews(live.candidate) if s.id == interview_id]
        if begun and not (await self._conductor.load(interview_id)).place:
            await self._conductor.forget(interview_id)
        return await self._already(live)

    async def _sweep(self, person: Person) -> None:
        """Delete what is left of interviews that a process began and, before they had a place, died of."""
        before = self._conductor.clock() - timedelta(seconds=ABANDONED_SECONDS)
        for each in await self._seats.interviews(person.id):
            old = each.status != Status.ENDED and each.started_at < before
            if old and not (await self._conductor.load(each.id)).place:
                await self._conductor.forget(each.id)

    async def _placed(self, interview_id: str, place: Place) -> Interview:
        """One that has its candidate's seat; it is held here where whoever began it has died before it had a place."""
        live = await self._conductor.load(interview_id)
        if live.place:
            return live
        await self._conductor.move(interview_id, place.id)
        self._rota.due(interview_id)
        return await self._conductor.load(interview_id)

    async def _already(self, live: Interview) -> Notice:
        about = f"{live.id}/{len(live.turns) - 1}"
        text = self._floor.line(
            "begin.already",
            title=live.plan.guide_title,
            where=commands.place(live),
            place=await self._pointer(live),
        )
        buttons = tuple(self._floor.button(c, about) for c in (Command.RESUME, Command.END))
        return Notice(text=text, buttons=buttons)

    def _notice(self, key: str, **values: object) -> Notice:
        return Notice(text=self._floor.line(key, **values))


def _quietly_warm(planner: Planner, guide: Guide) -> None:
    """What fails here fails again, and is told, where it is needed."""
    with contextlib.suppress(Exception):
        planner.warm(guide)
