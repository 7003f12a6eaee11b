"""When the next request may go out: no sooner than a rate allows, nor than an endpoint asked for.

An endpoint that refuses stops everyone until it has had its pause, not each request by itself. Then requests go out at
a pace of their own. Where none was known, it begins at what the endpoint took until then and doubles each half second.
From the first pace p that was refused,

    pace(t) = p * drop * 2^((max(0, t - 15) / 20)^2)     t seconds after the pause

which rests below it for a while, tries gently beyond it, and then ever faster, in case the limit is gone. `drop` is
0.9, 0.8 where it was refused within five seconds, and 0.5 where it was a guess that had been doubled too often.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable

SLACK = 0.05
"""Seconds of lateness that may be caught up; what an event loop oversleeps."""
DOUBLING = 0.5
REST, GROWTH = 15.0, 20.0
DROP, LARGE_DROP, SOON, GUESS_DROP = 0.9, 0.8, 5.0, 0.5
SLOWEST = 0.5
PAUSE, LONGEST_PAUSE = 0.5, 5.0


class Pace:
    """The pace of one run. Rates in requests a second; `per_minute` is never exceeded."""

    def __init__(
        self,
        per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limit = per_minute / (60 + SLACK) if per_minute else math.inf
        self._sleep = sleep
        self.clock = clock
        self._next = 0.0
        self._pauses = 0
        self._resumed = self.taken_last = clock()
        self._start = math.inf
        self._found = False
        self._taken = self._earlier = self._vain = 0
        self._span = 1.0
        self._doubted: float | None = None

    async def turn(self, requests: int = 1) -> None:
        """Wait until this many requests may go out."""
        while True:
            pauses, now = self._pauses, self.clock()
            start = max(self._next, now - SLACK, self._resumed)
            self._next = start + requests / self.rate(start)
            if start <= now:
                return
            await self._sleep(start - now)
            if pauses == self._pauses:
                return

    def rate(self, now: float) -> float:
        """The pace at a time, in requests a second."""
        since = max(0.0, now - self._resumed)
        doublings = (max(0.0, since - REST) / GROWTH) ** 2 if self._found else since / DOUBLING
        return min(self._limit, self._start * 2 ** min(doublings, 60.0))

    def taken(self) -> None:
        """A request was answered."""
        self._vain = 0
        self.taken_last = now = self.clock()
        if now >= self._resumed:
            self._taken += 1
        elif self._doubted is not None:
            self._outrun(self._doubted, now, found=self._found)
        elif not self._found:
            self._earlier += 1
            self._start = max(self._earlier / self._span, SLOWEST)

    def refused(self, wait: float | None) -> None:
        """A request was refused; `wait` is how many seconds the endpoint asks for, if it does."""
        now = self.clock()
        if now >= self._resumed:
            self._learn(now)
            self._vain += 1
        seconds = wait if wait is not None else self._backoff()
        self._resumed = max(self._resumed, now + seconds)
        self._next = self._resumed
        self._pauses += 1

    def _learn(self, now: float) -> None:
        """Take note of the pace that was refused. An endpoint that takes nothing is closed, not outrun."""
        pace = self.rate(now)
        self._doubted = None
        if self._start == math.inf:
            self._span = max(now - self._resumed, 1.0)
            self._earlier = self._taken
            self._start = max(self._earlier / self._span, SLOWEST)
        elif self._taken:
            self._outrun(pace, now, found=True)
        else:
            self._doubted = pace
        self._taken = 0

    def _outrun(self, pace: float, now: float, *, found: bool) -> None:
        drop = GUESS_DROP if not self._found else LARGE_DROP if now - self._resumed < SOON else DROP
        self._start, self._found = max(pace * drop, SLOWEST), found
        self._doubted = None

    def _backoff(self) -> float:
        return min(PAUSE * 2.0 ** max(self._vain - 1, 0), LONGEST_PAUSE) * (1 + random.random() / 4)
