"""What was written while nobody listened: it is looked for where interviews are held, and met again by its id.

A platform that delivers nothing a second time, or not for ever, gives a Past: how to read what a place still shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from interviewer.channels import commands
from interviewer.channels.chat import Changed, Person, Place, Removed, Said
from interviewer.channels.desk import Desk
from interviewer.domain.errors import PlaceClosed
from interviewer.domain.state import Interview
from interviewer.ports import Clock

log = logging.getLogger(__name__)
LOOKS_A_SECOND = 10
CATCH_UP = 5.0
"""So many seconds what waits is left waiting at the start, until what was missed is found."""
AGAIN = 5.0
LONGEST_AGAIN = 300.0
ASKING = ("status", "help")
Event = Said | Changed | Removed


class Written(Protocol):
    """A message as its place shows it now. Its methods raise ChannelError."""

    @property
    def id(self) -> str:
        """As the desk knows it."""
        ...

    async def said(self) -> Said | None:
        """That it was written; None where it holds nothing that somebody wrote."""
        ...

    async def changed(self) -> Changed | None:
        """That it was changed, if it ever was."""
        ...


class Past(Protocol):
    """What a platform still shows. Raises ChannelError.

    `late` is how much later something may have been written that was stored than what was missed, by the time that
    something is looked for.
    """

    platform: str
    late: timedelta

    async def read(self, place: Place, candidate: Person, since: datetime) -> Sequence[Written]:
        """What the candidate has written in a place since then, in order."""
        ...

    async def removed(self, place: Place, candidate: Person, message_id: str, now: datetime) -> Removed | None:
        """That a message of theirs was deleted which was not read; None where that is not certain."""
        ...


class Lookout:
    """Looks for what was missed, and has it taken in; again and again as long as something fails."""

    def __init__(self, past: Past, desk: Desk, take: Callable[[Event], Awaitable[None]], clock: Clock) -> None:
        self._past = past
        self._desk = desk
        self._take = take
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._once_more = False
        self._now = asyncio.Event()
        self._heard: datetime | None = None

    def look(self, after: float = 0.0) -> None:
        """Look in so many seconds, and for what was written up to now."""
        self._heard = self._heard or self._clock() - self._past.late
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(after))
            return
        self._once_more = True
        if after <= 0:
            self._now.set()

    async def done(self, seconds: float | None = None) -> None:
        """Wait until nothing is left to look for, for so long at most."""
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=seconds)

    def stop(self) -> None:
        """Leave the rest to the next process."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self, wait: float) -> None:
        again = AGAIN
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._now.wait()
            self._now.clear()
            self._once_more = False
            with self._once_more_if_it_fails():
                async for interview in self._desk.held(self._past.platform):
                    with self._once_more_if_it_fails():
                        for event in await missed(self._past, interview, self._clock(), self._heard):
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


async def missed(past: Past, interview: Interview, now: datetime, heard: datetime | None = None) -> list[Event]:
    """What its candidate has written, changed and deleted where an interview is held, and it does not know of.

    Changes only of what is not answered yet, and no answer to what was asked in passing. What is known says that
    nothing before it was missed if it was written before `heard`; later something may have come through that was
    written after what did not. Raises ChannelError.
    """
    place, candidate = Place.parse(interview.place), Person.parse(interview.candidate)
    here = [m for m in interview.pending if _of(interview, m.id).startswith(f"{past.platform}:")]
    waiting = {_of(interview, m.id): m.text for m in here if m.at >= _begun(interview)}
    known = {_of(interview, m.id) for m in interview.messages} | interview.withdrawn
    read = await past.read(place, candidate, _since(interview, heard or now))
    found: list[Event] = []
    for message in read:
        if message.id not in known:
            new = await message.said()
            found += [new] if new and new.text.strip() and not _asks(new.text) else []
        elif message.id in waiting and (edit := await message.changed()):
            found += [edit] if edit.text.strip() != waiting[message.id].strip() else []
    for name in sorted(waiting.keys() - {m.id for m in read}):
        gone = await past.removed(place, candidate, name, now)
        found += [gone] if gone else []
    return found


def _of(interview: Interview, version: str) -> str:
    return interview.versions.get(version, version)


def _asks(text: str) -> bool:
    return commands.understand(text).command in ASKING


def _begun(interview: Interview) -> datetime:
    """Since when it is held where it is."""
    return interview.placed_at or interview.started_at


def _since(interview: Interview, heard: datetime) -> datetime:
    """When the last message was written of those before `heard`, or the first one that waits, if it was here by then.

    What was written in a place before an interview was brought there is no answer, and was said to be none.
    """
    known = max((m.at for m in interview.messages if m.at < heard), default=interview.started_at)
    return max(min([known, *(m.at for m in interview.pending)]), _begun(interview))
