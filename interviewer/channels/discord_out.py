"""The way out to Discord: an Outbox on its REST API. discord.py's exceptions become ours here.

Every post carries its key as a nonce that Discord enforces: for some minutes, the same post made again is the one that
was made, so an answer that was lost is simply asked for again. What an earlier process left longer ago is found by its
buttons, whose ids say of which turn and part they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import logging
import math
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

import aiohttp
import discord

from interviewer.channels.chat import Attachment, Button, Notice, Person, Place, Post
from interviewer.channels.chat_text import split
from interviewer.channels.discord_in import button_id, buttons_of, direct, pushed, thread_in
from interviewer.domain.errors import ChannelDown, ChannelError, OutcomeUnknown, PlaceClosed
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)
T = TypeVar("T")
NONCE = 25
MOST_DELETED = 4
"""How often one post may be made and deleted."""
HISTORY = 50
THREAD_NAME = 100
LABEL = 80
A_WEEK: Literal[10080] = 10_080
STREAMED_A_SECOND = 25
"""Discord allows a bot fifty requests a second. From here on only those edits are made that must be."""
SECONDS = 60.0
GONE = 10_008
ARCHIVED = 50_083
CLOSED = frozenset({50_024, 160_005, 160_006, 30_033, 50_278})
"""Codes with status 400 that say that nothing can be written there; all with 403 and 404 do."""
_REPLY = re.compile(r"(?P<turn>[^/]+/\d+)/(?P<part>\d+)")


class DiscordOutbox:
    """chat.Outbox on one bot's client."""

    limit = 2_000
    idempotent = True

    def __init__(self, client: discord.Client, lines: Phrases) -> None:
        self._client = client
        self._lines = lines
        self._edits: deque[float] = deque(maxlen=STREAMED_A_SECOND)

    @property
    def pace(self) -> float:
        """A little more than a second, and no edit that can wait while many are made."""
        busy = len(self._edits) == STREAMED_A_SECOND and time.monotonic() - self._edits[0] < 1
        return math.inf if busy else 1.2

    async def open(self, place: Place, person: Person, heading: str, key: str) -> Place:
        """The direct messages with this person, or a private thread of the channel, with them in it.

        A thread is found again by its name, which the interview's id is part of.
        """
        user = discord.Object(int(person.user))
        if place.direct:
            channel = await asked(self._client.create_dm(user))
            return direct(int(place.space or 0), channel.id)
        name = f" · {key.partition('/')[0]}"
        name = heading[: THREAD_NAME - len(name)] + name
        thread = await asked(self._thread(int(place.channel), name))
        await asked(thread.add_user(user))
        return thread_in(int(place.space), thread.id)

    async def _thread(self, channel_id: int, name: str) -> discord.Thread:
        channel = self._client.get_channel(channel_id) or await self._client.fetch_channel(channel_id)
        if not isinstance(channel, discord.TextChannel):
            raise PlaceClosed("Discord has private threads in text channels only.")
        for thread in await channel.guild.active_threads():
            if (thread.parent_id, thread.owner_id, thread.name) == (channel.id, self._us, name):
                return thread
        kind = discord.ChannelType.private_thread
        return await channel.create_thread(name=name, type=kind, auto_archive_duration=A_WEEK)

    async def post(self, place: Place, post: Post) -> str:
        """The id of the message that has this key. One that was made before and reads otherwise is edited.

        A longer text than a message holds goes into several, the last of which has the key.
        """
        *before, last = split(post.text, self.limit)
        for number, text in enumerate(before):
            await self.post(place, Post(key=f"{post.key}/before/{number}x", text=text))
        post = post.model_copy(update={"text": last})
        view = view_of(post.buttons, self._lines, _part(post.key))
        beside = not post.buttons and not _REPLY.fullmatch(post.key)
        what = {"content": _shown(post.text), "view": view, "silent": beside, "suppress_embeds": True}
        message = await self._sent(place, post.key, lambda: what)
        if list(buttons_of(message)) != _ids(post) or message.content.strip() != _shown(post.text):
            await self.edit(place, str(message.id), post)
        return str(message.id)

    async def _sent(self, place: Place, key: str, what: Callable[[], dict[str, Any]]) -> discord.Message:
        """The message that this was posted as, now or before. `what` makes it, anew for each try."""
        channel = self._channel(place)
        for nonce in _nonces(place, key):
            with contextlib.suppress(Gone):  # what had this nonce was deleted
                return await self._awake(place, lambda n=nonce: channel.send(nonce=n, **what()))  # type: ignore[misc]
        raise ChannelError("Discord does not take this post any more.")

    async def edit(self, place: Place, ref: str, post: Post) -> None:
        """Put this in the place of a message of ours; one that somebody has deleted stays deleted."""
        self._edits.append(time.monotonic())
        view = view_of(post.buttons, self._lines, _part(post.key))
        message = self._channel(place).get_partial_message(int(ref))
        with contextlib.suppress(Gone):
            await self._awake(place, partial(message.edit, content=_shown(post.text), view=view))

    async def find(self, place: Place, key: str) -> str | None:
        """Our message with this key among the latest of the place, as far as buttons tell.

        The last part of a reply has buttons, which know their turn and part; those before it have none. What follows
        the buttons of an earlier turn and has none is the remains of a reply that was cut off.
        """
        wanted = _REPLY.fullmatch(key)
        if wanted is None:
            return None
        parts: list[int] = []
        before: int | None = None  # how many parts are still missing, once the last one was met
        for message in await asked(self._ours(place)):
            of = next((p for i in buttons_of(message) if (p := pushed(i))), None)
            if before == 0 or (of and (before is not None or of.part is None or of.about != wanted["turn"])):
                if of and before is None and _interview(of.about) != _interview(wanted["turn"]):
                    parts = []  # the closing words of another interview, which have no buttons
                break
            parts.insert(0, message.id)
            before = of.part if of else before and before - 1
        else:
            parts = parts if before is not None else []  # no earlier turn was here
        part = int(wanted["part"])
        return str(parts[part]) if part < len(parts) else None

    async def _ours(self, place: Place) -> list[discord.Message]:
        """Our latest messages in a place, the latest first, without files and what stands beside the interview."""
        found = [m async for m in self._channel(place).history(limit=HISTORY) if m.author.id == self._us]
        return [m for m in found if not m.attachments and not m.flags.suppress_notifications]

    async def remove(self, place: Place, ref: str) -> None:
        """Delete a message of ours; one that is gone already is gone."""
        message = self._channel(place).get_partial_message(int(ref))
        with contextlib.suppress(Gone):
            await self._awake(place, message.delete)

    async def attach(self, place: Place, attachment: Attachment) -> None:
        """Post a file, with the line that goes with it."""
        file = partial(discord.File, filename=attachment.name, description=attachment.title)
        content = attachment.content.encode()
        await self._sent(
            place, attachment.key, lambda: {"content": attachment.comment, "file": file(io.BytesIO(content))}
        )

    async def pointer(self, place: Place) -> str:
        """A link to a thread; direct messages are only named."""
        return self._lines.say("place.direct", 0) if place.direct else f"<#{place.channel}>"

    async def busy(self, place: Place) -> None:
        """Show the bot typing, for ten seconds or until it has written."""
        await asked(self._typing(place))

    async def _typing(self, place: Place) -> None:
        await self._channel(place).typing()

    async def refresh(self, person: Person) -> None:
        """Discord shows no list of anyone's interviews."""

    async def tell(self, place: Place, notice: Notice, about: int) -> None:
        """Tell someone something beside the interview, in answer to their message of this id, if there is one.

        Where they are is with us alone, or in a thread of their own.
        """
        here = int(place.channel)
        answered = discord.MessageReference(message_id=about, channel_id=here, fail_if_not_exists=False)
        view = view_of(notice.buttons, self._lines)
        what = {"content": notice.text, "view": view, "reference": answered, "silent": True, "suppress_embeds": True}
        await self._sent(place, f"note/{about}", lambda: what)

    async def _awake(self, place: Place, call: Callable[[], Awaitable[T]]) -> T:
        """Ask this; where a thread sleeps, because nobody wrote in it for a while, wake it first."""
        try:
            return await asked(call())
        except Asleep:
            await asked(self._wake(int(place.channel)))
            return await asked(call())

    async def _wake(self, thread_id: int) -> None:
        thread = await self._client.fetch_channel(thread_id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)

    def _channel(self, place: Place) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(place.channel))

    @property
    def _us(self) -> int:
        return self._client.user.id if self._client.user else 0


class Gone(ChannelError):
    """There is no such message any more."""


class Asleep(ChannelDown):
    """The thread is archived."""


def view_of(buttons: Sequence[Button], lines: Phrases, part: str = "", *, sure: bool = False) -> discord.ui.View | None:
    """Buttons as discord.py has them, None without any. `sure`: they count without a question first."""
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    for each in buttons:
        style = discord.ButtonStyle.danger if each.grave and sure else discord.ButtonStyle.secondary
        made: discord.ui.Button[Any] = discord.ui.Button(
            style=style, label=each.label[:LABEL], custom_id=button_id(each, part, sure=sure)
        )
        view.add_item(made)
    view.stop()  # so that the library does not keep it: ids say what is needed, also after a restart
    return view


def _ids(post: Post) -> list[str]:
    return [button_id(b, _part(post.key)) for b in post.buttons]


def _part(key: str) -> str:
    found = _REPLY.fullmatch(key)
    return found["part"] if found else ""


def _shown(text: str) -> str:
    """What Discord makes of a text: it takes space at both ends away, and shows no empty message."""
    return text.strip() or "…"


def _interview(about: str) -> str:
    """Of an interview and one of its turns, the interview."""
    return about.partition("/")[0]


def _nonces(place: Place, key: str) -> Iterator[str]:
    """The nonces of a key, one after the other for when a post was deleted and is made once more.

    They are the bot's own everywhere, so what was posted in one place and is posted again in another has another.
    """
    for number in range(MOST_DELETED):
        yield hashlib.sha256(f"{place.channel}/{key}/{number}".encode()).hexdigest()[:NONCE]


async def asked(call: Awaitable[T]) -> T:
    """What Discord answers. Raises ChannelError and its kinds, whose text holds nothing that was sent."""
    try:
        async with asyncio.timeout(SECONDS):
            return await call
    except discord.HTTPException as error:
        raise _explained(error.status, error.code) from None
    except discord.RateLimited as error:
        raise ChannelDown("Discord asks for fewer requests.", after=error.retry_after) from None
    except aiohttp.ClientConnectorError:
        raise ChannelDown("Discord cannot be reached.", "Check the network; it is tried again.") from None
    except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError):
        raise OutcomeUnknown("Discord's answer was lost on its way.", "It is asked for again.") from None


def _explained(status: int, code: int) -> ChannelError:
    if code == GONE:
        return Gone("There is no such message any more.")
    if code == ARCHIVED:
        return Asleep("The thread is archived.")
    if status in (403, 404) or code in CLOSED:
        return PlaceClosed("Discord lets nothing be written there.", str(code))
    if status == 429:
        return ChannelDown("Discord asks for fewer requests.", after=SECONDS)
    if status >= 500:
        return OutcomeUnknown("Discord failed, and may have done it all the same.", str(status))
    log.warning("Discord refused a request: %d, %d", status, code)
    return ChannelError("Discord refused a request.", str(code))
