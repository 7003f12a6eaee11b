"""A lock on an open file that ends with its process, however that ends: on Linux, macOS and Windows."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    FAR_BEHIND_THE_END = 2**30  # on Windows nobody could read a byte that is locked

    def try_lock(descriptor: int) -> bool:
        """Lock a file for this process alone; False when another has it."""
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, FAR_BEHIND_THE_END, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock a file for this process alone; False when another has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
