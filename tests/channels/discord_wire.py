"""What Discord's REST API is made of: ids, refusals, faults, and what a message may be."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
TOKEN = "sim.token.123"
BOT, GUILD, CHANNEL = "900000000000000001", "700000000000000001", "710000000000000001"
EPOCH = 1_420_070_400_000
EPHEMERAL, SILENT = 64, 4096
PRIVATE_THREAD = 12


@dataclass
class Fault:
    """What happens to a call: "429" (with `after` seconds), "cloudflare", "drop" (done, and the answer lost), "refuse"
    (not done), a status such as "500", or a code of Discord's such as "50007"."""

    kind: str
    after: float = 0.0


@dataclass
class Asked:
    """An interaction. `answers` are the types of what it was answered with, `seconds` how long that took."""

    id: str
    token: str
    user: str
    channel: str
    kind: int
    begun: float = field(default_factory=time.monotonic)
    answers: list[int] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    seconds: float = 0.0
    original: Json | None = None
    acked: asyncio.Event = field(default_factory=asyncio.Event)


class Refusal(Exception):
    """A status, Discord's code, and its words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


UNKNOWN_MESSAGE = Refusal(404, 10_008, "Unknown Message")
UNKNOWN_CHANNEL = Refusal(404, 10_003, "Unknown Channel")
UNKNOWN_INTERACTION = Refusal(404, 10_062, "Unknown interaction")
ACKNOWLEDGED = Refusal(400, 40_060, "Interaction has already been acknowledged.")
CODES = {
    "50007": Refusal(403, 50_007, "Cannot send messages to this user"),
    "50013": Refusal(403, 50_013, "Missing Permissions"),
    "50083": Refusal(400, 50_083, "Thread is archived"),
    "10062": UNKNOWN_INTERACTION,
    "401": Refusal(401, 0, "401: Unauthorized"),
}


def shown(message: Json) -> str:
    """A message as a transcript has it."""
    labels = [f"[{b['label']}]" for row in message["components"] for b in row["components"]]
    files = [f"<{a['filename']}>" for a in message["attachments"]]
    return " ".join([message["content"], *labels, *files]).strip()


def check(given: Json) -> None:
    """What Discord refuses of a message."""
    if len(given.get("content") or "") > 2_000 or len(str(given.get("nonce") or "")) > 25:
        raise Refusal(400, 50_035, "Invalid Form Body")
    if not (given.get("content") or "").strip() and not given.get("files") and not given.get("attachments"):
        raise Refusal(400, 50_006, "Cannot send an empty message")
    buttons = [b for row in given.get("components") or () for b in row["components"]]
    names = [b["custom_id"] for b in buttons]
    long = [b for b in buttons if len(b["custom_id"]) > 100 or not 0 < len(b["label"]) <= 80]
    if long or len(names) != len(set(names)) or any(len(r["components"]) > 5 for r in given.get("components") or ()):
        raise Refusal(400, 50_035, "Invalid Form Body")


def answer(data: Any, status: int = 200, **headers: str) -> web.Response:
    """An answer whose type is exactly application/json: the library reads no other as JSON."""
    headers = {"Content-Type": "application/json", **headers}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=headers)


async def given_in(request: web.Request) -> Json:
    """A call's body, however it was sent."""
    if request.content_type == "application/json":
        body = await request.json()
        return body if isinstance(body, dict) else {"body": body}
    if request.content_type != "multipart/form-data":
        return {}
    files: list[Json] = []
    given: Json = {}
    async for part in await request.multipart():
        text = (await part.read()).decode()  # type: ignore[union-attr]
        if part.name == "payload_json":  # type: ignore[union-attr]
            given = json.loads(text)
        else:
            files.append({"name": part.filename, "content": text})  # type: ignore[union-attr]
    return {**given, "files": files}
