"""People of the hall: each begins an interview, reads, thinks, answers, and begins another when it ends."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

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
    """Someone on a platform of the hall. `waits` holds when each reply came, and the seconds it was waited for."""

    hall: Hall
    kind: str
    name: str
    pace: Pace
    interviews: int = 0
    ended: int = 0
    said: dict[str, str] = field(default_factory=dict)
    waits: list[tuple[float, float]] = field(default_factory=list)
    _latest: dict[str, tuple[int, Sheet]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def id(self) -> str:
        """As the product stores it."""
        return f"{self.kind}:W{sum(self.name.encode()) % 5}:{self.name}"

    @property
    def place(self) -> str:
        """Direct messages with the bot."""
        return f"{self.id.rsplit(':', 1)[0]}:dm-{self.name}:direct"

    async def live(self, over: asyncio.Event) -> None:
        """One interview after another, until it is over; the last is held to its end."""
        self.hall.listeners[self.place] = self._read
        while not over.is_set():
            await self._hold()

    def _read(self, sheet: Sheet | None) -> None:
        if sheet is None:
            self._news.set()
            return
        interview, turn, _ = sheet.key.split("/", 2)
        if sheet.final and turn.isdecimal():
            known = self._latest.get(interview)
            if known is None or known[0] <= int(turn):
                self._latest[interview] = (int(turn), sheet)
                self._news.set()

    async def _hold(self) -> None:
        self.interviews += 1
        before = set(self._latest)
        request = {"event": "begin", "id": f"{self.name}-begin-{self.interviews}"}
        await self.hall.deliver({**request, "author": self.id, "place": self.place})
        interview = await self._until(lambda: next((i for i in self._latest if i not in before), None))
        turn = 0
        while not self._is_over(interview):
            turn = self._latest[interview][0] + 1
            await asyncio.sleep(self.pace.think())
            asked = time.monotonic()
            await self._answer()
            await self._until(lambda: self._latest[interview][0] >= turn or self._is_over(interview) or None)  # noqa: B023
            now = time.monotonic()
            self.waits.append((now, now - asked))
        self.ended += 1
        del self._latest[interview]

    def _is_over(self, interview: str) -> bool:
        return bool(self.hall.files[f"scorecard-{interview}.html"])

    async def _answer(self) -> None:
        """In one message or several, written in order and delivered as the hall likes."""
        parts = []
        for number in range(self.pace.parts()):
            name = f"{self.name}-m{len(self.said)}"
            text = f"mark-of-{self.name} I would do this +{number + 1} first, and then the rest. " + "More words. " * 20
            self.said[name] = text
            event = {"event": "said", "id": name, "author": self.id, "place": self.place, "text": text}
            parts.append(self.hall.deliver({**event, "at": datetime.now(UTC).isoformat()}))
        await asyncio.gather(*parts)

    async def _until(self, found: Callable[[], T | None]) -> T:
        async with asyncio.timeout(STUCK_SECONDS):
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
