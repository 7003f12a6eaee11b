"""Discord's gateway when it fails, against the simulator: sessions are resumed or begun anew, and nothing is missed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

pytest.importorskip("discord")

from pydantic import SecretStr

from interviewer.channels import chat_missed
from interviewer.channels.discord import DiscordChannel, DiscordOptions
from interviewer.channels.discord_gateway import FATAL
from interviewer.domain.errors import SettingsError, StoreError
from interviewer.prompts import chat_lines
from tests.channels.conformance import Conformance
from tests.channels.discord_asked import answered, begun, heard_again, until
from tests.channels.discord_driver import DiscordDriver
from tests.channels.discord_fixtures import bench, driver, sim
from tests.channels.discord_sim import DiscordSim
from tests.channels.discord_wire import CHANNEL, Fault
from tests.channels.driving import Bench

__all__ = ["bench", "driver", "sim"]


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

    async def test_one_that_falls_silent_is_renewed(self, bench: Bench, sim: DiscordSim) -> None:
        sim.heartbeat = 0.1
        driver = DiscordDriver(bench, sim, silence=0.5)
        await driver.open()
        await begun(driver)
        sim.silent = {s.socket for s in sim.sessions.values() if s.socket}
        sim.say(driver.user("ada"), sim.direct(driver.user("ada")), "+1 beans")
        await heard_again(driver, 1, 1)
        await answered(driver)
        await driver.close()

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

    @pytest.mark.parametrize("greetings", [["503"], ["503", "close:4000", "nothing", "invalid"]])
    async def test_a_gateway_that_refuses_at_first_is_waited_for(
        self, bench: Bench, sim: DiscordSim, greetings: list[str]
    ) -> None:
        sim.greetings = [*greetings]
        driver = DiscordDriver(bench, sim, patience=0.3)
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
        monkeypatch.setattr(chat_missed, "AGAIN", 0.05)
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

    async def test_so_is_what_was_written_before_something_that_was_stored(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        monkeypatch.setattr("interviewer.channels.discord_client.AGAIN", 0.3)
        receive, failures = driver.bench.conductor.receive, [StoreError("Full.")]

        async def failing(message: Any) -> bool:
            if failures:
                raise failures.pop()
            return await receive(message)

        monkeypatch.setattr(driver.bench.conductor, "receive", failing)
        await driver.say("ada", "+1 beans")
        await driver.say("ada", "+2 and peas")
        await driver.channel.client.lookout.done()
        await driver.settled()
        assert sorted(m.text for m in (await driver.bench.interview()).messages) == ["+1 beans", "+2 and peas"]

    async def test_and_what_was_written_while_nobody_listened_before_what_comes_now(
        self, driver: DiscordDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await begun(driver)
        channel, ada = driver.sim.direct(driver.user("ada")), driver.user("ada")
        driver.sim.say(ada, channel, "+1 beans", heard=False)
        look = driver.channel.client.lookout._look
        monkeypatch.setattr(driver.channel.client.lookout, "_look", lambda wait: look(0.3))
        driver.channel.client.lookout.look()
        await driver.say("ada", "+2 and peas")
        await driver.channel.client.lookout.done()
        await driver.settled()
        assert sorted(m.text for m in (await driver.bench.interview()).messages) == ["+1 beans", "+2 and peas"]

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
