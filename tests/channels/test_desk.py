"""The desk, on paper: the conformance suite, and what a platform's failures do. test_privacy.py has the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from interviewer.channels import chat_reply, chat_rota, desk_floor
from interviewer.channels.chat import Begin, Command, Place, Post
from interviewer.channels.chat_access import Access
from interviewer.channels.chat_reply import Reply
from interviewer.channels.desk import Desk
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import ChannelDown, EngineUnusable, OutcomeUnknown, StoreError
from interviewer.domain.interview import Edited, MoveKind, Received
from interviewer.domain.state import Status
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from tests.channels.conformance import Conformance
from tests.channels.driving import QUIET, Bench
from tests.channels.paper import PLATFORM, Paper, PaperDriver, direct, hall, person
from tests.fakes import FakeRetriever

until = Conformance.until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_reply, "WAITS", (0.01, 0.01, 0.01))
    monkeypatch.setattr(chat_rota, "FIRST_AGAIN", 0.02)


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[PaperDriver]:
    made = PaperDriver(Bench(tmp_path))
    await made.open()
    yield made
    await made.close()


async def begun(driver: PaperDriver, who: str = "ada", where: str = "direct") -> None:
    await driver.begin(who, where=where)
    await driver.settled()


async def moves(driver: PaperDriver) -> list[MoveKind]:
    return [t.move.kind for t in (await driver.bench.interview()).turns]


class TestPaper(Conformance):
    """A platform without a network."""


class TestFailures:
    @pytest.mark.parametrize("made", [True, False], ids=["it was made", "it was not"])
    async def test_a_post_of_unknown_outcome_is_made_once_and_counted(self, driver: PaperDriver, made: bool) -> None:
        await begun(driver)
        driver.paper.swallow = not made
        driver.paper.faults["post"] = [OutcomeUnknown("Lost.")]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len(driver.seen_direct("ada")) == 2
        assert driver.bench.desk.counts["posts_unknown"] == 1

    async def test_a_platform_that_is_down_for_long_is_tried_until_it_is_up(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.paper.faults["post"] = [ChannelDown("Down.", after=0.01) for _ in range(9)]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len(driver.seen_direct("ada")) == 2
        interview = await driver.bench.interview()
        assert (len(interview.turns), interview.unsent) == (2, [])
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_a_platform_that_is_down_holds_nobody_else_up(self, driver: PaperDriver) -> None:
        await begun(driver, "ada")
        await begun(driver, "bob")
        driver.paper.faults["post"] = [ChannelDown("Down.", after=3.0)]
        await driver.say("ada", "+1 beans")
        await until(lambda: not driver.paper.faults["post"])
        await driver.say("bob", "+1 peas")
        await until(lambda: len(driver.seen_direct("bob")) == 2)
        assert len(driver.seen_direct("ada")) == 1
        await driver.settled()

    async def test_an_engine_that_needs_a_person_is_waited_for_and_told_once(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        await begun(driver)
        failures = [EngineUnusable("No key for +1 beans.") for _ in range(3)]
        advance = driver.bench.conductor.advance

        async def failing(interview_id: str, listen: object, number: int) -> object:
            if failures:
                raise failures.pop()
            return await advance(interview_id, listen, number)  # type: ignore[arg-type]

        monkeypatch.setattr(driver.bench.conductor, "advance", failing)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        seen = driver.seen_direct("ada")
        assert len([s for s in seen if "can't read answers at the moment" in s]) == 1
        assert "Question 2 of 3" in seen[-1]
        assert "beans" not in caplog.text

    async def test_what_nobody_foresaw_is_logged_without_its_text_and_tried_again(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        await begun(driver)
        driver.paper.faults["post"] = [ZeroDivisionError("+1 beans")]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert "ZeroDivisionError" in caplog.text
        assert "beans" not in caplog.text
        assert len(driver.seen_direct("ada")) == 2

    async def test_a_message_that_cannot_be_stored_is_not_taken(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)

        async def failing(*_: object) -> bool:
            raise StoreError("Full.")

        monkeypatch.setattr(driver.bench.store, "append", failing)
        with pytest.raises(StoreError):
            await driver.say("ada", "+1 beans")

    async def test_a_place_that_closes_leads_to_direct_messages(self, driver: PaperDriver) -> None:
        await begun(driver, where="thread")
        driver.paper.closed.add(hall().channel)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]

    async def test_when_direct_messages_are_closed_too_it_waits_to_be_resumed(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.paper.closed.add(direct("ada").channel)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert (await driver.bench.interview()).unsent == [1]
        driver.paper.closed.clear()
        await driver.type("ada", "resume")
        await driver.settled()
        assert (await driver.bench.interview()).unsent == []
        assert sum("Question 2 of 3" in s for s in driver.seen_direct("ada")) == 2


class TestStreaming:
    async def test_it_is_posted_once_and_edited(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await until(lambda: len(driver.seen_direct("ada")) == 2)
        driver.bench.engine.speaking.set()
        await driver.settled()
        sheet = driver.paper.sheets[-1]
        assert len(sheet.versions) >= 2
        assert all(later.startswith(earlier) for earlier, later in pairwise(sheet.versions))
        assert sheet.text == (await driver.bench.interview()).turns[1].reply
        assert [b.command for b in sheet.buttons] == [Command.HINT, Command.SKIP, Command.PAUSE, Command.END]

    async def test_what_comes_at_once_is_posted_once(self, driver: PaperDriver) -> None:
        await begun(driver)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert driver.paper.calls["edit"] == 0
        assert driver.paper.calls["find"] == 0

    async def test_a_long_reply_grows_over_several_posts(self) -> None:
        paper = Paper()
        paper.limit = 40
        reply = Reply(paper, direct("ada"), "i/1")
        words = "one two three four five. " * 6
        for piece in words.split(" "):
            await reply.hear(f"{piece} ")
            await asyncio.sleep(0.01)
        await reply.finish(words)
        assert " ".join(s.text for s in paper.sheets).split() == words.split()
        assert len(paper.sheets) == len({s.key for s in paper.sheets}) == 4

    async def test_an_earlier_try_that_was_longer_is_cut_back(self) -> None:
        paper = Paper()
        for number in range(3):
            await paper.post(direct("ada"), Post(key=f"i/1/{number}", text="old"))
        await Reply(paper, direct("ada"), "i/1", again=True).finish("new")
        assert [s.text for s in paper.sheets] == ["new"]

    async def test_a_reply_that_is_dropped_is_taken_back(self) -> None:
        paper = Paper()
        reply = Reply(paper, direct("ada"), "i/1")
        await reply.hear("some words")
        async with asyncio.timeout(5):
            while not paper.sheets:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await reply.drop()
        assert paper.sheets == []


class TestTwoProcesses:
    async def test_one_answers_and_the_other_looks_on(self, driver: PaperDriver) -> None:
        await begun(driver)
        other = await self.another(driver)
        driver.bench.engine.reading.clear()
        await driver.say("ada", "+1 beans")
        await until(lambda: driver.bench.engine.readings == ["+1 beans"])
        other.rota.due((await driver.bench.interview()).id)
        assert await other.recover(PLATFORM) == 0
        driver.bench.engine.reading.set()
        await driver.settled()
        await other.rota.settled()
        assert len((await driver.bench.interview()).turns) == 2
        assert len(driver.seen_direct("ada")) == 2
        await other.drain(1)

    async def test_what_one_left_another_takes_over(self, driver: PaperDriver) -> None:
        await begun(driver)
        await driver.bench.desk.drain(0)
        await driver.say("ada", "+1 beans")
        other = await self.another(driver)
        assert await other.recover(PLATFORM) == 1
        await other.rota.settled()
        assert len(driver.seen_direct("ada")) == 2

    async def test_two_desks_begin_one_interview(self, driver: PaperDriver) -> None:
        other = await self.another(driver)

        def wanted(name: str) -> Begin:
            return Begin(id=name, author=person("ada"), place=direct(), guide="gardens")

        notices = await asyncio.gather(driver.bench.desk.begin(wanted("a")), other.begin(wanted("b")))
        await driver.settled()
        await other.rota.settled()
        assert (await driver.bench.interview()).status is Status.ACTIVE
        assert len([n for n in notices if n]) == 1
        assert len(driver.seen_direct("ada")) == 1

    @staticmethod
    async def another(driver: PaperDriver) -> Desk:
        bench = driver.bench
        conductor = Conductor(bench.store, bench.engine, FakeRetriever(), phrases())
        desk = Desk(conductor, bench.store, bench.shelf, chat_lines(), as_html, QUIET)
        desk.attach(PLATFORM, driver.paper, driver.access)
        return desk


class TestDraining:
    async def test_a_reply_that_is_being_made_is_finished(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await until(lambda: len(driver.seen_direct("ada")) == 2)
        draining = asyncio.create_task(driver.bench.desk.drain(5))
        await asyncio.sleep(0.05)
        driver.bench.engine.speaking.set()
        await draining
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]
        assert (await driver.bench.interview()).unsent == []

    async def test_what_waits_is_left_to_the_next_process(self, driver: PaperDriver) -> None:
        await begun(driver)
        await driver.say("ada", "+1 beans")
        await driver.bench.desk.drain(5)
        await driver.say("ada", "+2 peas")
        assert driver.bench.engine.readings == []
        await driver.restart()
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans\n+2 peas"]

    async def test_a_reply_that_takes_too_long_is_cut_off_and_made_again(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.engine.reading.clear()
        await driver.say("ada", "+1 beans")
        await until(lambda: driver.bench.engine.readings == ["+1 beans"])
        await driver.bench.desk.drain(0.05)
        driver.bench.engine.reading.set()
        await driver.restart()
        await driver.settled()
        assert await moves(driver) == [MoveKind.ASK, MoveKind.NEXT]


class TestQuiet:
    async def test_someone_who_never_pauses_is_answered_all_the_same(self, driver: PaperDriver) -> None:
        await begun(driver)
        for number in range(40):
            await driver.say("ada", f"word {number}")
            await asyncio.sleep(QUIET / 2)
            if driver.bench.engine.readings:
                break
        assert driver.bench.engine.readings
        await driver.settled()

    async def test_a_button_does_not_wait(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.desk._quiet = 30.0
        await driver.say("ada", "+1 beans")
        await driver.press("ada", Command.SKIP)
        async with asyncio.timeout(5):
            await driver.settled()
        assert await moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_commands_may_be_typed_where_the_platform_lets_them_through(self, driver: PaperDriver) -> None:
        await begun(driver)
        await driver.say("ada", "/status")
        assert "Question 1 of 3" in driver.told("ada")[-1]
        await driver.say("ada", "/skip")
        await driver.settled()
        await driver.say("ada", "/no such command, I'd say +1")
        await driver.settled()
        assert await moves(driver) == [MoveKind.ASK, MoveKind.NEXT, MoveKind.NEXT]


class TestResuming:
    async def test_in_the_channel_of_its_thread_it_stays_in_it(self, driver: PaperDriver) -> None:
        await begun(driver, where="thread")
        before = (await driver.bench.interview()).place
        await driver.type("ada", "resume", where="thread")
        await driver.settled()
        assert (await driver.bench.interview()).place == before
        assert (await driver.seen("ada"))[-1].startswith("Welcome back")

    async def test_pressing_it_twice_repeats_the_question_once(self, driver: PaperDriver) -> None:
        await begun(driver)
        await driver.press("ada", Command.PAUSE)
        await driver.settled()
        button = driver.paper.sheets[-1].buttons[0]
        assert button.command is Command.RESUME
        await driver.push("ada", button, direct("ada"))
        await driver.settled()
        assert sum(s.startswith("Welcome back") for s in driver.seen_direct("ada")) == 1

    async def test_a_thread_that_takes_long_to_open_is_opened_once(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        opening = driver.paper.open

        async def slowly(*args: Any) -> Place:
            await asyncio.sleep(QUIET * 4)
            return await opening(*args)

        monkeypatch.setattr(driver.paper, "open", slowly)
        await driver.type("ada", "resume", where="thread")
        await driver.settled()
        assert len(driver.paper.opened) == 1
        assert (await driver.seen("ada"))[-1].startswith("Welcome back")

    async def test_what_is_brought_elsewhere_while_it_is_served_is_not_posted_before_its_thread_is_there(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        posting = driver.paper.post

        async def meanwhile(place: Place, post: Post) -> str:
            ref = await posting(place, post)
            if driver.paper.calls["post"] == 1:
                await driver.say("ada", "+1 beans")
                name = (await driver.bench.interview()).id
                await driver.bench.conductor.move(name, hall().id)  # as another worker does, which goes on later
                await driver.bench.conductor.load(name)
            return ref

        monkeypatch.setattr(driver.paper, "post", meanwhile)
        await begun(driver)
        assert driver.paper.astray == []
        assert "Question 2 of 3" in (await driver.seen("ada"))[-1]

    async def test_two_workers_open_one_thread(self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        await begun(driver)
        bench, opening, may_open = driver.bench, driver.paper.open, asyncio.Event()

        async def slowly(*args: Any) -> Place:
            await may_open.wait()
            return await opening(*args)

        monkeypatch.setattr(driver.paper, "open", slowly)
        monkeypatch.setattr(desk_floor, "BUSY_AGAIN", 0.02)
        bench.desk.rota.slots = 0  # what is resumed here is served by the other
        other = await TestTwoProcesses.another(driver)
        await other.recover(PLATFORM)
        await driver.type("ada", "resume", where="thread")
        async with asyncio.timeout(5):
            while not other.rota.working:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(QUIET)
        may_open.set()
        await other.rota.settled()
        await driver.settled()
        assert len(driver.paper.opened) == 1
        assert [text.startswith("Welcome back") for text in await driver.seen("ada")] == [True]
        await other.drain(1)

    async def test_what_is_said_in_the_channel_while_a_thread_is_opened_is_no_answer(
        self, driver: PaperDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opening, may_open = driver.paper.open, asyncio.Event()

        async def slowly(*args: Any) -> Place:
            await may_open.wait()
            return await opening(*args)

        monkeypatch.setattr(driver.paper, "open", slowly)
        await driver.begin("ada", where="thread")
        await driver.edit("ada", await driver.deliver("ada", "Lunch, anyone?", hall()), "Lunch at one, anyone?")
        may_open.set()
        await driver.settled()
        assert (await driver.bench.interview()).messages == []
        assert driver.bench.engine.readings == []


class TestAccess:
    async def test_an_interview_is_not_brought_where_none_may_be_held(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.desk.attach(PLATFORM, driver.paper, Access(spaces=["P2"]))
        before = (await driver.bench.interview()).place
        await driver.type("ada", "resume", where="thread")
        await driver.settled()
        assert "aren't open to you here" in driver.told("ada")[-1]
        assert (await driver.bench.interview()).place == before
        await driver.type("ada", "resume")
        await driver.settled()
        assert driver.seen_direct("ada")[-1].startswith("Welcome back")

    def test_nobody_named_lets_everyone_in_and_nobody_read(self) -> None:
        access = Access()
        assert access.may_come(person("ada"), hall())
        assert access.may_read(person("ada"), person("ada"))
        assert not access.may_read(person("bob"), person("ada"))

    def test_named_people_named_spaces_and_reviewers(self) -> None:
        access = Access(spaces=["P1"], users=["ada"], reviewers=["rita"])
        assert access.may_come(person("ada"), hall())
        assert access.may_come(person("rita"), hall())
        assert not access.may_come(person("bob"), hall())
        assert not access.may_come(person("ada"), hall().model_copy(update={"space": "P2"}))
        assert access.may_read(person("rita"), person("ada"))
        assert not access.may_read(person("rita"), person("ada").model_copy(update={"space": "P2"}))

    async def test_a_reviewer_reads_by_interview_too_and_others_learn_nothing(self, driver: PaperDriver) -> None:
        await begun(driver)
        name = (await driver.bench.interview()).id
        for who, about, told in (
            ("rita", name, "I'm sending it"),
            ("bob", name, "I can't show you"),
            ("bob", "no-such-interview", "I can't show you"),
            ("ada", name, "I'm sending it"),
            ("bob", "paper:P1:ada", "I can't show you"),
            ("bob", "a:b", "no interview yet"),
        ):
            await self.report(driver, who, about)
            assert told in driver.told(who)[-1], (who, about)
        assert driver.files("bob") == []
        assert len(driver.files("rita")) == len(driver.files("ada")) == 1

    @staticmethod
    async def report(driver: PaperDriver, who: str, about: str) -> None:
        from datetime import UTC, datetime

        from interviewer.channels.chat import Pressed

        press = Pressed(
            id=f"{who}/{about}",
            author=person(who),
            place=direct(who),
            command=Command.REPORT,
            at=datetime.now(UTC),
            about=about,
        )
        driver.note(who, await driver.bench.desk.pressed(press))
        await driver.settled()

    async def test_an_assessment_discloses_nothing_before_its_end(self, driver: PaperDriver) -> None:
        from interviewer.domain.interview import Mode

        await driver.begin("ada", mode=Mode.ASSESS)
        await driver.settled()
        await driver.say("ada", "+1 unmistakable beans")
        await driver.settled()
        await driver.type("ada", "report")
        await driver.settled()
        (page,) = driver.files("ada")
        assert "southern wall" not in page


async def test_who_has_to_wait_long_is_told_how_many_are_before(driver: PaperDriver) -> None:
    for who in ("ada", "bob", "eve", "kim"):
        await begun(driver, who)
    driver.bench.desk.rota.slots = 1
    driver.bench.engine.reading.clear()
    await driver.say("ada", "+1 beans")
    await until(lambda: driver.bench.engine.readings == ["+1 beans"])
    for who in ("bob", "eve", "kim"):
        await driver.say(who, "+1 peas")
    await driver.say("kim", "+2 and more")
    assert driver.told("bob") == []
    assert ["with 1 ahead of you" in text for text in driver.told("eve")] == [True]
    assert ["with 2 ahead of you" in text for text in driver.told("kim")] == [True], "once"
    driver.bench.engine.reading.set()
    await driver.settled()
    assert len(driver.seen_direct("kim")) == 2


class TestEnough:
    async def test_what_waits_of_a_person_has_a_limit_however_it_comes(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.desk.enough.most = 5
        driver.bench.engine.reading.clear()
        await asyncio.gather(*(driver.say("ada", f"word {number}") for number in range(20)))
        first = next(name for name, said in driver.said.items() if said.text == "word 0")
        for number in range(20):
            await driver.edit("ada", first, f"words {number}")
        await driver.type("ada", "status")
        events = [event for _, event in await driver.bench.store.events((await driver.bench.interview()).id)]
        assert sum(isinstance(event, Received | Edited) for event in events) == 5
        assert ["a lot at once" in text for text in driver.told("ada")] == [True, True, False], "once, and of an edit"
        driver.bench.engine.reading.set()
        await driver.settled()

    async def test_what_was_declined_stays_so_and_the_next_turn_begins_anew(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.desk.enough.most = 2
        one, two, three = [await driver.say("ada", f"+1 {name}") for name in ("one", "two", "three")]
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 one\n+1 two"]
        for message in (one, three):
            await driver.redeliver(message)
            await driver.edit("ada", three, "+1 three and more")
            await driver.delete("ada", three)
        assert [m.id for m in (await driver.bench.interview()).messages] == [one, two]
        await driver.say("ada", "+1 four")
        await driver.settled()
        assert driver.bench.engine.readings[1:] == ["+1 four"]
        assert len(driver.told("ada")) == 1

    async def test_who_wrote_too_much_can_still_stop_delete_and_be_answered(self, driver: PaperDriver) -> None:
        await begun(driver)
        driver.bench.desk.enough.most = 2
        for message in [await driver.say("ada", f"+1 {name}") for name in ("one", "two", "three")]:
            await driver.delete("ada", message)
        await driver.settled()
        assert driver.bench.engine.readings == []
        await driver.say("ada", "+1 four")
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 four"]
        driver.bench.engine.reading.clear()
        for words in ("+1 five", "+1 six", "+1 seven", "/end", "/end"):
            await driver.say("ada", words)
        assert len((await driver.bench.interview()).messages) == 6
        driver.bench.engine.reading.set()
        await driver.settled()
        assert (await driver.bench.interview()).status is Status.ENDED
