"""What the tests of Slack's failures begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.driving import Bench
from tests.channels.slack_driver import HttpDriver, SlackDriver
from tests.channels.slack_sim import SlackSim


@pytest.fixture
async def sim() -> AsyncIterator[SlackSim]:
    made = SlackSim()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
async def driver(sim: SlackSim, bench: Bench) -> AsyncIterator[SlackDriver]:
    made = SlackDriver(bench, sim)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def over_http(sim: SlackSim, bench: Bench) -> AsyncIterator[HttpDriver]:
    made = HttpDriver(bench, sim)
    await made.open()
    yield made
    await made.close()


async def begun(driver: SlackDriver, where: str = "direct") -> None:
    """Ada begins an interview."""
    await driver.begin("ada", where=where)
    await driver.settled()
