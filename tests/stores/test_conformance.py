"""What ports.Store promises, on every database."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from interviewer.domain.errors import NotFoundError, StoreError
from interviewer.domain.grading import Outcome
from interviewer.domain.interview import Event, Mode, MoveKind
from interviewer.domain.state import fold
from interviewer.ports import InterviewSummary, Store
from interviewer.stores.sql import SqlStore

from .samples import AT, FakeClock, assessed, guide, received, sent, started, turned

per_example = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def kept(store: Store, interview: str = "i1") -> list[Event]:
    return [event for _, event in await store.events(interview)]


def test_it_is_a_store(store: SqlStore) -> None:
    held: Store = store
    assert held is store


async def test_a_guide_is_kept_as_it_was_first_read(store: SqlStore) -> None:
    await store.save_guide(guide())
    await store.save_guide(guide(text="Another reading of the same file."))
    assert await store.guide("r1") == guide()
    with pytest.raises(NotFoundError):
        await store.guide("r2")


async def test_events_come_back_in_order(begun: SqlStore) -> None:
    more: list[Event] = [received("m1"), assessed(1, "m1"), turned(1, "m1"), sent(1)]
    for event in more:
        assert await begun.append("i1", [event])
    rows = await begun.events("i1")
    assert [event for _, event in rows] == [started(), *more]
    numbers = [number for number, _ in rows]
    assert numbers == sorted(set(numbers))
    assert await begun.events("i1", after=numbers[2]) == rows[3:]
    assert await begun.events("i1", after=numbers[-1]) == []


async def test_a_batch_with_one_known_event_stores_nothing(begun: SqlStore) -> None:
    assert await begun.append("i1", [received("m1")])
    assert not await begun.append("i1", [received("m2"), received("m1", "redelivered"), turned(0)])
    assert await kept(begun) == [started(), received("m1")]
    assert (await begun.interviews())[0].status == "active"
    assert not await begun.append("i1", [started(), turned(0)])
    assert await begun.append("i1", [])


async def test_the_same_key_in_two_interviews_is_two_events(begun: SqlStore) -> None:
    await begun.append("i2", [started()])
    assert await begun.append("i1", [received("m1")])
    assert await begun.append("i2", [received("m1")])


async def test_only_a_start_makes_an_interview(store: SqlStore) -> None:
    await store.save_guide(guide())
    for attempt in (store.append("i1", [received("m1")]), store.events("i1"), store.acquire("i1", "w", 9)):
        with pytest.raises(NotFoundError):
            await attempt
    assert await store.interviews() == []


async def test_a_start_needs_its_guide(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="refused"):
        await store.append("i1", [started()])
    assert await store.interviews() == []


async def test_one_batch_may_hold_a_whole_interview(begun: SqlStore) -> None:
    ended = turned(1, "m1", kind=MoveKind.CLOSE, question=None, outcomes={"q1": Outcome.GRADED})
    assert await begun.append("i2", [started(), turned(0, kind=MoveKind.ASK), received("m1"), ended])
    summary = next(s for s in await begun.interviews() if s.id == "i2")
    assert (summary.status, summary.answered) == ("ended", 1)


async def test_a_summary_follows_the_turns(begun: SqlStore, clock: FakeClock) -> None:
    clock.tick(60)
    await begun.append("i1", [turned(0, kind=MoveKind.ASK)])
    outcomes = {"q1": Outcome.GRADED, "q2": Outcome.UNGRADED, "q3": Outcome.NOT_SHOWN}
    await begun.append("i1", [turned(1, kind=MoveKind.PAUSE, outcomes=outcomes)])
    assert await begun.interviews() == [
        InterviewSummary(
            id="i1",
            guide_id="g",
            guide_title="A guide",
            mode=Mode.PRACTICE,
            status="paused",
            candidate="cara",
            started_at=AT,
            updated_at=AT + timedelta(seconds=60),
            answered=1,
            planned=3,
        )
    ]


async def test_summaries_of_one_candidate_the_latest_first(begun: SqlStore, clock: FakeClock) -> None:
    for number, candidate in enumerate(("dora", "cara"), start=2):
        clock.tick()
        await begun.append(f"i{number}", [started(candidate)])
    assert [s.id for s in await begun.interviews()] == ["i3", "i2", "i1"]
    clock.tick()
    await begun.append("i1", [received("m1")])
    assert [s.id for s in await begun.interviews("cara")] == ["i1", "i3"]
    assert await begun.interviews("nobody") == []


KINDS = st.sampled_from([MoveKind.PROBE, MoveKind.PAUSE, MoveKind.REPEAT, MoveKind.CLARIFY])
SETTLED = st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), st.sampled_from(list(Outcome)), max_size=2)


@per_example
@given(taken=st.lists(st.tuples(KINDS, SETTLED), max_size=6))
async def test_a_summary_agrees_with_the_fold(
    begun: SqlStore, taken: list[tuple[MoveKind, dict[str, Outcome]]]
) -> None:
    name, settled = uuid4().hex, set[str]()
    await begun.append(name, [started(name), turned(0, kind=MoveKind.ASK)])
    for number, (kind, outcomes) in enumerate(taken, start=1):
        fresh = {q: o for q, o in outcomes.items() if q not in settled}
        settled |= set(fresh)
        await begun.append(name, [turned(number, kind=kind, outcomes=fresh)])
    state = fold(name, await kept(begun, name))
    (summary,) = await begun.interviews(name)
    assert summary.status == state.status
    assert summary.answered == sum(g.outcome is Outcome.GRADED for g in state.grades())


def plain(text: str) -> str:
    """What becomes of text: lone surrogates are replaced, and nothing else is changed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@per_example
@given(text=st.text(), message=st.text(min_size=1), candidate=st.text())
async def test_any_unicode_comes_back_equal(begun: SqlStore, text: str, message: str, candidate: str) -> None:
    name = uuid4().hex
    events: list[Event] = [
        started(candidate),
        received(message, text, name),
        assessed(1, message),
        turned(1, message, reply=text),
    ]
    assert await begun.append(name, events)
    assert await kept(begun, name) == events
    assert not await begun.append(name, [events[1]])
    assert name in [s.id for s in await begun.interviews(candidate)]


ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@per_example
@given(text=ANYTHING, message=ANYTHING, candidate=ANYTHING, name=ANYTHING)
async def test_no_answer_is_refused_for_a_character(
    begun: SqlStore, text: str, message: str, candidate: str, name: str
) -> None:
    name += uuid4().hex
    assert await begun.append(name, [started(candidate), received(message, text, name)])
    assert not await begun.append(name, [received(message, text, name)])
    assert await kept(begun, name) == [started(plain(candidate)), received(plain(message), plain(text), plain(name))]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud83d\ude00 and \ud83d", "\ufeffx", "'; drop table events; --"])
async def test_awkward_text(begun: SqlStore, text: str) -> None:
    await begun.append("i1", [received(text, text)])
    assert (await kept(begun))[-1] == received(plain(text), plain(text))


async def test_long_ids_keep_their_identity(begun: SqlStore) -> None:
    long = "m" * 5000
    assert await begun.append("i1", [received(long + "1")])
    assert await begun.append("i1", [received(long + "2")])
    assert not await begun.append("i1", [received(long + "1")])


async def test_a_lease_excludes_until_it_runs_out(begun: SqlStore, clock: FakeClock) -> None:
    assert await begun.acquire("i1", "one", 10)
    assert not await begun.acquire("i1", "two", 10)
    clock.tick(9)
    assert await begun.acquire("i1", "one", 10), "renewed"
    clock.tick(9)
    assert not await begun.acquire("i1", "two", 10)
    clock.tick(1)
    assert await begun.acquire("i1", "two", 10), "run out"
    assert not await begun.acquire("i1", "one", 10)


async def test_a_turn_ends_the_lease_that_it_was_taken_under(begun: SqlStore) -> None:
    assert await begun.acquire("i1", "one", 60)
    assert await begun.append("i1", [received("m1")])
    assert not await begun.acquire("i1", "two", 60), "a message ends nothing"
    assert await begun.append("i1", [turned(1, "m1")])
    assert await begun.acquire("i1", "two", 60)


async def test_a_lease_is_given_back_only_by_its_holder(begun: SqlStore) -> None:
    assert await begun.acquire("i1", "one", 10)
    await begun.release("i1", "two")
    assert not await begun.acquire("i1", "two", 10)
    await begun.release("i1", "one")
    assert await begun.acquire("i1", "two", 10)
    await begun.release("nowhere", "two")


async def test_forgetting_takes_one_interview_and_leaves_the_others(begun: SqlStore) -> None:
    await begun.append("i2", [started(), received("m1")])
    await begun.append("i1", [received("m1")])
    assert await begun.forget("i1")
    assert not await begun.forget("i1")
    for attempt in (begun.events("i1"), begun.append("i1", [received("m2")])):
        with pytest.raises(NotFoundError):
            await attempt
    assert await kept(begun, "i2") == [started(), received("m1")]
    assert await begun.guide("r1") == guide(), "still needed"
    assert await begun.forget("i2")
    with pytest.raises(NotFoundError):
        await begun.guide("r1")


async def test_what_is_old_is_forgotten_and_nothing_else(begun: SqlStore, clock: FakeClock) -> None:
    for number in range(250):
        await begun.append(f"old{number}", [started(), received("m1")])
    clock.tick(100)
    moment = clock.now
    await begun.append("old7", [received("m2")])
    await begun.append("new", [started()])
    gone = await begun.forget_before(moment)
    assert sorted(gone) == sorted(["i1", *(f"old{n}" for n in range(250) if n != 7)])
    assert sorted(s.id for s in await begun.interviews()) == ["new", "old7"]
    assert len(await begun.events("old7")) == 3
    assert await begun.forget_before(moment) == []
    assert await begun.guide("r1") == guide()


async def test_a_person_has_one_seat_until_its_interview_is_over_or_forgotten(begun: SqlStore) -> None:
    for name in ("i2", "i3"):
        await begun.append(name, [started(), turned(0, kind=MoveKind.ASK)])
    assert await begun.seat("chat:cara", "i1") == "i1"
    assert await begun.seat("chat:cara", "i1") == "i1"
    assert await begun.seat("chat:cara", "i2") == "i1"
    assert await begun.seat("chat:dora", "i2") == "i2"
    await begun.append("i1", [turned(1, kind=MoveKind.PAUSE)])
    assert await begun.seat("chat:cara", "i3") == "i1", "it only rests"
    await begun.append("i1", [turned(2, kind=MoveKind.CLOSE, question=None)])
    assert await begun.seat("chat:cara", "i3") == "i3"
    assert await begun.forget("i3")
    assert await begun.seat("chat:cara", "i1") == "i1"
    with pytest.raises(StoreError):
        await begun.seat("chat:fred", "no such interview")


async def test_of_many_who_take_a_seat_at_once_one_has_it(begun: SqlStore, url: str) -> None:
    others = [SqlStore(url) for _ in range(3)]
    for number, other in enumerate(others):
        await other.open()
        await begun.append(f"s{number}", [started()])
    taken = await asyncio.gather(*(o.seat("chat:cara", f"s{n}") for n, o in enumerate(others)))
    assert len(set(taken)) == 1
    for other in others:
        await other.close()


async def test_sequence_numbers_are_not_used_again(begun: SqlStore) -> None:
    await begun.append("i2", [started(), received("m1")])
    last = (await begun.events("i2"))[-1][0]
    await begun.forget("i2")
    await begun.append("i1", [received("m1")])
    assert (await begun.events("i1"))[-1][0] > last


async def test_everything_is_there_after_opening_again(begun: SqlStore, url: str) -> None:
    await begun.append("i1", [received("m1")])
    before = await begun.events("i1")
    await begun.close()
    await begun.close()
    await begun.open()
    await begun.open()
    assert await begun.events("i1") == before
    other = SqlStore(url)
    await other.open()
    assert await other.events("i1") == before
    await other.close()


async def test_a_closed_store_says_so(begun: SqlStore) -> None:
    await begun.close()
    with pytest.raises(StoreError, match="not open"):
        await begun.events("i1")


async def test_many_tasks_at_once(begun: SqlStore) -> None:
    results = await asyncio.gather(*(begun.append("i1", [received(f"m{n % 40}")]) for n in range(80)))
    assert sum(results) == 40
    assert len(await kept(begun)) == 41


async def test_of_two_stores_one_records_the_turn(begun: SqlStore, url: str) -> None:
    other = SqlStore(url)
    await other.open()
    for number in range(10):
        both = (s.append("i1", [turned(number, reply=r)]) for s, r in ((begun, "this"), (other, "that")))
        assert sorted(await asyncio.gather(*both)) == [False, True]
    assert len(await kept(begun)) == 11
    await other.close()


async def test_a_cancelled_append_is_whole_or_not_there(begun: SqlStore) -> None:
    for n in range(40):
        task = asyncio.create_task(begun.append("i1", [received(f"a{n}"), received(f"b{n}")]))
        await asyncio.sleep(n * 0.00005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    there = {event.message.id for event in await kept(begun) if event.type == "received"}
    assert all((f"a{n}" in there) == (f"b{n}" in there) for n in range(40))
    assert await begun.append("i1", [received("still working")])


async def test_what_a_cancelled_task_had_begun_is_finished_before_the_store_is_closed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqlStore(url)
    await store.open()
    at_work = threading.Event()
    connections: list[Any] = []

    def slowly(connection: Connection) -> None:
        connections.append(connection.connection.dbapi_connection)
        at_work.set()
        time.sleep(0.3)

    task = asyncio.create_task(store._write(slowly))
    await asyncio.to_thread(at_work.wait)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await store.close()
    with pytest.raises(Exception, match="closed"):
        connections[0].cursor().execute("SELECT 1")
