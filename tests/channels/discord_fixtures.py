"""What the tests of Discord share: a simulator, and the product on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.discord_driver import DiscordDriver, point_at
from tests.channels.discord_sim import DiscordSim
from tests.channels.driving import Bench


@pytest.fixture
async def sim(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordSim]:
    made = DiscordSim()
    await made.start()
    point_at(made, monkeypatch)
    yield made
    await made.stop()


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
async def driver(sim: DiscordSim, bench: Bench) -> AsyncIterator[DiscordDriver]:
    made = DiscordDriver(bench, sim)
    await made.open()
    yield made
    await made.close()
