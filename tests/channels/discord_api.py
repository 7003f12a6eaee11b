"""The REST API of a Discord of one's own: what is posted, edited and answered, and what Discord would refuse."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.channels.discord_wire import (
    ACKNOWLEDGED,
    BOT,
    CHANNEL,
    CODES,
    EPHEMERAL,
    EPOCH,
    GUILD,
    PRIVATE_THREAD,
    TOKEN,
    UNKNOWN_CHANNEL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    Asked,
    Fault,
    Json,
    Refusal,
    answer,
    check,
    given_in,
    shown,
)


class DiscordApi:
    """State, and the calls that read and change it. Ids are numbers in text, as Discord has them."""

    def __init__(self) -> None:
        self.port = 0
        self.ack_seconds = 3.0
        self.channels: dict[str, Json] = {CHANNEL: {"id": CHANNEL, "type": 0, "name": "general", "position": 0}}
        self.messages: dict[str, list[Json]] = defaultdict(list)
        self.alone: list[Json] = []
        self.asked: dict[str, Asked] = {}
        self.commands: list[Json] = []
        self.uploads: dict[str, str] = {}
        self.typing: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self.refused: list[str] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.closed: set[str] = set()
        self.lost = False
        self.nonces: dict[str, tuple[str, str]] = {}
        self.names: dict[str, str] = {}
        self.log: list[str] = []
        self._numbers = itertools.count(1)
        self._last = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def dispatch(self, kind: str, data: Json) -> None:
        """Tell the bot that something has happened."""
        raise NotImplementedError

    def snowflake(self, late: float = 0.0) -> str:
        """A new id; one that was made `late` seconds ago."""
        self._last = max(self._last + 1, int(time.time() * 1000 - EPOCH) << 22)
        return str(self._last - (int(late * 1000) << 22))

    def user(self, user: str) -> Json:
        """A user as Discord shows one."""
        name = self.names.get(user, f"user{user[-4:]}")
        return {"id": user, "username": name, "discriminator": "0", "global_name": name, "avatar": None}

    def bot(self) -> Json:
        """Us."""
        return {"id": BOT, "username": "interviewer", "discriminator": "1", "avatar": None, "bot": True}

    def direct(self, user: str) -> str:
        """The channel of a person's direct messages with the bot."""
        channel = f"8{user[1:]}"
        self.channels.setdefault(channel, {"id": channel, "type": 1, "recipients": [self.user(user)]})
        return channel

    def message(self, channel: str, author: Json, content: str, late: float = 0.0, **more: Any) -> Json:
        """A new message as Discord keeps it."""
        made: Json = {
            "id": self.snowflake(late),
            "channel_id": channel,
            "author": author,
            "content": content,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "pinned": False,
            "type": 0,
            "components": [],
            "flags": 0,
            **more,
        }
        if self.channels.get(channel, {}).get("type") != 1:
            made["guild_id"] = GUILD
            made["member"] = self.member(author)
        self.messages[channel].append(made)
        return made

    def member(self, user: Json, *, whole: bool = False) -> Json:
        """Someone in the server."""
        joined = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
        return {**joined, **({"user": user} if whole else {})}

    # The calls. Each is named by its method; faults go by the same names.

    def routes(self) -> list[web.RouteDef]:
        """All of them, below /api."""
        calls: list[tuple[str, str, Callable[[web.Request, Json], Awaitable[Any]]]] = [
            ("GET", "/users/@me", self.me),
            ("GET", "/oauth2/applications/@me", self.application),
            ("PUT", "/applications/{app}/commands", self.sync),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/channels/{channel}", self.channel),
            ("PATCH", "/channels/{channel}", self.wake),
            ("POST", "/channels/{channel}/messages", self.post),
            ("GET", "/channels/{channel}/messages", self.history),
            ("GET", "/channels/{channel}/messages/{message}", self.fetch),
            ("PATCH", "/channels/{channel}/messages/{message}", self.edit_post),
            ("DELETE", "/channels/{channel}/messages/{message}", self.remove),
            ("POST", "/channels/{channel}/typing", self.type_on),
            ("POST", "/channels/{channel}/threads", self.thread),
            ("PUT", "/channels/{channel}/thread-members/{user}", self.add_member),
            ("GET", "/guilds/{guild}/threads/active", self.active),
            ("POST", "/interactions/{id}/{token}/callback", self.callback),
            ("PATCH", "/webhooks/{app}/{token}/messages/@original", self.original),
            ("DELETE", "/webhooks/{app}/{token}/messages/@original", self.unsay),
            ("POST", "/webhooks/{app}/{token}", self.followup),
        ]
        made = [web.route(verb, f"/api{path}", self._call(call)) for verb, path, call in calls]
        return [*made, web.get("/files/{file}", self._file)]

    def _call(
        self, call: Callable[[web.Request, Json], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            name = call.__name__
            given = await given_in(request)
            self.calls.append((name, given))
            fault = self.faults[name].pop(0) if self.faults[name] else None
            if fault and (failure := self._failed(fault, request)):
                return failure
            try:
                if "Authorization" in request.headers and request.headers["Authorization"] != f"Bot {TOKEN}":
                    raise CODES["401"]
                if fault and fault.kind in CODES:
                    raise CODES[fault.kind]
                said = await call(request, given)
            except Refusal as refusal:
                self.refused.append(f"{name}: {refusal.code} {refusal.message}")
                return answer({"code": refusal.code, "message": refusal.message}, refusal.status)
            if fault and fault.kind == "drop":
                request.transport.abort()  # type: ignore[union-attr]
            return web.Response(status=204) if said is None else answer(said)

        return handle

    @staticmethod
    def _failed(fault: Fault, request: web.Request) -> web.Response | None:
        if fault.kind == "429":
            body = {"message": "You are being rate limited.", "retry_after": fault.after, "global": False}
            return answer(body, 429, Via="1.1 google")
        if fault.kind == "cloudflare":
            return web.Response(status=429, text="error code: 1015")
        if fault.kind == "refuse":
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        if fault.kind in ("500", "502", "503"):
            return web.Response(status=int(fault.kind), text="upstream connect error")
        return None

    async def me(self, request: web.Request, given: Json) -> Json:
        return self.bot()

    async def application(self, request: web.Request, given: Json) -> Json:
        words = {"id": BOT, "name": "interviewer", "description": "", "icon": None, "verify_key": "0", "flags": 0}
        return {**words, "bot_public": False, "bot_require_code_grant": False, "owner": self.user("100000000000000009")}

    async def sync(self, request: web.Request, given: Json) -> list[Json]:
        self.commands = given["body"]
        return [{**c, "id": self.snowflake(), "application_id": BOT} for c in self.commands]

    async def open_dm(self, request: web.Request, given: Json) -> Json:
        return self.channels[self.direct(str(given["recipient_id"]))]

    async def channel(self, request: web.Request, given: Json) -> Json:
        found = self.channels.get(request.match_info["channel"])
        if found is None:
            raise UNKNOWN_CHANNEL
        return {**found, "guild_id": GUILD} if found["type"] != 1 else found

    async def wake(self, request: web.Request, given: Json) -> Json:
        found = await self.channel(request, given)
        self.channels[found["id"]]["thread_metadata"]["archived"] = given["archived"]
        return await self.channel(request, given)

    async def post(self, request: web.Request, given: Json) -> Json:
        channel = request.match_info["channel"]
        self._may_write(channel)
        check(given)
        nonce = str(given.get("nonce") or "")
        if given.get("enforce_nonce") and nonce in self.nonces:
            return self._found(*self.nonces[nonce])
        files = [self._stored(f) for f in given.get("files", [])]
        kept = {k: given[k] for k in ("components", "flags", "message_reference") if given.get(k)}
        made = self.message(
            channel, self.bot(), (given.get("content") or "").strip(), attachments=files, nonce=nonce, **kept
        )
        self.nonces[nonce] = (channel, made["id"])
        self.log.append(f"bot in {self.named(channel)}: {shown(made)}")
        self.dispatch("MESSAGE_CREATE", made)  # a bot hears itself, too
        return made

    async def history(self, request: web.Request, given: Json) -> list[Json]:
        """The latest first; behind `after`, as many as come next."""
        found = self.messages[request.match_info["channel"]]
        after, before, limit = (int(request.query.get(k, d)) for k, d in (("after", 0), ("before", 0), ("limit", 50)))
        found = [m for m in found if int(m["id"]) > after and (not before or int(m["id"]) < before)]
        found = sorted(found, key=lambda m: int(m["id"]))
        page = found[:limit] if after else found[-limit:]
        return [past(m) for m in reversed(page)]

    async def fetch(self, request: web.Request, given: Json) -> Json:
        return past(self._found(request.match_info["channel"], request.match_info["message"]))

    async def edit_post(self, request: web.Request, given: Json) -> Json:
        found = self._found(request.match_info["channel"], request.match_info["message"])
        self._may_write(found["channel_id"])
        check({**found, **given})
        found |= {k: v for k, v in given.items() if k in ("content", "components")}
        found["content"] = found["content"].strip()
        self.log.append(f"bot edits in {self.named(found['channel_id'])}: {shown(found)}")
        return found

    async def remove(self, request: web.Request, given: Json) -> None:
        found = self._found(request.match_info["channel"], request.match_info["message"])
        self.messages[found["channel_id"]].remove(found)

    async def type_on(self, request: web.Request, given: Json) -> None:
        self.typing.append(request.match_info["channel"])

    async def thread(self, request: web.Request, given: Json) -> Json:
        if given["type"] != PRIVATE_THREAD or len(given["name"]) > 100:
            raise Refusal(400, 50_035, "Invalid Form Body")
        return self._threaded(request.match_info["channel"], given["name"], BOT)

    def _threaded(self, parent: str, name: str, owner: str) -> Json:
        meta = {"archived": False, "auto_archive_duration": 10_080, "locked": False, "invitable": False}
        made: Json = {
            "id": self.snowflake(),
            "type": PRIVATE_THREAD,
            "name": name,
            "parent_id": parent,
            "owner_id": owner,
        }
        made |= {"message_count": 0, "member_count": 1, "people": [owner]}
        made["thread_metadata"] = {**meta, "archive_timestamp": "2026-01-01T00:00:00+00:00"}
        self.channels[made["id"]] = made
        self.dispatch("THREAD_CREATE", {**made, "guild_id": GUILD, "newly_created": True})
        return {**made, "guild_id": GUILD}

    async def add_member(self, request: web.Request, given: Json) -> None:
        self.channels[request.match_info["channel"]]["people"].append(request.match_info["user"])

    async def active(self, request: web.Request, given: Json) -> Json:
        threads = [c for c in self.channels.values() if c["type"] == PRIVATE_THREAD]
        return {"threads": [t for t in threads if not t["thread_metadata"]["archived"]], "members": []}

    async def callback(self, request: web.Request, given: Json) -> Json | None:
        asked = self.asked.get(request.match_info["token"])
        late = asked is None or time.monotonic() - asked.begun > self.ack_seconds
        if asked is None or late:
            raise UNKNOWN_INTERACTION
        if asked.answers:
            raise ACKNOWLEDGED
        asked.answers.append(given["type"])
        asked.seconds = time.monotonic() - asked.begun
        asked.acked.set()
        data = given.get("data") or {}
        asked.choices = data.get("choices", [])
        if given["type"] == 4:
            asked.original = self._seen_alone(asked, data)
        answer: Json = {"interaction": {"id": asked.id, "type": asked.kind}}
        if asked.original:
            answer["resource"] = {"type": 4, "message": asked.original}
        return answer

    async def original(self, request: web.Request, given: Json) -> Json:
        asked = self.asked[request.match_info["token"]]
        asked.original = self._seen_alone(asked, given)
        return asked.original

    async def unsay(self, request: web.Request, given: Json) -> None:
        return None

    async def followup(self, request: web.Request, given: Json) -> Json:
        return self._seen_alone(self.asked[request.match_info["token"]], given)

    def _seen_alone(self, asked: Asked, given: Json) -> Json:
        check(given)
        made = self.message(asked.channel, self.bot(), given.get("content") or "", flags=EPHEMERAL)
        self.messages[asked.channel].remove(made)
        made |= {"components": given.get("components") or [], "only": asked.user}
        self.alone.append(made)
        self.log.append(f"only {self.names.get(asked.user)} sees: {shown(made)}")
        return made

    def _may_write(self, channel: str) -> None:
        kept = self.channels.get(channel)
        if kept is None:
            raise UNKNOWN_CHANNEL
        if channel in self.closed:
            raise CODES["50007" if kept["type"] == 1 else "50013"]

    def _found(self, channel: str, message: str) -> Json:
        found = next((m for m in self.messages[channel] if m["id"] == message), None)
        if found is None:
            raise UNKNOWN_MESSAGE
        return found

    def _stored(self, file: Json) -> Json:
        name = self.snowflake()
        self.uploads[name] = file["content"]
        url = f"http://127.0.0.1:{self.port}/files/{name}"
        kind = "text/html" if file["name"].endswith(".html") else "text/plain; charset=utf-8"
        more = {"size": len(file["content"].encode()), "url": url, "proxy_url": url, "content_type": kind}
        return {"id": name, "filename": file["name"], **more}

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(status=404 if self.lost else 200, text=self.uploads[request.match_info["file"]])

    def named(self, channel: str) -> str:
        """What a transcript calls a channel."""
        kept = self.channels[channel]
        if kept["type"] == 1:
            return f"{kept['recipients'][0]['username']}'s direct messages"
        return f"thread “{kept['name']}”" if kept["type"] == PRIVATE_THREAD else "#general"


def past(message: Json) -> Json:
    """A message as it is read later."""
    return {k: v for k, v in message.items() if k not in ("nonce", "member", "guild_id")}
