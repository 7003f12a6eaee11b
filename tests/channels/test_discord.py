"""Discord, through the real client against a simulator of its protocol: the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("discord")

from tests.channels.conformance import Conformance
from tests.channels.discord_driver import DiscordDriver, point_at
from tests.channels.discord_sim import DiscordSim
from tests.channels.driving import Bench

TAKEN_BACK = "post: 10008 Unknown Message"
"""The answer to a post whose nonce another had that was taken back; it is made with another nonce then."""


@pytest.fixture
async def sim(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordSim]:
    made = DiscordSim()
    await made.start()
    point_at(made, monkeypatch)
    yield made
    await made.stop()


@pytest.fixture
async def driver(sim: DiscordSim, tmp_path: Path) -> AsyncIterator[DiscordDriver]:
    made = DiscordDriver(Bench(tmp_path), sim)
    await made.open()
    yield made
    await made.close()
    assert [r for r in sim.refused if r != TAKEN_BACK] == []


class TestDiscord(Conformance):
    """In direct messages, and in private threads of a server."""
