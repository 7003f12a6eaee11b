"""An interview in the simulated Discord, as everyone in it sees it: `python -m tests.channels.discord_transcript`.

docs/discord.md shows it; a test holds that it is still what happens.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import pytest

from interviewer.channels.chat import Command
from tests.channels.discord_driver import DiscordDriver, point_at
from tests.channels.discord_sim import DiscordSim
from tests.channels.driving import Bench


async def transcript() -> list[str]:
    """What was done and seen, in order."""
    sim = DiscordSim()
    await sim.start()
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        point_at(sim, patch)
        driver = DiscordDriver(Bench(Path(folder)), sim)
        await driver.open()
        try:
            await _hold(driver)
            name = (await driver.bench.interview()).id
        finally:
            await driver.close()
            await sim.stop()
    return [line for entry in sim.log for line in _tidy(entry, name).splitlines()]


async def _hold(driver: DiscordDriver) -> None:
    await driver.begin("ada", where="thread")
    await driver.settled()
    await driver.press("ada", Command.HINT)
    await driver.settled()
    await driver.say("ada", "Beans, at the southern wall. +1")
    await driver.say("bob", "Tomatoes!", to="ada")
    await driver.say("ada", "They leave nitrogen behind. +2")
    await driver.settled()
    await driver.press("ada", Command.PAUSE)
    await driver.settled()
    await driver.type("ada", "resume")
    await driver.settled()
    name = await driver.say("ada", "Peas. ~1", attachments=1)
    await driver.edit("ada", name, "Peas, because of the wall. +1")
    await driver.settled()
    await driver.press("ada", Command.END)
    await driver.settled()


def _tidy(entry: str, name: str) -> str:
    return re.sub(r"<#\d+>", "#thread", entry.replace(name, "k7mf-q9xd-2hbt"))


if __name__ == "__main__":
    print("\n".join(asyncio.run(transcript())))
