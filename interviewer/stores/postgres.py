"""What only PostgreSQL needs: how long to wait for what, and that a connection that died is noticed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL

STATEMENT_SECONDS = 30
MIGRATION_SECONDS = 300
WORKING = {
    "application_name": "interviewer",
    "connect_timeout": 5,
    # A peer that vanished without a word is given up after half a minute, not after two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
MIGRATION_LOCK = 7236861
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


def engine_options(url: URL, connections: int) -> dict[str, Any]:
    """At most so many connections. What the address itself says about them holds.

    Connections are not asked for a sign of life before each use, which would cost a round trip every time: whatever
    the store does may be done twice, so it is done again when a connection turns out to be dead.
    """
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_use_lifo": True,
        "connect_args": {name: value for name, value in WORKING.items() if name not in url.query},
    }


def prepare(engine: Engine, patience: float) -> None:
    """Have every connection wait at most `patience` seconds for a lock, and give up a statement that never ends.

    A commit is in the server's log before it counts, also where the server is set not to wait for that: what was
    acknowledged to a candidate would be gone with a crash of the server.
    """
    limits = {
        "lock_timeout": int(patience * 1000),
        "statement_timeout": STATEMENT_SECONDS * 1000,
        "idle_in_transaction_session_timeout": STATEMENT_SECONDS * 1000,
    }

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute("; ".join([*(f"SET {name} = {value}" for name, value in limits.items()), _DURABLE]))
        connection.autocommit = False


def hold_schema(connection: Connection) -> None:
    """Let one process at a time migrate, until the transaction ends. A migration may take its time."""
    for name in ("lock_timeout", "statement_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = '{MIGRATION_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


def hurry(connection: Connection) -> None:
    """Do not wait for the disk at the end of this transaction; SQLite never does (see sqlite.sync)."""
    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
