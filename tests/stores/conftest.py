"""One store on each database the suite knows, with a clock that moves when told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from interviewer.stores.sql import SqlStore
from tests.postgres import Postgres

from .samples import FakeClock, guide, started


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database. Another kind is one more parameter and one more case here."""
    match request.param:
        case "sqlite":
            yield f"sqlite:///{tmp_path / 'data' / 'interviews.sqlite'}"
        case "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            name = f"test_{uuid4().hex}"
            yield server.create(name)
            server.drop(name)
        case other:
            raise AssertionError(other)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(url: str, clock: FakeClock) -> AsyncIterator[SqlStore]:
    store = SqlStore(url, clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def begun(store: SqlStore) -> SqlStore:
    """A store with an interview "i1" that has begun."""
    await store.save_guide(guide())
    await store.append("i1", [started()])
    return store
