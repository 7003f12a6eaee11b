"""One thing of a person after the other, as Discord delivered them; and a wait for all that is being taken in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary


class Order:
    """The library handles each delivery in a task of its own; here those of one person wait for each other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._taking: set[asyncio.Task[Any]] = set()

    def taking(self) -> None:
        """This task takes something in; `taken` waits for it."""
        this = asyncio.current_task()
        if this is not None and this not in self._taking:
            self._taking.add(this)
            this.add_done_callback(self._taking.discard)

    @asynccontextmanager
    async def of(self, user: int) -> AsyncIterator[None]:
        """Until this is over nothing else of this person is taken in."""
        self.taking()
        lock = self._locks.setdefault(user, asyncio.Lock())
        async with lock:
            yield

    async def taken(self) -> None:
        """Wait until everything that was delivered is stored, and what it leads to arranged."""
        while self._taking:
            await asyncio.wait(self._taking)
