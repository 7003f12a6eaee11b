"""The store on SQL: SQLite for one machine, PostgreSQL for many, one path for both.

Reads and writes are single statements and short transactions of SQLAlchemy's Core. A write begins by touching the
interview's row, which serialises all writers of one interview: their events become visible in the order of `seq`.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from interviewer.domain.errors import NotFoundError, StoreError
from interviewer.domain.grading import Outcome
from interviewer.domain.guide import Guide
from interviewer.domain.interview import EVENT, Event, MoveKind, Received, Started, Turned, event_key
from interviewer.domain.state import Status
from interviewer.ports import Clock, InterviewSummary
from interviewer.stores import sqlite
from interviewer.stores.faults import explain, translated
from interviewer.stores.schema import EVENTS, GUIDES, INTERVIEWS, migrate, storable

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
LONGEST_KEY = 200

_EVENTS_AFTER = (
    select(EVENTS.c.seq, EVENTS.c.body)
    .where(EVENTS.c.interview_id == bindparam("interview"), EVENTS.c.seq > bindparam("after"))
    .order_by(EVENTS.c.seq)
)
_KNOWN = select(INTERVIEWS.c.id).where(INTERVIEWS.c.id == bindparam("interview"))
_SUMMARIES = select(*(INTERVIEWS.c[name] for name in InterviewSummary.model_fields)).order_by(
    INTERVIEWS.c.updated_at.desc(), INTERVIEWS.c.id
)
_THIS = INTERVIEWS.c.id == bindparam("interview")
_TOUCH = update(INTERVIEWS).where(_THIS).values(updated_at=bindparam("now"))
_ADVANCE = _TOUCH.values(status=bindparam("new_status"), answered=INTERVIEWS.c.answered + bindparam("graded"))
_ACQUIRE = (
    update(INTERVIEWS)
    .where(
        _THIS,
        or_(
            INTERVIEWS.c.lease_holder.is_(None),
            INTERVIEWS.c.lease_holder == bindparam("holder"),
            INTERVIEWS.c.lease_until <= bindparam("now"),
        ),
    )
    .values(lease_holder=bindparam("holder"), lease_until=bindparam("until"))
)
_RELEASE = (
    update(INTERVIEWS)
    .where(_THIS, INTERVIEWS.c.lease_holder == bindparam("holder"))
    .values(lease_holder=None, lease_until=None)
)


def _now() -> datetime:
    return datetime.now(UTC)


class SqlStore:
    """A ports.Store on the database behind `url`. `patience` is how many seconds to wait for another's lock."""

    def __init__(self, url: str, clock: Clock = _now, *, patience: float = 5.0) -> None:
        self._url = url
        self._clock = clock
        self._patience = patience
        self._where = "The database"
        self._opened: AsyncEngine | None = None

    async def open(self) -> None:
        """Connect, and bring the schema up to date. Raises StoreTooNew."""
        if self._opened is not None:
            return
        with translated("DATABASE_URL"):
            engine = self._make_engine()
        try:
            with translated(self._where):
                if engine.dialect.name == "sqlite":
                    sqlite.prepare(engine)
                async with engine.begin() as connection:
                    await connection.exec_driver_sql(_LOCK_SCHEMA[engine.dialect.name])
                    await connection.run_sync(migrate, self._where)
        except BaseException:
            await engine.dispose()
            raise
        self._opened = engine

    async def close(self) -> None:
        """Let go of every connection."""
        engine, self._opened = self._opened, None
        if engine is not None:
            with translated(self._where):
                await engine.dispose()

    async def save_guide(self, guide: Guide) -> None:
        """Keep this revision of a guide; the first reading of it stays, as interviews refer to its ids."""
        values = {"revision": guide.revision, "body": _json(guide)}
        with translated(self._where):
            try:
                async with self._writing(lasting=True) as connection:
                    await connection.execute(insert(GUIDES), values)
            except IntegrityError:
                return

    async def guide(self, revision: str) -> Guide:
        """A kept revision. Raises NotFoundError."""
        with translated(self._where):
            async with self._engine.connect() as connection:
                body = await connection.scalar(select(GUIDES.c.body).where(GUIDES.c.revision == revision))
            if body is None:
                raise NotFoundError(f"No revision {revision[:12]} of a guide is kept.")
            return Guide.model_validate_json(body)

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        """Store these events in one durable transaction; False, and nothing stored, when one is there already.

        Only a start makes an interview: for another event of one that is not there, or not any more, NotFoundError.
        """
        now = self._clock()
        rows = [_row(interview_id, event, now) for event in events]
        if not rows:
            return True
        lasting = any(isinstance(e, (Started, Received, Turned)) for e in events)
        with translated(self._where):
            try:
                async with self._writing(lasting=lasting) as connection:
                    await _enter(connection, interview_id, events, now)
                    await connection.execute(insert(EVENTS), rows)
            except IntegrityError as error:
                if await self._any_there(interview_id, [row["key"] for row in rows]):
                    return False
                raise explain(error, self._where) from error
        return True

    async def events(self, interview_id: str, after: int = 0) -> list[tuple[int, Event]]:
        """Events with their sequence numbers, in order, from just behind `after`. Raises NotFoundError."""
        with translated(self._where):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_EVENTS_AFTER, {"interview": interview_id, "after": after})).all()
                if not rows and await connection.scalar(_KNOWN, {"interview": interview_id}) is None:
                    raise _unknown(interview_id)
            return [(seq, EVENT.validate_json(body)) for seq, body in rows]

    async def interviews(self, candidate: str | None = None) -> list[InterviewSummary]:
        """All interviews, of one candidate or of everyone, the latest first."""
        wanted = _SUMMARIES if candidate is None else _SUMMARIES.where(INTERVIEWS.c.candidate == candidate)
        with translated(self._where):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).mappings().all()
            return [InterviewSummary.model_validate(dict(row)) for row in rows]

    async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease on an interview; False while another holder's has not run out.

        By the clocks of the workers: what they differ by shortens a lease. Raises NotFoundError.
        """
        now = self._clock()
        values = {"interview": interview_id, "holder": holder, "now": now, "until": now + timedelta(seconds=seconds)}
        with translated(self._where):
            async with self._writing(lasting=False) as connection:
                if (await connection.execute(_ACQUIRE, values)).rowcount:
                    return True
                if await connection.scalar(_KNOWN, {"interview": interview_id}) is None:
                    raise _unknown(interview_id)
        return False

    async def release(self, interview_id: str, holder: str) -> None:
        """Give the lease back, if this holder has it."""
        with translated(self._where):
            async with self._writing(lasting=False) as connection:
                await connection.execute(_RELEASE, {"interview": interview_id, "holder": holder})

    async def forget(self, interview_id: str) -> bool:
        """Delete everything of an interview, and its guide's revision when no other needs it.

        False when there was nothing. In SQLite no byte of it stays in the file: call it again when that failed.
        """
        row = INTERVIEWS.c.id == interview_id
        with translated(self._where):
            async with self._writing(lasting=True) as connection:
                await connection.execute(delete(EVENTS).where(EVENTS.c.interview_id == interview_id))
                revision = await connection.scalar(select(INTERVIEWS.c.guide_revision).where(row))
                await connection.execute(delete(INTERVIEWS).where(row))
                unused = ~exists().where(INTERVIEWS.c.guide_revision == GUIDES.c.revision)
                await connection.execute(delete(GUIDES).where(GUIDES.c.revision == revision, unused))
            if self._engine.dialect.name == "sqlite":
                async with self._engine.connect() as connection:
                    await sqlite.scrub(connection)
        return revision is not None

    @property
    def _engine(self) -> AsyncEngine:
        if self._opened is None:
            raise StoreError("The database is not open.", "Open the store first.")
        return self._opened

    def _make_engine(self) -> AsyncEngine:
        url = make_url(self._url)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        lite = url.get_backend_name() == "sqlite"
        self._where = (url.database if lite else url.render_as_string(hide_password=True)) or "The database"
        options = sqlite.engine_options(self._patience) if lite else {"pool_pre_ping": True}
        # Parameters are candidates' words: they must not reach a log through an exception's text.
        return create_async_engine(url, hide_parameters=True, **options)

    @asynccontextmanager
    async def _writing(self, *, lasting: bool) -> AsyncIterator[AsyncConnection]:
        async with self._engine.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                await sqlite.durability(connection, lasting)
            yield connection

    async def _any_there(self, interview_id: str, keys: list[str]) -> bool:
        query = select(EVENTS.c.seq).where(EVENTS.c.interview_id == interview_id, EVENTS.c.key.in_(keys)).limit(1)
        async with self._engine.connect() as connection:
            return await connection.scalar(query) is not None


_LOCK_SCHEMA = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(7236861)",
}
"""Lets one process at a time migrate."""


def _row(interview_id: str, event: Event, now: datetime) -> dict[str, Any]:
    return {"interview_id": interview_id, "key": _key(event), "type": event.type, "body": _json(event), "at": now}


def _key(event: Event) -> str:
    """The event's key, or its digest when it is too long for an index of PostgreSQL or holds what a column cannot."""
    key = event_key(event)
    if len(key) <= LONGEST_KEY and key.isascii() and "\0" not in key:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _json(value: Event | Guide) -> str:
    """JSON that reads back equal. An answer is never refused for a character: lone surrogates become U+FFFD."""
    try:
        return value.model_dump_json()
    except PydanticSerializationError:
        return to_json(_stored(value.model_dump())).decode()


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_stored(item) for item in value]
    return storable(value) if isinstance(value, str) else value


async def _enter(connection: AsyncConnection, interview_id: str, events: Sequence[Event], now: datetime) -> None:
    """Keep the interview's row true to what these events will add. Raises NotFoundError."""
    turns = [event.turn for event in events if isinstance(event, Turned)]
    graded = sum(grade.outcome is Outcome.GRADED for turn in turns for grade in turn.grades)
    status = _status(turns[-1].move.kind) if turns else Status.ACTIVE
    if isinstance(events[0], Started):
        row = _first_row(interview_id, events[0], now) | {"status": status, "answered": graded}
        await connection.execute(insert(INTERVIEWS), row)
        return
    values = {"interview": interview_id, "now": now}
    if turns:
        result = await connection.execute(_ADVANCE, values | {"new_status": status, "graded": graded})
    else:
        result = await connection.execute(_TOUCH, values)
    if not result.rowcount:
        raise _unknown(interview_id)


def _first_row(interview_id: str, started: Started, now: datetime) -> dict[str, Any]:
    plan = started.plan
    return {
        "id": interview_id,
        "guide_id": plan.guide_id,
        "guide_title": plan.guide_title,
        "guide_revision": plan.guide_revision,
        "mode": plan.mode,
        "candidate": started.candidate,
        "started_at": started.at,
        "updated_at": now,
        "planned": len(plan.questions),
    }


def _status(kind: MoveKind) -> Status:
    return {MoveKind.PAUSE: Status.PAUSED, MoveKind.CLOSE: Status.ENDED}.get(kind, Status.ACTIVE)


def _unknown(interview_id: str) -> NotFoundError:
    return NotFoundError(f"There is no interview {interview_id}.", "List them to see which there are.")
