"""The pace of a run, on a clock that only sleeping moves: limits are kept, pauses are shared, and speed comes back."""

from __future__ import annotations

import asyncio
import heapq
import math
from bisect import bisect_left
from collections.abc import Awaitable
from itertools import count

import pytest

from interviewer.evaluation.pace import LONGEST_PAUSE, Pace


class Time:
    """A clock that jumps to the next sleeper once everyone sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = count()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), future))
        return future

    async def pass_until(self, done: asyncio.Future[object]) -> None:
        while not done.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers and not done.done():
                self.now, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)


class Endpoint:
    """Takes `rate` requests a second, `burst` at once, nothing in a storm; answers after `latency` seconds."""

    def __init__(
        self, time: Time, *, rate: float = math.inf, burst: float = 1, latency: float = 0.2, wait: float | None = 1.0
    ) -> None:
        self.time, self.rate, self.burst, self.latency, self.wait = time, rate, burst, latency, wait
        self.storm = (0.0, 0.0)
        self.tokens, self.at = burst, time.now
        self.accepted: list[float] = []
        self.refused: list[float] = []

    def takes(self) -> bool:
        now = self.time.now
        if self.storm[0] <= now - 100 < self.storm[1]:
            return False
        if self.rate == math.inf:
            return True
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    async def ask(self) -> bool:
        taken = self.takes()
        (self.accepted if taken else self.refused).append(self.time.now)
        await self.time.sleep(self.latency if taken else 0.002)
        return taken


async def _all_asked(endpoint: Endpoint, pace: Pace, requests: int, at_once: int) -> None:
    left = iter(range(requests))

    async def worker() -> None:
        for _ in left:
            await pace.turn()
            while not await endpoint.ask():
                pace.refused(endpoint.wait)
                await pace.turn()
            pace.taken()

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def seconds(
    time: Time, endpoint: Endpoint, per_minute: float | None = None, requests: int = 600, at_once: int = 50
) -> float:
    """How long some requests take."""
    pace = Pace(per_minute, clock=time.clock, sleep=time.sleep)
    began = time.now
    await time.pass_until(asyncio.ensure_future(_all_asked(endpoint, pace, requests, at_once)))
    assert len(endpoint.accepted) == requests
    return time.now - began


def most_within(times: list[float], window: float) -> int:
    return max(bisect_left(times, begin + window) - n for n, begin in enumerate(times))


async def test_without_a_limit_nobody_waits() -> None:
    time = Time()
    assert await seconds(time, Endpoint(time)) == pytest.approx(2.4)


@pytest.mark.parametrize("per_minute", [60, 600, 3000])
async def test_a_limit_a_minute_is_kept_in_every_minute_and_used_up(per_minute: int) -> None:
    time = Time()
    endpoint = Endpoint(time)
    taken = await seconds(time, endpoint, per_minute, per_minute * 2)
    assert most_within(endpoint.accepted, 60) <= per_minute
    assert taken <= 120 * 1.01 + 0.2


async def test_everyone_pauses_together_and_nobody_asks_before_the_time_that_was_told() -> None:
    time = Time()
    endpoint = Endpoint(time)
    endpoint.storm = (0.3, 2.3)
    taken = await seconds(time, endpoint)
    gaps = [b - a for a, b in zip(endpoint.refused, endpoint.refused[1:], strict=False)]
    assert taken <= (2.4 + 2.0) * 1.3
    assert [g for g in gaps if 0.1 < g < 0.99] == []
    assert len(endpoint.refused) <= 50 + 20


async def test_a_storm_from_the_start_is_not_stormed_against() -> None:
    time = Time()
    endpoint = Endpoint(time, wait=None)
    endpoint.storm = (0.0, 20.0)
    taken = await seconds(time, endpoint)
    assert len(endpoint.refused) <= 50 + 10
    assert taken <= 20 + LONGEST_PAUSE * 1.25 + 2.4 + 5.0


@pytest.mark.parametrize("rate", [20, 100])
async def test_a_limit_that_nobody_told_is_found(rate: int) -> None:
    time = Time()
    endpoint = Endpoint(time, rate=rate, burst=rate / 5)
    taken = await seconds(time, endpoint, requests=rate * 60)
    assert taken <= 60 * 1.25
    assert len(endpoint.refused) <= 50 + 0.01 * rate * 60


async def test_speed_comes_back_when_a_limit_is_lifted() -> None:
    time = Time()
    endpoint = Endpoint(time, rate=20, burst=4)
    pace = Pace(clock=time.clock, sleep=time.sleep)
    await time.pass_until(asyncio.ensure_future(_all_asked(endpoint, pace, 400, 50)))
    endpoint.rate = math.inf
    began = time.now
    await time.pass_until(asyncio.ensure_future(_all_asked(endpoint, pace, 4000, 50)))
    assert time.now - began <= 16 + 60


async def test_a_request_of_several_calls_counts_as_many() -> None:
    time = Time()
    pace = Pace(60, clock=time.clock, sleep=time.sleep)

    async def turns() -> None:
        for _ in range(4):
            await pace.turn(5)

    began = time.now
    await time.pass_until(asyncio.ensure_future(turns()))
    assert time.now - began == pytest.approx(15, rel=0.01)
