"""`interviewer serve discord` as a process of its own, on the simulated Discord."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("discord")

from interviewer.domain.errors import SettingsError
from tests.channels.discord_driver import person_id
from tests.channels.discord_sim import DiscordSim
from tests.channels.discord_wire import BOT, TOKEN
from tests.cli.running import GUIDE, environment, run

ADA = person_id("ada")
POINTED = """
import sys, yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sys.argv[1], yarl.URL(sys.argv[2])
sys.argv[1:] = sys.argv[3:]
from interviewer.cli.main import main
main()
"""


@pytest.fixture
async def sim() -> AsyncIterator[DiscordSim]:
    made = DiscordSim()
    made.names[ADA] = "ada"
    await made.start()
    yield made
    await made.stop()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - a test looks in from outside
            await asyncio.sleep(0.02)


class Serving:
    """The command, and what it wrote."""

    def __init__(self, home: Path, sim: DiscordSim) -> None:
        self.home = home
        self.sim = sim
        self.written = ""

    async def start(self, **more: str) -> None:
        given = {
            "INTERVIEWER_DISCORD__BOT_TOKEN": TOKEN,
            "INTERVIEWER_QUIET_SECONDS": "0.05",
            "INTERVIEWER_GUIDES": str(self.home),
            "INTERVIEWER_DATA_DIR": str(self.home / "data"),
        }
        command = ("-c", POINTED, self.sim.api_url, self.sim.gateway_url, "serve", "--engine", "scripted")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env=environment(self.home, **(given | more)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def up(self) -> None:
        await until(lambda: any(s.socket for s in self.sim.sessions.values()))

    async def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return await self.ended()

    async def ended(self) -> int:
        written, _ = await asyncio.wait_for(self.process.communicate(), 30)
        self.written += written.decode()
        return self.process.returncode or 0

    def say(self, text: str) -> None:
        self.sim.say(ADA, self.sim.direct(ADA), text)

    @property
    def posts(self) -> list[str]:
        posts = [m for m in self.sim.messages[self.sim.direct(ADA)] if m["author"]["id"] == BOT]
        return [m["content"] for m in posts if not m["attachments"]]

    @property
    def files(self) -> int:
        return sum(bool(m["attachments"]) for m in self.sim.messages[self.sim.direct(ADA)])


@pytest.fixture
async def serving(tmp_path: Path, sim: DiscordSim) -> AsyncIterator[Serving]:
    (tmp_path / "gardener.md").write_text(GUIDE, encoding="utf-8")
    made = Serving(tmp_path, sim)
    yield made
    if made.process.returncode is None:
        made.process.kill()
        await made.process.wait()


@pytest.mark.slow
async def test_an_interview_outlives_a_restart_a_kill_and_what_is_said_meanwhile(serving: Serving) -> None:
    await serving.start()
    await serving.up()
    await serving.sim.use(ADA, "start", serving.sim.direct(ADA), guide="gardener", length="questions:3")
    await until(lambda: serving.posts)
    assert "Question 1 of 2" in serving.posts[0]
    assert await serving.stop() == 0
    serving.say("+1 +2 xylophone")
    await serving.start()
    await until(lambda: len(serving.posts) == 2)
    assert await serving.stop(signal.SIGKILL) != 0
    serving.say("+1 +2 xylophone")
    await serving.start()
    await until(lambda: "Thank you" in serving.posts[-1] and serving.files)
    await asyncio.sleep(0.5)
    assert await serving.stop(signal.SIGINT) == 0
    assert len(serving.posts) == 3
    assert serving.files == 1
    assert "serving discord" in serving.written
    for canary in ("xylophone", TOKEN, "itoken", "Traceback"):
        assert canary not in serving.written


async def test_a_token_that_is_taken_back_ends_it_with_a_reason(serving: Serving) -> None:
    await serving.start()
    await serving.up()
    await asyncio.sleep(0.5)
    await serving.sim.cut(4004)
    assert await serving.ended() != 0
    assert "Discord does not accept the bot token." in serving.written
    assert "INTERVIEWER_DISCORD__BOT_TOKEN" in serving.written
    assert "Traceback" not in serving.written


async def test_it_can_be_stopped_while_discord_cannot_be_reached(serving: Serving) -> None:
    await serving.sim.stop()
    await serving.start()
    await asyncio.sleep(2)
    assert await serving.stop() == 0


def test_a_token_that_is_missing_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", "discord", "--engine", "scripted")
    assert done.returncode != 0
    assert "INTERVIEWER_DISCORD__BOT_TOKEN" in done.stderr


async def test_all_that_tokens_are_set_for_are_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("slack_bolt")
    from interviewer.serving import make_channels, make_desk
    from interviewer.settings import load_settings
    from interviewer.wiring import House

    for name in ("SLACK__BOT_TOKEN", "SLACK__APP_TOKEN", "DISCORD__BOT_TOKEN"):
        monkeypatch.setenv(f"INTERVIEWER_{name}", "token")
    home = House(load_settings(data_dir=tmp_path, engine="scripted"))
    desk = make_desk(home, home.conductor())
    for names, served in (([], ["slack", "discord"]), (["discord", "discord"], ["discord"])):
        assert [c.platform for c in make_channels(home, desk, names, http=False)] == served
    with pytest.raises(SettingsError, match="no channel 'irc'"):
        make_channels(home, desk, ["irc"], http=False)
