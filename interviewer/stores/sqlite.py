"""What only SQLite needs: a private file, its pragmas, how durable a commit is, and forgetting for good."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from interviewer.domain.errors import StoreError

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=ON",  # macOS: fsync alone does not reach the disk there
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",  # what VACUUM sets aside is candidates' words too
)


def engine_options(patience: float) -> dict[str, Any]:
    """One connection: SQLite has one writer anyway, and a queue is fairer than its polling for the lock.

    IMMEDIATE lets a transaction begin with its first write, in the same round trip to the connection's thread, and
    take the write lock there, so that it cannot fail half-way for having read too early.
    """
    return {
        "poolclass": AsyncAdaptedQueuePool,
        "pool_size": 1,
        "max_overflow": 0,
        "connect_args": {"isolation_level": "IMMEDIATE", "timeout": patience},
    }


def prepare(engine: AsyncEngine) -> None:
    """Make the file, and the folders that are missing, the user's alone; have every connection set its pragmas."""
    if engine.url.database not in (None, "", ":memory:"):
        _private_file(Path(str(engine.url.database)))

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _private_file(path: Path) -> None:
    """SQLite gives its -wal and -shm files the rights of the file itself. A folder that was there is left as it is."""
    for folder in reversed([f for f in path.parents if not f.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    if path.exists():
        if path.stat().st_mode & 0o077 and os.access(path, os.W_OK):
            path.chmod(0o600)
        return
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


async def durability(connection: AsyncConnection, lasting: bool) -> None:
    """Whether the next commit must outlive the machine (FULL) or only this process (NORMAL).

    In WAL mode NORMAL survives kill -9: what was written is the kernel's. It does not survive a power cut, which
    may take the commits of the last half minute, though never the file's consistency. FULL waits for the disk, 0.3 ms
    to 10 ms each. So FULL is for what somebody outside is told of (a message is acknowledged, a reply goes out), and
    NORMAL for what can be made again: a lease, a mark that a reply was sent. The next FULL commit carries them along,
    since a log is synchronised up to its end.
    """
    wanted = "FULL" if lasting else "NORMAL"
    info = await connection.get_raw_connection()
    if info.info.get("synchronous", "FULL") != wanted:
        await connection.exec_driver_sql(f"PRAGMA synchronous={wanted}")
        info.info["synchronous"] = wanted


async def scrub(connection: AsyncConnection) -> None:
    """Leave no deleted byte in the file or its log. Raises StoreError while another process still reads the old ones.

    secure_delete zeroes what is deleted, but not what SQLite moved within a page before; VACUUM writes the file anew.
    """
    await connection.exec_driver_sql("VACUUM")
    blocked = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
    if blocked:
        raise StoreError(
            "The interview is deleted, but another process is still reading the database, so its bytes remain.",
            "Run the same command again when the other process has finished.",
        )
