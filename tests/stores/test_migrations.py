"""An older database is brought forward, and ends as a new one would."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.engine.interfaces import ReflectedIndex

from interviewer.domain.errors import StoreError
from interviewer.stores import schema
from interviewer.stores.sql import SqlStore

from .samples import received, started


def version(store: SqlStore) -> int | None:
    assert isinstance(store._engine, Engine)
    with store._engine.connect() as connection:
        return connection.scalar(schema.SCHEMA_VERSION.select())


def index(found: ReflectedIndex) -> str:
    """An index in words, with the condition of a partial one."""
    options = {name: str(value) for name, value in found.pop("dialect_options", {}).items()}
    return f"{found} {options}"


def shape(store: SqlStore) -> dict[str, object]:
    """Tables with their columns, keys and indexes."""
    assert isinstance(store._engine, Engine)
    there = inspect(store._engine)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in there.get_columns(table)],
            there.get_pk_constraint(table),
            there.get_foreign_keys(table),
            sorted(index(i) for i in there.get_indexes(table)),
            sorted(str(u) for u in there.get_unique_constraints(table)),
        )
        for table in sorted(there.get_table_names())
    }


async def test_a_new_database_has_the_newest_version(store: SqlStore) -> None:
    assert version(store) == 1 + len(schema.STEPS)


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").touch()
    store = SqlStore(f"sqlite:///{tmp_path / 'x.sqlite'}")
    await store.open()
    assert await store.interviews() == []
    await store.close()


async def test_version_1_is_as_it_was_released(tmp_path: Path) -> None:
    """A file made by version 1, kept as SQL: it opens, whatever the present version is, and ends as a new one would."""
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(Path(__file__).with_name("version_1.sql").read_text(encoding="utf-8"))
    old, new = SqlStore(f"sqlite:///{path}"), SqlStore(f"sqlite:///{tmp_path / 'new.sqlite'}")
    await old.open()
    await new.open()
    assert version(old) == version(new)
    assert shape(old) == shape(new)
    assert [event for _, event in await old.events("i1")] == [started(), received("m1")]
    assert [(s.id, s.status, s.planned) for s in await old.interviews()] == [("i1", "active", 3)]
    assert await old.append("i1", [received("m2")])
    await old.close()
    await new.close()


@pytest.mark.parametrize("old", range(1, 1 + len(schema.STEPS)))
async def test_every_older_version_becomes_what_a_new_one_is(begun: SqlStore, url: str, old: int) -> None:
    new, events = shape(begun), await begun.events("i1")
    assert isinstance(begun._engine, Engine)
    with begun._engine.begin() as connection:
        for table in ("queue", "seats")[: 1 + len(schema.STEPS) - old]:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql(f"UPDATE schema_version SET version = {old}")
    await begun.close()
    await begun.open()
    assert shape(begun) == new
    assert version(begun) == 1 + len(schema.STEPS)
    assert await begun.events("i1") == events


async def test_processes_that_migrate_at_once_wait_for_each_other(begun: SqlStore, url: str) -> None:
    assert isinstance(begun._engine, Engine)
    with begun._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE queue")
        connection.exec_driver_sql("UPDATE schema_version SET version = 2")
    others = [SqlStore(url) for _ in range(5)]
    await asyncio.gather(*(other.open() for other in others))
    assert {version(other) for other in others} == {1 + len(schema.STEPS)}
    for other in others:
        await other.close()


def add_column(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE interviews ADD COLUMN language VARCHAR")


def fail(connection: Connection) -> None:
    add_column(connection)
    connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN language VARCHAR")


async def test_steps_run_once_and_keep_what_was_there(
    begun: SqlStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, events = version(begun), await begun.events("i1")
    await begun.close()
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, add_column))
    for _ in range(2):
        newer = SqlStore(url)
        await newer.open()
        assert version(newer) == (before or 0) + 1
        assert await newer.events("i1") == events
        await newer.close()


async def test_a_step_that_fails_changes_nothing(begun: SqlStore, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shape(begun)
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, fail))
    with pytest.raises(StoreError):
        await SqlStore(url).open()
    assert shape(begun) == before
    assert version(begun) == len(schema.STEPS)
