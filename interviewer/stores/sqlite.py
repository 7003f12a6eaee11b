"""What only SQLite needs: a private file, its pragmas, when the disk has a commit, and forgetting for good."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import QueuePool

from interviewer.domain.errors import StoreError

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",  # see `sync`
    "checkpoint_fullfsync=ON",  # macOS: fsync alone does not reach the disk there
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",  # what VACUUM sets aside is candidates' words too
)
BUSY_AGAIN = 0.02


def engine_options(patience: float) -> dict[str, Any]:
    """One connection, as SQLite has one writer anyway. `patience` in seconds is for writers of other processes.

    IMMEDIATE: a transaction begins with its first write and takes the write lock there, so that it cannot fail half-way
    for having read too early.
    """
    return {
        "poolclass": QueuePool,
        "pool_size": 1,
        "max_overflow": 0,
        "connect_args": {"isolation_level": "IMMEDIATE", "timeout": patience, "check_same_thread": False},
    }


def prepare(engine: Engine, patience: float) -> None:
    """Make the file, and the folders that are missing, the user's alone; have every connection set its pragmas.

    `patience` in seconds is for another process that opens the same new file at the same time.
    """
    database = engine.url.database or ":memory:"
    if not database.startswith((":memory:", "file:")):
        _private_file(Path(database))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        until = time.monotonic() + patience
        for pragma in PRAGMAS:
            _set(cursor, pragma, until)
        cursor.close()


def _set(cursor: sqlite3.Cursor, pragma: str, until: float) -> None:
    """Set a pragma. While another process writes the first pages, SQLite refuses WAL at once, whatever its timeout."""
    while True:
        try:
            cursor.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(BUSY_AGAIN)


def _private_file(path: Path) -> None:
    """SQLite gives its -wal and -shm files the rights of the file itself. A folder that was there is left as it is."""
    for folder in reversed([f for f in path.parents if not f.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    if path.exists():
        if path.stat().st_mode & 0o077 and os.access(path, os.W_OK):
            path.chmod(0o600)
        return
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def sync(database: str) -> None:
    """Have the disk keep every commit up to now, so that they outlive a power cut. Raises OSError.

    A commit (synchronous=NORMAL, in WAL mode) outlives kill -9, because what was written is the kernel's, and a power
    cut never breaks the file, but may take its last commits. To wait for the disk in every commit (FULL) costs 0.3 ms
    to 10 ms each, in the middle of a turn. So the log is synchronised a moment after a commit, for all commits of that
    moment at once, while the engine reads. SQLite's locks are on other files, so that closing this one loses none.
    """
    try:
        log = os.open(f"{database}-wal", os.O_RDWR)
    except FileNotFoundError:  # a checkpoint has synchronised and removed it
        return
    try:
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(log, fcntl.F_FULLFSYNC)
        else:
            os.fsync(log)
    finally:
        os.close(log)


def owe_scrub(connection: Connection) -> None:
    """Remember, in the transaction that deletes, that bytes are still to be cleared: this process may be killed."""
    connection.exec_driver_sql("PRAGMA user_version = 1")


def scrub_if_owed(connection: Connection) -> None:
    """Leave no deleted byte in the file or its log. Raises StoreError while another process still reads the old ones.

    secure_delete zeroes what is deleted, but not what SQLite had moved within a page before: of 225 interviews deleted
    in a trial 11 left some text. VACUUM writes the file anew, at 0.4 s for 70 MB.
    """
    if not connection.exec_driver_sql("PRAGMA user_version").scalar():
        return
    checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
    connection.exec_driver_sql(checkpoint).close()  # most of it goes here, even if there is no room for a VACUUM
    connection.exec_driver_sql("VACUUM")
    blocked = connection.exec_driver_sql(checkpoint).one()[0]
    if blocked:
        raise StoreError(
            "The interview is deleted, but another process is still reading the database, so its bytes remain.",
            "They go when the database is next opened, or run the same command again in a moment.",
        )
    connection.exec_driver_sql("PRAGMA user_version = 0")
