"""Slack, through the real client against a simulator of its protocol: the conformance suite, and Slack's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.slack_driver import SlackDriver
from tests.channels.slack_sim import SlackSim
from tests.channels.slack_transcript import transcript

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "slack.md").read_text(encoding="utf-8")


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


async def test_the_transcript_in_the_guide_is_what_happens() -> None:
    assert GUIDE.split("```text\n")[1].split("```")[0].splitlines() == await transcript()
