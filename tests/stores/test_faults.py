"""Whatever goes wrong in a database comes out as a StoreError that helps; SQLAlchemy's exceptions never do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.exc
from sqlalchemy import Engine, event

from interviewer.domain.errors import InterviewerError, StoreError, StoreTooNew
from interviewer.stores.sql import SqlStore

from .samples import ON_SQLITE, guide, received

OPERATIONS: dict[str, Callable[[SqlStore], Awaitable[object]]] = {
    "save_guide": lambda s: s.save_guide(guide("r9")),
    "guide": lambda s: s.guide("r1"),
    "append": lambda s: s.append("i1", [received("m1", "private words")]),
    "events": lambda s: s.events("i1"),
    "interviews": lambda s: s.interviews(),
    "acquire": lambda s: s.acquire("i1", "w", 5),
    "release": lambda s: s.release("i1", "w"),
    "forget": lambda s: s.forget("i1"),
}
VENDOR = sorted(
    (c for _, c in getmembers(sqlalchemy.exc, isclass) if issubclass(c, sqlalchemy.exc.SQLAlchemyError)),
    key=lambda c: c.__name__,
)


def made(kind: type[Exception]) -> Exception:
    """One of a kind of exception, whatever its constructor wants."""
    if issubclass(kind, sqlalchemy.exc.DBAPIError):
        return kind("SELECT 1", {}, sqlite3.OperationalError("it broke"))
    if issubclass(kind, sqlalchemy.exc.StatementError):
        return kind("it broke", "SELECT 1", {}, None)
    error = kind.__new__(kind)
    error.args = ("it broke",)
    return error


async def failing(store: SqlStore) -> StoreError:
    """The error of opening a store."""
    with pytest.raises(StoreError) as caught:
        await store.open()
    await store.close()
    assert caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("name", OPERATIONS)
async def test_no_exception_of_sqlalchemy_escapes(begun: SqlStore, name: str) -> None:
    assert len(VENDOR) > 30
    failure: list[Exception] = []

    def fail(*_args: Any) -> None:
        raise failure[-1]

    event.listen(begun._engine, "before_cursor_execute", fail)
    for kind in VENDOR:
        failure.append(made(kind))
        if name == "save_guide" and kind is sqlalchemy.exc.IntegrityError:
            continue  # which means that the revision is kept already
        with pytest.raises(StoreError) as caught:
            await OPERATIONS[name](begun)
        assert caught.value.message, kind
        assert caught.value.remedy, kind
    event.remove(begun._engine, "before_cursor_execute", fail)
    assert await begun.append("i1", [received("m2")]), "it recovers"


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_database_gone_bad_underneath(begun: SqlStore, name: str) -> None:
    assert isinstance(begun._engine, Engine)
    with begun._engine.begin() as connection:
        for table in ("events", "seats", "queue", "interviews", "guides"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with pytest.raises(StoreError, match="cannot be used"):
        await OPERATIONS[name](begun)


async def test_a_record_that_cannot_be_read(begun: SqlStore) -> None:
    assert isinstance(begun._engine, Engine)
    with begun._engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE events SET body = '{"type": "dreamt"}'""")
        connection.exec_driver_sql("UPDATE guides SET body = '{'")
    for name in ("events", "guide"):
        with pytest.raises(StoreError, match="record that cannot be read"):
            await OPERATIONS[name](begun)


async def test_no_candidates_words_in_the_error_about_a_damaged_record(begun: SqlStore) -> None:
    assert begun._engine is not None
    with begun._engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE events SET body = '{"type": "received", "message": "private words"}'""")
    with pytest.raises(StoreError, match="record that cannot be read") as caught:
        await OPERATIONS["events"](begun)
    assert "private words" not in "".join(traceback.format_exception(caught.value))


async def test_no_candidates_words_in_an_error(begun: SqlStore) -> None:
    def fail(*_args: Any) -> None:
        raise sqlite3.OperationalError("it broke")

    event.listen(begun._engine, "before_cursor_execute", fail)
    with pytest.raises(StoreError) as caught:
        await OPERATIONS["append"](begun)
    event.remove(begun._engine, "before_cursor_execute", fail)
    assert "private words" not in "".join(traceback.format_exception(caught.value))


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and they stay as they are.\n" * 100)
    before = path.read_bytes()
    error = await failing(SqlStore(f"sqlite:///{path}"))
    assert "not a database" in error.message
    assert str(path) in error.message
    assert path.read_bytes() == before


@ON_SQLITE
async def test_a_truncated_database(begun: SqlStore, tmp_path: Path, url: str) -> None:
    path = Path(url.removeprefix("sqlite:///"))
    await begun.append("i1", [received(f"m{n}", "x" * 9000) for n in range(20)])
    await begun.close()
    os.truncate(path, 12_000)
    with pytest.raises(StoreError, match="damaged"):
        await begun.open()


async def test_a_folder_in_the_way(tmp_path: Path) -> None:
    assert "cannot be opened" in (await failing(SqlStore(f"sqlite:///{tmp_path}"))).message


async def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be opened" in (await failing(SqlStore(f"sqlite:///{tmp_path}/file/x.sqlite"))).message


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """A folder in which this process may not write. The superuser may everywhere, so he becomes nobody for a while."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    folder.chmod(0o755 if root else 0o555)
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


async def test_a_folder_that_cannot_be_written(others_folder: Path) -> None:
    for path in (others_folder / "x.sqlite", others_folder / "deep" / "x.sqlite"):
        error = await failing(SqlStore(f"sqlite:///{path}"))
        assert "Permission denied" in error.message
        assert "Check the path" in error.remedy


async def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    store = SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true")
    error = await failing(store)
    assert "cannot be opened for writing" in error.message


@ON_SQLITE
async def test_a_full_disk_and_then_room_again(begun: SqlStore) -> None:
    assert isinstance(begun._engine, Engine)
    with begun._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full") as caught:
        await begun.append("i1", [received("m1", "x" * 50_000)])
    assert "Free some space" in caught.value.remedy
    with begun._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    assert await begun.append("i1", [received("m1", "x" * 50_000)])


@ON_SQLITE
async def test_a_locked_database(begun: SqlStore, url: str) -> None:
    impatient = SqlStore(url, patience=0.1)
    await impatient.open()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await impatient.append("i1", [received("m1")])
        assert len(await impatient.events("i1")) == 1, "reading goes on"
        await failing(SqlStore(url, patience=0.1))
    assert await impatient.append("i1", [received("m1")])
    await impatient.close()


async def test_a_newer_database(begun: SqlStore, url: str) -> None:
    assert isinstance(begun._engine, Engine)
    with begun._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 99")
    error = await failing(SqlStore(url))
    assert isinstance(error, StoreTooNew)
    assert "schema 99" in error.message
    assert "Upgrade" in error.remedy


async def test_another_programs_tables(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (id)")
    assert "another program's tables (events)" in (await failing(SqlStore(f"sqlite:///{path}"))).message
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


async def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = await failing(SqlStore("postgresql://u:secret@host/name?password=secret"))
    assert "make serve" in error.remedy
    assert "secret" not in error.message


@pytest.mark.parametrize("url", ["", "not a url", "nosuchdb://x", "oracle+nosuch://x", "postgresql://u:secret@h:x/d"])
async def test_a_url_that_makes_no_sense(url: str) -> None:
    error = await failing(SqlStore(url))
    assert "secret" not in error.message
    assert isinstance(error, InterviewerError)
