"""One writer at a time, for as long as its process lives."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from interviewer.domain.errors import IndexLocked
from interviewer.locking import try_lock

POLL_SECONDS = 0.05


@contextmanager
def writer_lock(path: Path, seconds: float, needless: Callable[[], bool]) -> Iterator[bool]:
    """Hold the lock file `path`: True once it is held, False when `needless` came true while another held it.

    Raises IndexLocked after `seconds` of waiting. The operating system frees the lock when its process ends, however
    it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _wait(descriptor, path, seconds, needless)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, path: Path, seconds: float, needless: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not try_lock(descriptor):
        if needless():
            return False
        if time.monotonic() >= deadline:
            message = f"another process is writing the index in {path.parent} (waited {seconds:g} s)"
            raise IndexLocked(message, "Let it finish, or stop it, and try again.")
        time.sleep(POLL_SECONDS)
    return True
