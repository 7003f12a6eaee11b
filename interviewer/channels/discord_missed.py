"""What was written in Discord while nobody listened, read where interviews are held: the Past of chat_missed.

Discord delivers nothing a second time, so it is looked for after every new session, and when something could not be
taken in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord

from interviewer.channels.chat import Changed, Person, Place, Removed, Said
from interviewer.channels.discord_in import PLATFORM, changed, message_id, removed, said
from interviewer.channels.discord_out import Gone, asked

MOST = 500


@dataclass(frozen=True)
class DiscordWritten:
    """chat_missed.Written for a message of a channel's history."""

    place: Place
    message: discord.Message

    @property
    def id(self) -> str:
        """As it is stored."""
        return message_id(self.message.id)

    async def said(self) -> Said | None:
        """That it was written, with what was pasted."""
        return await asked(said(self.message, self.place))

    async def changed(self) -> Changed | None:
        """That it was edited."""
        return await asked(changed(self.message, None, self.place))


class DiscordPast:
    """chat_missed.Past on discord.py's client."""

    platform = PLATFORM
    late = timedelta(minutes=1)

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def read(self, place: Place, candidate: Person, since: datetime) -> Sequence[DiscordWritten]:
        """What the candidate has written in a thread or in direct messages."""
        history = await asked(self._history(place, since))
        return [DiscordWritten(place, m) for m in history if str(m.author.id) == candidate.user]

    async def removed(self, place: Place, candidate: Person, message_id: str, now: datetime) -> Removed | None:
        """That there is no such message in the place."""
        number = int(message_id.rpartition(":")[2])
        try:
            await asked(self._channel(place).fetch_message(number))
        except Gone:
            return removed(number, candidate, place, now)
        return None

    async def _history(self, place: Place, since: datetime) -> list[discord.Message]:
        after = discord.Object(discord.utils.time_snowflake(since) - 1)
        return [m async for m in self._channel(place).history(limit=MOST, after=after, oldest_first=True)]

    def _channel(self, place: Place) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(place.channel))
