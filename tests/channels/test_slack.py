"""Slack, through the real client against a simulator of its protocol: the conformance suite, and Slack's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.slack_driver import SlackDriver
from tests.channels.slack_sim import SlackSim

pytest.importorskip("slack_bolt")


@pytest.fixture
async def sim() -> AsyncIterator[SlackSim]:
    made = SlackSim()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def driver(sim: SlackSim, tmp_path: Path) -> AsyncIterator[SlackDriver]:
    made = SlackDriver(Bench(tmp_path), sim)
    await made.open()
    yield made
    await made.close()
    assert sim.refused == []


class TestSlack(Conformance):
    """Over Socket Mode."""
