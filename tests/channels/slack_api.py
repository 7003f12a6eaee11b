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
        self.names_files = True
        self.page = 1_000
        """How many messages a page of the past holds at most, whatever is asked for."""
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
            "conversations.history": self._history,
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
        self._take_away(given["channel"], given["ts"])
        return {}

    def _take_away(self, channel: str, ts: str) -> Json:
        """Delete a message; where something is in a thread under it, something stands in its place."""
        message = self._message(channel, ts)
        before = dict(message)
        if any(m.get("thread_ts") == ts != m["ts"] for m in self.messages[channel]):
            message.clear()
            stone = {
                "type": "message",
                "subtype": "tombstone",
                "user": "USLACKBOT",
                "text": "This message was deleted.",
            }
            message |= {**stone, "ts": ts, "thread_ts": ts}
        else:
            self.messages[channel].remove(message)
        return before

    def _check(self, given: Json) -> None:
        channel = given["channel"]
        self._check_member(channel)
        if given.get("thread_ts") and not any(m["ts"] == given["thread_ts"] for m in self.messages[channel]):
            raise Refusal("thread_not_found")
        if found := problems(given["blocks"]):
            self.refused.append(str(found))
            raise Refusal("invalid_blocks")

    def _check_member(self, channel: str) -> None:
        if not channel.startswith("D") and channel not in self.members:
            raise Refusal("not_in_channel")

    def _history(self, given: Json) -> Json:
        """The latest first, without what is in threads."""
        self._check_member(given["channel"])
        found = [m for m in self.messages[given["channel"]] if m.get("thread_ts", m["ts"]) == m["ts"]]
        return self._page([m for m in found if within(m, given)][::-1], given)

    def _replies(self, given: Json) -> Json:
        """The message that a thread is under, however old, and what is in the thread, the earliest first."""
        self._check_member(given["channel"])
        everything = self.messages[given["channel"]]
        named = next((m for m in everything if m["ts"] == given["ts"]), None)
        if named is None:
            raise Refusal("thread_not_found")
        root = named.get("thread_ts", named["ts"])
        thread = sorted((m for m in everything if m.get("thread_ts") == root != m["ts"]), key=lambda m: float(m["ts"]))
        first = [m for m in everything if m["ts"] == root and not given.get("cursor")]
        page = self._page([m for m in thread if within(m, given)], given)
        return {**page, "messages": [*(self._read(m, given) for m in first), *page["messages"]]}

    def _page(self, found: list[Json], given: Json) -> Json:
        start, limit = int(given.get("cursor") or 0), min(int(given["limit"]), self.page)
        more = len(found) > start + limit
        page = [self._read(m, given) for m in found[start : start + limit]]
        cursor = str(start + limit) if more else ""
        return {"messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}

    def _read(self, message: Json, given: Json) -> Json:
        hidden = () if given.get("include_all_metadata") in (True, "true", "1") else ("metadata",)
        replies = [m for m in self.messages[given["channel"]] if m.get("thread_ts") == message["ts"] != m["ts"]]
        counted = {"thread_ts": message["ts"], "reply_count": len(replies)} if replies else {}
        return {k: v for k, v in {**message, **counted}.items() if k not in hidden}

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
            file = self.files[each["id"]]
            file |= {"channel": given["channel_id"], "title": each["title"]}
            self._share(given, {"id": each["id"], "name": file["name"], "title": each["title"]})
            self.log.append(f"bot uploads to {given['channel_id']}: {each['title']}")
        return {"files": given["files"]}

    def _share(self, given: Json, file: Json) -> None:
        message: Json = {"type": "message", "subtype": "file_share", "bot_id": BOT, "user": BOT_USER, "ts": self.ts()}
        message |= {
            "text": given.get("initial_comment", ""),
            "files": [file if self.names_files else {"id": file["id"]}],
        }
        self.messages[given["channel_id"]].append(message)
        self._later(self.event({**message, "channel": given["channel_id"]}))

    def _message(self, channel: str, ts: str) -> Json:
        found = next((m for m in self.messages[channel] if m["ts"] == ts), None)
        if found is None:
            raise Refusal("message_not_found")
        return found

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def within(message: Json, given: Json) -> bool:
    """Whether a message is later than `oldest`, where that is given; or as old, where that is wanted."""
    oldest, inclusive = float(given.get("oldest") or 0), given.get("inclusive") in (True, "true", "1")
    return float(message["ts"]) > oldest or (inclusive and float(message["ts"]) == oldest)


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
