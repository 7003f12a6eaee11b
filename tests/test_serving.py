"""Several platforms in one process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from interviewer.domain.errors import SettingsError
from interviewer.serving import Address, make_channels, make_desk, serve_all
from interviewer.settings import load_settings
from interviewer.wiring import House


class Platform:
    """A channel that is reached once `there` is set, and fails when `failing` is."""

    connected = True
    taken: Sequence[Any] = ()

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self.there, self.failing = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        await self.there.wait()

    async def failed(self) -> None:
        await self.failing.wait()
        raise SettingsError(f"{self.platform} does not accept its token.")

    async def stop(self) -> None:
        """Nothing comes."""

    async def close(self) -> None:
        """Nothing is said."""

    def routes(self) -> Sequence[Any]:
        return self.taken


async def test_a_platform_that_cannot_be_reached_holds_up_no_other() -> None:
    away, here, started = Platform("slack"), Platform("discord"), set[str]()
    here.there.set()
    serving = asyncio.create_task(serve_all([away, here], started, None))
    await asyncio.sleep(0.01)
    assert started == {"discord"}
    away.there.set()
    await asyncio.sleep(0.01)
    assert started == {"slack", "discord"}
    here.failing.set()
    with pytest.raises(SettingsError, match="discord"):
        await asyncio.wait_for(serving, 5)
    assert len(asyncio.all_tasks()) == 1


async def test_one_that_fails_for_good_ends_it_while_another_is_waited_for() -> None:
    away, here = Platform("slack"), Platform("discord")
    here.there.set()
    here.failing.set()
    with pytest.raises(SettingsError, match="discord"):
        await asyncio.wait_for(serve_all([away, here], set(), None), 5)


def test_settings_say_how_much_may_wait_of_a_person_and_be_served_at_once(tmp_path: Path) -> None:
    wanted = {"turns_at_once": 3, "space_turns": 4, "waiting_messages": 5, "quiet_seconds": 0.5}
    house = House(load_settings(data_dir=tmp_path, engine="scripted", **wanted))
    desk = make_desk(house, house.conductor())
    limits = desk.rota.limits
    assert (desk.rota.slots, limits.space, desk.enough.most, limits.quiet) == (3, 4, 5, 0.5)


def test_an_address_of_slack_without_a_scheme_is_refused(tmp_path: Path) -> None:
    slack = {"bot_token": "xoxb-canary", "app_token": "xapp-canary", "api_url": "slack.com/api/"}
    house = House(load_settings(data_dir=tmp_path, engine="scripted", slack=slack))
    with pytest.raises(SettingsError) as caught:
        make_channels(house, make_desk(house, house.conductor()), ["slack"], http=False)
    assert "INTERVIEWER_SLACK__API_URL" in caught.value.remedy
    assert "canary" not in caught.value.message + caught.value.remedy


async def test_a_port_in_use_is_told_with_what_to_do(unused_tcp_port: int) -> None:
    here, there = Platform("slack"), Address(port=unused_tcp_port)
    here.there.set()
    here.taken = [web.view("/", web.View)]
    with socket.create_server((there.host, there.port)), pytest.raises(SettingsError) as caught:
        await asyncio.wait_for(serve_all([here], set(), there), 5)
    assert caught.value.message == f"Nothing can listen on 127.0.0.1:{unused_tcp_port}: the port is in use."
    assert "--port" in caught.value.remedy
