"""What a worker leaves that dies, or is taken over from, in the middle of something; on paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interviewer.channels import chat_reply, chat_rota, desk_begin, desk_floor
from interviewer.channels.chat import Command, Place, Post, Pressed
from interviewer.channels.chat_hold import Hold
from interviewer.channels.chat_reply import SHOW_AFTER, Reply
from interviewer.channels.desk import Desk
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import ChannelDown, ChannelError, OutcomeUnknown, StoreError, TurnConflict
from interviewer.domain.interview import Event, Inbound, Turn, Turned
from interviewer.domain.state import Status
from interviewer.ports import Listener
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from tests.channels.conformance import Conformance
from tests.channels.driving import QUIET, Bench
from tests.channels.paper import HALL, PLATFORM, Paper, PaperDriver, direct, hall, person
from tests.fakes import FakeRetriever

until = Conformance.until


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[PaperDriver]:
    made = PaperDriver(Bench(tmp_path))
    await made.open()
    yield made
    await made.close()


def another(driver: PaperDriver) -> Desk:
    """A second worker's."""
    bench = driver.bench
    conductor = Conductor(bench.store, bench.engine, FakeRetriever(), phrases())
    desk = Desk(conductor, bench.store, bench.shelf, chat_lines(), as_html, QUIET)
    desk.attach(PLATFORM, driver.paper, driver.access)
    return desk


async def read_here_and_heard_elsewhere(driver: PaperDriver) -> tuple[str, Desk]:
    """A message that one worker is reading, and its desk; what comes next, another worker takes in."""
    await driver.begin("ada")
    await driver.settled()
    bench, engine = driver.bench, driver.bench.engine
    engine.reading.clear()
    message = await driver.say("ada", "beens")
    await until(lambda: engine.readings == ["beens"])
    desk, bench.desk = bench.desk, another(driver)
    return message, desk


async def test_who_was_taken_over_from_does_not_take_back_what_another_goes_on_with() -> None:
    paper, hold = Paper(), Hold()
    one = Reply(paper, direct("ada"), "i/1", hold=hold)
    await one.hear("Thank ")
    await until(lambda: len(paper.sheets) == 1)
    hold.until = asyncio.get_running_loop().time()
    await Reply(paper, direct("ada"), "i/1", again=True).finish("Thank you. Next question.")
    await one.drop()
    assert [s.text for s in paper.sheets] == ["Thank you. Next question."]


async def test_who_posted_nothing_takes_nothing_back_that_another_has_posted() -> None:
    paper = Paper()
    await Reply(paper, direct("ada"), "i/1").finish("Thank you.")
    await Reply(paper, direct("ada"), "i/1", again=True).drop()
    assert [s.text for s in paper.sheets] == ["Thank you."]


async def test_what_comes_once_the_hold_has_run_out_is_not_shown_and_no_fault() -> None:
    paper, hold = Paper(), Hold(until=0.0)
    reply = Reply(paper, direct("ada"), "i/1", hold=hold)
    await reply.hear("Thank ")
    await asyncio.sleep(SHOW_AFTER * 1.5)
    assert reply._pump
    assert not reply._pump.done()
    with pytest.raises(TurnConflict):
        await reply.finish("Thank you.")
    assert paper.sheets == []


async def test_what_was_shown_of_a_turn_that_fails_is_taken_back_until_it_is_made_again(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await driver.begin("ada")
    await driver.settled()
    record, failures = driver.bench.store.append, [ZeroDivisionError()]

    async def failing(interview_id: str, events: Sequence[Event]) -> bool:
        if isinstance(events[0], Turned) and failures:
            await until(lambda: len(driver.seen_direct("ada")) == 2)
            raise failures.pop()
        return await record(interview_id, events)

    monkeypatch.setattr(driver.bench.store, "append", failing)
    monkeypatch.setattr(chat_rota, "FIRST_AGAIN", 1.0)
    await driver.say("ada", "+1 beans")
    await until(lambda: not failures)
    await until(lambda: len(driver.seen_direct("ada")) == 1)
    await driver.settled()
    assert "Question 2 of 3" in driver.seen_direct("ada")[-1]
    assert len(driver.seen_direct("ada")) == 2


@pytest.mark.parametrize("dies", ["", "before", "after"])
@pytest.mark.parametrize(("deleted", "told"), [(False, "counts as it read then"), (True, "still counts")])
async def test_what_another_worker_was_told_of_too_late_is_said(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch, deleted: bool, told: str, dies: str
) -> None:
    bench, engine = driver.bench, driver.bench.engine
    message, desk = await read_here_and_heard_elsewhere(driver)
    await (driver.delete("ada", message) if deleted else driver.edit("ada", message, "+1 beans"))
    monkeypatch.setattr(chat_rota, "FIRST_AGAIN", 0.01)
    gone: list[Exception] = [StoreError("The process is gone.")]
    sent = bench.conductor.sent
    driver.paper.faults["post"] = gone if dies == "before" else []

    async def noting(*args: Any) -> None:
        if dies == "after" and gone:
            raise gone.pop()
        await sent(*args)

    monkeypatch.setattr(bench.conductor, "sent", noting)
    engine.reading.set()
    await desk.rota.settled()
    assert engine.readings == ["beens"]
    assert [told in text for text in driver.seen_direct("ada")] == [False, False, True]
    await desk.drain(1)


async def test_what_another_worker_recorded_and_may_not_show_any_more_is_shown(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await driver.begin("ada")
    await driver.settled()
    bench = driver.bench
    advance, other = bench.conductor.advance, Conductor(bench.store, bench.engine, FakeRetriever(), phrases())

    later = Inbound(id="later", interview_id=(await bench.interview()).id, text="+1 peas", at=datetime.now(UTC))

    async def beaten(interview_id: str, listen: Listener, number: int) -> Turn | None:
        if bench.engine.readings == []:
            await other.advance(interview_id)
            await other.receive(later)
        return await advance(interview_id, listen, number)

    monkeypatch.setattr(bench.conductor, "advance", beaten)
    monkeypatch.setattr(chat_rota, "BUSY_AGAIN", 0.01)
    await driver.say("ada", "+1 beans")
    await driver.settled()
    interview = await bench.interview()
    assert bench.engine.readings == ["+1 beans", "+1 peas"]
    assert not interview.unsent
    shown = {sheet.key: sheet.text for sheet in driver.paper.sheets}
    assert shown == {f"{interview.id}/{turn.number}/0": turn.reply for turn in interview.turns}


async def test_what_is_to_be_said_of_a_change_is_said_though_the_platform_was_down(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_reply, "WAITS", (0.01,))
    message, desk = await read_here_and_heard_elsewhere(driver)
    await driver.edit("ada", message, "+1 beans")
    driver.paper.faults["find"] = [ChannelDown("Down."), OutcomeUnknown("Lost.")]
    driver.bench.engine.reading.set()
    await desk.rota.settled()
    assert ["counts as it read then" in text for text in driver.seen_direct("ada")] == [False, False, True]
    await desk.drain(1)


async def test_what_was_seen_of_a_reply_to_what_was_deleted_is_written_over(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a platform where a post is made once for its key, and what is there already is given back as it is."""
    paper = driver.paper
    posting = paper.post

    async def once(place: Place, post: Post) -> str:
        return await paper.find(place, post.key) or await posting(place, post)

    monkeypatch.setattr(paper, "idempotent", True)
    monkeypatch.setattr(paper, "post", once)
    monkeypatch.setattr(chat_rota, "BUSY_AGAIN", 0.01)
    await driver.begin("ada")
    await driver.settled()
    interview = await driver.bench.interview()
    advance = driver.bench.conductor.advance

    async def beaten(interview_id: str, listen: Listener, number: int) -> Turn | None:
        monkeypatch.setattr(driver.bench.conductor, "advance", advance)
        await posting(direct("ada"), Post(key=f"{interview_id}/{number}/0", text="Thanks. That was"))
        await driver.bench.conductor.withdraw(interview_id, message, datetime.now(UTC))
        raise TurnConflict("Another worker is at it.")

    monkeypatch.setattr(driver.bench.conductor, "advance", beaten)
    message = await driver.say("ada", "+1 beens")
    await driver.settled()
    assert (await driver.bench.interview()).pending == []
    await driver.say("ada", "+1 beans")
    await driver.settled()
    turn = (await driver.bench.interview()).turns[-1]
    assert [s.text for s in paper.sheets if s.key == f"{interview.id}/1/0"] == [turn.reply]


async def test_a_note_that_is_refused_for_good_holds_up_no_reply(driver: PaperDriver) -> None:
    bench, engine = driver.bench, driver.bench.engine
    message, desk = await read_here_and_heard_elsewhere(driver)
    await driver.delete("ada", message)
    driver.paper.faults["find"] = [ChannelError("This may not be looked for.")]
    engine.reading.set()
    await desk.rota.settled()
    assert len(driver.seen_direct("ada")) == 2
    assert not (await bench.interview()).unsent
    await desk.drain(1)


async def test_who_was_taken_over_from_while_looking_for_a_post_does_not_make_it_again() -> None:
    hold = Hold(left=True)

    class Slow(Paper):
        async def find(self, place: Place, key: str) -> str | None:
            found = await super().find(place, key)
            hold.until = asyncio.get_running_loop().time()
            return found

    paper = Slow()
    with pytest.raises(TurnConflict):
        await Reply(paper, direct("ada"), "i/1", again=True, hold=hold).finish("Thank you.")
    assert paper.sheets == []


async def test_an_interview_whose_beginning_was_cut_short_can_be_gone_on_with(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: object) -> None:
        raise StoreError("The process is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(driver.bench.conductor, "move", dying)
        with pytest.raises(StoreError):
            await driver.begin("ada")
    await driver.restart()
    await driver.begin("ada")
    await driver.settled()
    (interview,) = await driver.bench.interviews()
    assert "You have an interview going already" in driver.told("ada")[-1]
    assert "Question 1 of 3" in driver.seen_direct("ada")[-1]
    await driver.press("ada", Command.END)
    await driver.settled()
    assert (await driver.bench.interview()).status is Status.ENDED
    assert interview.id == (await driver.bench.interview()).id


async def test_of_a_beginning_that_was_refused_nothing_is_left_when_its_worker_dies(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: object) -> None:
        raise StoreError("The process is gone.")

    async def nothing_yet(*_: object) -> None:
        return None

    await driver.begin("ada")
    with monkeypatch.context() as patch:
        patch.setattr(driver.bench.desk._beginnings, "_live", nothing_yet)
        patch.setattr(driver.bench.conductor, "forget", dying)
        with pytest.raises(StoreError):
            await driver.begin("ada", name="second")
    assert len(await driver.bench.interviews()) == 2
    await driver.restart()
    await driver.begin("ada", name="second")
    await driver.settled()
    assert "You have an interview going already" in driver.told("ada")[-1]
    assert (await driver.bench.interview()).place


async def test_a_beginning_that_nobody_asked_for_again_is_cleared_away(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: object) -> None:
        raise StoreError("The process is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(driver.bench.conductor, "store", driver.bench.store)
        patch.setattr(driver.bench.store, "seat", dying)
        with pytest.raises(StoreError):
            await driver.begin("ada")
    await driver.begin("ada", name="second")
    assert len(await driver.bench.interviews()) == 2, "it may still be about to begin"
    await driver.settled()
    await driver.press("ada", Command.END)
    await driver.settled()
    monkeypatch.setattr(desk_begin, "ABANDONED_SECONDS", 0.0)
    await driver.begin("ada", name="third")
    await driver.settled()
    assert [i.status for i in await driver.bench.interviews()].count(Status.ENDED) == 1
    assert len(await driver.bench.interviews()) == 2


@pytest.mark.parametrize("at_once", [False, True])
async def test_what_two_workers_are_told_to_bring_elsewhere_is_repeated_once(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    posting = driver.paper.post

    async def slowly(place: Place, post: Post) -> str:
        await asyncio.sleep(QUIET)
        return await posting(place, post)

    monkeypatch.setattr(driver.paper, "post", slowly)
    monkeypatch.setattr(desk_floor, "BUSY_AGAIN", 0.01)
    await driver.begin("ada")
    await driver.settled()
    other = another(driver)
    press = Pressed(id="p", author=person("ada"), place=hall(), command=Command.RESUME, at=datetime.now(UTC))
    if at_once:
        await asyncio.gather(driver.desk.pressed(press), other.pressed(press))
    else:
        await driver.desk.pressed(press)
        await driver.settled()
        await other.pressed(press)
    await driver.settled()
    await other.drain(5)
    assert [text.startswith("Welcome back") for text in await driver.seen("ada")] == [True]
    assert [text == "We're going on in [hall]." for text in driver.seen_direct("ada")] == [False, True]


@pytest.mark.parametrize("swallowed", [False, True])
@pytest.mark.parametrize("closed", [False, True])
async def test_what_is_said_of_going_on_elsewhere_is_looked_for_where_its_answer_was_lost(
    driver: PaperDriver, monkeypatch: pytest.MonkeyPatch, closed: bool, swallowed: bool
) -> None:
    monkeypatch.setattr(chat_reply, "WAITS", (0.01,))
    await driver.begin("ada", where="thread")
    await driver.settled()
    driver.paper.swallow = swallowed
    driver.paper.faults["post"] = [] if closed else [OutcomeUnknown("Lost."), OutcomeUnknown("Lost.")]
    if closed:
        driver.paper.closed.add(HALL)
        driver.paper.faults["post"] = [OutcomeUnknown("Lost.")]
        await driver.say("ada", "+1 beans")
    else:
        await driver.type("ada", "resume")
    await driver.settled()
    expected = ["go on here", "Question 2 of 3"] if closed else ["Welcome back"]
    seen = driver.seen_direct("ada")
    assert [part in text for part, text in zip(expected, seen, strict=True)] == [True] * len(expected)
