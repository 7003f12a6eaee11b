"""What is measured of a process that serves interviews."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from interviewer.domain.errors import InterviewerError
from interviewer.ops.metrics import Metrics, each, one
from interviewer.ports import Backlog, Work
from interviewer.version import __version__

STARTED = time.time()
STATM = Path("/proc/self/statm")
COUNTED = {
    "begun": ("interviewer_interviews_begun_total", "Interviews that were begun here."),
    "messages": ("interviewer_messages_total", "Messages that were stored here."),
    "turns": ("interviewer_turns_total", "Turns that were taken here."),
    "posts_unknown": (
        "interviewer_posts_unknown_total",
        "Posts of which it was not known whether they were made, so that they may be there twice.",
    ),
}


class Hands(Protocol):
    """Who serves interviews; channels.chat_rota.Rota is one."""

    slots: int

    @property
    def working(self) -> int:
        """How many are being served."""
        ...


class Watch:
    """Counts, levels and times of one process. `refresh` before they are read."""

    def __init__(
        self, hands: Hands, counts: Counter[str], work: Work, connected: Callable[[], Mapping[str, bool]]
    ) -> None:
        self.metrics = Metrics()
        self._work = work
        self._backlog: Backlog | None = None
        self._failed: Counter[str] = Counter()
        self._name_levels(hands, connected)
        for key, (name, about) in COUNTED.items():
            self.metrics.count(name, about, lambda key=key: one(counts[key]))  # type: ignore[misc]
        self.metrics.count(
            "interviewer_failures_total",
            "Interviews that could not be served at a try, by the kind of error.",
            lambda: each("error", self._failed),
        )
        self._seconds = self.metrics.spread(
            "interviewer_service_seconds", "How long it took to answer and show what waited in an interview."
        )

    def served(self, seconds: float, error: str) -> None:
        """An interview was served, in so many seconds; `error` is the kind of what went wrong, or ""."""
        if error:
            self._failed[error] += 1
        else:
            self._seconds.note(seconds)

    async def refresh(self) -> None:
        """Look at the database."""
        try:
            self._backlog = await self._work.backlog()
        except InterviewerError:
            self._backlog = None

    def _name_levels(self, hands: Hands, connected: Callable[[], Mapping[str, bool]]) -> None:
        level, waits = self.metrics.level, self._waits
        level("interviewer_info", "Which version this is.", lambda: [((("version", __version__),), 1)])
        level("interviewer_up", "Whether a platform, or the database, can be reached.", lambda: self._up(connected()))
        level("interviewer_serving", "Interviews that are being served here.", lambda: one(hands.working))
        level("interviewer_slots", "How many can be served here at once.", lambda: one(hands.slots))
        level("interviewer_waiting", "Interviews that wait for any worker.", lambda: waits(lambda b: b.waiting))
        level("interviewer_held", "Interviews that any worker is serving.", lambda: waits(lambda b: b.held))
        level("interviewer_oldest_seconds", "How long the first of them has waited.", lambda: waits(lambda b: b.oldest))
        level("process_resident_memory_bytes", "Memory in use.", lambda: one(_memory()))
        level("process_start_time_seconds", "When this process began.", lambda: one(STARTED))
        self.metrics.count("process_cpu_seconds_total", "Time computed.", lambda: one(sum(os.times()[:2])))

    def _waits(self, part: Callable[[Backlog], float]) -> list[tuple[tuple[tuple[str, str], ...], float]]:
        return [((), part(self._backlog))] if self._backlog is not None else []

    def _up(self, connected: Mapping[str, bool]) -> list[tuple[tuple[tuple[str, str], ...], float]]:
        parts = {**connected, "database": self._backlog is not None}
        return [((("part", name),), float(up)) for name, up in sorted(parts.items())]


def _memory() -> float:
    """Resident bytes; the most there ever were where only that is told."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if sys.platform == "win32":
            return 0.0
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
