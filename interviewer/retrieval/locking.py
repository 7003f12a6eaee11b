"""One writer at a time: a lock that ends with its process, on Linux, macOS and Windows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from interviewer.domain.errors import IndexLocked

POLL_SECONDS = 0.05

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


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
    while not _try(descriptor):
        if needless():
            return False
        if time.monotonic() >= deadline:
            message = f"another process is writing the index in {path.parent} (waited {seconds:g} s)"
            raise IndexLocked(message, "Let it finish, or stop it, and try again.")
        time.sleep(POLL_SECONDS)
    return True
