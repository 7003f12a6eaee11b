"""People in the simulated Discord, for the conformance suite."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from interviewer.channels.chat import Command, Place
from interviewer.channels.discord import DiscordChannel, DiscordOptions
from interviewer.domain.interview import Mode
from interviewer.prompts import chat_lines
from tests.channels.discord_sim import DiscordSim
from tests.channels.discord_wire import BOT, CHANNEL, GUILD, PRIVATE_THREAD, TOKEN, Asked, Json
from tests.channels.driving import Bench, Driver


def person_id(who: str) -> str:
    """A number of Discord's for a short name."""
    return f"1{int.from_bytes(who.encode()):017d}"


def point_at(sim: DiscordSim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have discord.py talk to the simulator."""
    monkeypatch.setattr(Route, "BASE", sim.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(sim.gateway_url))


class DiscordDriver(Driver):
    """The real client against the simulator."""

    def __init__(self, bench: Bench, sim: DiscordSim, **options: Any) -> None:
        self.bench = bench
        self.sim = sim
        given: Json = {"reviewers": (self.user("rita"),), "pause": 0.05, "first_wait": 0.05, **options}
        self.options = DiscordOptions(bot_token=SecretStr(TOKEN), **given)

    def user(self, who: str) -> str:
        self.sim.names[person_id(who)] = who
        return person_id(who)

    async def open(self) -> None:
        desk = await self.bench.open()
        self.channel = DiscordChannel(desk, chat_lines(), self.options)
        await self.channel.start()
        await self.channel.client.lookout.done()

    async def close(self) -> None:
        await self.channel.stop()
        await self.bench.close()
        await self.channel.close()

    async def place_of(self, who: str) -> Place:
        candidate = f"discord::{self.user(who)}"
        return Place.parse(next(i.place for i in await self.bench.interviews() if i.candidate == candidate))

    def channel_for(self, who: str, where: str) -> str:
        return self.sim.direct(self.user(who)) if where == "direct" else CHANNEL

    async def taken(self) -> None:
        """Wait until all that happened is stored, and whoever is to be told is told."""
        await self.sim.barrier()
        await self.told_by_now()

    async def told_by_now(self) -> None:
        """The same, after what was acknowledged."""
        await self.channel.client.order.taken()
        beside = self.bench.desk.rota._beside
        while beside:
            await asyncio.wait(set(beside))

    async def begin(self, who: str, *, where: str = "direct", mode: Mode = Mode.PRACTICE) -> None:
        options = {"guide": "gardens", "mode": mode.value, "length": "questions:3"}
        options |= {"where": "here"} if where == "thread" else {}
        await self.sim.use(self.user(who), "start", self.channel_for(who, where), **options)
        await self.taken()

    async def say(self, who: str, text: str, *, to: str = "", late: float = 0.0, attachments: int = 0) -> str:
        place = await self.place_of(to or who)
        return await self.write(who, place.channel, text, late, attachments)

    async def write(self, who: str, channel: str, text: str, late: float = 0.0, attachments: int = 0) -> str:
        made = self.sim.say(self.user(who), channel, text, late=late, files=attachments)
        await self.taken()
        return f"{channel}:{made['id']}"

    async def say_as_bot(self, text: str, *, to: str) -> None:
        place = await self.place_of(to)
        other = {"id": "600000000000000001", "username": "other", "discriminator": "0", "avatar": None, "bot": True}
        for author in (self.sim.bot(), other, {**self.sim.user(BOT), "webhook": True}):
            made = self.sim.message(place.channel, author, text)
            made |= {"webhook_id": "5" * 18} if author.get("webhook") else {}
            self.sim.dispatch("MESSAGE_CREATE", made)
            self.sim.messages[place.channel].remove(made)
        await self.taken()

    async def say_direct(self, who: str, text: str) -> str:
        name = await self.write(who, self.sim.direct(self.user(who)), text)
        await self.settled()
        return name

    async def edit(self, who: str, message: str, text: str) -> None:
        channel, number = message.split(":")
        self.sim.edit(channel, number, text)
        await self.taken()

    async def delete(self, who: str, message: str) -> None:
        channel, number = message.split(":")
        self.sim.delete(channel, number)
        await self.taken()

    async def redeliver(self, message: str) -> None:
        channel, number = message.split(":")
        self.sim.dispatch("MESSAGE_CREATE", self.sim._found(channel, number))
        await self.taken()

    async def press(self, who: str, command: Command, *, to: str = "", back: int = 0) -> None:
        found = await self.buttons(who, command, to or who)
        button, message = found[-1 - back]
        await self.click(who, button, message)

    async def click(self, who: str, button: Json, message: Json) -> Asked:
        """Press a button; where that asks first, press the one that counts, too."""
        asked = await self.sim.click(self.user(who), button, message["channel_id"], message)
        await self.told_by_now()
        if "?" in button["custom_id"] and asked.original:
            (sure,) = buttons(asked.original)
            return await self.click(who, sure, asked.original)
        return asked

    async def buttons(self, who: str, command: Command, to: str) -> list[tuple[Json, Json]]:
        """The buttons for a command that someone sees in a place, then those that only they see."""
        seen = [] if command is Command.FORGET else self.in_place(await self.place_of(to))
        alone = [m for m in self.sim.alone if m["only"] == self.user(who)]
        asks = f"interview:{command}"
        return [
            (b, m) for m in [*seen, *alone] for b in buttons(m) if b["custom_id"].startswith((f"{asks}:", f"{asks}?:"))
        ]

    async def type(self, who: str, command: str, about: str = "", *, where: str = "direct") -> None:
        options = {"of": self.user(about)} if about else {}
        await self.sim.use(self.user(who), command, self.channel_for(who, where), **options)
        await self.taken()

    def in_place(self, place: Place) -> list[Json]:
        return [m for m in self.sim.messages[place.channel] if m["author"]["id"] == BOT and not m["attachments"]]

    async def seen(self, who: str) -> list[str]:
        return [m["content"] for m in self.in_place(await self.place_of(who)) if not is_note(m)]

    def seen_direct(self, who: str) -> list[str]:
        return [m["content"] for m in self.direct_posts(who) if not m["attachments"] and not is_note(m)]

    def direct_posts(self, who: str) -> list[Json]:
        return [m for m in self.sim.messages[self.sim.direct(self.user(who))] if m["author"]["id"] == BOT]

    def told(self, who: str) -> list[str]:
        mine = {c for c, kept in self.sim.channels.items() if self.user(who) in kept.get("people", ())}
        notes = [m for c in (*mine, self.sim.direct(self.user(who))) for m in self.sim.messages[c] if is_note(m)]
        alone = [m for m in self.sim.alone if m["only"] == self.user(who)]
        told = sorted([*notes, *alone], key=lambda m: int(m["id"]))
        return [
            m["content"] for m in told if not m["content"].startswith("Your interview begins in") and not is_question(m)
        ]

    def files(self, who: str) -> list[str]:
        return [self.sim.uploads[a["id"]] for m in self.direct_posts(who) for a in m["attachments"]]


def buttons(message: Json) -> list[Json]:
    """A message's buttons."""
    return [b for row in message["components"] for b in row["components"]]


def is_note(message: Json) -> bool:
    """Whether a message stands beside the interview."""
    return "message_reference" in message


def is_question(message: Json) -> bool:
    """Whether a message asks whether one is sure."""
    return len(buttons(message)) == 1 and message["content"].endswith("?") and "Delete" not in message["content"]


__all__ = ["GUILD", "PRIVATE_THREAD", "DiscordDriver", "buttons", "person_id", "point_at"]
