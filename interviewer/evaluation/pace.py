"""When the next request may go out: no sooner than a rate allows, nor than an endpoint asked for.

An endpoint that refuses stops everyone until it has had its pause, not each request by itself. Then requests go out at
a pace of their own, which comes near again to the one that was refused, rests there, and later tries beyond it
(CUBIC's growth: Ha, Rhee and Xu 2008, "CUBIC: a new TCP-friendly high-speed TCP variant", here on a rate):

    pace(t) = refused * (1 + 0.15 * ((t - 8) / 8)^3)     t seconds after the pause

Where no pace was known when it refused, it begins at what the endpoint had taken by then and doubles each half second.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable

SLACK = 0.05
"""Seconds of lateness that may be caught up; what an event loop oversleeps."""
DROP, PLATEAU = 0.15, 8.0
DOUBLING = 0.5
SLOWEST = 0.5
PAUSE, LONGEST_PAUSE = 0.5, 30.0


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
        self.clock, self._sleep = clock, sleep
        self._next = 0.0
        self._epoch = 0
        self._resumed = clock()
        self._refused_at = math.inf
        self._known = False
        self._span = 1.0
        self._taken = 0
        self._vain = 0
        self.taken_last = self._resumed

    async def turn(self, requests: int = 1) -> None:
        """Wait until this many requests may go out."""
        while True:
            epoch, now = self._epoch, self.clock()
            start = max(self._next, now - SLACK, self._resumed)
            self._next = start + requests / self.rate(start)
            if start <= now:
                return
            await self._sleep(start - now)
            if epoch == self._epoch:
                return

    def rate(self, now: float) -> float:
        """The pace at a time, in requests a second."""
        if self._refused_at == math.inf:
            return self._limit
        since = max(0.0, now - self._resumed)
        grown = 1 + DROP * ((since - PLATEAU) / PLATEAU) ** 3 if self._known else 2 ** min(since / DOUBLING, 60)
        return min(self._limit, self._refused_at * grown)

    def taken(self) -> None:
        """A request was answered."""
        self._taken += 1
        self._vain = 0
        self.taken_last = self.clock()
        if self.taken_last < self._resumed and not self._known:
            self._refused_at = max(self._taken / self._span, SLOWEST)

    def refused(self, wait: float | None) -> None:
        """A request was refused; `wait` is how many seconds the endpoint asks for, if it does."""
        now = self.clock()
        if now >= self._resumed:
            self._learn(now)
            self._vain += 1
        seconds = wait if wait is not None else self._backoff()
        self._resumed = max(self._resumed, now + seconds)
        self._next = self._resumed
        self._epoch += 1

    def _learn(self, now: float) -> None:
        """Take note of the pace that was refused. An endpoint that takes nothing is closed, not outrun."""
        if self._refused_at == math.inf:
            self._span = max(now - self._resumed, 1.0)
            self._refused_at = max(self._taken / self._span, SLOWEST)
        elif self._taken:
            self._refused_at, self._known = max(self.rate(now), SLOWEST), True
            self._taken = 0

    def _backoff(self) -> float:
        return min(PAUSE * 2.0 ** min(self._vain - 1, 10), LONGEST_PAUSE) * (1 + random.random() / 4)
