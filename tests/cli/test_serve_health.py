"""What `interviewer serve` shows of itself: health, measurements, logs; on the simulated Slack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.channels.slack_sim import SlackSim
from tests.cli.running import GUIDE, run
from tests.cli.test_serve import ADA, DIRECT, Serving, until
from tests.postgres import Postgres


@pytest.fixture
async def sim() -> AsyncIterator[SlackSim]:
    made = SlackSim(ack_seconds=20)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def serving(tmp_path: Path, sim: SlackSim) -> AsyncIterator[Serving]:
    (tmp_path / "gardener.md").write_text(GUIDE, encoding="utf-8")
    made = Serving(tmp_path, sim)
    yield made
    if made.process.returncode is None:
        made.process.kill()
        await made.process.wait()


async def asked(port: int, path: str) -> tuple[int, str]:
    """The answer; 0 while nobody listens."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, await answer.text()
    except aiohttp.ClientConnectionError:
        return 0, ""


async def until_status(port: int, path: str, status: int) -> str:
    async with asyncio.timeout(30):
        while True:
            found, text = await asked(port, path)
            if found == status:
                return text
            await asyncio.sleep(0.05)


async def test_it_is_ready_when_it_is_and_counts_what_it_does(serving: Serving, unused_tcp_port: int) -> None:
    port = unused_tcp_port
    await serving.start(INTERVIEWER_HEALTH=f"127.0.0.1:{port}")
    ready = await until_status(port, "/readyz", 200)
    assert json.loads(ready) == {"ready": True, "process": "ok", "database": "ok", "slack": "ok"}
    assert await asked(port, "/healthz") == (200, "ok\n")
    await serving.begin()
    await serving.sim.say(ADA, DIRECT, "+1 xylophone")
    await until(lambda: len(serving.posts) == 2)
    _, text = await asked(port, "/metrics")
    found = {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples if not s.labels}
    assert found["interviewer_interviews_begun_total"] == 1
    assert found["interviewer_messages_total"] == 1
    assert found["interviewer_turns_total"] == 1
    assert found["interviewer_waiting"] == 0
    assert 'interviewer_up{part="slack"} 1' in text
    assert await serving.stop() == 0
    lines = [json.loads(line) for line in serving.written.splitlines()]
    assert {"time", "level", "logger", "message"} <= set(lines[0])
    assert "xylophone" not in serving.written


async def test_it_is_alive_and_not_ready_while_slack_cannot_be_reached(serving: Serving, unused_tcp_port: int) -> None:
    await serving.sim.stop()
    await serving.start(INTERVIEWER_HEALTH=f"127.0.0.1:{unused_tcp_port}")
    told = json.loads(await until_status(unused_tcp_port, "/readyz", 503))
    assert told["slack"] == "not connected"
    assert await asked(unused_tcp_port, "/healthz") == (200, "ok\n")
    assert await serving.stop() == 0


async def test_it_is_not_ready_without_its_database(serving: Serving, unused_tcp_port: int, tmp_path: Path) -> None:
    port = unused_tcp_port
    with Postgres() as server:
        url = server.create("interviews")
        await serving.start(INTERVIEWER_HEALTH=f"127.0.0.1:{port}", DATABASE_URL=url)
        await until_status(port, "/readyz", 200)
        server.stop()
        told = json.loads(await until_status(port, "/readyz", 503))
        assert told["database"] in ("StoreDown", "does not answer")
        assert (await asked(port, "/healthz"))[0] == 200
        assert 'interviewer_up{part="database"} 0' in (await asked(port, "/metrics"))[1]
        server.start()
        await until_status(port, "/readyz", 200)
        await serving.begin()
        assert await serving.stop() == 0
    assert "sesame" not in serving.written


@pytest.mark.parametrize("where", ["8081", "host:port"])
def test_a_place_that_is_none_is_said(tmp_path: Path, where: str) -> None:
    env = {"INTERVIEWER_SLACK__BOT_TOKEN": "xoxb-1", "INTERVIEWER_SLACK__APP_TOKEN": "xapp-1"}
    done = run(tmp_path, "serve", "slack", "--health", where, "--engine", "scripted", env=env)
    assert done.returncode == 1
    assert "no place to listen" in done.stderr
