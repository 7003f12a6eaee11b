"""People in the simulated Slack, for the conformance suite."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from interviewer.channels.chat import Command, Place
from interviewer.channels.slack import SlackChannel, SlackOptions
from interviewer.channels.slack_blocks import ACTION
from interviewer.domain.interview import Mode
from interviewer.prompts import chat_lines
from tests.channels.driving import Bench, Driver
from tests.channels.slack_api import APP_TOKEN, BOT, BOT_TOKEN, CHANNEL
from tests.channels.slack_schema import shown
from tests.channels.slack_sim import SECRET, SlackSim

Json = dict[str, Any]


class SlackDriver(Driver):
    """The real client against the simulator; over Socket Mode, unless a subclass listens otherwise."""

    def __init__(self, bench: Bench, sim: SlackSim, **options: Any) -> None:
        self.bench = bench
        self.sim = sim
        given: Json = {"reviewers": (self.user("rita"),), "ping": 0.5, **options}
        self.options = SlackOptions(
            bot_token=SecretStr(BOT_TOKEN),
            app_token=SecretStr(APP_TOKEN),
            signing_secret=SecretStr(SECRET),
            base_url=sim.base_url,
            **given,
        )

    def user(self, who: str) -> str:
        return f"U{who.upper()}"

    async def open(self) -> None:
        desk = await self.bench.open()
        self.channel = SlackChannel(desk, chat_lines(), self.options)
        await self.channel.start()
        await self.channel.lookout.done()

    async def close(self) -> None:
        await self.channel.stop()
        await self.bench.close()
        await self.channel.close()

    async def place_of(self, who: str) -> Place:
        candidate = f"slack:T1:{self.user(who)}"
        return Place.parse(next(i.place for i in await self.bench.interviews() if i.candidate == candidate))

    def channel_for(self, who: str, where: str) -> str:
        return self.sim.direct(self.user(who)) if where == "direct" else CHANNEL

    async def begin(self, who: str, *, where: str = "direct", mode: Mode = Mode.PRACTICE) -> None:
        known = set(self.sim.views)
        await self.sim.type(self.user(who), "start", self.channel_for(who, where))
        view = await self.opened(who, known)
        picked = {"guide": "gardens", "mode": mode.value, "length": "questions:3"}
        picked |= {"place": "here"} if where == "thread" else {}
        await self.sim.submit(self.user(who), view, picked)

    async def opened(self, who: str, known: set[str]) -> Json:
        async with asyncio.timeout(5):
            while True:
                for name, view in self.sim.views.items():
                    if name not in known and view["user"] == self.user(who):
                        return view
                await asyncio.sleep(0.005)

    async def say(self, who: str, text: str, *, to: str = "", late: float = 0.0, attachments: int = 0) -> str:
        place = await self.place_of(to or who)
        return await self.post(who, place, text, late, attachments)

    async def post(self, who: str, place: Place, text: str, late: float = 0.0, attachments: int = 0) -> str:
        message = await self.sim.say(
            self.user(who), place.channel, text, thread=place.thread, late=late, files=attachments
        )
        return f"{place.channel}:{message['ts']}"

    async def say_as_bot(self, text: str, *, to: str) -> None:
        place = await self.place_of(to)
        event = {"type": "message", "bot_id": BOT, "user": "UBOT", "text": text, "ts": self.sim.ts()}
        await self.sim.event({**event, "channel": place.channel, "thread_ts": place.thread})
        other = {"type": "message", "subtype": "bot_message", "bot_id": "B9", "text": text, "ts": self.sim.ts()}
        await self.sim.event({**other, "channel": place.channel, "thread_ts": place.thread})

    async def say_direct(self, who: str, text: str) -> str:
        place = Place(platform="slack", space="T1", channel=self.sim.direct(self.user(who)), direct=True)
        name = await self.post(who, place, text)
        await self.settled()
        return name

    async def edit(self, who: str, message: str, text: str) -> None:
        channel, ts = message.split(":")
        await self.sim.edit(self.user(who), channel, ts, text)
        await self.told_by_now()

    async def delete(self, who: str, message: str) -> None:
        channel, ts = message.split(":")
        await self.sim.delete(self.user(who), channel, ts)
        await self.told_by_now()

    async def told_by_now(self) -> None:
        """Notices go out beside the acknowledgement."""
        beside = self.bench.desk.rota._beside
        if beside:
            await asyncio.wait(set(beside))

    async def redeliver(self, message: str) -> None:
        channel, ts = message.split(":")
        found = next(m for m in self.sim.messages[channel] if m["ts"] == ts)
        await self.sim.event({**found, "channel": channel})

    async def press(self, who: str, command: Command, *, to: str = "", back: int = 0) -> None:
        candidates = await self.buttons(who, command, to or who)
        button, channel, message = candidates[-1 - back]
        await self.sim.click(self.user(who), button, channel, message)
        await self.told_by_now()

    async def buttons(self, who: str, command: Command, to: str) -> list[tuple[Json, str, Json]]:
        """The buttons for a command that someone sees in a place, then those that only they see."""
        found: list[tuple[Json, str, Json]] = []
        alone = [(m, m["channel"]) for m in self.sim.ephemeral if m["user"] == self.user(who)]
        if command is Command.FORGET:
            seen = []
        else:
            place = await self.place_of(to)
            seen = [(m, place.channel) for m in self.in_place(place)]
        for message, channel in [*seen, *alone]:
            for block in message.get("blocks") or ():
                found += [
                    (b, channel, message)
                    for b in block["elements"]
                    if block["type"] == "actions" and b["action_id"] == f"{ACTION}{command}"
                ]
        return found

    async def type(self, who: str, command: str, about: str = "", *, where: str = "direct") -> None:
        text = f"{command} <@{self.user(about)}|{about}>" if about else command
        await self.sim.type(self.user(who), text, self.channel_for(who, where))

    def in_place(self, place: Place) -> list[Json]:
        def here(message: Json) -> bool:
            return place.direct or place.thread in (message["ts"], message.get("thread_ts"))

        return [m for m in self.sim.messages[place.channel] if m.get("bot_id") and here(m)]

    async def seen(self, who: str) -> list[str]:
        return [shown(m["blocks"]) for m in self.in_place(await self.place_of(who)) if m.get("metadata")]

    def seen_direct(self, who: str) -> list[str]:
        return [shown(m["blocks"]) for m in self.direct_posts(who) if m.get("metadata")]

    def direct_posts(self, who: str) -> list[Json]:
        return [m for m in self.sim.messages[self.sim.direct(self.user(who))] if m.get("bot_id")]

    def told(self, who: str) -> list[str]:
        alone = [m for m in self.sim.ephemeral if m["user"] == self.user(who)]
        direct = [m for m in self.direct_posts(who) if m.get("blocks") and not m.get("metadata")]
        return [shown(m["blocks"]) for m in sorted([*alone, *direct], key=lambda m: float(m["ts"]))]

    def files(self, who: str) -> list[str]:
        channel = self.sim.direct(self.user(who))
        return [f["content"] for f in self.sim.files.values() if f.get("channel") == channel]


class HttpDriver(SlackDriver):
    """The same without Socket Mode: Slack sends signed requests."""

    async def open(self) -> None:
        desk = await self.bench.open()
        self.channel = SlackChannel(desk, chat_lines(), self.without_socket())
        await self.channel.start()
        await self.channel.lookout.done()
        app = web.Application()
        app.add_routes(self.channel.routes())
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.sim.http_url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/slack/events"

    def without_socket(self) -> SlackOptions:
        return SlackOptions(
            bot_token=SecretStr(BOT_TOKEN),
            signing_secret=SecretStr(SECRET),
            base_url=self.sim.base_url,
            reviewers=(self.user("rita"),),
        )

    async def close(self) -> None:
        await self.runner.cleanup()
        await super().close()
