"""/healthz, /readyz and /metrics over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from interviewer.domain.errors import SettingsError, StoreDown
from interviewer.ops import endpoints
from interviewer.ops.endpoints import Health, address, shown
from interviewer.ops.metrics import Metrics, one


def health(*, alive: bool = True, **parts: Callable[[], Awaitable[str]]) -> Health:
    metrics = Metrics()
    metrics.level("x", "X.", lambda: one(1))

    async def refresh() -> None:
        """Nothing to look at."""

    return Health(lambda: alive, metrics, refresh, parts)


async def asked(of: Health, path: str) -> tuple[int, str, str]:
    async with (
        shown(of, ("127.0.0.1", 0)) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, answer.content_type, await answer.text()


async def well() -> str:
    return ""


async def away() -> str:
    return "not connected"


async def broken() -> str:
    raise StoreDown("The database cannot be reached, secret.")


async def silent() -> str:
    await asyncio.sleep(60)
    return ""


async def test_alive_or_stuck() -> None:
    assert await asked(health(), "/healthz") == (200, "text/plain", "ok\n")
    assert (await asked(health(alive=False), "/healthz"))[0] == 500


async def test_ready_or_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "PATIENCE", 0.1)
    status, kind, text = await asked(health(database=well, slack=well), "/readyz")
    assert (status, kind, json.loads(text)) == (
        200,
        "application/json",
        {"ready": True, "database": "ok", "slack": "ok"},
    )
    status, _, text = await asked(health(database=broken, slack=away, discord=silent, process=well), "/readyz")
    assert status == 503
    assert json.loads(text) == {
        "ready": False,
        "database": "StoreDown",
        "slack": "not connected",
        "discord": "does not answer",
        "process": "ok",
    }


async def test_metrics_and_nothing_else() -> None:
    status, kind, text = await asked(health(), "/metrics")
    assert (status, kind) == (200, "text/plain")
    assert text == "# HELP x X.\n# TYPE x gauge\nx 1\n"
    assert (await asked(health(), "/"))[0] == 404


async def test_a_place_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = ("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(SettingsError, match="cannot be shown") as caught:
            async with shown(health(), place):
                pass
    assert "--health" in caught.value.remedy


async def test_off_is_off() -> None:
    async with shown(health(), address("off")) as port:
        assert port == 0


def test_addresses() -> None:
    assert address("0.0.0.0:8081") == ("0.0.0.0", 8081)
    assert address(" [::1]:80 ") == ("::1", 80)
    assert address("OFF") is None
    for wrong in ("", "8081", "host:", "host:x", "host:99999", ":80"):
        with pytest.raises(SettingsError, match="no place to listen"):
            address(wrong)
