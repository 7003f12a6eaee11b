"""What Discord delivers, as the desk's events. Pure, except that a long text which Discord made a file of is fetched.

A person is their user id, whatever the server; a message is its id, which also holds its time. An interview in a server
is held in a private thread, whose id is channel and thread of its place: a message says in which channel it was
written, and only a cache would know which channel a thread is in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import discord

from interviewer.channels.chat import Button, Changed, Command, Person, Place, Pressed, Removed, Said

PLATFORM = "discord"
WORDS = (discord.MessageType.default, discord.MessageType.reply)
PASTED = "message.txt"
"""What Discord calls the file that it makes of a text which is too long for a message."""
LONGEST_PASTE = 200_000
ANSWERED = re.compile(r"interview:(?P<command>[a-z]+)(?P<asks>\??):(?P<about>[^#]*)(?:#(?P<part>\d+))?")

_MARKED = re.compile(r"<(?P<sign>@&|@!?|#|/|a?:)(?P<inner>[^<>\n]*?\d{15,21})>")


def moment(snowflake: int) -> datetime:
    """When something with this id was made. Ids of one millisecond keep their order."""
    return discord.utils.snowflake_time(snowflake) + timedelta(microseconds=min(snowflake & 0xFFF, 999))


def person(user: int) -> Person:
    """Someone by their id."""
    return Person(platform=PLATFORM, user=str(user))


def direct(guild: int | None = None, channel: int | None = None) -> Place:
    """Direct messages; `guild` is where they were asked for."""
    return Place(platform=PLATFORM, space=str(guild or ""), channel=str(channel or ""), direct=True)


def thread_in(guild: int, thread: int) -> Place:
    """A thread of a server."""
    return Place(platform=PLATFORM, space=str(guild), channel=str(thread), thread=str(thread))


def message_id(number: int) -> str:
    """A message's id, as it is stored."""
    return f"{PLATFORM}:{number}"


def place_of(message: discord.Message) -> Place:
    """Where a message was written."""
    channel = message.channel
    if isinstance(channel, discord.PartialMessageable):
        guild = channel.guild_id
    else:
        guild = channel.guild.id if channel.guild else None
    return thread_in(guild, channel.id) if guild else direct(channel=channel.id)


def asked_at(interaction: discord.Interaction, us: int, *, threads: bool) -> Place:
    """Where an interview would be that is asked for with this command or button: in a thread of ours if it came from
    one, else in a thread still to be opened in the channel, or in direct messages."""
    guild, channel = interaction.guild_id, interaction.channel
    if guild is None:
        return direct(channel=interaction.channel_id)
    if channel is None or not threads:
        return direct(guild)
    if not isinstance(channel, discord.Thread):
        return Place(platform=PLATFORM, space=str(guild), channel=str(channel.id))
    if channel.owner_id == us and channel.is_private():
        return thread_in(guild, channel.id)
    return Place(platform=PLATFORM, space=str(guild), channel=str(channel.parent_id))


async def said(message: discord.Message, place: Place) -> Said | None:
    """A message that someone wrote; None for those that Discord writes itself. Raises DiscordException."""
    if message.type not in WORDS:
        return None
    text, unread = await _written(message)
    return Said(
        id=message_id(message.id),
        author=person(message.author.id),
        place=place,
        text=text,
        at=moment(message.id),
        attachments=unread + len(message.stickers) + len(message.message_snapshots) + (message.poll is not None),
        by_bot=message.author.bot or message.webhook_id is not None,
    )


async def _written(message: discord.Message) -> tuple[str, int]:
    """A message's text, with what was pasted, and how many files it has besides."""
    texts, unread = [plain(message)], 0
    for attachment in message.attachments:
        try:
            texts += [(await attachment.read()).decode("utf-8", "replace")] if _is_pasted(attachment) else []
            unread += not _is_pasted(attachment)
        except (discord.NotFound, discord.Forbidden):
            unread += 1  # it is gone
    return "\n".join(filter(None, texts)), unread


def _is_pasted(attachment: discord.Attachment) -> bool:
    text = (attachment.content_type or "").startswith("text/plain")
    return attachment.filename == PASTED and text and attachment.size <= LONGEST_PASTE


async def changed(message: discord.Message, before: discord.Message | None, place: Place) -> Changed | None:
    """An edit of a message; Discord also calls it one when it has made a link's preview, or pinned the message.

    Raises DiscordException.
    """
    if message.edited_at is None or message.author.bot or (before and before.content == message.content):
        return None
    return Changed(
        message_id=message_id(message.id),
        author=person(message.author.id),
        place=place,
        text=(await _written(message))[0],
        said_at=moment(message.id),
        at=message.edited_at,
    )


def removed(number: int, author: Person, place: Place, now: datetime) -> Removed:
    """A message of this author that was deleted."""
    return Removed(message_id=message_id(number), author=author, place=place, said_at=moment(number), at=now)


def plain(message: discord.Message) -> str:
    """A message as its author saw it: who and what is mentioned by name."""
    names = {u.id: u.display_name for u in message.mentions}
    return _MARKED.sub(lambda found: _meant(found["sign"], found["inner"], names), message.content)


def _meant(sign: str, inner: str, names: dict[int, str]) -> str:
    match sign:
        case "@" | "@!":
            return f"@{names.get(int(inner), 'someone')}" if inner.isdecimal() else f"<{sign}{inner}>"
        case "@&":
            return "@group"
        case "#":
            return "#channel"
        case "/":
            return f"/{inner.rpartition(':')[0]}"
        case _:
            return f":{inner.rpartition(':')[0]}:"


class Pushed(NamedTuple):
    """A button of ours, as its id tells it. `asks`: whether there is a question first. `part`: of which part of a
    reply it is, None where it is of none."""

    command: Command
    about: str
    asks: bool
    part: int | None = None


def button_id(button: Button, part: str = "", *, sure: bool = False) -> str:
    """A button's id, which outlives the process that made it. `part` is the number of the reply's part that has it."""
    asks = "?" if button.sure and not sure else ""
    return f"interview:{button.command}{asks}:{button.about}" + (f"#{part}" if part else "")


def pushed(custom_id: str) -> Pushed | None:
    """What a button's id says; None when it is none of ours."""
    found = ANSWERED.fullmatch(custom_id)
    if found is None or found["command"] not in list(Command):
        return None
    part = int(found["part"]) if found["part"] else None
    return Pushed(Command(found["command"]), found["about"], bool(found["asks"]), part)


def buttons_of(message: discord.Message) -> Sequence[str]:
    """The ids of a message's buttons."""
    rows = (row.children for row in message.components if isinstance(row, discord.ActionRow))
    return [str(item.custom_id) for row in rows for item in row if isinstance(item, discord.Button) and item.custom_id]


def pressed(interaction: discord.Interaction, command: Command, place: Place, about: str = "") -> Pressed:
    """A command that was used, or a button that was pressed."""
    return Pressed(
        id=f"{PLATFORM}:{interaction.id}",
        author=person(interaction.user.id),
        place=place,
        command=command,
        at=moment(interaction.id),
        about=about,
    )
