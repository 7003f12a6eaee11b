"""What was written while nobody listened. Discord delivers nothing a second time, so after every new session, and when
something could not be taken in, it is looked for where interviews are held."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import discord

from interviewer.channels.chat import Changed, Person, Place, Removed, Said
from interviewer.channels.desk import Desk
from interviewer.channels.discord_in import PLATFORM, changed, message_id, removed, said
from interviewer.channels.discord_out import asked
from interviewer.domain.errors import PlaceClosed
from interviewer.domain.state import Interview
from interviewer.ports import Clock

log = logging.getLogger(__name__)
MOST = 500
LOOKS_A_SECOND = 10
AGAIN = 5.0
LONGEST_AGAIN = 300.0
LATE = timedelta(minutes=1)
"""What is stored may be written so much later than what was missed, by the time that something is looked for."""
Event = Said | Changed | Removed


class Lookout:
    """Looks for what was missed, and has it taken in; again and again as long as something fails."""

    def __init__(
        self, client: discord.Client, desk: Desk, take: Callable[[Event], Awaitable[None]], clock: Clock
    ) -> None:
        self._client = client
        self._desk = desk
        self._take = take
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._once_more = False
        self._heard: datetime | None = None

    def look(self, after: float = 0.0) -> None:
        """Look in so many seconds, and for what was written up to now."""
        self._heard = self._heard or self._clock() - LATE
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(after))
        else:
            self._once_more = True

    async def done(self) -> None:
        """Wait until nothing is left to look for."""
        if self._looking is not None:
            await asyncio.wait([self._looking])

    def stop(self) -> None:
        """Leave the rest to the next process."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self, wait: float) -> None:
        again = AGAIN
        while True:
            await asyncio.sleep(wait)
            self._once_more = False
            with self._once_more_if_it_fails():
                for interview in await self._desk.held(PLATFORM):
                    with self._once_more_if_it_fails():
                        for event in await missed(self._client, interview, self._clock(), self._heard):
                            await self._take(event)
                    await asyncio.sleep(1 / LOOKS_A_SECOND)
            if not self._once_more:
                self._heard = None
                return
            wait, again = again, min(again * 2, LONGEST_AGAIN)

    @contextmanager
    def _once_more_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except PlaceClosed:
            pass  # there is nothing to be read
        except Exception as error:  # noqa: BLE001 - one interview's fault must not hide the others, nor tell its text
            log.warning("what was missed could not be looked for: %s", type(error).__name__)
            self._once_more = True


async def missed(
    client: discord.Client, interview: Interview, now: datetime, heard: datetime | None = None
) -> list[Event]:
    """What its candidate has written, changed and deleted where an interview is held, and it does not know of.

    Changes only of what is not answered yet. What is known says that nothing before it was missed if it was written
    before `heard`; later something may have come through that was written after what did not. Raises ChannelError.
    """
    place, candidate = Place.parse(interview.place), Person.parse(interview.candidate)
    waiting = {_of(interview, m.id): m.text for m in interview.pending if _of(interview, m.id).startswith(PLATFORM)}
    known = {_of(interview, m.id) for m in interview.messages} | interview.withdrawn
    history = await asked(_read(client, place, _since(interview, heard or now)))
    found: list[Event] = []
    for message in (m for m in history if str(m.author.id) == candidate.user):
        name = message_id(message.id)
        if name not in known:
            new = await asked(said(message, place))
            found += [new] if new and new.text else []
        elif name in waiting and (edit := await asked(changed(message, None, place))):
            found += [edit] if edit.text.strip() != waiting[name].strip() else []
    if len(history) < MOST:
        gone = waiting.keys() - {message_id(m.id) for m in history}
        found += [removed(int(name.rpartition(":")[2]), candidate, place, now) for name in sorted(gone)]
    return found


def _of(interview: Interview, version: str) -> str:
    return interview.versions.get(version, version)


def _since(interview: Interview, heard: datetime) -> datetime:
    """When the last message was written of those before `heard`, or the first one that waits."""
    known = max((m.at for m in interview.messages if m.at < heard), default=interview.started_at)
    return min([known, *(m.at for m in interview.pending)])


async def _read(client: discord.Client, place: Place, since: datetime) -> list[discord.Message]:
    """What was written in a place since then, in order."""
    channel = client.get_partial_messageable(int(place.channel))
    after = discord.Object(discord.utils.time_snowflake(since) - 1)
    return [m async for m in channel.history(limit=MOST, after=after, oldest_first=True)]
