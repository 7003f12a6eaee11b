"""discord.py's client, which takes what Discord delivers to the desk, each person's doings in their order."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import discord

from interviewer.channels.chat import Changed, Notice, Removed, Said
from interviewer.channels.chat_access import Access
from interviewer.channels.chat_missed import AGAIN, Event, Lookout
from interviewer.channels.desk import Desk
from interviewer.channels.discord_actions import Actions, Tree
from interviewer.channels.discord_in import (
    PLATFORM,
    changed,
    direct,
    message_id,
    person,
    place_of,
    removed,
    said,
    thread_in,
)
from interviewer.channels.discord_missed import DiscordPast
from interviewer.channels.discord_order import Order
from interviewer.channels.discord_out import DiscordOutbox, asked
from interviewer.domain.errors import InterviewerError
from interviewer.ports import Clock
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)
LONGEST_WAIT = 30.0


PERMISSIONS = discord.Permissions(
    view_channel=True, create_private_threads=True, send_messages_in_threads=True, read_message_history=True
)
"""What the bot may do in servers: open private threads and write in them, and read what it missed there."""


def intents(*, threads: bool) -> discord.Intents:
    """What has to be heard of: servers and their threads, direct messages; with `threads` what is written in them."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.dm_messages = True
    wanted.guild_messages = wanted.message_content = threads
    return wanted


class Listener(discord.Client):
    """`connected` is called when a session was begun or resumed; `lookout` finds what no session delivered. After so
    many seconds of `silence` the connection is made anew."""

    def __init__(
        self,
        desk: Desk,
        lines: Phrases,
        clock: Clock,
        access: Access,
        connected: Callable[[], None],
        *,
        threads: bool,
        silence: float,
    ) -> None:
        super().__init__(
            intents=intents(threads=threads),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_ratelimit_timeout=LONGEST_WAIT,
            heartbeat_timeout=silence,
        )
        self.order = Order()
        self.outbox = DiscordOutbox(self, lines)
        self.lookout = Lookout(DiscordPast(self), desk, self._found, clock)
        self.actions = Actions(self, desk, lines, self.outbox, self.order, access, threads=threads)
        self.tree = Tree(self, self.actions, lines, threads=threads)
        self._desk = desk
        self._clock = clock
        self._connected = connected

    async def on_connect(self) -> None:
        """A new session: what happened since the last one was not delivered."""
        self._connected()
        self.lookout.look()

    async def on_resumed(self) -> None:
        """The old session goes on, with what happened meanwhile."""
        self._connected()

    async def on_message(self, message: discord.Message) -> None:
        """Someone wrote something."""
        if message.author != self.user and self._may_be_ours(message.channel):
            async with self.order.of(message.author.id):
                with self._or_looked_for_later():
                    event = await asked(said(message, place_of(message)))
                    await self._take(event)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Someone changed something, whether the library remembers it or not."""
        message = payload.message
        if self._may_be_ours(message.channel):
            async with self.order.of(message.author.id):
                with self._or_looked_for_later():
                    event = await asked(changed(message, payload.cached_message, place_of(message)))
                    await self._take(event)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Someone deleted something."""
        known = {payload.message_id: payload.cached_message} if payload.cached_message else {}
        await self._deleted([payload.message_id], known, payload.channel_id, payload.guild_id)

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator deleted much at once."""
        known = {m.id: m for m in payload.cached_messages}
        await self._deleted(sorted(payload.message_ids), known, payload.channel_id, payload.guild_id)

    async def _deleted(
        self, numbers: Sequence[int], known: Mapping[int, discord.Message], channel: int, guild: int | None
    ) -> None:
        if not self._may_be_ours(self.get_channel(channel)):
            return
        place = thread_in(guild, channel) if guild else direct(channel=channel)
        for number in numbers:
            with self._or_looked_for_later():
                of_interview = None if number in known else await self._desk.author(PLATFORM, message_id(number))
                author = person(known[number].author.id) if number in known else of_interview
                if author is not None and author != person(self.application_id or 0):
                    async with self.order.of(int(author.user)):
                        await self._take(removed(number, author, place, self._clock()))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Someone pressed a button; commands go to the tree."""
        if interaction.type is discord.InteractionType.component:
            await self.actions.push(interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """What nobody foresaw, without its text, which may be a candidate's. What was written is looked for later."""
        kind = sys.exc_info()[0]
        log.error("%s failed: %s", event_method, kind.__name__ if kind else "?")
        self.lookout.look(AGAIN)

    def _may_be_ours(self, channel: object) -> bool:
        """Whether an interview may be held there; what the library does not know may be a thread of ours."""
        if isinstance(channel, discord.Thread):
            return bool(self.user and channel.owner_id == self.user.id)
        return channel is None or isinstance(channel, (discord.DMChannel, discord.PartialMessageable))

    async def _found(self, event: Event) -> None:
        async with self.order.of(int(event.author.user)):
            await self._take(event)

    async def _take(self, event: Event | None) -> None:
        notice: Notice | None
        match event:
            case None:
                return
            case Said():
                notice, name = await self._desk.said(event), event.id
            case Changed():
                notice, name = await self._desk.changed(event), event.message_id
            case Removed():
                notice, name = await self._desk.removed(event), event.message_id
        if notice is not None:
            about = int(name.rpartition(":")[2])
            self._desk.rota.beside(self.outbox.tell(event.place, notice, about))

    @contextmanager
    def _or_looked_for_later(self) -> Iterator[None]:
        """What cannot be taken in now is looked for in a while: Discord does not bring it again."""
        try:
            yield
        except InterviewerError as error:
            log.error("something could not be taken in, and is looked for later: %s", type(error).__name__)
            self.lookout.look(AGAIN)
