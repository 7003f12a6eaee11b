"""Commands and buttons. Discord waits three seconds for an acknowledgement and not for a database, so that comes first;
then it is stored, and then answered where nobody else sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import cast

import aiohttp
import discord
from discord import app_commands

from interviewer.channels.chat import MEANINGS, Begin, Button, Command, Notice, Place, Post, Pressed, interview_id_for
from interviewer.channels.chat_access import Access
from interviewer.channels.desk import Desk
from interviewer.channels.discord_commands import Wanted, chosen, group
from interviewer.channels.discord_in import PLATFORM, Pushed, asked_at, direct, person, pressed, pushed
from interviewer.channels.discord_order import Order
from interviewer.channels.discord_out import DiscordOutbox, asked, view_of
from interviewer.domain.errors import ChannelError, PlaceClosed
from interviewer.domain.guide import Guide
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)
ANSWERED_ELSEWHERE = 40_060
ACK_SECONDS = 3.0


class Ack(Enum):
    """What came of an acknowledgement. FAILED: it came too late, or was lost. ELSEWHERE: another process of ours hears
    the same, was first, and answers."""

    DONE = "done"
    FAILED = "failed"
    ELSEWHERE = "elsewhere"


class Actions:
    """discord_commands.Actions, and buttons."""

    def __init__(
        self,
        client: discord.Client,
        desk: Desk,
        lines: Phrases,
        outbox: DiscordOutbox,
        order: Order,
        access: Access,
        *,
        threads: bool,
    ) -> None:
        self._client = client
        self._desk = desk
        self._lines = lines
        self._outbox = outbox
        self._order = order
        self._access = access
        self._threads = threads

    def guides(self) -> list[Guide]:
        """The guides there are."""
        return self._desk.guides()

    async def start(self, interaction: discord.Interaction, wanted: Wanted) -> None:
        """Begin an interview, and say where."""
        await self._do(interaction, lambda: self._begin(interaction, wanted))

    async def use(self, interaction: discord.Interaction, command: Command, about: str = "") -> None:
        """A command other than start."""
        stored = command in MEANINGS
        await self._do(
            interaction, lambda: self._desk.pressed(self._pressed(interaction, command, about)), stored=stored
        )

    async def push(self, interaction: discord.Interaction) -> None:
        """A button. What cannot be undone asks first, in a message with a button that counts."""
        data: Mapping[str, object] = cast("Mapping[str, object]", interaction.data or {})
        wanted = pushed(str(data.get("custom_id", "")))
        if wanted is None:
            return
        if wanted.asks:
            await self._ask(interaction, wanted)
        else:
            await self.use(interaction, wanted.command, wanted.about)

    async def _ask(self, interaction: discord.Interaction, wanted: Pushed) -> None:
        question, label = self._line(f"sure.{wanted.command}"), self._line(f"button.{wanted.command}")
        button = Button(command=wanted.command, label=label, about=wanted.about, grave=True)
        view = view_of([button], self._lines) or discord.utils.MISSING
        with contextlib.suppress(ChannelError):  # they can press again
            await asked(interaction.response.send_message(question, view=view, ephemeral=True))

    def _pressed(self, interaction: discord.Interaction, command: Command, about: str) -> Pressed:
        return pressed(interaction, command, self._here(interaction), about)

    def _here(self, interaction: discord.Interaction) -> Place:
        us = self._client.user.id if self._client.user else 0
        return asked_at(interaction, us, threads=self._threads)

    async def _do(
        self, interaction: discord.Interaction, work: Callable[[], Awaitable[Notice | None]], *, stored: bool = True
    ) -> None:
        """Acknowledge, have it stored, answer. What cannot be stored is told: Discord brings nothing again.

        What is not `stored` under the interaction's id is done by whoever acknowledged it, and by nobody else.
        """
        self._order.taking()
        ack = await _acknowledged(interaction)
        if ack is Ack.ELSEWHERE and not stored:
            return
        async with self._order.of(interaction.user.id):
            try:
                notice = await work()
            except Exception as error:  # noqa: BLE001 - whoever pressed it waits for an answer; its text may be theirs
                log.error("a command or button failed: %s", type(error).__name__)
                notice = Notice(text=self._line("trouble.passing"))
        with contextlib.suppress(ChannelError):
            await self._answer(interaction, ack, notice)

    async def _begin(self, interaction: discord.Interaction, wanted: Wanted) -> Notice:
        guides = await asyncio.to_thread(self._desk.guides)
        guide = chosen(guides, wanted.guide)
        here = self._here(interaction)
        away = direct(interaction.guild_id) if interaction.guild_id else here
        begin = Begin(
            id=f"{PLATFORM}:{interaction.id}",
            author=person(interaction.user.id),
            place=here if wanted.where == "here" else away,
            guide=guide.id if guide else wanted.guide,
            mode=wanted.mode,
            questions=wanted.questions,
            minutes=wanted.minutes,
        )
        greeted = None
        if guide and begin.place.direct and interaction.guild_id:
            try:
                greeted = await self._greeted(begin, guide)
            except PlaceClosed:
                if wanted.where or here.direct:
                    return Notice(text=self._line("begin.closed"))
                begin = begin.model_copy(update={"place": here})
        notice = await self._desk.begin(begin)
        if notice and greeted:
            await self._outbox.remove(*greeted)
        place = "place.direct" if begin.place.direct else "place.own_thread"
        return notice or Notice(text=self._line("begin.welcome", place=self._line(place)))

    async def _greeted(self, begin: Begin, guide: Guide) -> tuple[Place, str] | None:
        """Write to someone where their interview will be, because only so one learns whether one can. Raises
        PlaceClosed."""
        if not self._access.may_come(begin.author, begin.place):
            return None
        heading, key = self._line("place.heading", title=guide.title), f"{interview_id_for(begin.id)}/hello"
        try:
            place = await self._outbox.open(begin.place, begin.author, heading, key)
            return place, await self._outbox.post(place, Post(key=key, text=f"**{heading}**"))
        except PlaceClosed:
            raise
        except ChannelError:
            return None  # whoever begins the interview tries on

    async def _answer(self, interaction: discord.Interaction, ack: Ack, notice: Notice | None) -> None:
        """Tell it where nobody else sees it: in the place of "thinking …", or below what was pressed."""
        match ack, interaction.type:
            case Ack.ELSEWHERE, _:
                return
            case Ack.FAILED, _:
                if notice is not None:
                    await self._tell(interaction, notice)
            case Ack.DONE, discord.InteractionType.application_command:
                if notice is None:
                    await asked(interaction.delete_original_response())
                else:
                    view = view_of(notice.buttons, self._lines)
                    await asked(interaction.edit_original_response(content=notice.text, view=view))
            case _:
                if notice is not None:
                    view = view_of(notice.buttons, self._lines) or discord.utils.MISSING
                    await asked(interaction.followup.send(notice.text, view=view, ephemeral=True))
                if interaction.message and interaction.message.flags.ephemeral:
                    await asked(interaction.delete_original_response())

    async def _tell(self, interaction: discord.Interaction, notice: Notice) -> None:
        """What can no longer be said as an answer is said in direct messages."""
        direct_place = await self._outbox.open(direct(), person(interaction.user.id), "", "")
        await self._outbox.tell(direct_place, notice, interaction.id)

    def _line(self, key: str, **values: object) -> str:
        return self._lines.say(key, 0, **values)


class Tree(app_commands.CommandTree[discord.Client]):
    """discord.py's commands. What nobody foresaw is logged without its text, which may be a candidate's."""

    def __init__(self, client: discord.Client, actions: Actions, lines: Phrases, *, threads: bool) -> None:
        super().__init__(client)
        self.add_command(group(actions, lines, threads=threads))

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        """A command that is not known any more, or that failed."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        log.error("a command failed: %s", type(cause).__name__)


async def _acknowledged(interaction: discord.Interaction) -> Ack:
    """Tell Discord that it was heard: an answer follows, which only this person sees."""
    try:
        async with asyncio.timeout(ACK_SECONDS):
            await interaction.response.defer(ephemeral=True)
    except discord.HTTPException as error:
        if error.code == ANSWERED_ELSEWHERE:
            return Ack.ELSEWHERE
        log.warning("an acknowledgement was refused: %d", error.code)
        return Ack.FAILED
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("an acknowledgement was lost: %s", type(error).__name__)
        return Ack.FAILED
    return Ack.DONE
