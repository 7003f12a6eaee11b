"""Edits, deletions and buttons that are delivered more than once, or late; on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interviewer.channels.chat import Changed, Command, Notice, Removed
from interviewer.domain.interview import MoveKind
from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.paper import PaperDriver, person

until = Conformance.until


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[PaperDriver]:
    made = PaperDriver(Bench(tmp_path))
    await made.open()
    await made.begin("ada")
    await made.settled()
    yield made
    await made.close()


def change_of(driver: PaperDriver, message: str, text: str) -> Changed:
    said, now = driver.said[message], datetime.now(UTC)
    return Changed(message_id=message, author=person("ada"), place=said.place, text=text, said_at=said.at, at=now)


def removal_of(driver: PaperDriver, message: str) -> Removed:
    said, now = driver.said[message], datetime.now(UTC)
    return Removed(message_id=message, author=person("ada"), place=said.place, said_at=said.at, at=now)


def says(notice: Notice | None, words: str) -> bool:
    return notice is not None and words in notice.text


async def test_a_deletion_that_counted_is_not_said_to_be_late_when_it_comes_again(driver: PaperDriver) -> None:
    await driver.say("ada", "+1 beans")
    removal = removal_of(driver, await driver.say("ada", "!1 and poison"))
    for _ in range(2):
        assert await driver.bench.desk.removed(removal) is None
    await driver.settled()
    assert driver.bench.engine.readings == ["+1 beans"]
    assert await driver.bench.desk.removed(removal) is None


async def test_an_edit_that_counted_is_not_said_to_be_late_when_it_comes_again(driver: PaperDriver) -> None:
    message = await driver.say("ada", "beens")
    first, second = (change_of(driver, message, text) for text in ("beans", "+1 beans"))
    for change in (first, second, first):
        assert await driver.bench.desk.changed(change) is None
    await driver.settled()
    assert driver.bench.engine.readings == ["+1 beans"]
    for change in (first, second):
        assert await driver.bench.desk.changed(change) is None
    assert says(await driver.bench.desk.changed(change_of(driver, message, "peas")), "as it read then")


async def test_a_change_of_the_last_answer_that_comes_after_the_end_is_said_to_be_late(driver: PaperDriver) -> None:
    message = await driver.say("ada", "+1 beans")
    await driver.settled()
    await driver.press("ada", Command.END)
    await driver.settled()
    assert says(await driver.bench.desk.changed(change_of(driver, message, "peas")), "as it read then")
    assert says(await driver.bench.desk.removed(removal_of(driver, message)), "still counts")


async def test_what_was_said_where_it_was_held_before_can_be_changed_until_it_is_answered(driver: PaperDriver) -> None:
    driver.bench.engine.reading.clear()
    message = await driver.say("ada", "beens")
    change = change_of(driver, message, "+1 beans")
    await driver.type("ada", "resume", where="thread")
    assert await driver.bench.desk.changed(change) is None
    driver.bench.engine.reading.set()
    await driver.settled()
    assert driver.bench.engine.readings[-1] == "+1 beans"


async def test_a_button_under_a_question_that_is_over_by_the_time_skips_no_other(driver: PaperDriver) -> None:
    engine = driver.bench.engine
    engine.reading.clear()
    await driver.say("ada", "+1 +2 beans")
    await until(lambda: engine.readings == ["+1 +2 beans"])
    await driver.press("ada", Command.SKIP)
    engine.reading.set()
    await driver.settled()
    interview = await driver.bench.interview()
    assert [turn.move.kind for turn in interview.turns] == [MoveKind.ASK, MoveKind.NEXT]
    assert interview.pending == []
    await driver.press("ada", Command.SKIP)
    await driver.settled()
    assert len((await driver.bench.interview()).turns) == 3


async def test_what_was_written_just_before_the_beginning_and_taken_for_an_answer_can_be_changed(
    driver: PaperDriver,
) -> None:
    begun = (await driver.bench.interview()).started_at
    message = await driver.say("ada", "beens")
    driver.said[message] = driver.said[message].model_copy(update={"at": begun - timedelta(seconds=1)})
    assert await driver.bench.desk.changed(change_of(driver, message, "+1 beans")) is None
    await driver.settled()
    assert driver.bench.engine.readings == ["+1 beans"]
    assert says(await driver.bench.desk.changed(change_of(driver, message, "peas")), "as it read then")
