"""/healthz, /readyz and /metrics.

healthz   200 while this process works: what has failed for good is mended by starting it anew
readyz    200 while it can do its part; 503 says which part of it cannot: the database, a platform, or that it stops
metrics   counts and times, for Prometheus
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interviewer.domain.errors import SettingsError
from interviewer.ops.metrics import CONTENT_TYPE, Metrics

if TYPE_CHECKING:
    from aiohttp import web

PATIENCE = 2.0
OFF = "off"
Check = Callable[[], Awaitable[str]]
"""What is wrong with a part, or "" while nothing is. What it raises is wrong too."""


@dataclass
class Health:
    """What is looked at: `alive` for whether the process works, `parts` for whether it can do its part."""

    alive: Callable[[], bool]
    metrics: Metrics
    refresh: Callable[[], Awaitable[None]]
    parts: dict[str, Check] = field(default_factory=dict)

    async def wrong(self) -> Mapping[str, str]:
        """The parts that cannot work now, and why not; each is given a moment to answer."""
        reasons = await asyncio.gather(*(_reason(check) for check in self.parts.values()))
        return {name: reason for name, reason in zip(self.parts, reasons, strict=True) if reason}


async def _reason(check: Check) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return "does not answer"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready; an exception's text may say too much
        return type(error).__name__


def address(setting: str) -> tuple[str, int] | None:
    """Host and port of "127.0.0.1:8081" or "[::]:8081", None for "off". Raises SettingsError."""
    if setting.strip().lower() == OFF:
        return None
    host, _, port = setting.strip().rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"{setting!r} is no place to listen.", "It looks like 0.0.0.0:8081, or is off.")
    return host.strip("[]"), int(port)


def why(error: OSError) -> str:
    """Why nothing can listen somewhere."""
    return "the port is in use" if error.errno == errno.EADDRINUSE else str(error.strerror)


@asynccontextmanager
async def shown(health: Health, where: tuple[str, int] | None) -> AsyncIterator[int]:
    """Answer there meanwhile; the port, 0 where nothing is to be shown. Raises SettingsError."""
    if where is None:
        yield 0
        return
    from aiohttp import web

    app, pages = web.Application(), _Pages(health)
    for path, page in (("/healthz", pages.healthz), ("/readyz", pages.readyz), ("/metrics", pages.metrics)):
        app.router.add_get(path, page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        host, port = where
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            remedy = "Choose another place with --health, or off."
            raise SettingsError(f"Health cannot be shown on {host}:{port}: {why(error)}.", remedy) from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Pages:
    """What is answered."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def healthz(self, _: web.Request) -> web.Response:
        from aiohttp import web

        alive = self._health.alive()
        return web.Response(status=200 if alive else 500, text="ok\n" if alive else "stuck\n")

    async def readyz(self, _: web.Request) -> web.Response:
        from aiohttp import web

        wrong = await self._health.wrong()
        told = {"ready": not wrong, **{name: wrong.get(name, "ok") for name in self._health.parts}}
        body = f"{json.dumps(told)}\n"
        return web.Response(status=503 if wrong else 200, text=body, content_type="application/json")

    async def metrics(self, _: web.Request) -> web.Response:
        from aiohttp import web

        await self._health.refresh()
        return web.Response(body=self._health.metrics.text().encode(), headers={"Content-Type": CONTENT_TYPE})
