"""`interviewer serve` as a process of its own, on the simulated Slack."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.channels.slack_api import APP_TOKEN, BOT_TOKEN, Json
from tests.channels.slack_schema import shown
from tests.channels.slack_sim import SECRET, SlackSim
from tests.cli.running import COMMAND, GUIDE, environment, run

ADA, DIRECT = "UADA", "DUADA"


@pytest.fixture
async def sim() -> AsyncIterator[SlackSim]:
    made = SlackSim(ack_seconds=20)
    await made.start()
    yield made
    await made.stop()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - a test looks in from outside
            await asyncio.sleep(0.02)


class Serving:
    """The command, and what it wrote."""

    def __init__(self, home: Path, sim: SlackSim) -> None:
        self.home = home
        self.sim = sim
        self.written = ""

    async def start(self, *options: str, **more: str) -> None:
        tokens = {
            "INTERVIEWER_SLACK__BOT_TOKEN": BOT_TOKEN,
            "INTERVIEWER_SLACK__APP_TOKEN": APP_TOKEN,
            "INTERVIEWER_SLACK__SIGNING_SECRET": SECRET,
            "INTERVIEWER_SLACK__API_URL": self.sim.base_url,
            "INTERVIEWER_QUIET_SECONDS": "0.05",
            "INTERVIEWER_HEALTH": "off",
            "INTERVIEWER_GUIDES": str(self.home),
            "INTERVIEWER_DATA_DIR": str(self.home / "data"),
        }
        self.process = await asyncio.create_subprocess_exec(
            COMMAND,
            "serve",
            "slack",
            "--engine",
            "scripted",
            *options,
            env=environment(self.home, **(tokens | more)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        written, _ = await asyncio.wait_for(self.process.communicate(), 30)
        self.written += written.decode()
        return self.process.returncode or 0

    @property
    def posts(self) -> list[str]:
        return [shown(m["blocks"]) for m in self.sim.messages[DIRECT] if m.get("metadata")]

    async def begin(self) -> None:
        await self.sim.type(ADA, "start", DIRECT)
        await until(lambda: self.sim.views)
        view: Json = list(self.sim.views.values())[-1]
        await self.sim.submit(ADA, view, {"guide": "gardener", "length": "questions:3"})
        await until(lambda: self.posts)


@pytest.fixture
async def serving(tmp_path: Path, sim: SlackSim) -> AsyncIterator[Serving]:
    (tmp_path / "gardener.md").write_text(GUIDE, encoding="utf-8")
    made = Serving(tmp_path, sim)
    yield made
    if made.process.returncode is None:
        made.process.kill()
        await made.process.wait()


@pytest.mark.slow
async def test_an_interview_outlives_a_restart_and_a_kill(serving: Serving) -> None:
    await serving.start()
    await serving.begin()
    assert "Question 1 of 2" in serving.posts[0]
    assert await serving.stop() == 0
    await serving.start()
    await serving.sim.say(ADA, DIRECT, "+1 +2 xylophone")
    await until(lambda: len(serving.posts) == 2)
    assert await serving.stop(signal.SIGKILL) != 0
    await serving.start()
    await serving.sim.say(ADA, DIRECT, "+1 +2 xylophone")
    await until(lambda: "Thank you" in serving.posts[-1] and serving.sim.files)
    assert await serving.stop(signal.SIGINT) == 0
    assert len(serving.posts) == 3
    assert "stopping" in serving.written
    for canary in ("xylophone", BOT_TOKEN, APP_TOKEN, SECRET, "Traceback"):
        assert canary not in serving.written


async def test_what_was_received_before_the_end_is_answered_after_it(serving: Serving) -> None:
    await serving.start(INTERVIEWER_QUIET_SECONDS="5")
    await serving.begin()
    await serving.sim.say(ADA, DIRECT, "+1 +2 beans")
    assert await serving.stop() == 0
    assert len(serving.posts) == 1
    await serving.start()
    await until(lambda: len(serving.posts) == 2)
    assert await serving.stop() == 0


async def test_over_http(serving: Serving, unused_tcp_port: int) -> None:
    serving.sim.http_url = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    await serving.start("--http", "--port", str(unused_tcp_port))
    await up(serving.sim)
    await serving.begin()
    await serving.sim.say(ADA, DIRECT, "+1 +2 beans")
    await until(lambda: len(serving.posts) == 2)
    assert await serving.stop() == 0


async def up(sim: SlackSim) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                status, _ = await sim.request("{}", headers={"X-Slack-Signature": ""})
            except OSError:
                await asyncio.sleep(0.05)
            else:
                assert status == 401
                return


async def test_it_can_be_stopped_while_slack_cannot_be_reached(serving: Serving) -> None:
    await serving.sim.stop()
    await serving.start()
    await asyncio.sleep(2)
    assert await serving.stop() == 0
    assert "cannot be reached" in serving.written


@pytest.mark.parametrize(
    ("args", "env", "told"),
    [
        ((), {}, "There is nothing to serve"),
        (("teams",), {}, "There is no channel 'teams'"),
        (("slack",), {}, "INTERVIEWER_SLACK__BOT_TOKEN"),
        (("slack",), {"INTERVIEWER_SLACK__BOT_TOKEN": "xoxb-canary"}, "INTERVIEWER_SLACK__APP_TOKEN"),
        (("slack", "--http"), {"INTERVIEWER_SLACK__BOT_TOKEN": "xoxb-canary"}, "INTERVIEWER_SLACK__SIGNING_SECRET"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, args: tuple[str, ...], env: dict[str, str], told: str) -> None:
    done = run(tmp_path, "serve", *args, env=env)
    assert done.returncode == 1
    assert told in done.stderr
    assert "canary" not in done.stderr
