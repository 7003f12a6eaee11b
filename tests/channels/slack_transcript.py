"""An interview in the simulated Slack, as everyone in it sees it: `python -m tests.channels.slack_transcript`.

docs/slack.md shows it; a test holds that it is still what happens.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from interviewer.channels.chat import Command
from tests.channels.driving import Bench
from tests.channels.slack_driver import SlackDriver
from tests.channels.slack_sim import SlackSim

NAMES = {"UADA": "ada", "UBOB": "bob", "DUADA": "ada's direct messages", "C1": "#general"}


async def transcript() -> list[str]:
    """What was done and seen, in order."""
    sim = SlackSim()
    await sim.start()
    with tempfile.TemporaryDirectory() as folder:
        driver = SlackDriver(Bench(Path(folder)), sim)
        await driver.open()
        try:
            await _hold(driver)
        finally:
            await driver.close()
            await sim.stop()
    return [line for entry in sim.log for line in _named(entry).splitlines()]


async def _hold(driver: SlackDriver) -> None:
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


def _named(entry: str) -> str:
    for name, known in NAMES.items():
        entry = re.sub(rf"\b{name}\b", known, entry)
    return entry


if __name__ == "__main__":
    print("\n".join(asyncio.run(transcript())))
