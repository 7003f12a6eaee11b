"""The tables, and how an older database becomes a present one.

    guides          a revision of a guide, as JSON, kept while an interview refers to it
    interviews      one row each: who, what, where it stands, and which worker holds it until when
    events          one row each, never changed: an interview is the fold of its rows in the order of `seq`
    seats           one row a person in a chat: the one interview that is not over there, or the last one
    queue           one row an interview in a chat: since when it waits for a worker, and which one serves it until when
    schema_version  one row: which version the tables have

Whatever `interviews` says about an interview's standing is written in the transaction that stores the events it is
derived from. Bodies are JSON in a text column, not JSONB: PostgreSQL's JSONB refuses the character NUL, text holds its
escape.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    select,
)
from sqlalchemy.types import TypeDecorator

from interviewer.domain.display import whole
from interviewer.domain.errors import StoreError, StoreTooNew


class Words(TypeDecorator[str]):
    """Short text of anybody's. NUL, which PostgreSQL refuses, and lone surrogates become U+FFFD."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make it storable."""
        return value if value is None or (value.isascii() and "\0" not in value) else _clean(value)


def _clean(value: str) -> str:
    return whole(value).replace("\0", "\ufffd")


class Instant(TypeDecorator[datetime]):
    """A moment, in UTC. SQLite keeps no zone, so it is taken off before and put back after; naive means UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back, aware."""
        return self.process_bind_param(value, dialect)


METADATA = MetaData()

GUIDES = Table(
    "guides",
    METADATA,
    Column("revision", Words, primary_key=True),
    Column("body", Text, nullable=False),
)

INTERVIEWS = Table(
    "interviews",
    METADATA,
    Column("id", Words, primary_key=True),
    Column("guide_id", Words, nullable=False),
    Column("guide_title", Words, nullable=False),
    Column("guide_revision", Words, ForeignKey("guides.revision"), nullable=False, index=True),
    Column("mode", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("candidate", Words, nullable=False, index=True),
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("lease_holder", Words),
    Column("lease_until", Instant),
)

EVENTS = Table(
    "events",
    METADATA,
    # SQLite counts up by itself only in a column that is exactly INTEGER. AUTOINCREMENT: a number is never used again.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("interview_id", Words, ForeignKey("interviews.id"), nullable=False),
    Column("key", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("interview_id", "key", name="uq_events_interview_id_key"),
    Index("ix_events_interview_id_seq", "interview_id", "seq"),
    sqlite_autoincrement=True,
)

SEATS = Table(
    "seats",
    METADATA,
    Column("candidate", Words, primary_key=True),
    Column("interview_id", Words, ForeignKey("interviews.id"), nullable=False, index=True),
)

QUEUE = Table(
    "queue",
    METADATA,
    Column("interview_id", Words, ForeignKey("interviews.id"), primary_key=True),
    Column("platform", Words, nullable=False),
    Column("candidate", Words, nullable=False),
    Column("space", Words, nullable=False),
    Column("news", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("since", Instant),
    Column("latest", Instant),
    Column("not_before", Instant),
    Column("holder", Words),
    Column("until", Instant, index=True),
)
# Most rows are of interviews that nothing is to be done for.
_WAITING = QUEUE.c.since.is_not(None)
Index("ix_queue_since", QUEUE.c.since, sqlite_where=_WAITING, postgresql_where=_WAITING)

SCHEMA_VERSION = Table("schema_version", METADATA, Column("version", Integer, nullable=False))


def _seats(connection: Connection) -> None:
    SEATS.create(connection)


def _queue(connection: Connection) -> None:
    QUEUE.create(connection)


STEPS: tuple[Callable[[Connection], None], ...] = (_seats, _queue)
"""What brings an older database forward: STEPS[0] from version 1 to 2, and so on. Only ever appended to.

A new database gets the tables above as they stand; a test holds that both ways lead to the same place.
"""


def migrate(connection: Connection, where: str) -> None:
    """Bring the schema up to date, within the caller's transaction. Raises StoreTooNew."""
    newest, found = 1 + len(STEPS), _version(connection, where)
    if found > newest:
        raise StoreTooNew(
            f"{where} was made by a newer version of this program (schema {found}; this one knows {newest}).",
            "Upgrade interviewer, or use another database.",
        )
    if not found:
        METADATA.create_all(connection, checkfirst=False)
        connection.execute(SCHEMA_VERSION.insert().values(version=newest))
    for step in STEPS[found - 1 :] if found else ():
        step(connection)
    if 0 < found < newest:
        connection.execute(SCHEMA_VERSION.update().values(version=newest))


def _version(connection: Connection, where: str) -> int:
    """The database's version; 0 when it has no tables of ours yet. Raises StoreError when they are somebody else's."""
    there = set(inspect(connection).get_table_names())
    if SCHEMA_VERSION.name in there and (found := connection.scalar(select(SCHEMA_VERSION.c.version))):
        return int(found)
    if clash := sorted(there & set(METADATA.tables)):
        raise StoreError(
            f"{where} holds another program's tables ({', '.join(clash)}).", "Set DATABASE_URL to another database."
        )
    return 0
