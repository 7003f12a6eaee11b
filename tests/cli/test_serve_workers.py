"""Two workers of `interviewer serve` on one PostgreSQL: what one leaves the other finishes."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.slack_sim import SlackSim
from tests.cli.running import GUIDE
from tests.cli.test_serve import ADA, DIRECT, Serving, until
from tests.postgres import Postgres


@pytest.fixture
async def sim() -> AsyncIterator[SlackSim]:
    made = SlackSim(ack_seconds=20)
    made.spread = True
    await made.start()
    yield made
    await made.stop()


@pytest.mark.slow
async def test_a_worker_that_is_killed_is_not_missed(tmp_path: Path, sim: SlackSim) -> None:
    (tmp_path / "gardener.md").write_text(GUIDE, encoding="utf-8")
    workers = [Serving(tmp_path / name, sim) for name in ("a", "b")]
    with Postgres() as server:
        shared = {"DATABASE_URL": server.create("interviews"), "INTERVIEWER_GUIDES": str(tmp_path)}
        try:
            for worker in workers:
                worker.home.mkdir()
                await worker.start(**shared)
            await until(lambda: len(sim.sockets) == len(workers))
            first, second = workers
            await first.begin()
            assert "Question 1 of 2" in second.posts[0]
            await sim.say(ADA, DIRECT, "+1")
            await sim.say(ADA, DIRECT, "+2 xylophone")
            assert await first.stop(signal.SIGKILL) != 0
            await until(lambda: len(second.posts) == 2)
            await sim.say(ADA, DIRECT, "+1 +2 xylophone")
            await until(lambda: "Thank you" in second.posts[-1] and sim.files)
            assert await second.stop() == 0
        finally:
            for worker in workers:
                if worker.process.returncode is None:
                    worker.process.kill()
                    await worker.process.wait()
    assert [post.count("Question") for post in second.posts] == [1, 1, 0]
    assert len(sim.files) == 1
    assert "xylophone" not in first.written + second.written
