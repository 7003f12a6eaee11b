"""A Slack of one's own: the Web API, Socket Mode and signed HTTP, as far as the product uses them.

It speaks the real protocol to the real client library, refuses what Slack refuses, delivers again what is not
acknowledged, sends an app its own messages too, and fails on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tests.channels.slack_schema import problems, shown, view_problems

Json = dict[str, Any]
TEAM, APP, BOT, BOT_USER = "T1", "A1", "B1", "UBOT"
BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-sim", "xapp-sim", "s1gn1ng"
CHANNEL = "C1"


@dataclass
class Envelope:
    """Something that is delivered. `acks` are the answers, `seconds` how long each took."""

    kind: str
    payload: Json
    acks: list[Json] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    attempts: int = 0


@dataclass
class Fault:
    """What happens to a call: "429", "drop" (done, and the answer lost), "refuse" (not done), or an error's code."""

    kind: str
    after: int = 0


class SlackSim:
    """State and servers. People are named by their ids."""

    def __init__(self, ack_seconds: float = 3.0) -> None:
        self.ack_seconds = ack_seconds
        self.messages: dict[str, list[Json]] = defaultdict(list)
        self.ephemeral: list[Json] = []
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.calls: list[tuple[str, Json]] = []
        self.refused: list[str] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.members = {CHANNEL}
        self.sockets: list[web.WebSocketResponse] = []
        self.silent: set[web.WebSocketResponse] = set()
        self.connections = 0
        self.waiting: dict[str, tuple[Envelope, asyncio.Future[Json], float]] = {}
        self.http_url = ""
        self.log: list[str] = []
        self._numbers = itertools.count(1)
        self._last_ts = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application(client_max_size=10 * 2**20)
        app.router.add_get("/link", self._link)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_route("*", "/api/{method}", self._api)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self.port}/api/"

    async def stop(self) -> None:
        """Go away."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self.sockets):
            await socket.close()
        await self._runner.cleanup()

    def ts(self, late: float = 0.0) -> str:
        """A new timestamp; `late` seconds ago."""
        self._last_ts = max(time.time(), self._last_ts + 0.000_001)
        return f"{self._last_ts - late:.6f}"

    # What people do.

    def direct(self, user: str) -> str:
        """The channel of a person's direct messages with the bot."""
        return f"D{user}"

    async def say(
        self, user: str, channel: str, text: str, *, thread: str = "", late: float = 0.0, files: int = 0
    ) -> Json:
        """Someone posts a message."""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        message: Json = {"type": "message", "user": user, "text": escaped, "ts": self.ts(late)}
        message |= {"thread_ts": thread} if thread else {}
        if files:
            message |= {"subtype": "file_share", "files": [{"id": f"F{n}", "name": "a.png"} for n in range(files)]}
        self.messages[channel].append(message)
        self.log.append(f"{user} in {channel}: {text}")
        await self.event({**message, "channel": channel})
        return {**message, "channel": channel}

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Someone edits a message of theirs."""
        message = self._message(channel, ts)
        before = dict(message)
        message |= {"text": text, "edited": {"user": user, "ts": self.ts()}}
        event = {"type": "message", "subtype": "message_changed", "channel": channel, "hidden": True}
        self.log.append(f"{user} edits: {text}")
        await self.event(
            {**event, "message": message, "previous_message": before, "ts": self.ts(), "event_ts": self.ts()}
        )

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Someone deletes a message of theirs."""
        message = self._message(channel, ts)
        self.messages[channel].remove(message)
        event = {"type": "message", "subtype": "message_deleted", "channel": channel, "hidden": True}
        await self.event(
            {**event, "deleted_ts": ts, "previous_message": message, "ts": self.ts(), "event_ts": self.ts()}
        )

    async def type(self, user: str, text: str, channel: str) -> Envelope:
        """Someone uses the slash command; what it answers is seen by them alone."""
        direct = channel.startswith("D")
        payload = {
            "command": "/interview",
            "text": text,
            "team_id": TEAM,
            "user_id": user,
            "channel_id": channel,
            "channel_name": "directmessage" if direct else "general",
            "trigger_id": f"trigger-{user}-{next(self._numbers)}",
            "response_url": f"http://127.0.0.1:{self.port}/response",
            "api_app_id": APP,
        }
        self.log.append(f"{user} types: /interview {text}")
        sent = await self.deliver("slash_commands", payload)
        answer = sent.acks[0] if sent.acks else {"text": "/interview failed with the error: operation_timeout"}
        if answer.get("text"):
            self._see_alone({"user": user, "channel": channel, **answer})
        return sent

    async def click(self, user: str, button: Json, channel: str, message: Json | None = None) -> Envelope:
        """Someone presses a button, in a message or, without one, in the App Home."""
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "api_app_id": APP,
            "trigger_id": f"trigger-{user}-{next(self._numbers)}",
            "container": {"type": "view"},
            "actions": [{**{k: v for k, v in button.items() if k != "confirm"}, "action_ts": self.ts()}],
        }
        if message is not None:
            container = {"type": "message", "message_ts": message.get("ts", ""), "channel_id": channel}
            payload |= {"container": container, "channel": {"id": channel}, "message": message}
        self.log.append(f"{user} presses: {button['text']['text']}")
        return await self.deliver("interactive", payload)

    async def submit(self, user: str, view: Json, picked: dict[str, str]) -> Envelope:
        """Someone sends a dialog, with these choices and else what it proposes."""
        values: Json = {}
        for block in (b for b in view["blocks"] if b["type"] == "input"):
            element = block["element"]
            options = {o["value"]: o for o in element["options"]}
            option = options.get(picked.get(block["block_id"], ""), element.get("initial_option"))
            values[block["block_id"]] = {element["action_id"]: {"type": element["type"], "selected_option": option}}
        sent = {**view, "state": {"values": values}}
        payload = {"type": "view_submission", "user": {"id": user}, "team": {"id": TEAM}, "view": sent}
        self.log.append(f"{user} sends the dialog: {picked}")
        return await self.deliver("interactive", payload)

    async def look_home(self, user: str) -> None:
        """Someone opens the App Home."""
        await self.event({"type": "app_home_opened", "user": user, "tab": "home", "channel": self.direct(user)})

    # How it is delivered.

    async def event(self, event: Json) -> Envelope:
        """An event, again and again until it is acknowledged, four times at most."""
        self.last_event = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "event_id": f"Ev{next(self._numbers)}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }
        return await self.deliver("events_api", self.last_event, again=3)

    async def deliver(self, kind: str, payload: Json, again: int = 0) -> Envelope:
        """Deliver, and wait for the acknowledgement."""
        envelope = Envelope(kind, payload)
        for attempt in range(again + 1):
            envelope.attempts += 1
            answer = await (self._post(envelope) if self.http_url else self._send(envelope, attempt))
            if answer is not None:
                envelope.acks.append(answer)
                break
        return envelope

    async def _send(self, envelope: Envelope, attempt: int) -> Json | None:
        key = f"env-{next(self._numbers)}"
        answered: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        begun = time.monotonic()
        self.waiting[key] = (envelope, answered, begun)
        body: Json = {"envelope_id": key, "type": envelope.kind, "payload": envelope.payload}
        if envelope.kind == "events_api":
            body |= {
                "accepts_response_payload": False,
                "retry_attempt": attempt,
                "retry_reason": "timeout" if attempt else "",
            }
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self.ack_seconds):
                while not (live := [s for s in self.sockets if not s.closed]):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                if live[-1] not in self.silent:
                    await live[-1].send_json(body)
                return await answered
        return None

    async def _post(self, envelope: Envelope) -> Json | None:
        form = envelope.kind != "events_api"
        raw = envelope.payload if envelope.kind == "slash_commands" else {"payload": json.dumps(envelope.payload)}
        body = aiohttp.FormData(raw)().decode() if form else json.dumps(envelope.payload)
        status, text = await self.request(body, form=form)
        return (json.loads(text) if text.startswith("{") else {"text": text} if text else {}) if status == 200 else None

    async def request(
        self, body: str, *, form: bool = False, at: float | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """A signed request over HTTP; `headers` override, None's left out."""
        stamp = str(int(time.time() if at is None else at))
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        given = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(stamp, body)}
        given |= headers or {}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.http_url, data=body.encode(), headers={k: v for k, v in given.items() if v}) as answer,
        ):
            return answer.status, await answer.text()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, as Slack does every few hours."""
        await self.sockets[-1].send_json({"type": "disconnect", "reason": reason})

    async def _link(self, request: web.Request) -> web.StreamResponse:
        if fault := self._fault("link"):
            return web.Response(status=int(fault.kind))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledged(json.loads(message.data))
        self.sockets.remove(socket)
        return socket

    def _acknowledged(self, answer: Json) -> None:
        envelope, future, begun = self.waiting[answer["envelope_id"]]
        envelope.seconds.append(time.monotonic() - begun)
        if not future.done():
            future.set_result(answer.get("payload") or {})

    # The Web API.

    def _fault(self, method: str) -> Fault | None:
        return self.faults[method].pop(0) if self.faults[method] else None

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = await _arguments(request)
        self.calls.append((method, given))
        fault = self._fault(method)
        if fault and fault.kind == "429":
            headers = {"Retry-After": str(fault.after)}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        if fault and fault.kind == "refuse":
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        answer = self._answer(method, given, request.headers.get("Authorization", ""))
        if fault and fault.kind == "drop":
            request.transport.abort()  # type: ignore[union-attr]
            return web.Response()
        if fault:
            answer = {"ok": False, "error": fault.kind}
        if not answer["ok"]:
            self.refused.append(f"{method}: {answer['error']}")
        return web.json_response(answer)

    def _answer(self, method: str, given: Json, authorization: str) -> Json:
        token = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if authorization != f"Bearer {token}":
            return {"ok": False, "error": "invalid_auth"}
        handlers: dict[str, Callable[[Json], Json]] = {
            "auth.test": lambda _: {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "team": "sim", "user": "bot"},
            "apps.connections.open": lambda _: {"url": f"ws://127.0.0.1:{self.port}/link"},
            "conversations.open": lambda g: {"channel": {"id": self.direct(g["users"])}},
            "conversations.replies": self._replies,
            "conversations.history": self._replies,
            "chat.postMessage": self._posted,
            "chat.postEphemeral": self._posted_alone,
            "chat.update": self._updated,
            "chat.delete": self._deleted,
            "chat.getPermalink": lambda g: {
                "permalink": f"https://sim.slack.com/archives/{g['channel']}/p{g['message_ts']}"
            },
            "views.open": self._view_opened,
            "views.publish": self._view_published,
            "files.getUploadURLExternal": self._file_begun,
            "files.completeUploadExternal": self._file_completed,
        }
        try:
            return {"ok": True, **handlers[method](given)}
        except Refusal as refusal:
            return {"ok": False, "error": str(refusal)}

    def _posted(self, given: Json) -> Json:
        self._check(given)
        message = {"type": "message", "bot_id": BOT, "user": BOT_USER, "ts": self.ts(), "text": given.get("text", "")}
        message |= {k: given[k] for k in ("blocks", "metadata", "thread_ts") if given.get(k)}
        self.messages[given["channel"]].append(message)
        self.log.append(f"bot in {given['channel']}: {shown(given['blocks'])}")
        self._later(self.event({**message, "channel": given["channel"]}))  # an app hears itself, too
        return {"ts": message["ts"], "channel": given["channel"], "message": message}

    def _posted_alone(self, given: Json) -> Json:
        self._check(given)
        self._see_alone(given)
        return {"message_ts": self.ts()}

    def _see_alone(self, seen: Json) -> None:
        self.ephemeral.append({**seen, "ts": self.ts()})
        self.log.append(f"only {seen['user']} sees: {shown(seen['blocks']) if seen.get('blocks') else seen['text']}")

    def _updated(self, given: Json) -> Json:
        self._check(given)
        if len(given["text"]) > 4_000:
            raise Refusal("msg_too_long")
        message = self._message(given["channel"], given["ts"])
        message |= {
            "text": given["text"],
            "blocks": given["blocks"],
            "metadata": given.get("metadata", message.get("metadata")),
        }
        self.log.append(f"bot edits in {given['channel']}: {shown(given['blocks'])}")
        return {"ts": given["ts"], "channel": given["channel"]}

    def _deleted(self, given: Json) -> Json:
        self.messages[given["channel"]].remove(self._message(given["channel"], given["ts"]))
        return {}

    def _check(self, given: Json) -> None:
        channel = given["channel"]
        if not channel.startswith("D") and channel not in self.members:
            raise Refusal("not_in_channel")
        if given.get("thread_ts") and not any(m["ts"] == given["thread_ts"] for m in self.messages[channel]):
            raise Refusal("thread_not_found")
        if found := problems(given["blocks"]):
            self.refused.append(str(found))
            raise Refusal("invalid_blocks")

    def _replies(self, given: Json) -> Json:
        wanted = given.get("ts")
        found = [m for m in self.messages[given["channel"]] if not wanted or wanted in (m["ts"], m.get("thread_ts"))]
        found = found if wanted else [m for m in found if "thread_ts" not in m][::-1]
        start, limit = int(given.get("cursor") or 0), int(given["limit"])
        cursor = str(start + limit) if len(found) > start + limit else ""
        return {"messages": found[start : start + limit], "response_metadata": {"next_cursor": cursor}}

    def _view_opened(self, given: Json) -> Json:
        self._check_view(given["view"])
        view = {**given["view"], "id": f"V{next(self._numbers)}", "user": given["trigger_id"].split("-")[1]}
        self.views[view["id"]] = view
        self.log.append(f"{view['user']} sees a dialog: {shown(view['blocks'])}")
        return {"view": view}

    def _view_published(self, given: Json) -> Json:
        self._check_view(given["view"])
        self.homes[given["user_id"]] = given["view"]
        return {"view": given["view"]}

    def _check_view(self, view: Json) -> None:
        if found := view_problems(view):
            self.refused.append(str(found))
            raise Refusal("invalid_arguments")

    def _file_begun(self, given: Json) -> Json:
        name = f"F{next(self._numbers)}"
        self.files[name] = {"name": given["filename"], "length": int(given["length"]), "content": ""}
        return {"file_id": name, "upload_url": f"http://127.0.0.1:{self.port}/upload/{name}"}

    async def _upload(self, request: web.Request) -> web.Response:
        raw = await request.read()
        file = self.files[request.match_info["file"]]
        if fault := self._fault("upload"):
            return web.Response(status=int(fault.kind))
        file["content"] = raw.decode()
        return web.Response(text=f"OK - {len(raw)}")

    def _file_completed(self, given: Json) -> Json:
        for each in given["files"]:
            self.files[each["id"]] |= {"channel": given["channel_id"], "title": each["title"]}
            self.log.append(f"bot uploads to {given['channel_id']}: {each['title']}")
        return {"files": given["files"]}

    def _message(self, channel: str, ts: str) -> Json:
        found = next((m for m in self.messages[channel] if m["ts"] == ts), None)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Refusal(Exception):
    """The error code that Slack answers with."""


async def _arguments(request: web.Request) -> Json:
    """A call's arguments, however they were sent."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= await request.json()
    else:
        given |= dict(await request.post())
    for name in ("blocks", "metadata", "view", "files"):
        if isinstance(given.get(name), str):
            given[name] = json.loads(given[name])
    return {k: v for k, v in given.items() if v is not None}


def sign(stamp: str, body: str, secret: str = SECRET) -> str:
    """A request's signature, version 0."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
