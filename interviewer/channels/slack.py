"""The interview in Slack, on slack_bolt: translate in, ask the desk, translate out. Read chat.py first.

Every handler finishes before Slack is answered (`process_before_response`), because what Slack was told is received
must be stored. So a handler does only what takes milliseconds; what asks Slack for something goes beside it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from interviewer.channels import slack_blocks, slack_in
from interviewer.channels.chat import Changed, Command, Notice, Person, Place, Pressed, Removed, Said
from interviewer.channels.chat_access import Access
from interviewer.channels.chat_missed import CATCH_UP, Event, Lookout
from interviewer.channels.chat_reply import LONGEST_WAIT
from interviewer.channels.desk import Desk
from interviewer.channels.slack_http import routes
from interviewer.channels.slack_in import PLATFORM
from interviewer.channels.slack_missed import BROUGHT_AGAIN, SlackPast
from interviewer.channels.slack_out import SlackOutbox, web_client
from interviewer.channels.slack_socket import Socket
from interviewer.channels.slack_text import Json, escaped
from interviewer.domain.errors import ChannelDown, ChannelError, InterviewerError, SettingsError
from interviewer.ports import Clock, utc_now
from interviewer.prompts import Phrases

log = logging.getLogger(__name__)
quiet_log = logging.getLogger("slack")  # not one of ours: what it logs may hold anything, see ops/logs.py
quiet_log.setLevel(logging.WARNING)  # below that the library logs what people wrote
COMMAND = "/interview"
MOST_HOMES = 1_000
SECONDS = 15.0
REFUSED = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type")


@dataclass(frozen=True)
class SlackOptions:
    """What settings say. Tokens as Slack's app pages show them: xoxb-..., xapp-..., and the signing secret.

    Without an app token nothing comes by Socket Mode, and `routes` are to be served. `gap`: when nothing was heard for
    so many seconds before a new connection, what was missed is looked for.
    """

    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    workspaces: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    base_url: str = "https://slack.com/api/"
    silence: float = 600.0
    ping: float = 10.0
    gap: float = 60.0


class SlackChannel:
    """One workspace. `start` finishes what was left and listens, `stop` listens no more; then the desk is drained, and
    `close` ends it."""

    platform = PLATFORM

    def __init__(self, desk: Desk, lines: Phrases, options: SlackOptions, clock: Clock = utc_now) -> None:
        self._desk = desk
        self._lines = lines
        self._options = options
        self._clock = clock
        self._client = web_client(options.bot_token.get_secret_value(), options.base_url, quiet_log)
        self._homes: dict[Person, None] = {}
        self._socket: Socket | None = None
        self.lookout = Lookout(SlackPast(self._client), desk, self._take, clock)

    async def start(self) -> None:
        """Find out who we are, look for what was missed, finish what an earlier process left, and listen over Socket
        Mode where there is a token.

        Raises SettingsError when Slack does not accept a token; a Slack that cannot be reached is waited for.
        """
        self._client.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        who = await self._introduced()
        self._outbox = SlackOutbox(self._client, str(who.bot_id), self._lines, self._refreshed)
        access = Access(self._options.workspaces, self._options.users, self._options.reviewers, COMMAND)
        self._desk.attach(PLATFORM, self._outbox, access)
        self.app = self._made_app(who)
        await asyncio.to_thread(self._desk.guides)  # the first dialog must be there within three seconds
        self.lookout.look()
        await self.lookout.done(CATCH_UP)  # so that it belongs to the answers which wait
        left = await self._desk.recover(PLATFORM)
        if left:
            log.info("%d interviews were left in the middle of a reply", left)
        if self._options.app_token:
            await self._listen(self._options.app_token.get_secret_value())

    async def failed(self) -> None:
        """Wait without end: a Slack that no longer answers is waited for."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Take nothing new."""
        self.lookout.stop()
        if self._socket is not None:
            await self._socket.stop()

    async def close(self) -> None:
        """Say nothing more either."""
        if self._client.session is not None:
            await self._client.session.close()

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us now, as far as we can tell."""
        return self._socket is None or self._socket.connected

    def routes(self) -> list[web.RouteDef]:
        """What is taken over HTTP instead, once it has started."""
        return routes(self.app)

    async def _listen(self, token: str) -> None:
        try:
            await _accepted("app", self._client.apps_connections_open(app_token=token))
        except ChannelDown as error:
            log.warning("Socket Mode: %s; it is tried again", error.message)
        held = self._options
        self._socket = Socket(self.app, token, held.ping, held.silence, quiet_log, held.gap, self.lookout.look)
        await self._socket.start()

    async def _introduced(self) -> AuthorizeResult:
        wait = 1.0
        while True:
            try:
                answer = await _accepted("bot", self._client.auth_test())
                break
            except ChannelDown as error:
                log.warning("%s; trying again in %.0f s", error.message, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        return AuthorizeResult.from_auth_test_response(bot_token=self._client.token, auth_test_response=answer)

    def _made_app(self, who: AuthorizeResult) -> AsyncApp:
        secret = self._options.signing_secret

        async def authorized(**_: Any) -> AuthorizeResult:
            return who

        app = AsyncApp(
            client=web_client(None, self._options.base_url, quiet_log),
            authorize=authorized,
            signing_secret=secret.get_secret_value() if secret else "not used in Socket Mode",
            process_before_response=True,
            logger=quiet_log,
        )
        app.event("message")(self._on_message)
        app.event("app_home_opened")(self._on_home)
        app.command(COMMAND)(self._on_command)
        app.action(re.compile(f"^{slack_blocks.ACTION}"))(self._on_action)
        app.view(slack_blocks.DIALOG)(self._on_dialog)
        app.error(self._on_error)
        return app

    async def _on_message(self, body: Json) -> None:
        event = slack_in.message(body)
        if isinstance(event, Event):
            await self._take(event)

    async def _take(self, event: Event) -> None:
        match event:
            case Said():
                notice = await self._desk.said(event)
            case Changed():
                notice = await self._desk.changed(event)
            case Removed():
                notice = await self._desk.removed(event)
        self._tell(event.place, event.author, notice)

    async def _on_command(self, ack: AsyncAck, body: Json) -> None:
        name, _, rest = str(body.get("text") or "").strip().partition(" ")
        if name.lower() in ("", "start"):
            self._ask(body["trigger_id"], slack_in.asked_in(body), rest.strip())
            await ack()
            return
        press = slack_in.command(body, self._clock())
        press = press or slack_in.command({**body, "text": Command.HELP}, self._clock())
        await ack(**self._private(await self._pressed(press) if press else None))

    async def _pressed(self, press: Pressed) -> Notice | None:
        """What the desk says to it; Slack never brings a command again, so a failure is told."""
        try:
            return await self._desk.pressed(press)
        except InterviewerError as error:
            log.error("a command failed: %s", type(error).__name__)
            return Notice(text=self._lines.say("trouble.passing", 0))

    def _private(self, notice: Notice | None) -> dict[str, Any]:
        if notice is None:
            return {}
        blocks = slack_blocks.message(notice.text, notice.buttons, self._lines)
        return {"text": escaped(notice.text), "blocks": blocks, "response_type": "ephemeral"}

    async def _on_action(self, ack: AsyncAck, body: Json) -> None:
        if body["actions"][0].get("action_id") == slack_blocks.START:
            direct = Place(platform=PLATFORM, space=slack_in.space_of(body), direct=True)
            self._ask(body["trigger_id"], direct)
        elif press := slack_in.action(body):
            self._tell(press.place, press.author, await self._pressed(press))
        await ack()

    async def _on_dialog(self, ack: AsyncAck, body: Json) -> None:
        begin = slack_in.submission(body)
        try:
            notice = await self._desk.begin(begin) if begin else None
        except InterviewerError as error:
            log.error("an interview could not begin: %s", type(error).__name__)
            await ack(response_action="errors", errors={"guide": self._lines.say("trouble.passing", 0)})
            return
        await ack()
        if begin:
            asked = Place.parse(body["view"]["private_metadata"])
            if notice is None and begin.place.direct and not asked.direct:
                where = self._lines.say("place.direct", 0)
                notice = Notice(text=self._lines.say("begin.welcome", 0, place=where))
            self._tell(asked, begin.author, notice)

    async def _on_home(self, event: Json, body: Json) -> None:
        if event.get("tab", "home") != "home" or not event.get("user"):
            return
        person = Person(platform=PLATFORM, space=slack_in.space_of(body), user=event["user"])
        if len(self._homes) >= MOST_HOMES:
            self._homes.pop(next(iter(self._homes)))
        self._homes[person] = None
        self._desk.rota.beside(self._refreshed(person))

    async def _refreshed(self, person: Person) -> None:
        """Publish the App Home of someone who looks at it."""
        if person in self._homes:
            entries = await self._desk.entries(person)
            await self._outbox.publish(person, slack_blocks.home(entries, self._lines))

    async def _on_error(self, error: Exception) -> BoltResponse:
        """What went wrong, without its text, which may be a candidate's. Slack is not told that it was received, and
        brings it again for a while; then it is looked for."""
        log.error("a delivery could not be taken in: %s", type(error).__name__)
        self.lookout.look(BROUGHT_AGAIN)
        return BoltResponse(status=500, body="")

    def _ask(self, trigger: str, place: Place, wanted: str = "") -> None:
        async def ask() -> None:
            guides = await asyncio.to_thread(self._desk.guides)
            await self._outbox.ask(trigger, slack_blocks.dialog(guides, place, self._lines, wanted))

        self._desk.rota.beside(ask())

    def _tell(self, place: Place, person: Person, notice: Notice | None) -> None:
        if notice is not None:
            self._desk.rota.beside(self._outbox.tell(place, person, notice))


async def _accepted(which: str, call: Any) -> Any:
    """Slack's answer. Raises SettingsError when it does not accept the token, ChannelDown when it may answer later."""
    try:
        return await call
    except SlackApiError as error:
        code = _code(error)
        if code in REFUSED:
            name = f"INTERVIEWER_SLACK__{which.upper()}_TOKEN"
            raise SettingsError(f"Slack does not accept its {which} token: {code}.", f"Set {name} anew.") from None
        if code == "missing_scope":
            raise SettingsError(f"Slack's {which} token may not do what is needed.", "See docs/slack.md.") from None
        raise ChannelDown(f"Slack answers, and refuses for now ({code})") from None
    except (aiohttp.ClientError, TimeoutError, OSError, ChannelError) as error:
        raise ChannelDown(f"Slack cannot be reached ({type(error).__name__})") from None


def _code(error: SlackApiError) -> str:
    """Slack's code for what is wrong, or the status: what is no code may be anything, and is not said."""
    data = error.response.data if isinstance(error.response.data, dict) else {}
    code = str(data.get("error", ""))
    return code if re.fullmatch(r"[a-z_]{1,60}", code) else f"HTTP {error.response.status_code}"
