"""What every chat channel does, whatever its platform. A platform's test module subclasses Conformance and gives it a
`driver` fixture: an open Driver on a Bench. Scripted answers: "+1" makes the first key point, "?hint" is a hint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from interviewer.channels.chat import Command
from interviewer.domain.interview import Mode, MoveKind
from interviewer.domain.state import Interview, Status
from tests.channels.driving import Driver

LANGUAGES = (
    "Ich würde Bohnen an die Südwand setzen. Größe zählt! +1",
    "我会把豆子种在南墙边。 +1",
    "سأزرع الفاصوليا عند الجدار الجنوبي. +1",
    "👩🏽‍🌾🌱 beans, of course 🫘 +1",
    'Use `plant()`:\n```python\ndef plant(bed: int) -> str:\n    return f"beans in <{bed}> & peas"\n```\n+1',
    "a < b && c > d; <b>not markup</b> &amp; *stars* _and_ ~so~ on +1",
)


class Interviewing:
    """What every channel does, a terminal too."""

    @staticmethod
    async def interview(driver: Driver) -> Interview:
        return await driver.bench.interview()

    @staticmethod
    async def begun(driver: Driver, who: str = "ada", *, where: str = "direct", mode: Mode = Mode.PRACTICE) -> None:
        await driver.begin(who, where=where, mode=mode)
        await driver.settled()

    async def moves(self, driver: Driver) -> list[MoveKind]:
        return [t.move.kind for t in (await self.interview(driver)).turns]

    @pytest.mark.parametrize("where", ["direct", "thread"])
    async def test_it_begins_with_a_greeting_and_the_first_question(self, driver: Driver, where: str) -> None:
        await self.begun(driver, where=where)
        seen = await driver.seen("ada")
        assert len([s for s in seen if "Question 1 of 3" in s]) == 1
        assert "Hello" in seen[-1]
        assert "What would you grow in bed 1, and why there?" in seen[-1]
        interview = await self.interview(driver)
        assert interview.unsent == []
        assert interview.status is Status.ACTIVE

    async def test_a_long_answer_is_kept_whole(self, driver: Driver) -> None:
        await self.begun(driver)
        text = "+1 " + "beans and peas, " * 2_499 + "that is all"
        assert len(text) == 39_998
        await driver.say("ada", text)
        await driver.settled()
        interview = await self.interview(driver)
        assert interview.messages[0].text == text
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    @pytest.mark.parametrize("text", LANGUAGES)
    async def test_any_text_arrives_as_it_was_written(self, driver: Driver, text: str) -> None:
        await self.begun(driver)
        await driver.say("ada", text)
        await driver.settled()
        assert (await self.interview(driver)).messages[0].text == text
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_hint_and_skip_by_button(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.HINT)
        await driver.settled()
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.HINT, MoveKind.NEXT]

    async def test_pause_and_go_on(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.PAUSE)
        await driver.settled()
        assert (await self.interview(driver)).status is Status.PAUSED
        await driver.press("ada", Command.RESUME)
        await driver.settled()
        seen = await driver.seen("ada")
        assert seen[-1].startswith("Welcome back")
        assert "Question 1 of 3" in seen[-1]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.PAUSE, MoveKind.NEXT]

    async def test_an_answer_ends_a_pause(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.PAUSE)
        await driver.settled()
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert (await self.interview(driver)).status is Status.ACTIVE

    async def test_what_was_received_is_answered_after_a_crash(self, driver: Driver) -> None:
        await self.begun(driver)
        driver.bench.engine.reading.clear()
        await driver.say("ada", "+1 beans")
        await self.until(lambda: driver.bench.engine.readings == ["+1 beans"])
        await self.die(driver)
        driver.bench.engine.reading.set()
        await driver.open()
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]
        assert len(await driver.seen("ada")) == 2

    @staticmethod
    async def die(driver: Driver) -> None:
        """The process goes away in the middle of whatever it does."""
        await driver.bench.desk.drain(0)
        await driver.close()

    @staticmethod
    async def until(true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - a test looks in from outside
                await asyncio.sleep(0.005)

    @staticmethod
    async def until_seen(driver: Driver, who: str, count: int) -> None:
        async with asyncio.timeout(10):
            while len(await driver.seen(who)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


class Conformance(Interviewing):
    """What every chat does besides."""

    @pytest.mark.parametrize("where", ["direct", "thread"])
    async def test_a_whole_interview_and_its_scorecard(self, driver: Driver, where: str) -> None:
        await self.begun(driver, where=where)
        for answer in ("+1 +2 beans", "+1 peas", "~1 nothing else"):
            await driver.say("ada", answer)
            await driver.settled()
        interview = await self.interview(driver)
        assert interview.status is Status.ENDED
        assert interview.unsent == []
        seen = await driver.seen("ada")
        assert "Thank you" in seen[-1]
        assert len(seen) >= len(interview.turns)
        (page,) = driver.files("ada")
        assert page.lower().startswith("<!doctype html>")
        assert "Gardens" in page

    async def test_quick_messages_are_one_answer(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.say("ada", "+1 beans")
        await driver.say("ada", "+2 and peas")
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans\n+2 and peas"]
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_messages_count_in_the_order_they_were_written(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.say("ada", "second")
        await driver.say("ada", "first", late=0.5)
        await driver.settled()
        assert driver.bench.engine.readings == ["first\nsecond"]

    async def test_a_second_delivery_changes_nothing(self, driver: Driver) -> None:
        await self.begun(driver)
        message = await driver.say("ada", "+1 beans")
        await driver.redeliver(message)
        await driver.settled()
        posts = len(await driver.seen("ada"))
        await driver.redeliver(message)
        await driver.settled()
        assert len((await self.interview(driver)).messages) == 1
        assert len(await driver.seen("ada")) == posts
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_an_edit_before_the_reply_replaces(self, driver: Driver) -> None:
        await self.begun(driver)
        message = await driver.say("ada", "beens")
        await driver.edit("ada", message, "+1 beans")
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans"]
        assert driver.told("ada") == []

    async def test_an_edit_while_the_answer_is_read_replaces(self, driver: Driver) -> None:
        await self.begun(driver)
        driver.bench.engine.reading.clear()
        message = await driver.say("ada", "beens")
        await self.until(lambda: driver.bench.engine.readings == ["beens"])
        await driver.edit("ada", message, "+1 beans")
        driver.bench.engine.reading.set()
        await driver.settled()
        interview = await self.interview(driver)
        assert interview.turns[1].grades[0].points[0].quote == "+1"
        assert driver.bench.engine.readings == ["beens", "+1 beans"]
        assert len(await driver.seen("ada")) == 2
        assert driver.told("ada") == []

    async def test_an_edit_after_the_reply_is_said_to_be_late(self, driver: Driver) -> None:
        await self.begun(driver)
        message = await driver.say("ada", "+1 beans")
        await driver.settled()
        await driver.edit("ada", message, "+1 +2 beans, and more")
        await driver.settled()
        assert "counts as it read then" in driver.told("ada")[-1]
        assert len((await self.interview(driver)).turns) == 2

    async def test_a_message_deleted_before_the_reply_was_never_said(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.say("ada", "+1 beans")
        message = await driver.say("ada", "!1 and poison")
        await driver.delete("ada", message)
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_the_only_message_deleted_leaves_nothing_to_answer(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.delete("ada", await driver.say("ada", "oops"))
        await driver.settled()
        assert driver.bench.engine.readings == []
        assert await self.moves(driver) == [MoveKind.ASK]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_a_message_deleted_after_the_reply_is_said_to_count(self, driver: Driver) -> None:
        await self.begun(driver)
        message = await driver.say("ada", "+1 beans")
        await driver.settled()
        await driver.delete("ada", message)
        assert "still counts" in driver.told("ada")[-1]

    async def test_a_button_pressed_twice_counts_once(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.SKIP)
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_a_button_of_an_earlier_question_does_nothing(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        await driver.press("ada", Command.SKIP, back=1)
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]
        assert "gone on a little" in driver.told("ada")[-1]

    async def test_an_assessment_offers_no_hint(self, driver: Driver) -> None:
        await self.begun(driver, mode=Mode.ASSESS)
        with pytest.raises(LookupError):
            await driver.press("ada", Command.HINT)
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_after_a_pause_there_are_buttons_again(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.PAUSE)
        await driver.settled()
        await driver.press("ada", Command.RESUME)
        await driver.settled()
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.PAUSE, MoveKind.NEXT]

    async def test_it_is_resumed_elsewhere(self, driver: Driver) -> None:
        await self.begun(driver, where="thread")
        await driver.say("ada", "+1 beans")
        await driver.settled()
        left = (await self.interview(driver)).place
        await driver.type("ada", "resume", where="direct")
        await driver.settled()
        interview = await self.interview(driver)
        assert interview.place != left
        assert "Question 2 of 3" in driver.seen_direct("ada")[-1]
        await driver.say("ada", "+1 peas")
        await driver.settled()
        assert "Question 3 of 3" in driver.seen_direct("ada")[-1]
        assert len((await self.interview(driver)).turns) == 3

    async def test_it_is_resumed_in_a_thread(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.type("ada", "resume", where="thread")
        await driver.settled()
        assert "Question 1 of 3" in (await driver.seen("ada"))[-1]
        assert driver.seen_direct("ada")[-1].startswith("We're going on in")
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert "Question 2 of 3" in (await driver.seen("ada"))[-1]

    async def test_end_closes_and_hands_over_the_scorecard(self, driver: Driver) -> None:
        await self.begun(driver, where="thread")
        await driver.say("ada", "+1 beans")
        await driver.settled()
        await driver.press("ada", Command.END)
        await driver.settled()
        interview = await self.interview(driver)
        assert interview.status is Status.ENDED
        assert len(driver.files("ada")) == 1
        await driver.say("ada", "one more thing")
        await driver.settled()
        assert len((await self.interview(driver)).messages) == 2

    async def test_status_says_where_one_is(self, driver: Driver) -> None:
        await driver.type("ada", "status")
        assert "no interview going" in driver.told("ada")[-1]
        await self.begun(driver)
        await driver.press("ada", Command.SKIP)
        await driver.settled()
        await driver.type("ada", "status")
        assert "Question 2 of 3" in driver.told("ada")[-1]
        assert "1 skipped" in driver.told("ada")[-1]

    async def test_strangers_are_ignored(self, driver: Driver) -> None:
        await self.begun(driver, where="thread")
        await driver.say("bob", "+1 +2 let me answer that", to="ada")
        await driver.settled()
        await driver.press("bob", Command.SKIP, to="ada")
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK]
        assert (await self.interview(driver)).messages == []
        assert len(await driver.seen("ada")) <= 2
        assert "someone else's" in driver.told("bob")[-1]

    async def test_a_stranger_cannot_change_what_was_said(self, driver: Driver) -> None:
        await self.begun(driver, where="thread")
        await driver.say("ada", "+1 beans")
        message = await driver.say("bob", "stones", to="ada")
        await driver.edit("bob", message, "!1 poison")
        await driver.delete("bob", message)
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_the_bots_own_messages_are_ignored(self, driver: Driver) -> None:
        await self.begun(driver, where="thread")
        await driver.say_as_bot("+1 +2 my own words", to="ada")
        await driver.settled()
        assert await self.moves(driver) == [MoveKind.ASK]

    async def test_a_second_interview_is_refused_kindly(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.begin("ada", where="thread")
        await driver.settled()
        assert len(await driver.bench.interviews()) == 1
        assert "You have an interview going already: Gardens, question 1 of 3" in driver.told("ada")[-1]
        await driver.press("ada", Command.END)
        await driver.settled()
        await driver.begin("ada", where="thread")
        await driver.settled()
        assert len(await driver.bench.interviews()) == 2

    async def test_of_two_begun_at_once_one_goes_on(self, driver: Driver) -> None:
        await asyncio.gather(driver.begin("ada"), driver.begin("ada", where="thread"))
        await driver.settled()
        assert len(await driver.bench.interviews()) == 1

    async def test_two_people_do_not_meet(self, driver: Driver) -> None:
        await self.begun(driver, "ada")
        await self.begun(driver, "bob")
        await driver.say("ada", "+1 ada's beans")
        await driver.say("bob", "+2 bob's peas")
        await driver.settled()
        assert [len(i.messages) for i in await driver.bench.interviews()] == [1, 1]
        assert len(driver.seen_direct("ada")) == len(driver.seen_direct("bob")) == 2
        assert not any("bob's" in text for text in driver.seen_direct("ada"))

    async def test_a_flood_is_cut_off_with_a_kind_word_and_answered(self, driver: Driver) -> None:
        await self.begun(driver)
        driver.bench.desk.enough.most = 3
        driver.bench.engine.reading.clear()
        for number in range(6):
            await driver.say("ada", f"+1 beans {number}")
        assert len((await self.interview(driver)).messages) == 3
        assert ["a lot at once" in text for text in driver.told("ada")] == [True]
        driver.bench.engine.reading.set()
        await driver.settled()
        await driver.say("ada", "+1 peas")
        await driver.settled()
        messages = (await self.interview(driver)).messages
        assert [m.text for m in messages] == ["+1 beans 0", "+1 beans 1", "+1 beans 2", "+1 peas"]

    async def test_attachments_are_declined_clearly(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.say("ada", "", attachments=1)
        await driver.settled()
        assert "I can only read text" in driver.told("ada")[-1]
        assert await self.moves(driver) == [MoveKind.ASK]
        await driver.say("ada", "+1 see the picture", attachments=2)
        await driver.settled()
        assert "I've read what you wrote" in driver.told("ada")[-1]
        assert await self.moves(driver) == [MoveKind.ASK, MoveKind.NEXT]

    async def test_a_message_without_an_interview_gets_a_pointer(self, driver: Driver) -> None:
        await driver.say_direct("ada", "hello?")
        assert "no interview going on" in driver.told("ada")[-1]
        await self.begun(driver, where="thread")
        await driver.say_direct("ada", "+1 beans")
        await driver.settled()
        assert "Your interview is in" in driver.told("ada")[-1]
        assert await self.moves(driver) == [MoveKind.ASK]

    async def test_a_scorecard_is_for_its_candidate_and_for_reviewers(self, driver: Driver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.END)
        await driver.settled()
        await driver.type("bob", "report", "ada")
        await driver.settled()
        assert "I can't show you this one" in driver.told("bob")[-1]
        assert driver.files("bob") == []
        await driver.type("rita", "report", "ada")
        await driver.settled()
        assert len(driver.files("rita")) == 1
        await driver.type("ada", "report")
        await driver.settled()
        assert len(driver.files("ada")) == 2
        await driver.type("rita", "report")
        assert "no interview yet" in driver.told("rita")[-1]

    async def test_forget_deletes_everything_of_a_person(self, driver: Driver) -> None:
        await self.begun(driver, "bob")
        for _ in range(2):
            await self.begun(driver)
            await driver.press("ada", Command.END)
            await driver.settled()
        await driver.type("ada", "forget")
        assert "2 interviews" in driver.told("ada")[-1]
        assert len(await driver.bench.interviews()) == 3
        await driver.press("ada", Command.FORGET)
        assert driver.told("ada")[-1].startswith("Done. 2 interviews deleted")
        (left,) = await driver.bench.interviews()
        assert left.candidate.endswith(f":{driver.user('bob')}")
        await driver.type("ada", "forget")
        assert "I keep nothing" in driver.told("ada")[-1]

    async def test_a_reply_cut_off_by_a_crash_is_finished_in_its_place(self, driver: Driver) -> None:
        await self.begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await self.until_seen(driver, "ada", 2)
        await self.die(driver)
        driver.bench.engine.speaking.set()
        await driver.open()
        await driver.settled()
        seen = await driver.seen("ada")
        assert len(seen) == 2
        assert "Question 2 of 3" in seen[-1]
