"""What happens in Slack while no worker can take it in, and is not brought again: it is read afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from interviewer.channels import chat_missed, slack_missed
from interviewer.channels.chat import Command, Person, Place
from interviewer.domain.errors import StoreError
from interviewer.domain.interview import Event, Received
from interviewer.domain.state import Interview
from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.slack_api import CHANNEL, Fault
from tests.channels.slack_driver import HttpDriver, SlackDriver
from tests.channels.slack_fixtures import begun, bench, driver, over_http, sim
from tests.channels.slack_sim import SlackSim

__all__ = ["bench", "driver", "over_http", "sim"]
until = Conformance.until


async def unheard(driver: SlackDriver, place: Place, text: str, who: str = "ada") -> str:
    """Someone writes something that nobody is told of; its ts."""
    said = await driver.sim.say(driver.user(who), place.channel, text, thread=place.thread, heard=False)
    return str(said["ts"])


async def texts(driver: SlackDriver) -> list[str]:
    """What the interview knows of what was said, as it heard of it."""
    await driver.settled()
    return [m.text for m in (await driver.bench.interview()).messages]


async def answered(driver: SlackDriver, count: int = 1) -> Interview:
    """So many answers were read, each once, and replied to once."""
    await driver.settled()
    interview = await driver.bench.interview()
    assert interview.unsent == []
    assert len(interview.turns) == count + 1
    seen = await driver.seen("ada")
    assert sum("Question " in text for text in seen) == count + 1
    assert f"Question {count + 1} of 3" in seen[-1]
    return interview


def reads(driver: SlackDriver) -> int:
    """How often the past was read."""
    return len([m for m, _ in driver.sim.calls if m in ("conversations.history", "conversations.replies")])


class TestStart:
    @pytest.mark.parametrize("where", ["direct", "thread"])
    async def test_what_was_written_changed_and_deleted_is_found(self, driver: SlackDriver, where: str) -> None:
        await begun(driver, where)
        driver.bench.engine.reading.clear()
        beens, poison = await driver.say("ada", "beens"), await driver.say("ada", "!1 and poison")
        place = await driver.place_of("ada")
        await Conformance.die(driver)
        driver.bench.engine.readings.clear()
        channel = beens.split(":")[0]
        await driver.sim.edit("UADA", channel, beens.split(":")[1], "+1 beans &amp; more", heard=False)
        await driver.sim.delete("UADA", channel, poison.split(":")[1], heard=False)
        await unheard(driver, place, "+2 and <peas>")
        driver.bench.engine.reading.set()
        await driver.open()
        await answered(driver)
        assert driver.bench.engine.readings[-1] == "+1 beans & more\n+2 and <peas>"

    async def test_over_http_too(self, over_http: HttpDriver) -> None:
        await begun(over_http, "thread")
        place = await over_http.place_of("ada")
        await over_http.close()
        await unheard(over_http, place, "+1 beans")
        await over_http.open()
        await answered(over_http)

    async def test_several_pages_are_read_in_the_order_in_which_they_were_written(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for where in ("direct", "thread"):
            await begun(driver, where)
            place = await driver.place_of("ada")
            await driver.close()
            driver.sim.page = 2
            said = [f"{n}" for n in range(7)]
            for text in said:
                await unheard(driver, place, text)
                await unheard(driver, place, f"{text} of mine", "bob")
            await driver.open()
            assert (await texts(driver))[-7:] == said
            await driver.press("ada", Command.END)
            await driver.settled()
            await driver.type("ada", "forget")
            await driver.press("ada", Command.FORGET)
            await driver.settled()

    async def test_what_comes_by_event_as_well_counts_once(self, driver: SlackDriver) -> None:
        await begun(driver)
        place = await driver.place_of("ada")
        await driver.close()
        ts = await unheard(driver, place, "+1 beans")
        await driver.open()
        await driver.redeliver(f"DUADA:{ts}")
        await answered(driver)
        await driver.redeliver(f"DUADA:{ts}")
        assert await texts(driver) == ["+1 beans"]

    async def test_only_the_candidate_counts(self, driver: SlackDriver) -> None:
        await begun(driver, "thread")
        place = await driver.place_of("ada")
        await driver.close()
        await unheard(driver, place, "+1 +2 mine", "bob")
        await driver.sim.say("UADA", CHANNEL, "+1 beside the thread", heard=False)
        other = {"type": "message", "subtype": "bot_message", "bot_id": "B9", "user": "UADA", "text": "+1"}
        driver.sim.messages[CHANNEL].append({**other, "ts": driver.sim.ts(), "thread_ts": place.thread})
        await driver.open()
        assert await texts(driver) == []

    async def test_what_is_answered_or_over_is_left_alone(self, driver: SlackDriver) -> None:
        await begun(driver)
        first = await driver.say("ada", "+1 beans")
        await driver.settled()
        await driver.close()
        await driver.sim.edit("UADA", "DUADA", first.split(":")[1], "+1 +2 more beans", heard=False)
        await driver.open()
        await answered(driver)
        assert driver.told("ada") == []
        await driver.press("ada", Command.END)
        await driver.settled()
        await driver.close()
        await driver.sim.say("UADA", "DUADA", "one more thing", heard=False)
        before = reads(driver)
        await driver.open()
        assert reads(driver) == before
        assert len(await texts(driver)) == 2

    async def test_an_answer_in_a_thread_of_direct_messages_is_found_and_not_taken_for_deleted(
        self, driver: SlackDriver
    ) -> None:
        await begun(driver)
        asked = driver.direct_posts("ada")[-1]["ts"]
        driver.bench.engine.reading.clear()
        await driver.sim.say("UADA", "DUADA", "+1 beans", thread=asked)
        await Conformance.die(driver)
        await driver.sim.say("UADA", "DUADA", "+2 and peas", thread=asked, heard=False)
        driver.bench.engine.readings.clear()
        driver.bench.engine.reading.set()
        await driver.open()
        await answered(driver)
        assert driver.bench.engine.readings[-1] == "+1 beans\n+2 and peas"

    async def test_a_deleted_message_that_has_left_a_mark_is_deleted(self, driver: SlackDriver) -> None:
        await begun(driver)
        driver.bench.engine.reading.clear()
        beans, poison = await driver.say("ada", "+1 beans"), (await driver.say("ada", "!1 poison")).split(":")[1]
        assert beans
        await driver.sim.say("UBOB", "DUADA", "really?", thread=poison, heard=False)
        await Conformance.die(driver)
        await driver.sim.delete("UADA", "DUADA", poison, heard=False)
        driver.bench.engine.readings.clear()
        driver.bench.engine.reading.set()
        await driver.open()
        await answered(driver)
        assert driver.bench.engine.readings[-1] == "+1 beans"

    async def test_what_was_written_here_while_it_was_held_elsewhere_is_no_answer(self, driver: SlackDriver) -> None:
        await begun(driver, "thread")
        await driver.say_direct("ada", "+1 hello?")
        await driver.type("ada", "resume")
        await driver.settled()
        await driver.restart()
        assert await texts(driver) == []

    async def test_what_waits_and_was_written_elsewhere_is_not_taken_for_deleted(self, driver: SlackDriver) -> None:
        await begun(driver, "thread")
        driver.bench.engine.reading.clear()
        await driver.say("ada", "+1 beans")
        await driver.type("ada", "resume")
        await until(lambda: "Welcome back" in str(driver.seen_direct("ada")))
        await Conformance.die(driver)
        driver.bench.engine.readings.clear()
        driver.bench.engine.reading.set()
        await driver.open()
        await driver.settled()
        assert driver.bench.engine.readings == ["+1 beans"]

    async def test_what_was_asked_in_passing_is_not_answered_again_and_again(self, driver: SlackDriver) -> None:
        await begun(driver)
        await driver.say("ada", "/status")
        await driver.settled()
        assert len(driver.told("ada")) == 1
        await driver.restart()
        await driver.settled()
        assert len(driver.told("ada")) == 1

    async def test_a_slack_that_fails_at_first_is_asked_again(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat_missed, "AGAIN", 0.05)
        await begun(driver)
        place = await driver.place_of("ada")
        await driver.close()
        await unheard(driver, place, "+1 beans")
        driver.sim.faults["conversations.history"] = [Fault("refuse"), Fault("internal_error"), Fault("429")]
        await driver.open()
        await answered(driver)
        assert driver.sim.faults["conversations.history"] == []

    async def test_more_than_slack_allows_is_not_asked(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now, waits = 1_000.0, list[float]()

        async def slept(seconds: float) -> None:
            nonlocal now
            waits.append(seconds)
            now += seconds

        await begun(driver)
        place, since = await driver.place_of("ada"), (await driver.bench.interview()).started_at
        with monkeypatch.context() as patch:
            patch.setattr(slack_missed, "READS_A_MINUTE", 2)
            past = slack_missed.SlackPast(driver.channel._client)
            patch.setattr(slack_missed, "monotonic", lambda: now)
            patch.setattr(slack_missed, "sleep", slept)
            for _ in range(5):
                await past.read(place, Person(platform="slack", space="T1", user="UADA"), since)
        assert waits == [60.0, 0.0, 60.0]


class TestConnection:
    async def test_what_was_missed_without_a_connection_is_found(self, sim: SlackSim, bench: Bench) -> None:
        driver = SlackDriver(bench, sim, gap=0.0)
        await driver.open()
        await begun(driver)
        await unheard(driver, await driver.place_of("ada"), "+1 beans")
        await sim.sockets[-1].close()
        await until(lambda: sim.connections == 2)
        await until(lambda: reads(driver) > 0)
        await driver.channel.lookout.done()
        await answered(driver)
        await driver.close()

    async def test_what_was_missed_on_a_silent_one_is_found(self, sim: SlackSim, bench: Bench) -> None:
        driver = SlackDriver(bench, sim, silence=0.6, gap=0.5)
        await driver.open()
        await begun(driver)
        sim.silent.add(sim.sockets[-1])
        await unheard(driver, await driver.place_of("ada"), "+1 beans")
        await until(lambda: reads(driver) > 0)
        await driver.channel.lookout.done()
        await answered(driver)
        await driver.close()

    async def test_after_a_short_while_nothing_is_read(self, driver: SlackDriver) -> None:
        await begun(driver)
        await driver.sim.disconnect()
        await until(lambda: driver.sim.connections == 2)
        await driver.say("ada", "+1 beans")
        await answered(driver)
        assert reads(driver) == 0

    async def test_what_could_not_be_stored_until_slack_gave_up_is_found(
        self, driver: SlackDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("interviewer.channels.slack.BROUGHT_AGAIN", 0.3)
        monkeypatch.setattr(chat_missed, "AGAIN", 0.05)
        await begun(driver)
        driver.sim.ack_seconds = 0.05
        append, failing = driver.bench.store.append, True

        async def broken(interview_id: str, events: Sequence[Event]) -> bool:
            if failing and isinstance(events[0], Received):
                raise StoreError("It is full.")
            return await append(interview_id, events)

        monkeypatch.setattr(driver.bench.store, "append", broken)
        await driver.say("ada", "+1 beans")
        failing = False
        await driver.say("ada", "+2 and peas")
        await driver.channel.lookout.done()
        assert sorted(await texts(driver)) == ["+1 beans", "+2 and peas"]
