"""A Discord of one's own: the REST API and the gateway, as far as the product uses them.

It speaks the real protocol to the real client library, refuses what Discord refuses, delivers nothing twice unless a
session is resumed, tells a bot of its own messages too, and fails on demand.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from tests.channels.discord_api import DiscordApi
from tests.channels.discord_wire import BOT, CHANNEL, GUILD, PRIVATE_THREAD, TOKEN, Asked, Json

MESSAGE_CONTENT, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 15, 1 << 9, 1 << 12


@dataclass
class Session:
    """A gateway session: everything that was sent in it, so that it can be resumed."""

    id: str
    intents: int
    sent: list[Json] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    heard: int = 0


class DiscordSim(DiscordApi):
    """State and servers. `connections` counts sockets, `identified` and `resumed` what they were for.

    `greetings` are what the next connections get instead of service: "503", "close:4004", "invalid", "nothing".
    """

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}
        self.greetings: list[str] = []
        self.allowed_content = True
        self.heartbeat = 41.25
        self.silent: set[web.WebSocketResponse] = set()
        self.connections = self.identified = self.resumed = 0

    async def start(self, port: int = 0) -> None:
        """Listen, on a free port."""
        app = web.Application(client_max_size=10 * 2**20)
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]
        self.api_url = f"http://127.0.0.1:{self.port}/api"
        self.gateway_url = f"ws://127.0.0.1:{self.port}/gateway/"

    async def stop(self) -> None:
        """Go away."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cut(1001)
        await self._runner.cleanup()

    # What people do.

    def say(
        self,
        user: str,
        channel: str,
        content: str,
        *,
        late: float = 0.0,
        files: int = 0,
        heard: bool = True,
        **more: Any,
    ) -> Json:
        """Someone posts a message. What is too long for one, Discord's client makes a file of, when it is pasted."""
        attached = [self._stored({"name": f"picture{n}.png", "content": "?"}) for n in range(files)]
        attached = [{**a, "content_type": "image/png"} for a in attached]
        if len(content) > 2_000:
            attached, content = [*attached, self._stored({"name": "message.txt", "content": content})], ""
        made = self.message(channel, self.user(user), content, late, attachments=attached)
        words = content or " ".join(f"<{a['filename']}>" for a in attached)
        self.log.append(f"{self.names.get(user)} in {self.named(channel)}: {words}")
        if heard:
            self.dispatch("MESSAGE_CREATE", made)
        return made

    def edit(self, channel: str, message: str, content: str, *, heard: bool = True) -> None:
        """Someone edits a message of theirs."""
        found = self._found(channel, message)
        found |= {"content": content, "edited_timestamp": datetime.now(UTC).isoformat()}
        self.log.append(f"{found['author']['username']} edits: {content}")
        if heard:
            self.dispatch("MESSAGE_UPDATE", found)

    def delete(self, channel: str, message: str, *, heard: bool = True) -> None:
        """Someone deletes a message of theirs."""
        found = self._found(channel, message)
        self.messages[channel].remove(found)
        guild = {"guild_id": GUILD} if "guild_id" in found else {}
        if heard:
            self.dispatch("MESSAGE_DELETE", {"id": message, "channel_id": channel, **guild})

    async def use(self, user: str, command: str, channel: str, **options: str) -> Asked:
        """Someone uses a command of `/interview`; options that name a person hold their id."""
        given = [{"name": k, "type": 6 if k == "of" else 3, "value": v} for k, v in options.items()]
        data: Json = {"id": self.snowflake(), "name": "interview", "type": 1}
        data["options"] = [{"name": command, "type": 1, "options": given}]
        if about := options.get("of"):
            data["resolved"] = {"users": {about: self.user(about)}}
            if self.channels[channel]["type"] != 1:
                member = {**self.member(self.user(about)), "permissions": "0"}
                data["resolved"]["members"] = {about: member}
        typed = " ".join(f"{k}: {self.names.get(v, v)}" for k, v in options.items())
        self.log.append(f"{self.names.get(user)} uses: /interview {command} {typed}".rstrip())
        return await self._interact(user, channel, 2, data)

    async def complete(self, user: str, channel: str, typed: str) -> list[Json]:
        """What is proposed while someone types a guide's name."""
        option = {"name": "guide", "type": 3, "value": typed, "focused": True}
        data: Json = {"id": self.snowflake(), "name": "interview", "type": 1}
        data["options"] = [{"name": "start", "type": 1, "options": [option]}]
        return (await self._interact(user, channel, 4, data)).choices

    async def click(self, user: str, button: Json, channel: str, message: Json) -> Asked:
        """Someone presses a button."""
        self.log.append(f"{self.names.get(user)} presses: {button['label']}")
        data = {"custom_id": button["custom_id"], "component_type": 2}
        return await self._interact(user, channel, 3, data, message=message)

    async def _interact(self, user: str, channel: str, kind: int, data: Json, **more: Json) -> Asked:
        asked = Asked(self.snowflake(), f"itoken-{next(self._numbers)}", user, channel, kind)
        self.asked[asked.token] = asked
        where = self.channels[channel]
        payload: Json = {"id": asked.id, "token": asked.token, "type": kind, "version": 1, "application_id": BOT}
        payload |= {"data": data, "attachment_size_limit": 2**20, "entitlements": [], "channel_id": channel, **more}
        payload |= {"channel": where, "locale": "en-US", "authorizing_integration_owners": {}}
        if where["type"] == 1:
            payload |= {"user": self.user(user), "context": 1}
        else:
            member = {**self.member(self.user(user), whole=True), "permissions": "0"}
            payload |= {"member": member, "guild_id": GUILD, "context": 0, "guild": {"id": GUILD, "features": []}}
            payload["app_permissions"] = "0"
        self.last_interaction = payload
        self.dispatch("INTERACTION_CREATE", payload)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asked.acked.wait(), self.ack_seconds)
        return asked

    # How it is delivered.

    def dispatch(self, kind: str, data: Json) -> None:
        """To every session that wants to hear of it, at once or when it is resumed."""
        for session in self.sessions.values():
            seen = _as_heard(kind, data, session.intents)
            if seen is not None:
                self.send(session, kind, seen)

    def send(self, session: Session, kind: str, data: Any) -> None:
        """An event in a session."""
        payload = {"op": 0, "t": kind, "s": len(session.sent) + 1, "d": data}
        session.sent.append(payload)
        if session.socket is not None and not session.socket.closed and session.socket not in self.silent:
            self._later(session.socket.send_json(payload))

    async def barrier(self) -> None:
        """Wait until everything that was sent has been read: a bot answers a request for its heartbeat with that."""
        for session in self.sessions.values():
            wanted = len(session.sent)
            async with asyncio.timeout(5):
                while session.heard < wanted and session.socket is not None and not session.socket.closed:
                    with contextlib.suppress(ConnectionError):
                        await session.socket.send_json({"op": 1, "t": None, "s": None, "d": None})
                    await asyncio.sleep(0.005)
        await asyncio.sleep(0.005)

    async def cut(self, code: int) -> None:
        """Close all sockets with this code, or without one for 0; sessions may be resumed."""
        for session in self.sessions.values():
            if session.socket is not None and not session.socket.closed:
                if code:
                    await session.socket.close(code=code)
                elif session.socket._req is not None and session.socket._req.transport is not None:
                    session.socket._req.transport.abort()

    async def tell(self, op: int, data: Any = None) -> None:
        """Send this op to all: 7 to have them reconnect, 9 to end their sessions."""
        for session in list(self.sessions.values()):
            if session.socket is not None and not session.socket.closed:
                await session.socket.send_json({"op": op, "t": None, "s": None, "d": data})
            if op == 9 and data is False:
                del self.sessions[session.id]

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        greeting = self.greetings.pop(0) if self.greetings else ""
        if greeting == "503":
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "t": None, "s": None, "d": {"heartbeat_interval": self.heartbeat * 1000}})
        session: Session | None = None
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                said = json.loads(message.data)
                if socket in self.silent:
                    continue
                if said["op"] == 1:
                    await self._beat(socket, session, said["d"] or 0)
                else:
                    session = await self._greet(socket, greeting, said)
        if session is not None and session.socket is socket:
            session.socket = None
        return socket

    @staticmethod
    async def _beat(socket: web.WebSocketResponse, session: Session | None, heard: int) -> None:
        if session is not None:
            session.heard = max(session.heard, heard)
        await socket.send_json({"op": 11, "t": None, "s": None, "d": None})

    async def _greet(self, socket: web.WebSocketResponse, greeting: str, said: Json) -> Session | None:
        if greeting.startswith("close:"):
            await socket.close(code=int(greeting.removeprefix("close:")))
        elif greeting == "nothing":
            return None
        elif greeting == "invalid":
            await socket.send_json({"op": 9, "t": None, "s": None, "d": False})
        elif said["op"] == 2:
            return await self._identify(socket, said["d"])
        elif said["op"] == 6:
            return await self._resume(socket, said["d"])
        return None

    async def _identify(self, socket: web.WebSocketResponse, said: Json) -> Session | None:
        self.identified += 1
        code = 4004 if said["token"] != TOKEN else 0
        if not code and said["intents"] & MESSAGE_CONTENT and not self.allowed_content:
            code = 4014
        if code:
            await socket.close(code=code)
            return None
        session = Session(f"s{self.identified}", said["intents"], socket=socket)
        self.sessions[session.id] = session
        ready = {"v": 10, "user": self.bot(), "guilds": [{"id": GUILD, "unavailable": True}], "session_id": session.id}
        ready |= {"resume_gateway_url": self.gateway_url, "application": {"id": BOT, "flags": 0}}
        self.send(session, "READY", ready)
        self.send(session, "GUILD_CREATE", self._guild())
        return session

    async def _resume(self, socket: web.WebSocketResponse, said: Json) -> Session | None:
        session = self.sessions.get(said["session_id"])
        if session is None:
            await socket.send_json({"op": 9, "t": None, "s": None, "d": False})
            return None
        self.resumed += 1
        session.socket = socket
        for payload in session.sent[said["seq"] :]:
            await socket.send_json(payload)
        self.send(session, "RESUMED", {"_trace": []})
        return session

    def _guild(self) -> Json:
        roles = [{"id": GUILD, "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False}]
        roles = [{**r, "managed": False, "mentionable": False, "flags": 0} for r in roles]
        threads = [c for c in self.channels.values() if c["type"] == PRIVATE_THREAD]
        return {
            "id": GUILD,
            "name": "Simville",
            "member_count": 4,
            "owner_id": BOT,
            "roles": roles,
            "channels": [self.channels[CHANNEL]],
            "threads": [t for t in threads if not t["thread_metadata"]["archived"]],
            "members": [self.member(self.bot(), whole=True)],
            "unavailable": False,
        }

    def _later(self, work: Any) -> None:
        """Do this beside, in order, whether or not somebody still listens."""

        async def quietly() -> None:
            with contextlib.suppress(ConnectionError):
                await work

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _as_heard(kind: str, data: Json, intents: int) -> Json | None:
    """An event as a session with these intents hears of it."""
    if not kind.startswith("MESSAGE_"):
        return data
    if "guild_id" not in data:
        return data if intents & DIRECT_MESSAGES else None
    if not intents & GUILD_MESSAGES:
        return None
    hidden = {"content": "", "attachments": [], "components": [], "embeds": []}
    mine = data.get("author", {}).get("id") == BOT
    return data if intents & MESSAGE_CONTENT or mine or "author" not in data else {**data, **hidden}
