"""What only a server does: it is not there, goes away in the middle, keeps locks, lets some in and others not."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import psycopg
import pytest

from interviewer.domain.errors import StoreDown, StoreError
from interviewer.domain.interview import Received
from interviewer.stores import postgres as of_postgres
from interviewer.stores.sql import SqlStore
from tests.postgres import PASSWORD, QUOTED, Postgres, free_port

from .samples import ON_POSTGRESQL, guide, received, started, turned
from .severing import Cable

pytestmark = ON_POSTGRESQL


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server of this test's own, to stop and start."""
    with Postgres() as server:
        yield server


async def opened(url: str, patience: float = 5.0) -> SqlStore:
    store = SqlStore(url, patience=patience)
    await store.open()
    await store.save_guide(guide())
    await store.append("i1", [started()])
    return store


async def failing(url: str, patience: float = 0.2) -> StoreError:
    """The error of opening a store, which holds nothing secret, nor does anything that led to it."""
    store = SqlStore(url, patience=patience)
    with pytest.raises(StoreError) as caught:
        await store.open()
    await store.close()
    assert caught.value.remedy
    whole = "".join(traceback.format_exception(caught.value))
    assert not [part for part in (PASSWORD, QUOTED, "sesame", "secret") if part in whole]
    return caught.value


async def test_a_server_that_is_not_there(url: str) -> None:
    error = await failing(f"postgresql://me:secret@127.0.0.1:{free_port()}/interviews")
    assert isinstance(error, StoreDown)
    assert error.message == "The database interviews on 127.0.0.1 cannot be reached."


async def test_a_host_that_nobody_knows(url: str) -> None:
    error = await failing("postgresql://me:secret@no-such-host.invalid/interviews")
    assert "cannot be reached" in error.message


async def test_whom_the_server_does_not_let_in(url: str, postgres: Postgres) -> None:
    name = url.rsplit("/", 1)[1]
    for address in (postgres.url(name, password="secret"), url.replace("//interviewer", "//nobody")):
        assert "does not let this user in" in (await failing(address)).message


async def test_a_database_that_does_not_exist(url: str, postgres: Postgres) -> None:
    error = await failing(postgres.url("nowhere"))
    assert error.message == "The database nowhere on 127.0.0.1 does not exist."


@pytest.mark.parametrize("option", ["sslmode=secret", "nonsense=secret", "connect_timeout=secret"])
async def test_an_option_that_makes_no_sense(url: str, option: str) -> None:
    assert "an option that makes no sense" in (await failing(f"{url}?{option}")).message


async def test_a_server_without_encryption_where_it_is_wanted(url: str) -> None:
    assert "both sides find safe" in (await failing(f"{url}?sslmode=require")).message


@pytest.mark.parametrize("says", [None, b"", b"E", b"ESFATAL\0C57P03\0Mthe database system is shutting down\0\0"])
@pytest.mark.parametrize("abruptly", [False, True])
async def test_a_server_that_breaks_off_while_it_is_connected_to_is_away_for_a_while(
    url: str, says: bytes | None, abruptly: bool
) -> None:
    def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def soon() -> None:
            if says is not None:
                await reader.readexactly(8)  # it asks whether there is SSL
                writer.write(says)
            if abruptly:
                linger = struct.pack("ii", 1, 0)  # the other side is told by a reset
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.close()

        closing.append(asyncio.ensure_future(soon()))

    closing: list[asyncio.Future[None]] = []
    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        error = await failing(f"postgresql://me:secret@127.0.0.1:{port}/interviews")
        assert isinstance(error, StoreDown), error.message
    assert closing


@pytest.mark.parametrize("password", ["se@secret", "@secret", "se/secret@x", "a:secret", "sec?ret@secret", "#@secret/"])
async def test_a_password_that_was_not_escaped(url: str, password: str) -> None:
    await failing(f"postgresql://me:{password}@127.0.0.1:1/interviews")


async def test_a_user_who_may_not_make_tables(url: str, postgres: Postgres) -> None:
    role = f"guest_{uuid4().hex}"
    postgres.do(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    name = url.rsplit("/", 1)[1]
    error = await failing(f"postgresql://{role}:secret@127.0.0.1:{postgres.port}/{name}")
    assert "may not do this" in error.message


async def test_a_server_that_takes_no_changes(url: str) -> None:
    error = await failing(f"{url}?options=-c%20default_transaction_read_only%3Don")
    assert "takes no changes" in error.message


async def test_what_the_address_says_about_waiting_holds(url: str) -> None:
    store = await opened(f"{url}?application_name=mine")
    assert store._engine is not None
    with store._engine.connect() as connection:
        settings = [connection.exec_driver_sql(f"SHOW {n}").scalar() for n in ("application_name", "lock_timeout")]
    assert settings == ["mine", "5s"]
    await store.close()


async def test_a_lock_is_waited_for_only_so_long(url: str) -> None:
    store = await opened(url, patience=0.2)
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM interviews FOR UPDATE")
        with pytest.raises(StoreError, match="locked"):
            await store.append("i1", [received("m1")])
        assert len(await store.events("i1")) == 1, "reading goes on"
    assert await store.append("i1", [received("m1")])
    await store.close()


async def test_a_statement_that_never_ends_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_postgres, "STATEMENT_SECONDS", 0.2)
    store = await opened(url)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE interviews")
        with pytest.raises(StoreError, match="took too long"):
            await store.append("i1", [received("m1")])
    assert await store.append("i1", [received("m1")])
    await store.close()


async def test_connections_that_were_broken_off_are_made_anew(url: str) -> None:
    store = await opened(url)
    await asyncio.gather(*(store.append("i1", [received(f"a{n}")]) for n in range(20)))
    for round_ in range(5):
        with psycopg.connect(url, autocommit=True) as other:
            others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            other.execute(f"SELECT pg_terminate_backend(pid) FROM {others}")
        results = await asyncio.gather(*(store.append("i1", [received(f"b{round_}{n}")]) for n in range(20)))
        assert all(results)
    assert len(await store.events("i1")) == 121
    await store.close()


@pytest.fixture
async def cable(postgres: Postgres) -> AsyncIterator[Cable]:
    async with Cable(postgres.port) as made:
        yield made


async def test_a_commit_whose_answer_is_lost_is_known_to_be_ours(url: str, postgres: Postgres, cable: Cable) -> None:
    store = await opened(url.replace(str(postgres.port), str(cable.port)) + "?sslmode=disable&gssencmode=disable")
    for number in range(5):
        cable.cut_behind = b"COMMIT"
        assert await store.append("i1", [turned(number, reply="ours")]), "it was stored, and by us"
    assert cable.cuts == 5
    assert not await store.append("i1", [turned(4, reply="ours")]), "without a lost answer it is a duplicate"
    cable.cut_behind = b"INSERT INTO events"
    assert not await store.append("i1", [turned(4, reply="another's")])
    assert [e.turn.reply for _, e in await store.events("i1") if e.type == "turned"] == ["ours"] * 5
    cable.cut_behind = b"COMMIT"
    assert await store.acquire("i1", "me", 10)
    cable.cut_behind = b"COMMIT"
    assert await store.forget("i1")
    assert cable.cuts == 8
    await store.close()


async def test_the_server_is_started_again_while_messages_come(own: Postgres, url: str) -> None:
    store = await opened(own.create("interviews"), patience=20)
    accepted: list[str] = []

    async def send(sender: str) -> None:
        for number in range(60):
            assert await store.append("i1", [received(f"{sender}{number}")])
            accepted.append(f"{sender}{number}")
            await asyncio.sleep(0.005)

    sending = [asyncio.create_task(send(sender)) for sender in "abcdef"]
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        await asyncio.sleep(0.1)
        await asyncio.to_thread(own.stop, how)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(own.start)
    await asyncio.gather(*sending)
    kept = [event.message.id for _, event in await store.events("i1") if isinstance(event, Received)]
    assert sorted(kept) == sorted(accepted)
    await store.close()


async def test_a_server_that_stays_away_is_told_of_and_found_again(own: Postgres, url: str) -> None:
    store = await opened(own.create("interviews"), patience=0.3)
    own.stop()
    with pytest.raises(StoreDown, match="cannot be reached"):
        await store.append("i1", [received("m1")])
    own.start()
    assert await store.append("i1", [received("m1")])
    await store.close()
