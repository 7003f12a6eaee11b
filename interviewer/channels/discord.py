"""The interview in Discord, on discord.py: translate in, ask the desk, translate out. Read chat.py first.

discord_in.py translates what comes, discord_client.py and discord_actions.py take it to the desk, discord_out.py
writes, discord_gateway.py keeps the connection, discord_missed.py finds what came while there was none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import discord
from pydantic import SecretStr

from interviewer.channels.chat_access import Access
from interviewer.channels.chat_missed import CATCH_UP
from interviewer.channels.desk import Desk
from interviewer.channels.discord_client import Listener
from interviewer.channels.discord_commands import COMMAND
from interviewer.channels.discord_gateway import LONGEST_WAIT, TOKEN_REFUSED, Gateway
from interviewer.channels.discord_in import PLATFORM
from interviewer.channels.discord_out import asked
from interviewer.domain.errors import ChannelError, SettingsError
from interviewer.ports import Clock, utc_now
from interviewer.prompts import Phrases

if TYPE_CHECKING:
    from aiohttp.web import RouteDef

log = logging.getLogger(__name__)
logging.getLogger("discord").setLevel(logging.WARNING)  # below that the library logs what people wrote
logging.getLogger("discord.app_commands").setLevel(logging.CRITICAL)  # and there it logs tracebacks
logging.getLogger("discord.http").setLevel(logging.ERROR)  # and there addresses, which hold tokens of interactions

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks


@dataclass(frozen=True)
class DiscordOptions:
    """What settings say. Ids are Discord's numbers.

    Without `threads` there are interviews in direct messages only, and nothing that is written in servers is heard.
    `pause`, `first_wait` and `patience` are discord_gateway.Gateway's; `silence` is for how many seconds nothing may
    come before the connection is made anew, more than lie between two heartbeats.
    """

    bot_token: SecretStr
    guilds: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    threads: bool = True
    pause: float = 4.0
    first_wait: float = 1.0
    patience: float = 60.0
    silence: float = 60.0


class DiscordChannel:
    """One bot. `start` finishes what was left and listens, `stop` listens no more; then the desk is drained, and
    `close` ends it."""

    platform = PLATFORM

    def __init__(self, desk: Desk, lines: Phrases, options: DiscordOptions, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._lines = lines
        self._options = options
        self._clock = clock
        self._client: Listener | None = None
        self._gateway: Gateway | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Log in, look for what was missed, finish what an earlier process left, and be connected.

        Raises SettingsError when Discord does not accept the token or what is wanted; a Discord that cannot be reached
        is waited for.
        """
        client = await self._logged_in()
        self._client = client
        self._desk.attach(PLATFORM, client.outbox, self._access)
        self._desk.rota.beside(_named(client))
        client.lookout.look()
        await client.lookout.done(CATCH_UP)  # so that it belongs to the answers which wait
        left = await self._desk.recover(PLATFORM)
        if left:
            log.info("%d interviews were left in the middle of a reply", left)
        self._gateway = Gateway(client, self._options.pause, self._options.first_wait, self._options.patience)
        self._listening = asyncio.create_task(self._gateway.run())
        ready = asyncio.create_task(self._gateway.ready.wait())
        await asyncio.wait({ready, self._listening}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._listening.done():
            self._listening.result()

    async def failed(self) -> None:
        """Wait for as long as it can go on. Raises SettingsError when it cannot, until a person mends something."""
        if self._listening is not None:
            await asyncio.shield(self._listening)

    async def stop(self) -> None:
        """Take nothing new, and store what was taken."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        if self._client is not None:
            self._client.lookout.stop()
            await self._client.order.taken()

    async def close(self) -> None:
        """Say nothing more either."""
        if self._client is not None:
            await self._client.close()

    @property
    def connected(self) -> bool:
        """Whether Discord can reach us now, as far as we can tell."""
        return self._gateway is not None and self._gateway.ready.is_set()

    @property
    def client(self) -> Listener:
        """discord.py's client, once it has started. Raises LookupError before."""
        if self._client is None:
            raise LookupError("it has not started")
        return self._client

    def routes(self) -> Sequence[RouteDef]:
        """Nothing comes over HTTP."""
        return []

    @property
    def _access(self) -> Access:
        held = self._options
        return Access(held.guilds, held.users, held.reviewers, f"/{COMMAND}")

    async def _logged_in(self) -> Listener:
        wait = self._options.first_wait
        while True:
            client = self._made()
            try:
                await client.login(self._options.bot_token.get_secret_value())
            except discord.LoginFailure:
                await client.close()
                raise SettingsError(*TOKEN_REFUSED) from None
            except (discord.HTTPException, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.warning("Discord cannot be reached (%s); trying again in %.0f s", type(error).__name__, wait)
            except BaseException:
                await client.close()
                raise
            else:
                return client
            await client.close()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _made(self) -> Listener:
        held = self._options
        return Listener(
            self._desk, self._lines, self._clock, self._access, self._works, threads=held.threads, silence=held.silence
        )

    def _works(self) -> None:
        if self._gateway is not None:
            self._gateway.works()


async def _named(client: Listener) -> None:
    """Have Discord know the commands; those that it knew stay where that fails."""
    with contextlib.suppress(ChannelError):
        await asked(client.tree.sync())
