"""What ports.Work promises, on every database: all that is stored is served, by one worker at a time, in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from interviewer.domain.interview import Edited, Event, MoveKind, Withdrawn
from interviewer.ports import Backlog, Claim, Limits, Work
from interviewer.stores.sql import SqlStore

from .samples import AT, FakeClock, assessed, moved, received, sent, started, turned

ANY = Limits(quiet=0)


async def chat(store: SqlStore, name: str, candidate: str = "", place: str = "") -> None:
    """An interview in a chat, of a person of its own, that begins to wait now."""
    await store.append(name, [started(candidate or f"chat:T1:{name}"), turned(0, kind=MoveKind.ASK)])
    await store.append(name, [moved(place or f"chat:T1:{name}:1")])


async def taken(store: SqlStore, worker: str = "one", count: int = 9, limits: Limits = ANY) -> list[str]:
    return [claim.interview_id for claim in await store.take(worker, count, 10, limits)]


async def served(store: SqlStore, worker: str = "one") -> list[str]:
    """Serve everything that waits, completely."""
    claims = await store.take(worker, 100, 10, ANY)
    for claim in claims:
        await store.done(worker, claim)
    return [claim.interview_id for claim in claims]


def test_it_is_work(store: SqlStore) -> None:
    held: Work = store
    assert held is store


async def test_what_is_held_in_no_chat_never_waits(begun: SqlStore) -> None:
    await begun.append("i1", [received("m1")])
    assert await taken(begun) == []
    assert await begun.backlog() == Backlog()


async def test_a_place_and_whatever_is_said_there_wait_until_they_are_served(begun: SqlStore, clock: FakeClock) -> None:
    await chat(begun, "a")
    assert await served(begun) == ["a"]
    news: list[Event] = [
        received("m1", interview="a"),
        Edited(message_id="m1", text="else", at=AT),
        Withdrawn(message_id="m1", at=AT),
        moved("chat:T1:C2:1", AT + timedelta(seconds=1)),
    ]
    for number, event in enumerate(news):
        clock.tick()
        await begun.append("a", [event])
        assert await served(begun) == ["a"], number
        assert await served(begun) == []


async def test_what_workers_record_themselves_is_no_news(begun: SqlStore) -> None:
    await chat(begun, "a")
    await served(begun)
    await begun.append("a", [assessed(1, "m1")])
    await begun.append("a", [turned(1, "m1"), sent(1)])
    assert await taken(begun) == []


async def test_a_message_that_is_refused_as_known_is_no_news(begun: SqlStore) -> None:
    await chat(begun, "a")
    await begun.append("a", [received("m1", interview="a")])
    await served(begun)
    assert not await begun.append("a", [received("m1", interview="a")])
    assert await taken(begun) == []


async def test_the_longest_waiting_first_and_each_by_one_worker(begun: SqlStore, clock: FakeClock) -> None:
    for name in "dbca":
        await chat(begun, name)
        clock.tick()
    assert await taken(begun, "one", 2) == ["d", "b"]
    assert await taken(begun, "two", 9) == ["c", "a"]
    assert await taken(begun, "three") == []


async def test_someone_with_much_to_say_goes_to_the_end(begun: SqlStore, clock: FakeClock) -> None:
    for name in ("chatty", "quiet"):
        await chat(begun, name)
        clock.tick()
    order = []
    for number in range(4):
        (claim,) = await begun.take("one", 1, 10, ANY)
        order.append(claim.interview_id)
        for more in range(5):
            clock.tick()
            await begun.append("chatty", [received(f"m{number}-{more}", interview="chatty")])
        await begun.append("quiet", [received(f"m{number}", interview="quiet")])
        await begun.done("one", claim)
    assert order == ["chatty", "quiet", "chatty", "quiet"]


async def test_what_came_meanwhile_waits_again(begun: SqlStore, clock: FakeClock) -> None:
    await chat(begun, "a")
    (claim,) = await begun.take("one", 1, 10, ANY)
    clock.tick()
    await begun.append("a", [received("m1", interview="a")])
    assert await taken(begun, "two") == [], "it is being served"
    assert not await begun.done("one", claim)
    (claim,) = await begun.take("two", 1, 10, ANY)
    assert await begun.done("two", claim)


async def test_a_worker_that_died_is_replaced_when_its_time_is_up(begun: SqlStore, clock: FakeClock) -> None:
    await chat(begun, "a")
    (lost,) = await begun.take("dead", 1, 10, ANY)
    clock.tick(9)
    assert await taken(begun, "two") == []
    clock.tick(1)
    (claim,) = await begun.take("two", 1, 10, ANY)
    assert (claim.interview_id, claim.left, lost.left) == ("a", True, False)
    assert await begun.keep("dead", ["a"], 10) == set()
    await begun.done("dead", lost)
    clock.tick(9)
    assert await taken(begun, "three") == [], "of no effect for who has lost it"
    assert await begun.keep("two", ["a"], 10) == {"a"}
    clock.tick(9)
    assert await taken(begun, "three") == [], "it was held on to"


async def test_quick_messages_wait_for_quiet_but_not_for_ever(begun: SqlStore, clock: FakeClock) -> None:
    limits = Limits(quiet=2)
    await chat(begun, "a")
    await served(begun)
    for number in range(12):
        await begun.append("a", [received(f"m{number}", interview="a")])
        assert await taken(begun, limits=limits) == [], number
        clock.tick(1)
    assert await taken(begun, limits=limits) == ["a"], "six times as long is enough"


async def test_a_little_quiet_is_enough_and_a_hurry_needs_none(begun: SqlStore, clock: FakeClock) -> None:
    limits = Limits(quiet=2)
    for name in "abc":
        await chat(begun, name)
    assert [c.interview_id for c in await begun.take("one", 9, 10, limits, ["b", "no such"])] == ["b"]
    clock.tick(2)
    assert await taken(begun, limits=limits) == ["a", "c"]


async def test_what_failed_is_tried_again_after_a_while_or_when_there_is_news(
    begun: SqlStore, clock: FakeClock
) -> None:
    await chat(begun, "a")
    for tries in range(3):
        (claim,) = await begun.take("one", 1, 10, ANY)
        assert claim.tries == tries
        await begun.done("one", claim, again=30)
        clock.tick(29)
        assert await taken(begun) == []
        clock.tick(1)
    (claim,) = await begun.take("one", 1, 10, ANY)
    await begun.done("one", claim, again=30)
    await begun.append("a", [received("m1", interview="a")])
    (claim,) = await begun.take("one", 1, 10, ANY)
    assert claim.tries == 1, "the waiting begins anew, and it is not forgotten that it was tried"
    for left, tries in ((True, 1), (False, 0)):
        assert await begun.done("one", claim.model_copy(update={"left": left}))
        await begun.append("a", [received(f"after-{tries}", interview="a")])
        (claim,) = await begun.take("one", 1, 10, ANY)
        assert claim.tries == tries, "whether something of a reply may be seen"


async def test_of_one_person_and_of_one_workspace_only_so_many_at_once(begun: SqlStore, clock: FakeClock) -> None:
    limits = Limits(person=1, space=3)
    for number in range(3):
        await chat(begun, f"ada{number}", "chat:T1:ada")
        clock.tick()
    for number in range(4):
        await chat(begun, f"t{number}")
        clock.tick()
    await chat(begun, "other", place="chat:T2:C1:1")
    first = await begun.take("one", 9, 60, limits)
    assert [c.interview_id for c in first] == ["ada0", "t0", "t1", "other"]
    assert await taken(begun, "two", limits=limits) == []
    await begun.done("one", first[0])
    assert await taken(begun, "two", limits=limits) == ["ada1"]
    await begun.done("one", first[1])
    assert await taken(begun, "two", limits=limits) == ["t2"], "ada is being served"


async def test_where_there_is_no_workspace_people_do_not_share_a_limit(begun: SqlStore) -> None:
    for number in range(4):
        await chat(begun, f"d{number}", place=f"chat::D{number}:direct")
    assert len(await taken(begun, limits=Limits(space=1))) == 4


async def test_a_worker_is_given_what_it_can_serve(begun: SqlStore) -> None:
    await chat(begun, "a", place="slack:T1:C1:1")
    await chat(begun, "b", place="discord::D1:direct")
    assert await taken(begun, limits=Limits(platforms=("irc",))) == []
    assert await taken(begun, limits=Limits(platforms=("irc", "discord"))) == ["b"]
    assert await taken(begun) == ["a"]


async def test_a_place_in_the_queue_and_how_long_it_is(begun: SqlStore, clock: FakeClock) -> None:
    for name in "abcd":
        await chat(begun, name)
        clock.tick()
    assert [await begun.ahead(name) for name in ("a", "d", "no such")] == [0, 3, 0]
    assert await begun.backlog() == Backlog(waiting=4, held=0, oldest=4)
    (claim,) = await begun.take("one", 1, 10, ANY)
    assert [await begun.ahead(name) for name in "abd"] == [0, 0, 2]
    assert await begun.backlog() == Backlog(waiting=3, held=1, oldest=3)
    await begun.done("one", claim)
    assert await begun.ahead("a") == 0


async def test_what_is_forgotten_waits_no_more(begun: SqlStore) -> None:
    await chat(begun, "a")
    (claim,) = await begun.take("one", 1, 10, ANY)
    await begun.forget("a")
    await begun.done("one", claim)
    await begun.done("one", claim, again=0)
    assert await begun.backlog() == Backlog()
    assert await begun.keep("one", ["a"], 10) == set()


async def test_nothing_asked_for_is_nothing_taken(begun: SqlStore) -> None:
    await chat(begun, "a")
    assert await begun.take("one", 0, 10, ANY) == []
    assert await begun.keep("one", [], 10) == set()


async def test_workers_at_once_serve_everything_and_nothing_twice(begun: SqlStore, url: str) -> None:
    """Messages keep coming while four workers, each with a store of its own, take, serve and give back."""
    names = [f"c{n}" for n in range(12)]
    for name in names:
        await chat(begun, name)
    serving, doubled = Counter[str](), list[str]()
    heard: dict[str, set[str]] = {name: set() for name in names}
    ended = asyncio.Event()

    async def work(worker: str) -> None:
        store = SqlStore(url)
        await store.open()
        while not ended.is_set() or (await store.backlog()).waiting:
            for claim in await store.take(worker, 3, 60, ANY):
                name = claim.interview_id
                doubled.extend([name] if serving[name] else [])
                serving[name] += 1
                heard[name] = {e.message.id for _, e in await store.events(name) if e.type == "received"}
                serving[name] -= 1
                await store.done(worker, claim)
            await asyncio.sleep(0.001)
        await store.close()

    async def say(name: str) -> None:
        for number in range(8):
            await begun.append(name, [received(f"m{number}", interview=name)])
            await asyncio.sleep(0.002)

    workers = [asyncio.create_task(work(f"w{n}")) for n in range(4)]
    await asyncio.gather(*(say(name) for name in names))
    ended.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*workers)
    assert doubled == []
    assert all(heard[name] == {f"m{n}" for n in range(8)} for name in names), "the last service saw everything"
    assert await begun.backlog() == Backlog()


@pytest.mark.parametrize("again", [None, 0.0])
async def test_giving_back_what_one_never_had_changes_nothing(begun: SqlStore, again: float | None) -> None:
    await chat(begun, "a")
    await begun.done("stranger", Claim(interview_id="a", news=1), again)
    assert (await begun.backlog()).waiting == 1


async def test_what_goes_on_on_a_platform_is_found_with_who_wrote_what(begun: SqlStore) -> None:
    await chat(begun, "a", place="chat:T1:C1:1")
    await chat(begun, "b", place="else:T1:C1:1")
    await chat(begun, "over", place="chat:T1:C1:2")
    await begun.append("i1", [received("m1")])
    for name, long in (("a", "a" * 300), ("b", "mb"), ("over", "mo")):
        await begun.append(name, [received(long, interview=name)])
    await begun.append("over", [turned(1, kind=MoveKind.CLOSE)])
    assert await begun.going("chat") == ["a"]
    assert await begun.author("chat", "a" * 300) == "chat:T1:a"
    assert [await begun.author("chat", name) for name in ("m1", "mb", "mo", "a")] == [None] * 4
    await begun.append("a", [moved("else:T1:C1:3", AT + timedelta(seconds=1))])
    assert await begun.going("chat") == []
    assert await begun.going("else") == ["a", "b"]
    assert await begun.author("else", "a" * 300) == "chat:T1:a"
    await begun.forget("a")
    assert await begun.going("else") == ["b"]
    assert await begun.author("else", "a" * 300) is None
