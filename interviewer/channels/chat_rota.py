"""Who is to be served when: every interview once at a time, after a short quiet, again later if it did not work out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from interviewer.channels.chat import Serve
from interviewer.domain.errors import (
    ChannelDown,
    EngineUnusable,
    InterviewBusy,
    NotFoundError,
    PlaceClosed,
    TurnConflict,
)

log = logging.getLogger(__name__)
MOST_QUIET = 6.0
"""However quickly messages follow each other, the first waits for its answer at most so many times the quiet."""
BUSY_AGAIN = 0.5
FIRST_AGAIN = 1.0
LAST_AGAIN = 300.0


@dataclass
class _Due:
    """When an interview is to be served, in the loop's time, None for not at all; what came first since it last was."""

    at: float | None = None
    first: float = 0.0
    tries: int = 0
    serving: bool = False
    insisted: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Rota:
    """Serves interviews in tasks of their own. What fails is tried again, ever more slowly, until it is forgotten."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._due: dict[str, _Due] = {}
        self._beside: set[asyncio.Task[Any]] = set()
        self._closing = False

    def due(self, interview_id: str, quiet: float = 0.0, *, insist: bool = True) -> None:
        """Serve this interview once nothing has come for `quiet` seconds; at once for 0.

        While another worker is at it, it is tried again, unless nobody insists.
        """
        if self._closing:
            return  # it is stored, and the next process will see it
        now = asyncio.get_running_loop().time()
        due = self._due.setdefault(interview_id, _Due())
        if due.at is None:
            due.first = now
        due.at = min(now + quiet, due.first + quiet * MOST_QUIET)
        due.tries = 0
        due.insisted |= insist
        due.news.set()
        if due.task is None:
            due.task = asyncio.create_task(self._attend(interview_id, due))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something else meanwhile; drain waits for it too. What goes wrong is logged, without its text."""
        task = asyncio.create_task(_quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    def cancel(self, interview_id: str) -> None:
        """Do nothing more for this interview."""
        if (due := self._due.pop(interview_id, None)) and due.task:
            due.task.cancel()

    @property
    def working(self) -> int:
        """How many interviews are being served, or soon will be."""
        return len(self._due) + len(self._beside)

    async def settled(self) -> None:
        """Wait until nothing is due; for tests and demonstrations."""
        while tasks := [*(d.task for d in self._due.values() if d.task), *self._beside]:
            await asyncio.wait(tasks)

    async def drain(self, seconds: float) -> None:
        """Take nothing new; finish what is being served. What waits is stored, and left to the next process."""
        self._closing = True
        for due in self._due.values():
            if not due.serving and due.task:
                due.task.cancel()
        tasks = [*(d.task for d in self._due.values() if d.task), *self._beside]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _attend(self, interview_id: str, due: _Due) -> None:
        try:
            while due.at is not None:
                await self._until_quiet(due)
                due.at, due.serving = None, True
                again = await self._served(interview_id, due)
                due.serving = False
                if again and not self._closing and due.at is None:
                    due.at = asyncio.get_running_loop().time() + again
        finally:
            if self._due.get(interview_id) is due:
                del self._due[interview_id]

    async def _until_quiet(self, due: _Due) -> None:
        while (left := (due.at or 0) - asyncio.get_running_loop().time()) > 0:
            due.news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(due.news.wait(), left)

    async def _served(self, interview_id: str, due: _Due) -> float:
        """Serve; the seconds after which to try again, 0 when that is not needed."""
        try:
            await self._serve(interview_id)
        except NotFoundError:
            return 0.0  # it was forgotten meanwhile
        except PlaceClosed:
            log.warning("interview %s: nothing can be written where it is held; it waits to be resumed", interview_id)
            return 0.0
        except (InterviewBusy, TurnConflict):
            return BUSY_AGAIN if due.insisted else 0.0
        except Exception as error:  # noqa: BLE001 - one interview's fault must not end the others'
            due.tries += 1
            wait = min(FIRST_AGAIN * 2.0 ** min(due.tries - 1, 20), LAST_AGAIN)
            if isinstance(error, ChannelDown):
                wait = max(wait, error.after)
            passing = isinstance(error, (ChannelDown, EngineUnusable))
            log.log(
                logging.WARNING if passing else logging.ERROR,
                "interview %s: %s; trying again in %.0f s",
                interview_id,
                type(error).__name__,
                wait,
            )
            return wait
        due.tries = 0
        return 0.0


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - it is nobody's task, and its text may be a candidate's
        log.warning("something beside the interviews failed: %s", type(error).__name__)
