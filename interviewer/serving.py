"""What `interviewer serve` runs: the desk, and the channels that settings have tokens for. Read `serve` first."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from interviewer.channels.chat import Begin
from interviewer.channels.desk import Desk
from interviewer.conduct.plan import make_plan
from interviewer.domain.errors import GET_SERVING, SettingsError
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Plan
from interviewer.ops.endpoints import Check, Health, address, shown, why
from interviewer.ops.retention import forgetting
from interviewer.ops.watch import Watch
from interviewer.prompts import chat_lines
from interviewer.reports.scorecard import as_html
from interviewer.wiring import House, random_seed

if TYPE_CHECKING:
    from aiohttp.web import RouteDef

    from interviewer.channels.discord import DiscordChannel
    from interviewer.channels.slack import SlackChannel
    from interviewer.conduct.turn import Conductor

log = logging.getLogger(__name__)
PLATFORMS = ("slack", "discord")
DRAIN_SECONDS = 30.0


@dataclass(frozen=True)
class Address:
    """Where to listen for HTTP."""

    host: str = "127.0.0.1"
    port: int = 3000


class Channel(Protocol):
    """A platform that is being served. Raises SettingsError where it is not accepted there."""

    platform: str

    @property
    def connected(self) -> bool:
        """Whether the platform can reach us now, as far as we can tell."""
        ...

    async def start(self) -> None:
        """Finish what an earlier process left, and take what comes."""
        ...

    async def failed(self) -> None:
        """Wait for as long as it can go on. Raises SettingsError when it cannot, until a person mends something."""
        ...

    async def stop(self) -> None:
        """Take nothing new."""
        ...

    async def close(self) -> None:
        """Nothing more will be said either."""
        ...

    def routes(self) -> Sequence[RouteDef]:
        """What it takes over HTTP, once it has started."""
        ...


class Shelf:
    """channels.chat.Planner: the library's guides, and plans with a seed of their own."""

    def __init__(self, house: House) -> None:
        self._house = house

    def guides(self) -> Sequence[Guide]:
        """All guides that can be asked from."""
        return [g for g in self._house.library.guides() if any(q.key_points for q in g.questions)]

    def plan(self, guide: Guide, wanted: Begin) -> Plan:
        """The plan for what is wanted. Raises GuideError."""
        return make_plan(guide, count=wanted.questions, mode=wanted.mode, minutes=wanted.minutes, seed=random_seed())

    def warm(self, guide: Guide) -> None:
        """Load what the first answer will need."""
        self._house.warm(guide)


def make_desk(house: House, conductor: Conductor) -> Desk:
    """The desk of this house."""
    held = house.settings
    desk = Desk(
        conductor,
        house.store,
        Shelf(house),
        chat_lines(held.prompts),
        as_html,
        held.quiet_seconds,
        slots=held.turns_at_once,
        space=held.space_turns,
    )
    desk.enough.most = held.waiting_messages
    return desk


def make_channels(house: House, desk: Desk, names: Sequence[str], *, http: bool) -> list[Channel]:
    """The channels of these platforms, or of all that there are tokens for. Raises SettingsError when there is none."""
    if strange := [n for n in names if n not in PLATFORMS]:
        raise SettingsError(f"There is no channel {strange[0]!r} to serve.", f"Choose from: {', '.join(PLATFORMS)}.")
    wanted = names or [n for n in PLATFORMS if getattr(house.settings, n).bot_token]
    if not wanted:
        raise SettingsError("There is nothing to serve: no tokens are set.", "See docs/slack.md and docs/discord.md.")
    return [
        _slack(house, desk, http=http) if name == "slack" else _discord(house, desk) for name in dict.fromkeys(wanted)
    ]


def _slack(house: House, desk: Desk, *, http: bool) -> SlackChannel:
    held = house.settings.slack
    if held.bot_token is None:
        raise SettingsError("No bot token is set for Slack.", "Set INTERVIEWER_SLACK__BOT_TOKEN; see docs/slack.md.")
    if http and held.signing_secret is None:
        remedy = "Set INTERVIEWER_SLACK__SIGNING_SECRET, or leave --http out."
        raise SettingsError("Requests from Slack cannot be told from others'.", remedy)
    if not http and held.app_token is None:
        raise SettingsError("Socket Mode needs Slack's app token.", "Set INTERVIEWER_SLACK__APP_TOKEN, or use --http.")
    if not held.api_url.lower().startswith(("https://", "http://")):
        remedy = "Set INTERVIEWER_SLACK__API_URL to one such as https://slack.com/api/, or leave it out."
        raise SettingsError("The address of Slack's API does not begin with https://.", remedy)
    try:
        from interviewer.channels.slack import SlackChannel, SlackOptions
    except ImportError:
        raise SettingsError("What Slack needs is not installed.", GET_SERVING) from None
    options = SlackOptions(
        bot_token=held.bot_token,
        app_token=None if http else held.app_token,
        signing_secret=held.signing_secret,
        workspaces=held.workspaces,
        users=held.users,
        reviewers=held.reviewers,
        base_url=held.api_url,
    )
    return SlackChannel(desk, chat_lines(house.settings.prompts), options)


def _discord(house: House, desk: Desk) -> DiscordChannel:
    held = house.settings.discord
    if held.bot_token is None:
        remedy = "Set INTERVIEWER_DISCORD__BOT_TOKEN; see docs/discord.md."
        raise SettingsError("No bot token is set for Discord.", remedy)
    try:
        from interviewer.channels.discord import DiscordChannel, DiscordOptions
    except ImportError:
        raise SettingsError("What Discord needs is not installed.", GET_SERVING) from None
    options = DiscordOptions(
        bot_token=held.bot_token,
        guilds=held.guilds,
        users=held.users,
        reviewers=held.reviewers,
        threads=held.threads,
    )
    return DiscordChannel(desk, chat_lines(house.settings.prompts), options)


async def serve(house: House, names: Sequence[str], http: Address | None, drain: float = DRAIN_SECONDS) -> None:
    """Serve until told to stop by SIGTERM or SIGINT; then finish the replies that are being made.

    The store is open. Raises SettingsError, also when a platform no longer accepts what it did.
    """
    conductor = house.conductor()
    desk = make_desk(house, conductor)
    channels = make_channels(house, desk, names, http=http is not None)
    stopped, started = _told_to_stop(), set[str]()
    async with AsyncExitStack() as running:
        health = _health(house, desk, channels, started, stopped)
        await running.enter_async_context(shown(health, address(house.settings.health)))
        if (days := house.settings.retention_days) is not None:
            await running.enter_async_context(forgetting(conductor.forget_before, days))
        for channel in channels:
            running.push_async_callback(channel.close)
        running.push_async_callback(desk.drain, drain)
        for channel in channels:
            running.push_async_callback(channel.stop)
        await _unless(stopped, serve_all(channels, started, http))
        log.info("stopping: nothing new is taken, replies that were begun are finished")


async def serve_all(channels: Sequence[Channel], started: set[str], http: Address | None) -> None:
    """Start and serve them side by side: a platform that cannot be reached is waited for, and holds up no other.

    Raises what one of them raises.
    """
    serving = [asyncio.create_task(_serve_one(channel, started, http)) for channel in channels]
    try:
        done, _ = await asyncio.wait(serving, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _serve_one(channel: Channel, started: set[str], http: Address | None) -> None:
    await channel.start()
    async with AsyncExitStack() as running:
        if http is not None and (routes := channel.routes()):
            await running.enter_async_context(_listening(http, routes))
        started.add(channel.platform)
        log.info("serving %s", channel.platform)
        await channel.failed()


def _health(house: House, desk: Desk, channels: Sequence[Channel], started: set[str], stopped: asyncio.Event) -> Health:
    """What is to be seen of this process: ready from when all channels are connected until it is to stop."""

    def connected() -> dict[str, bool]:
        return {c.platform: c.platform in started and c.connected for c in channels}

    async def database() -> str:
        await house.store.backlog()
        return ""

    async def process() -> str:
        return "stopping" if stopped.is_set() else ""

    async def reached(platform: str) -> str:
        return "" if connected()[platform] else "not connected"

    watch = Watch(desk.rota, desk.counts, house.store, connected)
    desk.rota.observe = watch.served
    parts: dict[str, Check] = {"process": process, "database": database}
    parts |= {c.platform: partial(reached, c.platform) for c in channels}
    return Health(lambda: desk.rota.alive, watch.metrics, watch.refresh, parts)


async def _unless(stopped: asyncio.Event, work: object) -> None:
    """Do this, unless told to stop meanwhile: a platform that cannot be reached is waited for without end."""
    doing = asyncio.ensure_future(work)  # type: ignore[call-overload]
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if doing.done():
        await doing
    else:
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing


def _told_to_stop() -> asyncio.Event:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # on Windows, or beside the main thread
            loop.add_signal_handler(name, stopped.set)
    return stopped


@asynccontextmanager
async def _listening(address: Address, routes: Sequence[RouteDef]) -> AsyncIterator[None]:
    from aiohttp import web

    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
        yield
    except OSError as error:
        remedy = "Choose another with --port and --host, or stop what listens there."
        raise SettingsError(f"Nothing can listen on {address.host}:{address.port}: {why(error)}.", remedy) from None
    finally:
        await runner.cleanup()
