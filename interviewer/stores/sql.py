"""The store on SQL: SQLite for one machine, PostgreSQL for many, one path for both.

SQLAlchemy's Core runs in threads of the store's own, a whole transaction each. An asyncio driver was measured: a turn
cost 8.6 ms, nearly all of it some sixty hops to aiosqlite's thread and back. This way a transaction is one hop, and
a task that is cancelled cannot leave half of one behind: what was begun is finished.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from interviewer.domain.errors import StoreDown, StoreError
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessed, Event
from interviewer.ports import Backlog, Claim, Clock, InterviewSummary, Limits, utc_now
from interviewer.stores import postgres, rows, sqlite, work
from interviewer.stores.faults import Refused, translated
from interviewer.stores.schema import migrate

DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
CONNECTIONS = 8
SYNC_AFTER = 0.05
FIRST_AGAIN = 0.05
LAST_AGAIN = 0.5
STALE_AT_ONCE = 100
T = TypeVar("T")
log = logging.getLogger(__name__)


class SqlStore:
    """A ports.Store on the database behind `url`.

    `patience` is how many seconds to wait for another's lock, and for a server that does not answer: meanwhile what was
    asked for is tried again, which is safe, because whatever is done here twice is done once. `connections` is how many
    to a server there are at most.
    """

    def __init__(
        self, url: str, clock: Clock = utc_now, *, patience: float = 5.0, connections: int = CONNECTIONS
    ) -> None:
        self._url = url
        self._clock = clock
        self._patience = patience
        self._connections = connections
        self._where = "DATABASE_URL"
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._file: str | None = None
        self._sync_due: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Connect, and bring the schema up to date. Raises StoreTooNew."""
        if self._engine is not None:
            return
        with translated(self._where):
            self._engine = self._make_engine()
        try:
            await self._run(_prepare, self._where, self._patience)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection, once what was begun is finished."""
        engine, threads = self._engine, self._threads
        self._engine = self._threads = None
        if engine is None or threads is None:
            return
        if self._sync_due and self._file:
            self._sync_due.cancel()
            self._sync_due = None
            await asyncio.to_thread(_synchronised, self._file)
        with translated(self._where):
            await asyncio.to_thread(_end, threads, engine)

    async def save_guide(self, guide: Guide) -> None:
        """Keep this revision of a guide. The first reading of it stays, since interviews refer to its ids."""
        try:
            await self._write(rows.add_guide, guide)
        except Refused:
            return

    async def guide(self, revision: str) -> Guide:
        """A kept revision. Raises NotFoundError."""
        return await self._read(rows.read_guide, revision)

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        """Store these events in one durable transaction; False, and nothing stored, when one is there already.

        Only a start makes an interview, and only when its guide's revision is kept. Any other event of an interview
        that is not there, or not any more, raises NotFoundError: what was forgotten does not come back.
        """
        if not events:
            return True
        write = self._note if all(isinstance(event, Assessed) for event in events) else self._write
        try:
            await write(rows.add_events, interview_id, events, self._clock())
        except Refused as refused:
            if refused.again and await self._read(rows.all_there, interview_id, events):
                return True  # the connection was lost between our commit and the word of it
            if await self._read(rows.any_there, interview_id, events):
                return False
            raise
        return True

    async def events(self, interview_id: str, after: int = 0) -> list[tuple[int, Event]]:
        """Events with their sequence numbers, in order, from just behind `after`. Raises NotFoundError."""
        return await self._read(rows.read_events, interview_id, after)

    async def interviews(self, candidate: str | None = None) -> list[InterviewSummary]:
        """All interviews, of one candidate or of everyone, the latest first."""
        return await self._read(rows.read_summaries, candidate)

    async def going(self, platform: str) -> list[str]:
        """Ids of the interviews that are held in places of this platform and are not over."""
        return await self._read(rows.going, platform)

    async def author(self, platform: str, message_id: str) -> str | None:
        """The candidate who wrote this message, where it is of one of those interviews."""
        return await self._read(rows.author, platform, message_id)

    async def claim(
        self, interview_id: str, holder: str, seconds: float, after: int = 0
    ) -> list[tuple[int, Event]] | None:
        """Take the lease and read what `events` would, in one transaction; None where `acquire` would say False."""
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        return await self._note(rows.take_and_read, interview_id, holder, now, until, after)

    async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease on an interview; False while another holder's has not run out.

        Time is the workers' own: if their clocks differ, a lease is shorter or longer by as much. Raises NotFoundError.
        """
        now = self._clock()
        until = now + timedelta(seconds=seconds)
        return await self._write(rows.take_lease, interview_id, holder, now, until)

    async def release(self, interview_id: str, holder: str) -> None:
        """Give the lease back, if this holder has it."""
        await self._note(rows.drop_lease, interview_id, holder)

    async def seat(self, candidate: str, interview_id: str) -> str:
        """Give the candidate's one seat to this interview; the other's id where one that is not over has it."""
        try:
            return await self._write(rows.take_seat, candidate, interview_id)
        except Refused:  # the other one was first by a moment, and is there to be seen now
            return await self._write(rows.take_seat, candidate, interview_id)

    async def take(
        self, worker: str, count: int, seconds: float, limits: Limits, hurry: Sequence[str] = ()
    ) -> list[Claim]:
        """Take up to so many of the interviews that wait, those that have waited longest."""
        return await self._write(work.take, worker, count, seconds, limits, tuple(hurry), self._clock())

    async def keep(self, worker: str, interview_ids: Sequence[str], seconds: float) -> set[str]:
        """Hold on to what this worker has taken; the ids of what it still has."""
        return await self._write(work.keep, worker, tuple(interview_ids), seconds, self._clock())

    async def done(self, worker: str, claim: Claim, again: float | None = None) -> bool:
        """Give back what was taken: done, or to be taken again after so many seconds; False when it waits again."""
        return await self._note(work.give_back, worker, claim, again, self._clock())

    async def ahead(self, interview_id: str) -> int:
        """How many have waited longer than this one."""
        return await self._read(work.ahead, interview_id, self._clock())

    async def backlog(self, platforms: Sequence[str] = ()) -> Backlog:
        """How much work there is, on all platforms or some."""
        return await self._read(work.backlog, tuple(platforms), self._clock())

    async def forget(self, interview_id: str) -> bool:
        """Delete everything of an interview; False when there was nothing.

        Its guide's revision goes too when no other interview needs it. In SQLite no byte of it stays in the file or
        its log; when that part fails, the next call or the next opening makes up for it.
        """
        there = await self._read(rows.is_known, interview_id)
        await self._write(_forget, interview_id, self._clock())
        await self._run(_scrub)
        return there

    async def forget_before(self, moment: datetime) -> list[str]:
        """Delete everything of the interviews in which nothing has happened since; their ids. As `forget`."""
        gone: list[str] = []
        while batch := await self._write(_forget_stale, moment, self._clock()):
            gone += batch
        if gone:
            await self._run(_scrub)
        return gone

    def _make_engine(self) -> Engine:
        url = _parsed(self._url)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        lite = url.get_backend_name() == "sqlite"
        self._where = (url.database or "The database") if lite else f"The database {url.database} on {url.host}"
        if lite and url.database and not url.database.startswith((":memory:", "file:")):
            self._file = url.database
        self._threads = ThreadPoolExecutor(1 if lite else self._connections, "store")
        # Parameters are candidates' words: they must not reach a log through an exception's text.
        if lite:
            return create_engine(url, hide_parameters=True, **sqlite.engine_options(self._patience))
        engine = create_engine(url, hide_parameters=True, **postgres.engine_options(url, self._connections))
        postgres.prepare(engine, self._patience)
        return engine

    async def _read(self, work: Callable[..., T], *args: Any) -> T:
        return await self._run(_reading, work, *args)

    async def _write(self, work: Callable[..., T], *args: Any) -> T:
        return await self._written(_writing, work, *args)

    async def _note(self, work: Callable[..., T], *args: Any) -> T:
        """Write what may be gone after a crash of the server: a lease, a reading that would be made again."""
        return await self._written(_noting, work, *args)

    async def _written(self, how: Callable[..., T], work: Callable[..., T], *args: Any) -> T:
        done: T = await self._run(how, work, *args)
        if self._file and not self._sync_due:
            self._sync_due = asyncio.get_running_loop().call_later(SYNC_AFTER, self._sync, self._file)
        return done

    def _sync(self, file: str) -> None:
        self._sync_due = None
        asyncio.get_running_loop().run_in_executor(None, _synchronised, file)

    async def _run(self, work: Callable[..., T], *args: Any) -> T:
        """Run `work(engine, *args)` in a thread of the store. Only the product's own errors come out of it.

        While the server does not answer it is tried again, unless `patience` would not last until then.
        """
        loop = asyncio.get_running_loop()
        end, wait, tries = loop.time() + self._patience, FIRST_AGAIN, 0
        while True:
            if self._engine is None:
                raise StoreError("The database is not open.", "Open the store before using it.")
            try:
                return await loop.run_in_executor(self._threads, _translating, self._where, work, self._engine, *args)
            except StoreDown:
                if loop.time() + wait > end:
                    raise
            except Refused as refused:
                refused.again = tries > 0
                raise
            await asyncio.sleep(wait)
            wait, tries = min(2 * wait, LAST_AGAIN), tries + 1


def _parsed(url: str) -> URL:
    remedy = "It looks like sqlite:///folder/file.sqlite or postgresql://user:password@host/name."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whose text may hold a password
        raise StoreError("DATABASE_URL is not the address of a database.", remedy) from None
    if set("@/?#") & set(parsed.host or "") or "@" in (parsed.database or ""):  # which would be spoken of
        remedy = "In a password write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 and % as %25."
        raise StoreError("DATABASE_URL holds a password with characters that mean something else there.", remedy)
    return parsed


def _translating(where: str, work: Callable[..., T], engine: Engine, *args: Any) -> T:
    with translated(where):
        return work(engine, *args)


def _reading(engine: Engine, work: Callable[..., T], *args: Any) -> T:
    """Each statement on its own: what is read needs no transaction, which would cost PostgreSQL two round trips."""
    with engine.connect() as connection:
        if not _is_sqlite(engine):
            connection.execution_options(isolation_level="AUTOCOMMIT")
        return work(connection, *args)


def _writing(engine: Engine, work: Callable[..., T], *args: Any) -> T:
    with engine.begin() as connection:
        return work(connection, *args)


def _noting(engine: Engine, work: Callable[..., T], *args: Any) -> T:
    with engine.begin() as connection:
        if not _is_sqlite(engine):
            postgres.hurry(connection)
        return work(connection, *args)


def _end(threads: ThreadPoolExecutor, engine: Engine) -> None:
    """A connection that is at work while its pool is disposed of would never be closed: the work comes first."""
    threads.shutdown(wait=True)
    engine.dispose()


def _synchronised(file: str) -> None:
    try:
        sqlite.sync(file)
    except OSError as error:
        log.warning("The disk may not keep the last commits through a power cut: %s", error.strerror)


def _prepare(engine: Engine, where: str, patience: float) -> None:
    if _is_sqlite(engine):
        sqlite.prepare(engine, patience)
    with engine.begin() as connection:
        _hold_schema(connection)
        migrate(connection, where)
    with suppress(StoreError, DBAPIError):  # another process is using the file: it stays owed
        _scrub(engine)


def _hold_schema(connection: Connection) -> None:
    """Let one process at a time migrate, until the transaction ends."""
    if _is_sqlite(connection.engine):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        postgres.hold_schema(connection)


def _forget(connection: Connection, interview_id: str, now: datetime) -> bool:
    there = rows.delete_interview(connection, interview_id, now)
    if there and _is_sqlite(connection.engine):
        sqlite.owe_scrub(connection)
    return there


def _forget_stale(connection: Connection, moment: datetime, now: datetime) -> list[str]:
    found = rows.stale(connection, moment, STALE_AT_ONCE)
    for interview_id in found:
        _forget(connection, interview_id, now)
    return found


def _scrub(engine: Engine) -> None:
    if _is_sqlite(engine):
        with engine.connect() as connection:
            sqlite.scrub_if_owed(connection)


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
