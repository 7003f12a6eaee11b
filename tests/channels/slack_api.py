"""The Web API of a Slack of one's own: what is posted, opened, published and uploaded, and what Slack would refuse."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.channels.slack_schema import problems, shown, view_problems

Json = dict[str, Any]
TEAM, APP, BOT, BOT_USER = "T1", "A1", "B1", "UBOT"
BOT_TOKEN, APP_TOKEN, TICKET = "xoxb-sim", "xapp-sim", "ticket-sim"
CHANNEL = "C1"


@dataclass
class Fault:
    """What happens to a call: "429", "drop" (done, and the answer lost), "refuse" (not done), or an error's code."""

    kind: str
    after: int = 0


class SlackApi:
    """State, and the methods that read and change it."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: dict[str, list[Json]] = defaultdict(list)
        self.ephemeral: list[Json] = []
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.calls: list[tuple[str, Json]] = []
        self.refused: list[str] = []
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.members = {CHANNEL}
        self.log: list[str] = []
        self._numbers = itertools.count(1)
        self._last_ts = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def event(self, event: Json) -> Any:
        """Tell the app that something has happened."""
        raise NotImplementedError

    def ts(self, late: float = 0.0) -> str:
        """A new timestamp; `late` seconds ago."""
        self._last_ts = max(time.time(), self._last_ts + 0.000_001)
        return f"{self._last_ts - late:.6f}"

    def direct(self, user: str) -> str:
        """The channel of a person's direct messages with the bot."""
        return f"D{user}"

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
            "apps.connections.open": lambda _: {
                "url": f"ws://127.0.0.1:{self.port}/link?ticket={TICKET}-{next(self._numbers)}"
            },
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
        self.log.append(f"bot in {where(given['channel'], message)}: {shown(given['blocks'])}")
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
        self.log.append(f"bot edits in {where(given['channel'], message)}: {shown(given['blocks'])}")
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


def where(channel: str, message: Json) -> str:
    """A channel, or a thread of it, in words."""
    return f"a thread of {channel}" if message.get("thread_ts") else channel


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
