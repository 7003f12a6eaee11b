"""Who is to be served when: every interview once at a time, after a short quiet, again later if it did not work out.

What waits is in the store (ports.Work), so that it is the same for all workers, and outlives each of them; here is one
worker's part: it takes as much as it has hands for, and gives it back when it is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import os
import secrets
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from interviewer.channels.chat_hold import Hold, Serve
from interviewer.domain.errors import (
    ChannelDown,
    EngineError,
    EngineUnusable,
    InterviewBusy,
    NotFoundError,
    PlaceClosed,
    StoreDown,
    StoreError,
    TurnConflict,
)
from interviewer.ports import Claim, Limits, Work

log = logging.getLogger(__name__)
Observe = Callable[[float, str], None]
"""Is told how many seconds a service took, and the kind of error it ended with, or ""."""
LEASE_SECONDS = 10.0
"""So long after a worker died another takes over what it was at."""
POLL_SECONDS = 0.5
"""So often a worker looks for what others have left; of what came to itself it knows at once."""
TICK_SECONDS = 0.005
"""What comes at about the same time is taken at once."""
SLOTS = 32
SPACE = 50
BUSY_AGAIN = 0.5
FIRST_AGAIN = 1.0
LAST_AGAIN = 300.0
STUCK_SECONDS = 60.0
LAST_TAKE = 1.0


@dataclass
class _Service:
    """An interview that is being served, and by which task. `over`: it was served and is being given back; `lost`:
    another worker has it."""

    claim: Claim
    hold: Hold
    task: asyncio.Task[None] | None = None
    over: bool = False
    lost: bool = False

    def stop(self) -> None:
        """Break it off."""
        if self.task:
            self.task.cancel()


class Rota:
    """Serves interviews in tasks of their own, `slots` at once. What fails is tried again, ever more slowly, until it
    is forgotten."""

    def __init__(
        self,
        serve: Serve,
        work: Work,
        limits: Limits,
        *,
        slots: int = SLOTS,
        lease: float = LEASE_SECONDS,
        poll: float = POLL_SECONDS,
    ) -> None:
        self.observe: Observe = lambda seconds, error: None
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.limits = limits
        self.slots = slots
        self._serve = serve
        self._work = work
        self._lease = lease
        self._poll = poll
        self._serving: dict[str, _Service] = {}
        self._hurry: set[str] = set()
        self._looks: list[float] = []
        self._look = asyncio.Event()
        self._beside: set[asyncio.Task[Any]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False
        self._turned = 0.0

    def serves(self, platform: str) -> None:
        """Serve from now on whatever waits on this platform, until `drain`."""
        named = {*self.limits.platforms, platform}
        self.limits = self.limits.model_copy(update={"platforms": tuple(sorted(named))})
        self._look.set()
        if not self._loops and not self._closing:
            self._turned = asyncio.get_running_loop().time()
            self._loops = [asyncio.create_task(self._take_on()), asyncio.create_task(self._hold_on())]

    def due(self, interview_id: str, quiet: float = 0.0) -> None:
        """Something was stored for this interview, to be served after so many seconds of quiet; at once for 0. Nothing
        is before its platform is served."""
        if quiet <= 0:
            self._hurry.add(interview_id)
            self._look.set()
        self._look_in(quiet)

    def _look_in(self, seconds: float) -> None:
        """A little later, since quiet is told by another clock than the loop's; too early would be a look in vain."""
        heapq.heappush(self._looks, asyncio.get_running_loop().time() + seconds + TICK_SECONDS)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something else meanwhile; drain waits for it too. What goes wrong is logged, without its text."""
        task = asyncio.create_task(_quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def cancel(self, interview_id: str) -> None:
        """Stop serving this interview."""
        if service := self._serving.get(interview_id):
            service.stop()

    @property
    def working(self) -> int:
        """How many interviews are being served here."""
        return len(self._serving)

    @property
    def alive(self) -> bool:
        """Whether what waits is still being looked for, if it should be."""
        if self._closing or not self._loops:
            return True
        now = asyncio.get_running_loop().time()
        return not any(loop.done() for loop in self._loops) and now - self._turned < STUCK_SECONDS

    async def ahead(self, interview_id: str) -> int:
        """How many have waited longer than this one, where that is more than are served at once; else 0."""
        if len(self._serving) < self.slots:
            return 0
        ahead = await self._work.ahead(interview_id)
        return ahead if ahead >= self.slots else 0

    async def settled(self) -> None:
        """Wait until nothing is due, here or with other workers; for tests and demonstrations."""
        while True:
            tasks = [*(s.task for s in self._serving.values() if s.task), *self._beside]
            if tasks:
                await asyncio.wait(tasks)
                continue
            backlog = await self._work.backlog()
            if not (backlog.waiting or backlog.held or self._serving or self._beside):
                return
            await asyncio.sleep(TICK_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Take nothing new; finish what is being served. What waits its turn is stored, and left to other workers."""
        self._closing = True
        self._look.set()
        if self._loops:  # what the store is just giving is ours, and would be missed until the lease is over
            await asyncio.wait(self._loops[:1], timeout=min(seconds, LAST_TAKE))
            self._loops[0].cancel()
        tasks = [*(s.task for s in self._serving.values() if s.task), *self._beside]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        while self._beside:  # what was broken off is given back
            await asyncio.wait(self._beside)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _take_on(self) -> None:
        """Take what waits whenever there is a hand free and something may have come."""
        while not self._closing:
            self._turned = asyncio.get_running_loop().time()
            self._look.clear()
            try:
                await self._take()
            except StoreError as error:
                log.warning("what waits cannot be looked at: %s", type(error).__name__)
            await asyncio.sleep(TICK_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next_look()):
                    await self._look.wait()

    def _until_next_look(self) -> float:
        now = asyncio.get_running_loop().time()
        left = self._poll
        while self._looks and self._looks[0] <= now:
            heapq.heappop(self._looks)
            left = 0.0
        return min(left, self._looks[0] - now) if self._looks else left

    async def _take(self) -> None:
        free, now = self.slots - len(self._serving), asyncio.get_running_loop().time()
        if free <= 0:
            return
        hurry = set(self._hurry)
        claims = await self._work.take(self.worker, free, self._lease, self.limits, sorted(hurry))
        for claim in claims:
            known = self._serving.get(claim.interview_id)
            if known and not known.over:
                known.hold.until = now + self._lease  # its time had run out, and nobody else had come
                continue
            service = _Service(claim, Hold(claim.left or claim.tries > 0, now + self._lease))
            self._serving[claim.interview_id] = service
            service.task = asyncio.create_task(self._attend(service))
            service.task.add_done_callback(partial(self._ended, service))
        if len(claims) < free:  # the others are being served, here or elsewhere, or there is nothing to do for them
            self._hurry -= {name for name in hurry if name not in self._serving}
        self._hurry -= {claim.interview_id for claim in claims}

    async def _hold_on(self) -> None:
        """Renew what is held; stop where another worker has taken over, or may have before this is looked at again."""
        loop, third = asyncio.get_running_loop(), self._lease / 3
        while True:
            await asyncio.sleep(third)
            now, held = loop.time(), {name: s for name, s in self._serving.items() if not s.over}
            try:
                async with asyncio.timeout(third):
                    kept = await self._work.keep(self.worker, list(held), self._lease) if held else set()
            except (StoreError, TimeoutError):
                soon = loop.time() + third
                kept = {name for name, service in held.items() if service.hold.until > soon}
            else:
                for name in kept & set(held):
                    held[name].hold.until = now + self._lease
            for name, service in held.items():
                if name not in kept and self._serving.get(name) is service and not service.over:
                    log.warning("interview %s: taken over by another worker", name)
                    service.lost, service.hold.until = True, now
                    service.stop()

    async def _attend(self, service: _Service) -> None:
        again = await self._served(service.claim, service.hold)
        service.over = True
        await self._give_back(service, again)

    def _ended(self, service: _Service, task: asyncio.Task[None]) -> None:
        """It is served, or was broken off, maybe before it began."""
        name = service.claim.interview_id
        if self._serving.get(name) is service:  # or it was given back, and taken once more, before this was noted
            del self._serving[name]
        if task.cancelled() and not service.lost:
            self.beside(self._give_back(service, 0.0))
        self._look.set()

    async def _give_back(self, service: _Service, again: float | None) -> None:
        claim = service.claim.model_copy(update={"left": service.hold.left})
        try:
            over = await self._work.done(self.worker, claim, again)
            if again or not over:
                self._look_in(again or self.limits.quiet)
        except StoreError as error:  # then it is served once more, when its lease is over, and nothing is left to do
            log.warning("interview %s: not given back: %s", claim.interview_id, type(error).__name__)

    async def _served(self, claim: Claim, hold: Hold) -> float | None:
        """Serve; the seconds after which to try again, None when that is not needed."""
        name, began = claim.interview_id, asyncio.get_running_loop().time()
        try:
            await self._serve(name, hold)
        except NotFoundError:
            return None  # it was forgotten meanwhile
        except PlaceClosed:
            log.warning("interview %s: nothing can be written where it is held; it waits to be resumed", name)
            return None
        except (InterviewBusy, TurnConflict):
            return BUSY_AGAIN
        except Exception as error:  # noqa: BLE001 - one interview's fault must not end the others'
            self.observe(asyncio.get_running_loop().time() - began, type(error).__name__)
            wait = min(FIRST_AGAIN * 2.0 ** min(claim.tries, 30), LAST_AGAIN)
            if isinstance(error, ChannelDown):
                wait = max(wait, error.after)
            passing = isinstance(error, (ChannelDown, EngineUnusable, StoreDown))
            log.log(
                logging.WARNING if passing else logging.ERROR,
                "interview %s: %s; trying again in %.0f s",
                name,
                _kind(error),
                wait,
            )
            return wait
        self.observe(asyncio.get_running_loop().time() - began, "")
        return None


def _kind(error: Exception) -> str:
    """What a log says of an error: its kind, and an engine's short reason; never its text."""
    name = type(error).__name__
    return f"{name} ({error.reason})" if isinstance(error, EngineError) else name


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - it is nobody's task, and its text may be a candidate's
        log.warning("something beside the interviews failed: %s", type(error).__name__)
