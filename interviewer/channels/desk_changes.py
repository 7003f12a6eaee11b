"""Edits and deletions at the desk: until the reply they count, afterwards their author is told that they do not.

What was stored before a turn was recorded, and was not read for it, the floor tells of; what was stored after, this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from interviewer.channels.chat import Changed, Command, Conductor, Notice, Person, Place, Removed, Seats
from interviewer.channels.chat_rota import Rota
from interviewer.channels.desk_enough import Enough
from interviewer.channels.desk_floor import Floor
from interviewer.domain.state import Interview


class Changes:
    """Takes in what people change of what they wrote. `live` gives a person's interview that is not over."""

    def __init__(
        self,
        conductor: Conductor,
        seats: Seats,
        floor: Floor,
        rota: Rota,
        enough: Enough,
        live: Callable[[Person], Awaitable[Interview | None]],
    ) -> None:
        self._conductor = conductor
        self._seats = seats
        self._floor = floor
        self._rota = rota
        self._enough = enough
        self._live = live

    async def changed(self, change: Changed) -> Notice | None:
        """Someone changed a message: until the reply it counts as it is now."""
        live = await self._interview_of(change.message_id, change.author, change.place)
        if live is None or self._before(live, change) or self._enough.declined(change.message_id):
            return None
        late = Notice(text=self._floor.line("said.edited_late"))
        met = live.edited.get(change.message_id)
        if met is None or met.at < change.at:
            if live.answered(change.message_id):
                return late
            if self._enough.full(live):
                return self._enough.notice(live, change.message_id)
            self._halt(live)
            await self._conductor.edit(live.id, change.message_id, change.text, change.at)
            self._rota.due(live.id, self._rota.limits.quiet)
            live = await self._conductor.load(live.id)
        counted = live.version(change.message_id) in live.versions
        return late if live.answered(change.message_id) and not counted else None

    async def removed(self, removal: Removed) -> Notice | None:
        """Someone deleted a message: until the reply it was never said."""
        live = await self._interview_of(removal.message_id, removal.author, removal.place)
        if live is None or self._before(live, removal) or self._enough.declined(removal.message_id):
            return None
        how = self._floor.rooms[removal.author.platform].access.how_to(Command.FORGET)
        late = Notice(text=self._floor.line("said.deleted_late", how=how))
        if removal.message_id not in live.withdrawn:
            if live.answered(removal.message_id):
                return late
            self._halt(live)
            await self._conductor.withdraw(live.id, removal.message_id, removal.at)
            self._rota.due(live.id, self._rota.limits.quiet)
            live = await self._conductor.load(live.id)
        return None if removal.message_id in live.withdrawn else late

    @staticmethod
    def _before(live: Interview, change: Changed | Removed) -> bool:
        """Whether a message is of the time before this interview; one that came late may have been taken for a part."""
        return change.said_at < live.started_at and not _holds(live, change.message_id)

    def _halt(self, live: Interview) -> None:
        """Make nothing more of the old version, if nothing is seen of the reply yet.

        Where something is, or another worker makes it, the reply's own worker says in the end that the change is late.
        """
        self._rota.due(live.id, self._rota.limits.quiet)
        self._floor.hold(live.id)

    async def _interview_of(self, message_id: str, person: Person, place: Place) -> Interview | None:
        """The interview that a message of this person is of: the one that is held here, or their latest that has it."""
        live = await self._live(person)
        if live is None:
            ended = await self._seats.interviews(person.id)
            live = await self._conductor.load(ended[0].id) if ended else None
        elif place.exact and place.is_that(live.place):
            return live
        return live if live and _holds(live, message_id) else None


def _holds(live: Interview, message_id: str) -> bool:
    return any(m.id == message_id for m in live.messages)
