"""What the tests of Discord's failures ask again and again."""

from __future__ import annotations

import asyncio

from interviewer.domain.interview import MoveKind
from interviewer.domain.state import Interview
from tests.channels.conformance import Conformance
from tests.channels.discord_driver import DiscordDriver

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
