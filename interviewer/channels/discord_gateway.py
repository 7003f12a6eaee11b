"""A connection to Discord's gateway that stays up. discord.py's own ends for good on a refused first connection and on
an event that it cannot read, and it tries again at once and for ever where Discord closes at once.

As long as Discord allows it a session is resumed, and nothing is missed. When a session is new, whoever listens is told
(`on_connect`), and has to look for what was missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from interviewer.domain.errors import SettingsError

log = logging.getLogger(__name__)
CONNECT_SECONDS = 60.0
LONGEST_WAIT = 60.0
NEW_SESSION = (4003, 4005, 4007, 4009)
"""Close codes after which a session cannot be resumed."""
TRIES_TO_RESUME = 3
TOKEN_REFUSED = (
    "Discord does not accept the bot token.",
    "Reset it under Bot in the Developer Portal, and set INTERVIEWER_DISCORD__BOT_TOKEN anew.",
)
FATAL = {
    4004: (
        "Discord does not accept the bot token.",
        "Reset it under Bot, and set INTERVIEWER_DISCORD__BOT_TOKEN anew.",
    ),
    4010: ("Discord refused the connection's shard.", "Nothing here asks for one: update discord.py, and report it."),
    4011: ("The bot is in more servers than one connection serves.", "Have it leave some: there may be 2,500."),
    4012: ("Discord no longer speaks this version of its protocol.", 'pip install --upgrade "discord.py"'),
    4013: ("Discord does not know what the bot wants to hear.", 'pip install --upgrade "discord.py"'),
    4014: (
        "Discord does not let the bot read messages in servers.",
        "Turn on Message Content Intent under Bot in the Developer Portal, or set INTERVIEWER_DISCORD__THREADS=false "
        "for direct messages only.",
    ),
}


@dataclass
class Gateway:
    """Keeps one client connected.

    `pause` is about how many seconds to leave before a session is begun anew; `first_wait` for how many Discord is left
    alone after a connection that failed, longer each time; `patience` for how many a new connection may take until it
    works. `failures` counts those since it last worked.
    """

    client: discord.Client
    pause: float = 4.0
    first_wait: float = 1.0
    patience: float = CONNECT_SECONDS
    failures: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _session: dict[str, Any] = field(default_factory=dict)

    def works(self) -> None:
        """To be called when a session was begun or resumed."""
        self.failures = 0
        self.ready.set()

    async def run(self) -> None:
        """Connect, and stay connected until cancelled. Raises SettingsError where a person must mend something."""
        while True:
            was_new = not self._session
            try:
                wait = await self._listen()
            except BaseException:
                self.ready.clear()
                raise
            if not self.ready.is_set():
                self.failures += 1
                wait = max(wait, min(self.first_wait * 2.0 ** min(self.failures - 1, 10), LONGEST_WAIT))
                if was_new or self.failures >= TRIES_TO_RESUME:
                    self._session = {}
            self.ready.clear()
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))

    async def _listen(self) -> float:
        """One connection, until it ends; how many seconds to wait then. `_session` says how to resume, if one can."""
        ws: DiscordWebSocket | None = None
        try:
            coming = DiscordWebSocket.from_client(self.client, initial=True, **self._session)
            end = asyncio.get_running_loop().time() + self.patience
            ws = await asyncio.wait_for(coming, self.patience)
            self.client.ws = ws
            while True:
                async with asyncio.timeout_at(None if self.ready.is_set() else end):
                    await ws.poll_event()
        except ReconnectWebSocket as asked:
            code = ws.socket.close_code if ws else None
            log.info("the connection to Discord ended (%s)", code)
            return self._keep(ws if asked.resume and code not in NEW_SESSION else None)
        except discord.ConnectionClosed as closed:
            if closed.code in FATAL:
                raise SettingsError(*FATAL[closed.code]) from None
            log.warning("Discord closed the connection (%s)", closed.code)
            return self._keep(ws)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            log.warning("Discord's gateway cannot be reached (%s)", type(error).__name__)
            return self._keep(ws) if ws else self.first_wait
        except Exception as error:  # noqa: BLE001 - one event that makes no sense must not end the others
            log.error("Discord sent something that makes no sense (%s)", type(error).__name__)
            return self._keep(ws) or self.first_wait
        finally:
            if ws is not None:
                with contextlib.suppress(Exception):
                    await ws.close(1000 if self._leaving() else 4000)

    def _keep(self, ws: DiscordWebSocket | None) -> float:
        """Have the next connection go on behind what was read last, if it can; how many seconds to wait before."""
        if ws is None or ws.session_id is None:
            self._session = {}
            return self.pause
        self._session = {"resume": True, "session": ws.session_id, "sequence": ws.sequence, "gateway": ws.gateway}
        return 0.0

    @staticmethod
    def _leaving() -> bool:
        this = asyncio.current_task()
        return bool(this and this.cancelling())
