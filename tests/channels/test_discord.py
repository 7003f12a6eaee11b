"""Discord, through the real client against a simulator of its protocol: the conformance suite, and what is Discord's
own: who is asked where, which messages count, and what is proposed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("discord")

from interviewer.channels.chat import Command
from interviewer.channels.discord_client import PERMISSIONS, intents
from interviewer.channels.discord_gateway import FATAL
from interviewer.channels.discord_in import LONGEST_PASTE
from interviewer.domain.interview import MoveKind
from interviewer.settings import DiscordSettings
from tests.channels.conformance import Conformance
from tests.channels.discord_driver import DiscordDriver
from tests.channels.discord_fixtures import bench, driver, sim
from tests.channels.discord_sim import DiscordSim
from tests.channels.discord_transcript import transcript
from tests.channels.discord_wire import BOT, CHANNEL, GUILD, Fault
from tests.channels.driving import Bench

__all__ = ["bench", "driver", "sim"]
GUIDE_TEXT = (Path(__file__).resolve().parents[2] / "docs" / "discord.md").read_text(encoding="utf-8")


class TestDiscord(Conformance):
    """In direct messages, and in private threads of a server."""

    @pytest.fixture(autouse=True)
    async def nothing_refused(self, driver: DiscordDriver) -> AsyncIterator[None]:
        """Discord took everything that it was sent."""
        yield
        await driver.settled()
        assert driver.sim.refused == []


async def opened(bench: Bench, sim: DiscordSim, **options: Any) -> DiscordDriver:
    made = DiscordDriver(bench, sim, **options)
    await made.open()
    return made


async def start(driver: DiscordDriver, who: str, channel: str, **options: str) -> str:
    """Use the command, and what it was answered with."""
    asked = await driver.sim.use(driver.user(who), "start", channel, guide="gardens", **options)
    await driver.told_by_now()
    await driver.settled()
    return str(asked.original["content"]) if asked.original else ""


class TestWhere:
    async def test_from_a_server_it_begins_in_direct_messages(self, driver: DiscordDriver) -> None:
        assert await start(driver, "ada", CHANNEL) == "Your interview begins in our direct messages."
        heading, question = driver.seen_direct("ada")
        assert heading == "**Interview: Gardens**"
        assert "Question 1 of" in question
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert len(driver.seen_direct("ada")) == 3

    async def test_who_lets_nobody_write_to_them_gets_a_thread(self, driver: DiscordDriver) -> None:
        driver.sim.closed.add(driver.sim.direct(driver.user("ada")))
        assert await start(driver, "ada", CHANNEL) == "Your interview begins in a private thread in this channel."
        assert "Question 1 of" in (await driver.seen("ada"))[-1]

    async def test_who_wants_direct_messages_and_lets_nobody_write_is_told(self, driver: DiscordDriver) -> None:
        driver.sim.closed.add(driver.sim.direct(driver.user("ada")))
        assert "I can't write to you directly" in await start(driver, "ada", CHANNEL, where="direct")
        assert await driver.bench.interviews() == []

    async def test_who_is_refused_keeps_no_heading(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        before = driver.seen_direct("ada")
        assert "You have an interview going already" in await start(driver, "ada", CHANNEL)
        assert driver.seen_direct("ada") == before

    async def test_in_someone_elses_thread_a_new_one_is_opened_beside_it(self, driver: DiscordDriver) -> None:
        other = driver.sim._threaded(CHANNEL, "Lunch", driver.user("bob"))
        await start(driver, "ada", other["id"], where="here")
        place = await driver.place_of("ada")
        assert place.channel != other["id"]
        assert driver.sim.channels[place.channel]["parent_id"] == CHANNEL
        assert driver.sim.messages[other["id"]] == []

    async def test_a_thread_is_private_and_its_candidate_is_in_it(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place = await driver.place_of("ada")
        thread = driver.sim.channels[place.channel]
        assert thread["people"] == [BOT, driver.user("ada")]
        assert thread["name"] == f"Interview: Gardens · {(await driver.bench.interview()).id}"
        assert place.space == GUILD

    async def test_a_thread_that_was_opened_before_a_crash_is_found_again(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place, interview = await driver.place_of("ada"), await driver.bench.interview()
        unopened = place.model_copy(update={"channel": CHANNEL, "thread": ""})
        ada = interview.candidate.rpartition(":")[2]
        from interviewer.channels.discord_in import person

        again = await driver.channel.client.outbox.open(
            unopened, person(int(ada)), "Interview: Gardens", f"{interview.id}/open"
        )
        assert again == place

    async def test_resuming_in_its_thread_stays_there(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place = await driver.place_of("ada")
        for channel in (place.channel, CHANNEL):
            await driver.sim.use(driver.user("ada"), "resume", channel)
            await driver.taken()
            await driver.settled()
            assert await driver.place_of("ada") == place
            assert (await driver.seen("ada"))[-1].startswith("Welcome back")

    async def test_where_no_thread_can_be_opened_it_goes_on_in_direct_messages(self, driver: DiscordDriver) -> None:
        driver.sim.faults["thread"] = [Fault("50013") for _ in range(2)]
        await start(driver, "ada", CHANNEL, where="here")
        assert "let's go on here" in driver.seen_direct("ada")[0]
        assert "Question 1 of" in driver.seen_direct("ada")[-1]

    async def test_a_thread_that_is_closed_leads_to_direct_messages(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place = await driver.place_of("ada")
        await driver.say("ada", "+1 beans")
        driver.sim.closed.add(place.channel)
        await driver.settled()
        assert "Question 2 of" in driver.seen_direct("ada")[-1]

    async def test_a_thread_that_sleeps_is_woken(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place = await driver.place_of("ada")
        driver.sim.channels[place.channel]["thread_metadata"]["archived"] = True
        driver.sim.faults["post"] = [Fault("50083")]
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert not driver.sim.channels[place.channel]["thread_metadata"]["archived"]
        assert "Question 2 of" in (await driver.seen("ada"))[-1]


class TestWho:
    async def test_only_servers_and_people_that_are_named(self, bench: Bench, sim: DiscordSim) -> None:
        driver = await opened(bench, sim, guilds=("123",))
        assert "aren't open to you here" in await start(driver, "ada", CHANNEL)
        await driver.close()
        ada = driver.user("ada")
        driver = await opened(bench, sim, guilds=(GUILD,), users=(ada,))
        assert "aren't open to you here" in await start(driver, "ada", sim.direct(ada))
        assert "aren't open to you here" in await start(driver, "bob", CHANNEL)
        assert sim.messages[sim.direct(driver.user("bob"))] == []
        assert "Your interview begins in" in await start(driver, "ada", CHANNEL)
        await driver.close()

    async def test_what_is_said_elsewhere_in_a_server_is_nobodys_business(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        calls = len(driver.sim.calls)
        await driver.write("ada", CHANNEL, "+1 not to you")
        other = driver.sim._threaded(CHANNEL, "Lunch", driver.user("bob"))
        await driver.write("ada", other["id"], "+1 nor this")
        await driver.settled()
        assert len(driver.sim.calls) == calls
        assert (await driver.bench.interview()).messages == []

    async def test_without_threads_nothing_is_heard_of_what_servers_write(self, bench: Bench, sim: DiscordSim) -> None:
        sim.allowed_content = False
        driver = await opened(bench, sim, threads=False)
        (session,) = sim.sessions.values()
        assert session.intents == intents(threads=False).value == (1 << 0) | (1 << 12)
        assert intents(threads=True).value == session.intents | (1 << 9) | (1 << 15)
        (command,) = sim.commands
        options = next(o["options"] for o in command["options"] if o["name"] == "start")
        assert [c["value"] for o in options if o["name"] == "where" for c in o["choices"]] == ["direct"]
        await start(driver, "ada", CHANNEL)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        assert "Question 2 of" in driver.seen_direct("ada")[-1]
        await driver.close()


class TestCommands:
    async def test_they_are_for_servers_and_for_direct_messages_with_the_bot(self, driver: DiscordDriver) -> None:
        (command,) = driver.sim.commands
        assert command["contexts"] == [0, 1]
        assert command["integration_types"] == [0]
        names = ["start", "report", "resume", "status", "forget", "help"]
        assert [o["name"] for o in command["options"]] == names

    async def test_guides_are_proposed_while_one_types(self, driver: DiscordDriver) -> None:
        ada = driver.user("ada")
        for typed in ("", "gar", "GARDENS"):
            assert await driver.sim.complete(ada, CHANNEL, typed) == [{"name": "Gardens", "value": "gardens"}]
        assert await driver.sim.complete(ada, CHANNEL, "cooking") == []

    async def test_a_guide_may_be_named_by_its_title(self, driver: DiscordDriver) -> None:
        await driver.sim.use(driver.user("ada"), "start", driver.sim.direct(driver.user("ada")), guide="GARDENS ")
        await driver.told_by_now()
        await driver.settled()
        assert "Question 1 of" in driver.seen_direct("ada")[-1]

    async def test_a_guide_that_is_not_there_is_said(self, driver: DiscordDriver) -> None:
        await driver.sim.use(driver.user("ada"), "start", CHANNEL, guide="Cooking")
        await driver.told_by_now()
        assert "I don't have that guide" in driver.told("ada")[-1]

    async def test_help_names_the_commands(self, driver: DiscordDriver) -> None:
        await driver.type("ada", "help")
        assert "`/interview start`" in driver.told("ada")[-1]


class TestText:
    async def test_a_long_text_that_was_pasted_comes_as_a_file_and_is_read(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        text = "+1 " + "beans ❤ " * 400
        await driver.say("ada", text)
        await driver.settled()
        assert (await driver.bench.interview()).messages[0].text == text.strip()
        assert driver.told("ada") == []

    async def test_words_beside_it_are_read_and_changed_with_it(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        message = await driver.say("ada", "+1 " + "beans " * 400)
        await driver.edit("ada", message, "Look:")
        await driver.settled()
        assert driver.bench.engine.readings[-1].startswith("Look:\n+1 beans")

    async def test_one_that_is_gone_before_it_is_read_is_declined(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        driver.sim.lost = True
        await driver.say("ada", "+1 " + "beans " * 400)
        assert "I can only read text" in driver.told("ada")[-1]

    async def test_one_that_no_hand_has_typed_is_declined(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        await driver.say("ada", "x" * (LONGEST_PASTE + 1))
        await driver.settled()
        assert "I can only read text" in driver.told("ada")[-1]

    async def test_who_and_what_is_mentioned_is_named(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        bob = driver.user("bob")
        text = f"<@{bob}> and <@!{bob}> <@&{GUILD}> in <#{CHANNEL}>: </interview start:{BOT}> <:beans:{BOT}> <t:1> a<b>"
        made = driver.sim.message(driver.sim.direct(driver.user("ada")), driver.sim.user(driver.user("ada")), text)
        made["mentions"] = [driver.sim.user(bob)]
        driver.sim.dispatch("MESSAGE_CREATE", made)
        await driver.taken()
        await driver.settled()
        said = (await driver.bench.interview()).messages[0].text
        assert said == "@bob and @bob @group in #channel: /interview start :beans: <t:1> a<b>"

    async def test_what_discord_writes_itself_is_no_answer(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL, where="here")
        place = await driver.place_of("ada")
        pinned = driver.sim.message(place.channel, driver.sim.user(driver.user("ada")), "", type=6)
        driver.sim.dispatch("MESSAGE_CREATE", pinned)
        await driver.taken()
        message = await driver.say("ada", "+1 https://example.org")
        preview = {**driver.sim._found(*message.split(":")), "embeds": [{"type": "link", "url": "https://example.org"}]}
        await driver.settled()
        driver.sim.dispatch("MESSAGE_UPDATE", preview)
        await driver.taken()
        await driver.settled()
        assert len((await driver.bench.interview()).messages) == 1
        assert driver.told("ada") == []

    async def test_the_bot_is_seen_typing_while_it_reads(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        driver.bench.engine.reading.clear()
        await driver.say("ada", "+1 beans")
        await Conformance.until(lambda: driver.sim.direct(driver.user("ada")) in driver.sim.typing)
        driver.bench.engine.reading.set()
        await driver.settled()

    async def test_nobody_is_mentioned_and_nothing_unfolds(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        posts = [given for name, given in driver.sim.calls if name == "post"]
        assert all(p["allowed_mentions"] == {"parse": []} for p in posts)
        assert all(p["flags"] & 4 for p in posts if "flags" in p)

    async def test_ending_asks_first(self, driver: DiscordDriver) -> None:
        await start(driver, "ada", CHANNEL)
        ((button, message),) = await driver.buttons("ada", Command.END, "ada")
        asked = await driver.sim.click(driver.user("ada"), button, message["channel_id"], message)
        await driver.told_by_now()
        await driver.settled()
        assert asked.original
        assert asked.original["content"].startswith("End the interview here?")
        assert [t.move.kind for t in (await driver.bench.interview()).turns] == [MoveKind.ASK]
        await driver.press("ada", Command.END)
        await driver.settled()
        assert [t.move.kind for t in (await driver.bench.interview()).turns] == [MoveKind.ASK, MoveKind.CLOSE]


class TestGuide:
    """docs/discord.md is true."""

    async def test_the_transcript_is_what_happens(self) -> None:
        assert GUIDE_TEXT.split("```text\n")[-1].split("```")[0].splitlines() == await transcript()

    def test_the_address_asks_for_what_is_used(self) -> None:
        assert f"permissions={PERMISSIONS.value}\n" in GUIDE_TEXT

    def test_every_setting_and_command_is_in_it(self) -> None:
        for name in DiscordSettings.model_fields:
            assert f"`INTERVIEWER_DISCORD__{name.upper()}`" in GUIDE_TEXT
        for command in ("start", "resume", "status", "report", "forget", "help"):
            assert f"`/interview {command}`" in GUIDE_TEXT
        for message, _ in (FATAL[4004], FATAL[4014]):
            assert f'"{message.rstrip(".")}"' in GUIDE_TEXT
