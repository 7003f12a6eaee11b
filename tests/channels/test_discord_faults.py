"""Discord's ways to fail, each against the simulator: nothing is lost, nothing counts twice, nothing is said twice."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

pytest.importorskip("discord")

from pydantic import SecretStr

from interviewer.channels import discord_missed
from interviewer.channels.chat import Command, Post
from interviewer.channels.chat_reply import Reply
from interviewer.channels.desk import Desk
from interviewer.channels.discord import DiscordChannel, DiscordOptions
from interviewer.channels.discord_gateway import FATAL
from interviewer.channels.discord_in import direct
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import ChannelDown, SettingsError, StoreError
from interviewer.domain.interview import MoveKind
from interviewer.domain.state import Interview
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from tests.channels.conformance import Conformance
from tests.channels.discord_api import BOT, CHANNEL, TOKEN, Fault
from tests.channels.discord_driver import DiscordDriver
from tests.channels.discord_fixtures import bench, driver, sim
from tests.channels.discord_sim import DiscordSim
from tests.channels.driving import QUIET, Bench
from tests.fakes import FakeRetriever

__all__ = ["bench", "driver", "sim"]
until = Conformance.until


async def begun(driver: DiscordDriver, where: str = "direct") -> None:
    await driver.begin("ada", where=where)
    await driver.settled()


async def answered(driver: DiscordDriver, count: int = 1) -> Interview:
    """Everything is done, and so many answers were read, each once, and replied to once."""
    await driver.settled()
    interview = await driver.bench.interview()
    assert interview.unsent == []
    assert [m.kind for m in (t.move for t in interview.turns)] == [MoveKind.ASK, *[MoveKind.NEXT] * count]
    seen = await driver.seen("ada")
    assert len(seen) == count + 1
    assert f"Question {count + 1} of 3" in seen[-1]
    return interview


async def heard_again(driver: DiscordDriver, identified: int, resumed: int) -> None:
    """Wait until sessions were begun and resumed so often, and what was missed was looked for."""
    await until(lambda: (driver.sim.identified, driver.sim.resumed) == (identified, resumed))
    await until(lambda: driver.channel.connected)
    await asyncio.sleep(0.02)
    await driver.channel.client.lookout.done()
    await driver.taken()


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
        driver.sim.ack_seconds = 0.3
        await driver.press("ada", Command.SKIP)
        await answered(driver)
        assert driver.sim.refused == []

    async def test_one_that_was_acknowledged_too_late_counts_all_the_same(self, driver: DiscordDriver) -> None:
        await begun(driver)
        driver.sim.ack_seconds = 0.2
        driver.sim.faults["callback"] = [Fault("10062")]
        await driver.press("ada", Command.SKIP)
        await answered(driver)

    async def test_what_could_not_be_answered_is_said_in_direct_messages(self, driver: DiscordDriver) -> None:
        driver.sim.ack_seconds = 0.2
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

    async def test_buttons_outlive_the_process(self, driver: DiscordDriver) -> None:
        await begun(driver)
        await driver.restart()
        await driver.press("ada", Command.SKIP)
        await answered(driver)
        assert driver.channel.client.persistent_views == []


class TestGateway:
    @pytest.mark.parametrize("code", [0, 1000, 1001, 4000, 4008])
    async def test_a_session_is_resumed_and_nothing_is_missed(self, driver: DiscordDriver, code: int) -> None:
        await begun(driver)
        await driver.sim.cut(code)
        driver.sim.say(driver.user("ada"), driver.sim.direct(driver.user("ada")), "+1 beans")
        await heard_again(driver, 1, 1)
        await answered(driver)

    @pytest.mark.parametrize(("op", "data"), [(7, None), (9, True)])
    async def test_it_reconnects_when_it_is_asked_to(self, driver: DiscordDriver, op: int, data: Any) -> None:
        await begun(driver)
        await driver.sim.tell(op, data)
        await until(lambda: driver.sim.resumed == 1)
        await driver.say("ada", "+1 beans")
        await answered(driver)
        assert driver.sim.identified == 1

    @pytest.mark.parametrize("code", [4007, 4009])
    async def test_a_session_that_cannot_be_resumed_is_begun_anew(self, driver: DiscordDriver, code: int) -> None:
        await begun(driver)
        await driver.sim.cut(code)
        driver.sim.sessions.clear()
        driver.sim.say(driver.user("ada"), driver.sim.direct(driver.user("ada")), "+1 beans")
        await heard_again(driver, 2, 0)
        await answered(driver)

    async def test_a_session_that_discord_forgot_is_begun_anew(self, driver: DiscordDriver) -> None:
        await begun(driver)
        await driver.sim.tell(9, data=False)
        await until(lambda: driver.sim.identified == 2)
        await driver.say("ada", "+1 beans")
        await answered(driver)

    async def test_a_resume_that_never_works_is_given_up(self, driver: DiscordDriver) -> None:
        await begun(driver)
        driver.sim.greetings = ["close:4000", "503", "close:1000"]
        await driver.sim.cut(4000)
        driver.sim.say(driver.user("ada"), driver.sim.direct(driver.user("ada")), "+1 beans")
        await heard_again(driver, 2, 0)
        await answered(driver)

    @pytest.mark.parametrize("greetings", [["503"], ["503", "close:4000", "503", "invalid"]])
    async def test_a_gateway_that_refuses_at_first_is_waited_for(
        self, bench: Bench, sim: DiscordSim, greetings: list[str]
    ) -> None:
        sim.greetings = [*greetings]
        driver = DiscordDriver(bench, sim)
        await driver.open()
        assert sim.connections == len(greetings) + 1
        await begun(driver)
        await driver.close()

    async def test_so_is_an_api_that_cannot_be_reached(self, bench: Bench, sim: DiscordSim) -> None:
        sim.faults["me"] = [Fault("refuse"), Fault("cloudflare")]
        sim.faults["application"] = [Fault("refuse")]
        driver = DiscordDriver(bench, sim)
        await driver.open()
        assert driver.channel.connected
        await driver.close()

    async def test_an_event_that_makes_no_sense_ends_nothing(
        self, driver: DiscordDriver, caplog: pytest.LogCaptureFixture
    ) -> None:
        await begun(driver)
        (session,) = driver.sim.sessions.values()
        driver.sim.send(session, "MESSAGE_CREATE", {"id": "not a number", "content": "+1 beans"})
        driver.sim.send(session, "INTERACTION_CREATE", {"type": 3, "data": []})
        driver.sim.say(driver.user("ada"), driver.sim.direct(driver.user("ada")), "+1 beans")
        await heard_again(driver, 1, 2)
        await answered(driver)
        assert "makes no sense" in caplog.text
        assert "beans" not in caplog.text

    @pytest.mark.parametrize("code", sorted(FATAL))
    async def test_what_a_person_must_mend_ends_it_at_once(self, bench: Bench, sim: DiscordSim, code: int) -> None:
        sim.greetings = [f"close:{code}"]
        driver = DiscordDriver(bench, sim)
        with pytest.raises(SettingsError) as caught:
            await driver.open()
        assert (caught.value.message, caught.value.remedy) == FATAL[code]
        await driver.close()

    @pytest.mark.parametrize("code", [4004, 4014])
    async def test_and_later(self, driver: DiscordDriver, code: int) -> None:
        await begun(driver)
        failed = asyncio.create_task(driver.channel.failed())
        await driver.sim.cut(code)
        with pytest.raises(SettingsError, match="Discord does not"):
            await asyncio.wait_for(failed, 5)
        assert not driver.channel.connected

    async def test_the_intent_that_is_missing_is_named(self, bench: Bench, sim: DiscordSim) -> None:
        sim.allowed_content = False
        driver = DiscordDriver(bench, sim)
        with pytest.raises(SettingsError) as caught:
            await driver.open()
        assert "Message Content Intent" in caught.value.remedy
        assert "INTERVIEWER_DISCORD__THREADS=false" in caught.value.remedy
        await driver.close()

    async def test_a_wrong_token_is_told_without_it(
        self, bench: Bench, sim: DiscordSim, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        channel = DiscordChannel(await bench.open(), chat_lines(), DiscordOptions(SecretStr("wrong.token")))
        with pytest.raises(SettingsError, match="does not accept the bot token") as caught:
            await channel.start()
        assert caught.value.__cause__ is None
        assert "wrong.token" not in caplog.text
        await channel.close()
        await bench.close()


class TestMissed:
    """What happens while nobody listens, Discord brings to nobody."""

    async def test_what_was_written_changed_and_deleted_is_found(self, driver: DiscordDriver) -> None:
        await begun(driver)
        channel, ada = driver.sim.direct(driver.user("ada")), driver.user("ada")
        driver.bench.engine.reading.clear()
        beens, poison = await driver.say("ada", "beens"), await driver.say("ada", "!1 and poison")
        await Conformance.die(driver)
        driver.bench.engine.readings.clear()
        driver.sim.edit(channel, beens.split(":")[1], "+1 beans", heard=False)
        driver.sim.delete(channel, poison.split(":")[1], heard=False)
        driver.sim.say(ada, channel, "+2 and peas", heard=False)
        driver.bench.engine.reading.set()
        await driver.open()
        await driver.settled()
        assert driver.bench.engine.readings[-1] == "+1 beans\n+2 and peas"
        assert len((await driver.bench.interview()).turns) == 2

    async def test_strangers_and_what_was_answered_are_not_looked_at(self, driver: DiscordDriver) -> None:
        await begun(driver, "thread")
        first = await driver.say("ada", "+1 beans")
        await answered(driver)
        await driver.close()
        channel, number = first.split(":")
        driver.sim.edit(channel, number, "+1 +2 more beans", heard=False)
        driver.sim.say(driver.user("bob"), channel, "+1 +2 mine", heard=False)
        await driver.open()
        await answered(driver)
        assert driver.told("ada") == []

    async def test_what_could_not_be_stored_is_found_later(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        monkeypatch.setattr(discord_missed, "AGAIN", 0.05)
        monkeypatch.setattr("interviewer.channels.discord_client.AGAIN", 0.05)
        receive, failures = driver.bench.conductor.receive, [StoreError("Full."), StoreError("Full.")]

        async def failing(message: Any) -> bool:
            if failures:
                raise failures.pop()
            return await receive(message)

        monkeypatch.setattr(driver.bench.conductor, "receive", failing)
        await driver.say("ada", "+1 beans")
        await driver.channel.client.lookout.done()
        await answered(driver)
        assert failures == []

    async def test_a_deletion_of_what_the_library_does_not_remember(self, driver: DiscordDriver) -> None:
        await begun(driver)
        message = await driver.say("ada", "+1 beans")
        await answered(driver)
        await driver.restart()
        await driver.delete("ada", message)
        assert "still counts" in driver.told("ada")[-1]
        await driver.delete("ada", f"{CHANNEL}:{driver.sim.message(CHANNEL, driver.sim.bot(), '')['id']}")

    async def test_what_is_taken_in_is_stored_before_the_process_goes(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        append = driver.bench.store.append

        async def slow(*args: Any) -> bool:
            await asyncio.sleep(0.2)
            return await append(*args)

        monkeypatch.setattr(driver.bench.store, "append", slow)
        driver.sim.say(driver.user("ada"), driver.sim.direct(driver.user("ada")), "+1 beans")
        await driver.sim.barrier()
        await driver.channel.stop()
        assert [m.text for m in (await driver.bench.interview()).messages] == ["+1 beans"]


class TestLogs:
    async def test_they_hold_no_words_and_no_tokens(
        self, driver: DiscordDriver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caplog.set_level(logging.INFO)
        await begun(driver, "thread")
        driver.sim.faults["post"] = [Fault("drop"), Fault("429", 0.05)]
        driver.sim.faults["edit_post"] = [Fault("50013")]
        driver.sim.faults["callback"] = [Fault("10062")]
        driver.sim.ack_seconds = 0.2
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
