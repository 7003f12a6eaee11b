"""What is true of SQLite's file: private to the user, durable, and free of what was forgotten."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from interviewer.domain.errors import StoreError
from interviewer.stores import sqlite
from interviewer.stores.sql import SqlStore

from .samples import guide, received, started, turned


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "deep" / "interviews.sqlite"


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def opened(path: Path, patience: float = 5.0) -> SqlStore:
    store = SqlStore(f"sqlite:///{path}", patience=patience)
    await store.open()
    await store.save_guide(guide())
    return store


@pytest.mark.usefixtures("lax_umask")
async def test_the_file_and_its_folder_are_the_users_alone(path: Path) -> None:
    store = await opened(path)
    await store.append("i1", [started()])
    assert mode(path.parent) == mode(path.parent.parent) == 0o700
    files = sorted(path.parent.iterdir())
    assert [f.name for f in files] == ["interviews.sqlite", "interviews.sqlite-shm", "interviews.sqlite-wal"]
    assert {mode(f) for f in files} == {0o600}
    await store.close()
    assert [f.name for f in path.parent.iterdir()] == ["interviews.sqlite"]


@pytest.fixture
def others_may_read(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    path = tmp_path / "interviews.sqlite"
    path.touch(mode=0o644)
    return path


async def test_a_folder_that_was_there_keeps_its_rights_and_a_file_loses_others(others_may_read: Path) -> None:
    await (await opened(others_may_read)).close()
    assert (mode(others_may_read.parent), mode(others_may_read)) == (0o755, 0o600)


async def test_the_disk_is_told_to_keep_what_was_committed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    synced = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sync(database: str) -> None:
        told.append(database)
        loop.call_soon_threadsafe(synced.set)

    monkeypatch.setattr(sqlite, "sync", sync)
    store = await opened(path)
    await store.append("i1", [started()])
    await store.append("i1", [received("m1")])
    async with asyncio.timeout(5):
        await synced.wait()
    assert told == [str(path)], "once for all commits of a moment"
    await store.append("i1", [received("m2")])
    await store.close()
    assert len(told) == 2, "nothing is left undone at the end"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_log_is_what_is_synchronised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await opened(path)
    await store.append("i1", [started()])
    files: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        files.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    sqlite.sync(str(path))
    assert files == [f"{path}-wal"]
    await store.close()
    sqlite.sync(str(path))  # the log is gone, and what it held is in the file


async def test_pragmas(path: Path) -> None:
    store = await opened(path)
    assert store._engine is not None
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "secure_delete": 1}
    with store._engine.connect() as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
    await store.close()


def remains(path: Path, word: str) -> list[str]:
    return [f.name for f in path.parent.iterdir() if word.encode() in f.read_bytes()]


async def test_what_is_forgotten_is_in_no_file(path: Path) -> None:
    """Many interviews grow side by side, so that SQLite splits pages and moves rows about; then some are forgotten."""
    store, dice = await opened(path), random.Random(4)
    names = {number: f"word{dice.randrange(10**12):012d}" for number in range(30)}
    for word in names.values():
        await store.append(word, [started(candidate=word * dice.randint(1, 9))])
    for number in range(400):
        word = dice.choice(list(names.values()))
        message = received(f"{number}-{word}", f"{word} " * dice.randint(1, 500), word)
        await store.append(word, [message, turned(number, reply=word)])
        await store.acquire(word, word * dice.randint(1, 20), 1)
    gone = dice.sample(list(names.values()), 10)
    for word in gone:
        assert remains(path, word)
        await store.forget(word)
    assert {word: found for word in gone if (found := remains(path, word))} == {}
    assert all(remains(path, word) for word in set(names.values()) - set(gone))
    await store.close()


async def test_a_guide_that_nobody_needs_is_in_no_file(path: Path) -> None:
    store = await opened(path)
    await store.save_guide(guide("r2", "A point nobody else makes."))
    await store.append("i2", [started(revision="r2")])
    assert remains(path, "nobody else")
    await store.forget("i2")
    assert not remains(path, "nobody else")
    await store.close()


async def test_forgetting_says_when_bytes_remain_and_makes_up_for_it(path: Path) -> None:
    store = await opened(path, patience=0.1)
    await store.append("i1", [started(), received("m1", "unforgettable")])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        with pytest.raises(StoreError, match="bytes remain"):
            await store.forget("i1")
        assert remains(path, "unforgettable")
    assert not await store.forget("i1")
    assert not remains(path, "unforgettable")
    await store.close()


async def test_opening_clears_what_a_killed_process_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await opened(path)
    await store.append("i1", [started(), received("m1", "unforgettable")])
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "scrub_if_owed", killed)
        with pytest.raises(StoreError):
            await store.forget("i1")
    await store.close()
    await (await opened(path)).close()
    assert not remains(path, "unforgettable")


def killed(_connection: object) -> None:
    raise StoreError("killed just now")


async def test_a_database_in_memory() -> None:
    store = SqlStore("sqlite://")
    await store.open()
    await store.save_guide(guide())
    await store.append("i1", [started(), received("m1")])
    assert len(await store.events("i1")) == 2
    assert await store.forget("i1")
    await store.close()


async def test_a_new_file_that_another_process_is_writing_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses to turn on WAL at once then, without the wait that its timeout stands for."""
    path = tmp_path / "new.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE elsewhere (x)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO elsewhere VALUES (1)")
        opening = asyncio.create_task(opened(path))
        await asyncio.sleep(0.3)
        other.execute("COMMIT")
    store = await opening
    await store.close()
