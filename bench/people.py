"""People of the hall: each begins an interview, reads, thinks, answers, and begins another when it ends."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from bench.hall import Hall, Sheet

STUCK_SECONDS = 120.0
T = TypeVar("T")


@dataclass
class Pace:
    """How people are: `think` draws the seconds before an answer, `parts` in how many messages it comes."""

    think: Callable[[], float]
    parts: Callable[[], int] = lambda: 1


@dataclass
class Human:
    """Someone on a platform of the hall. `waits` holds when each reply came, and the seconds it was waited for; `said`
    what they wrote and when, by the message's id; `spot` is where their interview is held, as far as they know.
    """

    hall: Hall
    kind: str
    name: str
    pace: Pace
    interviews: int = 0
    ended: int = 0
    said: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)
    spot: str = ""
    recaps: int = 0
    _latest: dict[str, tuple[int, Sheet]] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        """As the product stores it."""
        return f"{self.kind}:W{sum(self.name.encode()) % 5}:{self.name}"

    @property
    def direct(self) -> str:
        """Direct messages with the bot."""
        return f"{self.id.rpartition(':')[0]}:dm-{self.name}:direct"

    async def live(self, over: asyncio.Event) -> None:
        """One interview after another, until it is over; the last is held to its end."""
        self.hall.listeners[self.name] = self._read
        while not over.is_set():
            await self._begin(self._wanted_at())
            await self._hold(await self._until(self.going))
        await self.finish()

    async def finish(self) -> None:
        """Hold to its end whatever is going on."""
        while interview := self.going():
            await self._hold(interview)

    def going(self) -> str | None:
        """An interview of theirs that is not over, if they have seen one."""
        return next((i for i in self._latest if i not in self._over and not self._is_over(i)), None)

    def _wanted_at(self) -> str:
        """Where the next interview is to be."""
        return self.direct

    async def _begin(self, place: str) -> None:
        self.interviews += 1
        await self._do("begin", f"{self.name}-begin-{self.interviews}", place)

    async def _do(self, what: str, name: str, place: str, **values: Any) -> Any:
        """Have something delivered that they do; the acknowledgement."""
        values = {"at": datetime.now(UTC).isoformat()} | values
        return await self.hall.deliver({"event": what, "id": name, "author": self.id, "place": place, **values})

    def _read(self, sheet: Sheet | None) -> None:
        if sheet is None:
            self._news.set()
            return
        if not sheet.final:
            return
        interview, what, *_ = sheet.key.split("/")
        if what.isdecimal():
            known = self._latest.get(interview)
            if known and known[0] > int(what):
                return
            self._latest[interview] = (int(what), sheet)
        else:  # it goes on elsewhere
            self.recaps += 1
        self.spot = sheet.place
        self._news.set()

    async def _hold(self, interview: str) -> None:
        turn = 0
        while not self._is_over(interview):
            turn = self._latest[interview][0] + 1
            await asyncio.sleep(self.pace.think())
            asked = time.monotonic()
            await self._act(interview)
            await self._until(lambda: self._latest[interview][0] >= turn or self._is_over(interview) or None)  # noqa: B023
            now = time.monotonic()
            self.waits.append((now, now - asked))
        self.ended += 1
        self._over.add(interview)

    def _is_over(self, interview: str) -> bool:
        return bool(self.hall.files[f"scorecard-{interview}.html"])

    async def _act(self, interview: str) -> None:
        """Do something that a reply follows."""
        await self._answer(self.pace.parts())

    async def _answer(self, parts: int) -> list[str]:
        """In one message or several, written in order and delivered as the hall likes; their ids."""
        names = [f"{self.name}-m{len(self.said) + number}" for number in range(parts)]
        for number, name in enumerate(names):
            self.said[name] = (self.words(f"+{number % 5 + 1}"), datetime.now(UTC))
        spot = self.spot or self.direct
        await asyncio.gather(*(self._say(name, spot) for name in names))
        return names

    async def _say(self, name: str, place: str) -> None:
        text, at = self.said[name]
        await self._do("said", name, place, text=text, at=at.isoformat())

    def words(self, mark: str) -> str:
        """Something to say, from which it can be told who said it."""
        return f"mark-of-{self.name} I would do this {mark} first, and then the rest. " + "More words. " * 20

    async def _until(self, found: Callable[[], T | None], seconds: float = STUCK_SECONDS) -> T:
        async with asyncio.timeout(seconds):
            while (value := found()) is None:
                self._news.clear()
                await self._news.wait()
            return value


def crowd(hall: Hall, count: int, kinds: tuple[str, ...], pace: Pace) -> list[Human]:
    """So many people, spread over the kinds of platforms."""
    return [Human(hall, kinds[n % len(kinds)], f"p{n:04d}", pace) for n in range(count)]


def thinking(dice: random.Random, seconds: float) -> Callable[[], float]:
    """Times to think, exponentially distributed, so that answers come at any moment."""
    return lambda: dice.expovariate(1 / seconds) if seconds > 0 else 0.0
