"""Discord's ways to fail, each against the simulator: nothing is lost, nothing counts twice, nothing is said twice."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

pytest.importorskip("discord")


from interviewer.channels.chat import Command, Post
from interviewer.channels.chat_reply import Reply
from interviewer.channels.desk import Desk
from interviewer.channels.discord import DiscordChannel
from interviewer.channels.discord_in import direct
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import ChannelDown, StoreError
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from tests.channels.conformance import Conformance
from tests.channels.discord_asked import answered, begun, heard_again, until
from tests.channels.discord_driver import DiscordDriver
from tests.channels.discord_fixtures import bench, driver, sim
from tests.channels.discord_wire import BOT, CHANNEL, TOKEN, Fault
from tests.channels.driving import QUIET
from tests.fakes import FakeRetriever

__all__ = ["bench", "driver", "sim"]


class TestTwice:
    async def test_a_command_that_comes_twice_begins_one_interview(self, driver: DiscordDriver) -> None:
        await begun(driver)
        driver.sim.dispatch("INTERACTION_CREATE", driver.sim.last_interaction)
        await driver.taken()
        await driver.settled()
        assert len(await driver.bench.interviews()) == 1
        assert driver.sim.refused == ["callback: 40060 Interaction has already been acknowledged."]
        assert driver.told("ada") == []

    async def test_two_processes_that_hear_the_same_say_it_once(self, driver: DiscordDriver) -> None:
        bench = driver.bench
        conductor = Conductor(bench.store, bench.engine, FakeRetriever(), phrases())
        desk = Desk(conductor, bench.store, bench.shelf, chat_lines(), as_html, QUIET)
        other = DiscordChannel(desk, chat_lines(), driver.options)
        await other.start()
        assert len(driver.sim.sessions) == 2
        await begun(driver)
        await driver.say("ada", "+1 beans", attachments=1)
        await answered(driver)
        await driver.say("ada", "", attachments=1)
        await driver.press("ada", Command.END)
        await driver.settled()
        await desk.rota.settled()
        assert sum("only read text" in text for text in driver.told("ada")) == 2
        assert len(driver.files("ada")) == 1
        assert len(driver.seen_direct("ada")) == 3
        await other.stop()
        await desk.drain(1)
        await other.close()

    async def test_two_processes_that_hear_the_same_open_one_thread(self, driver: DiscordDriver) -> None:
        bench = driver.bench
        conductor = Conductor(bench.store, bench.engine, FakeRetriever(), phrases())
        desk = Desk(conductor, bench.store, bench.shelf, chat_lines(), as_html, QUIET)
        other = DiscordChannel(desk, chat_lines(), driver.options)
        await other.start()
        await begun(driver)
        await driver.type("ada", "resume", where="thread")
        await other.client.order.taken()
        await driver.settled()
        await desk.rota.settled()
        threads = [c for c in driver.sim.channels.values() if c.get("parent_id") == CHANNEL]
        assert len(threads) == 1
        assert sum("Welcome back" in text for text in await driver.seen("ada")) == 1
        await other.stop()
        await desk.drain(1)
        await other.close()


class TestPosts:
    @pytest.mark.parametrize("kind", ["drop", "refuse", "429", "500"])
    async def test_a_post_of_which_no_answer_came_is_made_once(self, driver: DiscordDriver, kind: str) -> None:
        await begun(driver)
        driver.sim.faults["post"] = [Fault(kind, after=0.05)]
        await driver.say("ada", "+1 beans")
        await answered(driver)
        assert driver.sim.faults["post"] == []

    @pytest.mark.parametrize("kind", ["drop", "refuse", "429"])
    async def test_so_is_a_scorecard(self, driver: DiscordDriver, kind: str) -> None:
        await begun(driver)
        driver.sim.faults["post"] = [Fault("-"), Fault(kind, after=0.05)]
        await driver.press("ada", Command.END)
        await driver.settled()
        assert driver.sim.faults["post"] == []
        assert len(driver.files("ada")) == 1
        assert len(driver.seen_direct("ada")) == 2

    @pytest.mark.parametrize("kind", ["drop", "refuse", "429"])
    async def test_edits_that_fail_are_made_up_for(self, driver: DiscordDriver, kind: str) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        driver.sim.faults["edit_post"] = [Fault(kind, after=0.05)] * 2
        await driver.say("ada", "+1 beans")
        await Conformance.until_seen(driver, "ada", 2)
        driver.bench.engine.speaking.set()
        await answered(driver)

    async def test_a_crash_after_the_post_leaves_one_post(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        await self.crash_before_it_is_noted(driver, monkeypatch)
        await driver.open()
        await answered(driver)

    async def test_so_does_one_that_lasts_longer_than_discord_remembers(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        await self.crash_before_it_is_noted(driver, monkeypatch)
        driver.sim.nonces.clear()
        await driver.open()
        await answered(driver)

    async def test_and_a_crash_in_the_middle_of_a_reply(self, driver: DiscordDriver) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await Conformance.until_seen(driver, "ada", 2)
        await Conformance.die(driver)
        driver.sim.nonces.clear()
        driver.bench.engine.speaking.set()
        await driver.open()
        await answered(driver)

    @staticmethod
    async def crash_before_it_is_noted(driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch) -> None:
        async def dying(*_: object) -> None:
            raise StoreError("The process is gone.")

        with monkeypatch.context() as patch:
            patch.setattr(driver.bench.conductor, "sent", dying)
            await driver.say("ada", "+1 beans")
            await Conformance.until_seen(driver, "ada", 2)
            await asyncio.sleep(0.1)
            assert (await driver.bench.interview()).unsent == [1]
            await Conformance.die(driver)

    async def test_what_a_moderator_deleted_is_not_put_back_but_what_comes_is_posted(
        self, driver: DiscordDriver
    ) -> None:
        await begun(driver)
        driver.bench.engine.speaking.clear()
        await driver.say("ada", "+1 beans")
        await Conformance.until_seen(driver, "ada", 2)
        channel = driver.sim.direct(driver.user("ada"))
        driver.sim.delete(channel, driver.sim.messages[channel][-1]["id"])
        await Conformance.die(driver)
        driver.bench.engine.speaking.set()
        await driver.open()
        await answered(driver)
        assert driver.sim.refused == ["post: 10008 Unknown Message"]

    async def test_one_worker_does_not_delete_what_another_has_written_on(self, driver: DiscordDriver) -> None:
        await begun(driver)
        outbox, place = driver.channel.client.outbox, direct(channel=int(driver.sim.direct(driver.user("ada"))))
        one, other = Reply(outbox, place, "k/7"), Reply(outbox, place, "k/7")
        await one.hear("Hello, ")
        await until(lambda: one.begun)
        await other.finish("Hello, you.")
        await one.drop()
        assert driver.seen_direct("ada")[-1] == "Hello, you."

    async def test_parts_are_found_again_by_their_buttons(self, driver: DiscordDriver) -> None:
        await begun(driver)
        interview = await driver.bench.interview()
        outbox, place = driver.channel.client.outbox, await driver.place_of("ada")
        button = driver.channel._desk._floor.button(Command.SKIP, f"{interview.id}/1")
        refs: list[str | None] = []
        for number in range(3):
            post = Post(key=f"{interview.id}/1/{number}", text="part", buttons=(button,) if number == 2 else ())
            refs.append(await outbox.post(place, post))
            await outbox.post(place, Post(key=f"{interview.id}/note{number}", text="beside"))
            found = [await outbox.find(place, f"{interview.id}/1/{n}") for n in range(4)]
            assert found == [*refs, *[None] * (4 - len(refs))]
        assert await outbox.find(place, f"{interview.id}/0/0") is None
        assert await outbox.find(place, "other/5/0") is None
        closing = await outbox.post(place, Post(key=f"{interview.id}/2/0", text="Goodbye."))
        assert await outbox.find(place, f"{interview.id}/2/0") == closing
        assert await outbox.find(place, "other/0/0") is None, "another interview's closing words are not written over"

    async def test_long_replies_are_split_and_code_stays_whole(self, driver: DiscordDriver) -> None:
        await begun(driver)
        before = len(driver.seen_direct("ada"))
        code = "```python\n" + "\n".join(f"bed_{n} = plant('beans', {n})" for n in range(150)) + "\n```"
        small = "```sql\nselect 1\n```"
        reply = Reply(driver.channel.client.outbox, await driver.place_of("ada"), "k/8")
        await reply.finish("Look:\n\n" + "words " * 330 + f"\n\n{small}\n\nand\n\n{code}\n\nThat is all.")
        parts = driver.seen_direct("ada")[before:]
        assert all(len(p) <= 2_000 and p.count("```") % 2 == 0 for p in parts)
        assert any(small in p for p in parts)
        assert sum(p.count("plant(") for p in parts) == 150

    async def test_a_long_question_is_repeated_whole(self, driver: DiscordDriver) -> None:
        await begun(driver)
        before = len(driver.seen_direct("ada"))
        button = driver.channel._desk._floor.button(Command.SKIP, "k/1")
        post = Post(key="k/resume/recap", text="Welcome back. " + "words " * 900, buttons=(button,))
        outbox, place = driver.channel.client.outbox, await driver.place_of("ada")
        assert await outbox.post(place, post) == await outbox.post(place, post)
        parts = driver.in_place(place)[before:]
        assert " ".join(p["content"] for p in parts).split() == post.text.split()
        assert [len(p["components"]) for p in parts] == [0, 0, 1]

    @pytest.mark.parametrize(("fault", "after"), [(Fault("429", 40.0), 40.0), (Fault("cloudflare"), 60.0)])
    async def test_a_long_limit_is_not_waited_out_in_a_request(
        self, driver: DiscordDriver, fault: Fault, after: float
    ) -> None:
        await begun(driver)
        driver.sim.faults["post"] = [fault]
        with pytest.raises(ChannelDown) as caught:
            await driver.channel.client.outbox.post(await driver.place_of("ada"), Post(key="k/9/0", text="?"))
        assert caught.value.after == after

    async def test_streaming_leaves_out_edits_when_many_are_made(self, driver: DiscordDriver) -> None:
        outbox = driver.channel.client.outbox
        assert outbox.pace == pytest.approx(1.2)
        outbox._edits.extend([time.monotonic()] * 25)
        assert outbox.pace == float("inf")


class TestActions:
    async def test_they_are_acknowledged_before_anything_is_stored(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        append = driver.bench.store.append

        async def slow(*args: Any) -> bool:
            await asyncio.sleep(0.4)
            return await append(*args)

        monkeypatch.setattr(driver.bench.store, "append", slow)
        driver.sim.ack_seconds = 0.8
        await driver.press("ada", Command.SKIP)
        await answered(driver)
        assert driver.sim.refused == []

    async def test_one_that_was_acknowledged_too_late_counts_all_the_same(self, driver: DiscordDriver) -> None:
        await begun(driver)
        driver.sim.ack_seconds = 0.8
        driver.sim.faults["callback"] = [Fault("10062")]
        await driver.press("ada", Command.SKIP)
        await answered(driver)

    async def test_what_could_not_be_answered_is_said_in_direct_messages(self, driver: DiscordDriver) -> None:
        driver.sim.ack_seconds = 0.8
        driver.sim.faults["callback"] = [Fault("10062")]
        await driver.type("ada", "status", where="thread")
        assert driver.sim.alone == []
        assert "no interview going" in driver.told("ada")[-1]

    async def test_what_could_not_be_stored_is_said(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)

        async def failing(*_: object) -> bool:
            raise StoreError("Full.")

        monkeypatch.setattr(driver.bench.store, "append", failing)
        await driver.press("ada", Command.SKIP)
        assert driver.told("ada")[-1] == "Something went wrong on my side. Please try that again in a minute."

    async def test_what_nobody_foresaw_is_said_too(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def failing(*_: object) -> None:
            raise ZeroDivisionError("+1 beans")

        monkeypatch.setattr(driver.bench.desk, "pressed", failing)
        await driver.type("ada", "status")
        assert "Something went wrong" in driver.told("ada")[-1]
        assert "ZeroDivisionError" in caplog.text
        assert "beans" not in caplog.text

    async def test_buttons_outlive_the_process(self, driver: DiscordDriver) -> None:
        await begun(driver)
        await driver.restart()
        await driver.press("ada", Command.SKIP)
        await answered(driver)
        assert driver.channel.client.persistent_views == []


class TestLogs:
    async def test_they_hold_no_words_and_no_tokens(
        self, driver: DiscordDriver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caplog.set_level(logging.INFO)
        await begun(driver, "thread")
        driver.sim.faults["post"] = [Fault("drop"), Fault("429", 0.05)]
        driver.sim.faults["edit_post"] = [Fault("50013")]
        driver.sim.faults["callback"] = [Fault("10062")]
        driver.sim.ack_seconds = 0.8
        await driver.say("ada", "+1 unmistakable beans")
        await driver.settled()
        await driver.press("ada", Command.SKIP)
        await driver.settled()

        async def failing(*_: object) -> bool:
            raise ZeroDivisionError("+1 unmistakable beans")

        monkeypatch.setattr("interviewer.channels.discord_client.AGAIN", 0.05)
        with monkeypatch.context() as patch:
            patch.setattr(driver.bench.conductor, "receive", failing)
            await driver.say("ada", "+1 unmistakable beans")
        await driver.channel.client.lookout.done()
        await driver.settled()
        assert (await driver.bench.interview()).messages[-1].text == "+1 unmistakable beans"
        await driver.sim.cut(4000)
        await heard_again(driver, 1, 1)
        for secret in ("unmistakable", TOKEN, "itoken", "Bot "):
            assert secret not in caplog.text
        assert "ZeroDivisionError" in caplog.text
        assert BOT not in caplog.text
