"""A worker's part in serving: hands, turns, what failed, what another left, and what happens when the store is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from interviewer.channels import chat_rota
from interviewer.channels.chat_hold import Hold
from interviewer.channels.chat_rota import Rota
from interviewer.domain.errors import (
    ChannelDown,
    EngineUnusable,
    InterviewBusy,
    NotFoundError,
    PlaceClosed,
    StoreDown,
    TurnConflict,
)
from interviewer.ports import Backlog, Claim, Limits
from interviewer.stores.sql import SqlStore
from tests.stores.samples import guide, moved, received, started

LEASE = 0.3
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_rota, "FIRST_AGAIN", 0.02)
    monkeypatch.setattr(chat_rota, "BUSY_AGAIN", 0.02)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = SqlStore(f"sqlite:///{tmp_path / 'interviews.sqlite'}")
    await store.open()
    await store.save_guide(guide())
    yield store
    await store.close()


async def chat(store: SqlStore, *names: str, space: str = "T1") -> None:
    for name in names:
        await store.append(name, [started(f"chat:{space}:{name}")])
        await store.append(name, [moved(f"chat:{space}:{name}:1")])


class Served:
    """Stands in for the desk's floor: notes whom it served, how many at once; `hold` keeps it at it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.left: list[bool] = []
        self.holds: list[Hold] = []
        self.at_once: set[str] = set()
        self.most = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self.faults: dict[str, list[Exception]] = {}

    async def __call__(self, name: str, hold: Hold) -> None:
        assert name not in self.at_once, "one at a time"
        self.names.append(name)
        self.left.append(hold.left)
        self.holds.append(hold)
        self.at_once.add(name)
        self.most = max(self.most, len(self.at_once))
        try:
            await self.hold.wait()
            await asyncio.sleep(0.001)
            if self.faults.get(name):
                raise self.faults[name].pop(0)
        finally:
            self.at_once.discard(name)


def rota(
    serve: Callable[[str, Hold], Awaitable[None]], store: SqlStore, *, slots: int = 8, limits: Limits | None = None
) -> Rota:
    return Rota(serve, store, limits or Limits(), slots=slots, lease=LEASE, poll=0.02)


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_waits_is_served_once_and_what_comes_too(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store)
    await chat(store, "a", "b")
    worker.serves("chat")
    await worker.settled()
    assert sorted(served.names) == ["a", "b"]
    await store.append("a", [received("m1", interview="a")])
    worker.due("a")
    await worker.settled()
    assert sorted(served.names) == ["a", "a", "b"]
    assert await store.backlog() == Backlog()
    await worker.drain(1)


async def test_what_comes_before_its_platform_is_served_waits(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store)
    await chat(store, "a")
    worker.due("a")
    await asyncio.sleep(0.05)
    assert served.names == []
    worker.serves("chat")
    await worker.settled()
    assert served.names == ["a"]
    await worker.drain(1)


async def test_what_comes_while_it_is_served_is_served_after(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store)
    await chat(store, "a")
    served.hold.clear()
    worker.serves("chat")
    await until(lambda: served.names == ["a"])
    for number in range(3):
        await store.append("a", [received(f"m{number}", interview="a")])
        worker.due("a")
    served.hold.set()
    await worker.settled()
    assert served.names == ["a", "a"]
    await worker.drain(1)


async def test_only_so_many_at_once_and_someone_with_much_to_say_waits_for_the_others(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store, slots=2)
    await chat(store, "chatty", *(f"p{n}" for n in range(6)))
    worker.serves("chat")
    for number in range(30):
        await store.append("chatty", [received(f"m{number}", interview="chatty")])
        worker.due("chatty")
        await asyncio.sleep(0)
    await worker.settled()
    assert served.most == 2
    first = [served.names.index(f"p{n}") for n in range(6)]
    assert served.names[: max(first)].count("chatty") <= 2 + max(first) // 2
    await worker.drain(1)


async def test_a_workspace_leaves_hands_for_others(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store, slots=4, limits=Limits(space=2))
    served.hold.clear()
    await chat(store, "a", "b", "c", space="T1")
    await chat(store, "z", space="T2")
    worker.serves("chat")
    await until(lambda: len(served.names) == 3)
    await asyncio.sleep(0.05)
    assert sorted(served.names) == ["a", "b", "z"]
    served.hold.set()
    await worker.settled()
    assert sorted(served.names) == ["a", "b", "c", "z"]
    await worker.drain(1)


async def test_how_many_are_ahead_is_told_where_it_is_long(store: SqlStore) -> None:
    served = Served()
    worker = rota(served, store, slots=1)
    served.hold.clear()
    await chat(store, "a")
    worker.serves("chat")
    await until(lambda: served.names == ["a"])
    await chat(store, "b", "c", "d")
    assert [await worker.ahead(name) for name in "bcd"] == [0, 1, 2]
    served.hold.set()
    await worker.settled()
    assert await worker.ahead("c") == 0
    await worker.drain(1)


async def test_what_failed_is_tried_again_and_what_cannot_be_is_not(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served()
    served.faults = {
        "down": [ChannelDown("Down."), ChannelDown("Down.", after=0.01), StoreDown("Away.")],
        "busy": [InterviewBusy("Busy."), TurnConflict("Answered.")],
        "odd": [ZeroDivisionError("a candidate's words")],
        "key": [EngineUnusable("a candidate's words", reason="auth")],
        "gone": [NotFoundError("Gone.")],
        "shut": [PlaceClosed("Shut.")],
    }
    worker = rota(served, store)
    await chat(store, *served.faults)
    worker.serves("chat")
    await worker.settled()
    assert {name: served.names.count(name) for name in served.faults} == {
        "down": 4,
        "busy": 3,
        "odd": 2,
        "key": 2,
        "gone": 1,
        "shut": 1,
    }
    assert "ZeroDivisionError" in caplog.text
    assert "EngineUnusable (auth); trying again" in caplog.text
    assert "candidate's words" not in caplog.text
    await worker.drain(1)


async def test_a_worker_that_died_is_replaced_when_its_time_is_up(store: SqlStore) -> None:
    served = Served()
    await chat(store, "a")
    (claim,) = await store.take("dead", 1, LEASE, Limits())
    began = asyncio.get_running_loop().time()
    worker = rota(served, store)
    worker.serves("chat")
    await worker.settled()
    assert served.names == [claim.interview_id]
    assert served.left == [True]
    assert asyncio.get_running_loop().time() - began >= LEASE * 0.9
    await worker.drain(1)


async def test_what_takes_longer_than_a_lease_is_held_on_to(store: SqlStore) -> None:
    slow, other = Served(), Served()
    slow.hold.clear()
    await chat(store, "a")
    worker, second = rota(slow, store), rota(other, store)
    worker.serves("chat")
    await until(lambda: slow.names == ["a"])
    second.serves("chat")
    await asyncio.sleep(LEASE * 3)
    slow.hold.set()
    await worker.settled()
    assert (slow.names, other.names) == (["a"], [])
    await worker.drain(1)
    await second.drain(1)


async def test_what_ran_out_unnoticed_is_not_served_twice_at_once(shaky: Away) -> None:
    """A lease runs out while the database is away; it comes back, and this very worker is the first to look."""
    served = Served()
    served.hold.clear()
    await chat(shaky, "a")
    worker = rota(served, shaky)
    worker.serves("chat")
    await until(lambda: served.names == ["a"])
    worker._loops[1].cancel()
    await asyncio.sleep(LEASE * 1.5)
    assert (await shaky.backlog()).waiting <= 1
    await asyncio.sleep(0.1)
    assert served.names == ["a"], "Served would complain of a second at once"
    served.hold.set()
    await worker.settled()
    await worker.drain(1)


async def test_who_was_taken_over_from_stops(store: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    served = Served()
    served.hold.clear()
    await chat(store, "a")
    worker = rota(served, store)
    worker.serves("chat")
    await until(lambda: served.names == ["a"])
    await store.forget("a")
    await until(lambda: not worker.working)
    assert "taken over" in caplog.text
    assert served.holds[0].over
    await worker.drain(1)


class Away(SqlStore):
    """A store whose server is away while `away` is set."""

    away = False

    async def take(self, *args: object, **more: object) -> list[Claim]:
        return await self._unless_away(super().take(*args, **more))  # type: ignore[arg-type]

    async def keep(self, *args: object) -> set[str]:
        return await self._unless_away(super().keep(*args))  # type: ignore[arg-type]

    async def done(self, *args: object) -> bool:
        return await self._unless_away(super().done(*args))  # type: ignore[arg-type]

    async def _unless_away(self, work: Awaitable[T]) -> T:
        done = await work
        if self.away:
            raise StoreDown("Away.")
        return done


@pytest.fixture
async def shaky(store: SqlStore, tmp_path: Path) -> AsyncIterator[Away]:
    away = Away(f"sqlite:///{tmp_path / 'interviews.sqlite'}")
    await away.open()
    yield away
    await away.close()


async def test_a_store_that_is_away_is_waited_for(shaky: Away, caplog: pytest.LogCaptureFixture) -> None:
    served = Served()
    shaky.away = True
    await chat(shaky, "a", "b")
    worker = rota(served, shaky)
    worker.serves("chat")
    await asyncio.sleep(0.1)
    assert served.names == []
    shaky.away = False
    await worker.settled()
    assert sorted(served.names) == ["a", "b"], "also what was taken without our knowing"
    assert "cannot be looked at: StoreDown" in caplog.text
    await worker.drain(1)


async def test_what_cannot_be_held_on_to_is_given_up_in_time(shaky: Away) -> None:
    served = Served()
    served.hold.clear()
    await chat(shaky, "a")
    worker = rota(served, shaky)
    worker.serves("chat")
    await until(lambda: served.names == ["a"])
    shaky.away = True
    await until(lambda: not worker.working, 5)
    shaky.away = False
    served.hold.set()
    await worker.settled()
    assert served.names == ["a", "a"]
    await worker.drain(1)


async def test_draining_finishes_and_gives_back_the_rest(store: SqlStore) -> None:
    quick, slow = Served(), Served()
    slow.hold.clear()

    async def serve(name: str, hold: Hold) -> None:
        await (slow if name == "slow" else quick)(name, hold)

    await chat(store, "slow", "quick")
    worker = rota(serve, store)
    worker.serves("chat")
    await until(lambda: quick.names == ["quick"] and slow.names == ["slow"])
    await worker.drain(0.05)
    await store.append("quick", [received("m1", interview="quick")])
    worker.due("quick")
    await asyncio.sleep(0.05)
    assert (quick.names, slow.names) == (["quick"], ["slow"]), "nothing new"
    slow.hold.set()
    other = rota(serve, store)
    other.serves("chat")
    async with asyncio.timeout(LEASE * 0.9):
        await other.settled()
    assert (quick.names, slow.names) == (["quick"] * 2, ["slow"] * 2)
    await other.drain(1)


async def test_what_is_being_taken_is_not_left_behind(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    served, taking, take = Served(), asyncio.Event(), store.take

    async def slowly(*args: object) -> list[Claim]:
        claims = await take(*args)  # type: ignore[arg-type]
        taking.set()
        await asyncio.sleep(0.05)
        return claims

    monkeypatch.setattr(store, "take", slowly)
    await chat(store, "a")
    worker = rota(served, store)
    worker.serves("chat")
    await taking.wait()
    await worker.drain(1)
    assert (await store.backlog()).held == 0


async def test_what_was_taken_and_not_begun_is_given_back(store: SqlStore) -> None:
    served = Served()
    await chat(store, "a")
    worker = rota(served, store)
    await worker._take()
    worker.cancel("a")
    await worker.drain(0)
    assert served.names == []
    backlog = await store.backlog()
    assert (backlog.waiting, backlog.held) == (1, 0)


async def test_work_beside_is_waited_for_and_its_faults_are_logged_without_their_text(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    worker, done = rota(Served(), store), []

    async def slow() -> None:
        await asyncio.sleep(0.05)
        done.append(1)

    async def broken() -> None:
        raise ValueError("a candidate's words")

    worker.beside(slow())
    worker.beside(broken())
    await worker.drain(1)
    assert done == [1]
    assert "ValueError" in caplog.text
    assert "words" not in caplog.text
