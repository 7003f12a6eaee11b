"""What was written while nobody listened. Discord delivers nothing a second time, so after every new session, and when
something could not be taken in, it is looked for where interviews are held."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

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

    def look(self, after: float = 0.0) -> None:
        """Look in so many seconds."""
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
                        for event in await missed(self._client, interview, self._clock()):
                            await self._take(event)
                    await asyncio.sleep(1 / LOOKS_A_SECOND)
            if not self._once_more:
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


async def missed(client: discord.Client, interview: Interview, now: datetime) -> list[Event]:
    """What its candidate has written, changed and deleted where an interview is held, and it does not know of.

    Changes only of what is not answered yet. Raises ChannelError.
    """
    place, candidate = Place.parse(interview.place), Person.parse(interview.candidate)
    waiting = {_of(interview, m.id): m.text for m in interview.pending if _of(interview, m.id).startswith(PLATFORM)}
    known = {_of(interview, m.id) for m in interview.messages} | interview.withdrawn
    history = await asked(_read(client, place, _since(interview)))
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


def _since(interview: Interview) -> datetime:
    """When the first message was written that waits, or the last one that does not."""
    if interview.pending:
        return min(m.at for m in interview.pending)
    return max((m.at for m in interview.messages), default=interview.started_at)


async def _read(client: discord.Client, place: Place, since: datetime) -> list[discord.Message]:
    """What was written in a place since then, in order."""
    channel = client.get_partial_messageable(int(place.channel))
    after = discord.Object(discord.utils.time_snowflake(since) - 1)
    return [m async for m in channel.history(limit=MOST, after=after, oldest_first=True)]
