"""What is old is forgotten, while interviews are served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from interviewer.domain.errors import InterviewerError
from interviewer.ports import Clock, utc_now

log = logging.getLogger(__name__)
EVERY_SECONDS = 3600.0
ForgetBefore = Callable[[datetime], Awaitable[int]]
"""Deletes everything of the interviews in which nothing has happened since a moment; how many there were."""


@asynccontextmanager
async def forgetting(forget_before: ForgetBefore, days: float, clock: Clock = utc_now) -> AsyncIterator[None]:
    """Now and every hour, as long as this lasts, forget what has been left alone for so many days."""
    task = asyncio.create_task(_forget_on(forget_before, timedelta(days=days), clock))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _forget_on(forget_before: ForgetBefore, age: timedelta, clock: Clock) -> None:
    while True:
        try:
            if count := await forget_before(clock() - age):
                log.info("forgot %d interviews that were older than %s", count, age)
        except InterviewerError as error:
            log.warning("what is old was not forgotten: %s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
