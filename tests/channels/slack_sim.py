"""A Slack of one's own: the Web API, Socket Mode and signed HTTP, as far as the product uses them.

It speaks the real protocol to the real client library, refuses what Slack refuses, delivers again what is not
acknowledged, sends an app its own messages too, and fails on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

import aiohttp
from aiohttp import WSMsgType, web

from tests.channels.slack_api import APP, BOT_USER, TEAM, Json, SlackApi, where

SECRET = "s1gn1ng"


@dataclass
class Envelope:
    """Something that is delivered. `acks` are the answers, `seconds` how long each took."""

    kind: str
    payload: Json
    acks: list[Json] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    attempts: int = 0


class SlackSim(SlackApi):
    """State and servers. People are named by their ids."""

    def __init__(self, ack_seconds: float = 3.0) -> None:
        super().__init__()
        self.ack_seconds = ack_seconds
        self.sockets: list[web.WebSocketResponse] = []
        self.silent: set[web.WebSocketResponse] = set()
        self.connections = 0
        self.tickets: set[str] = set()
        self.waiting: dict[str, tuple[Envelope, asyncio.Future[Json], float]] = {}
        self.http_url = ""
        self.spread = False
        """Whether what happens goes to all connections in turn, as with many workers, and not to the newest."""

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

    # What people do.

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread: str = "",
        late: float = 0.0,
        files: int = 0,
        heard: bool = True,
    ) -> Json:
        """Someone posts a message. What is not `heard` nobody was there to be told of, as is so below."""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        message: Json = {"type": "message", "user": user, "text": escaped, "ts": self.ts(late)}
        message |= {"thread_ts": thread} if thread else {}
        if files:
            message |= {"subtype": "file_share", "files": [{"id": f"F{n}", "name": "a.png"} for n in range(files)]}
        self.messages[channel].append(message)
        self.log.append(f"{user} in {where(channel, message)}: {text}{' (and a file)' * bool(files)}")
        if heard:
            await self.event({**message, "channel": channel})
        return {**message, "channel": channel}

    async def edit(self, user: str, channel: str, ts: str, text: str, *, heard: bool = True) -> None:
        """Someone edits a message of theirs."""
        message = self._message(channel, ts)
        before = dict(message)
        message |= {"text": text, "edited": {"user": user, "ts": self.ts()}}
        event = {"type": "message", "subtype": "message_changed", "channel": channel, "hidden": True}
        self.log.append(f"{user} edits: {text}")
        change = {"message": message, "previous_message": before, "ts": self.ts(), "event_ts": self.ts()}
        if heard:
            await self.event({**event, **change})

    async def delete(self, user: str, channel: str, ts: str, *, heard: bool = True) -> None:
        """Someone deletes a message of theirs."""
        message = self._take_away(channel, ts)
        event = {"type": "message", "subtype": "message_deleted", "channel": channel, "hidden": True}
        change = {"deleted_ts": ts, "previous_message": message, "ts": self.ts(), "event_ts": self.ts()}
        if heard:
            await self.event({**event, **change})

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
                chosen = live[next(self._numbers) % len(live)] if self.spread else live[-1]
                if chosen not in self.silent:
                    await chosen.send_json(body)
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
        ticket = request.query["ticket"]
        used, self.tickets = ticket in self.tickets, self.tickets | {ticket}
        if used:  # an address opens one connection
            return web.Response(status=408)
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


def sign(stamp: str, body: str, secret: str = SECRET) -> str:
    """A request's signature, version 0."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
