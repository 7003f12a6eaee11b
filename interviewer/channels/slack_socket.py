"""Socket Mode that stays up: what nobody handles is acknowledged too, and a connection that falls silent is renewed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)
UNHANDLED = 404


class Socket(AsyncSocketModeHandler):
    """A connection to Slack. `ping` is how often it is tested, `silence` for how long nothing may come, in seconds;
    `missed` is called when a new one is there and nothing had come for `gap` seconds.

    The library notices a peer that answers no pings. One that answers them and delivers nothing looks alive to it, and
    has been seen to stay so for hours; a new connection costs nothing.
    """

    def __init__(
        self,
        app: AsyncApp,
        token: str,
        ping: float,
        silence: float,
        logger: logging.Logger,
        gap: float,
        missed: Callable[[], None],
    ) -> None:
        super().__init__(app, token, logger=logger, ping_interval=ping)
        self._silence = silence
        self._tick = min(ping, silence / 4)
        self._gap = gap
        self._missed = missed
        self._heard = self._latest = 0.0
        self._session: object = None
        self._watching: asyncio.Task[None] | None = None
        self.renewals = 0
        self.client.on_message_listeners.append(self._hear)

    async def start(self) -> None:
        """Connect, however long that takes, and keep connected."""
        self._heard = self._latest = self._now()
        self._watching = asyncio.create_task(self._watch())
        await self.connect_async()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Disconnect for good."""
        if self._watching is not None:
            self._watching.cancel()
        await self.close_async()  # type: ignore[no-untyped-call]

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        session = self.client.current_session
        return session is not None and not session.closed

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Have a delivery taken in, and acknowledge it; not when it failed, so that it comes again."""
        start = asyncio.get_running_loop().time()
        try:
            answer: BoltResponse = await run_async_bolt_app(self.app, req)
        except Exception as error:  # noqa: BLE001 - what the library cannot even read will not be readable next time
            log.warning("Slack delivered something unreadable: %s", type(error).__name__)
            answer = BoltResponse(status=UNHANDLED)
        if answer.status == UNHANDLED:
            answer = BoltResponse(status=200, body="")
        with contextlib.suppress(ConnectionError):  # it comes again on the next connection
            await send_async_response(client, req, answer, start)

    async def _hear(self, _: Any) -> None:
        now, session = self._now(), self.client.current_session
        if session is not self._session and now - self._latest >= self._gap:
            self._missed()
        self._session, self._heard, self._latest = session, now, now

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._tick)
            if not self.connected:
                self.client.wss_uri = None  # it opens one connection, and soon none; the library would go on trying it
            if self._now() - self._heard < self._silence:
                continue
            log.info("Slack has been silent for %.0f s: connecting anew", self._silence)
            self._heard = self._now()
            self.renewals += 1
            with contextlib.suppress(Exception):  # the library logs it, and its own watch tries again
                await self.client.connect_to_new_endpoint(force=True)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
