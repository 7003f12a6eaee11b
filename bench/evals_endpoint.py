"""A stand-in of OpenAI's endpoint for bench.evals, in a process of its own: fast, and as slow to answer as it is told.

    python -m bench.evals_endpoint '{"latency": 0.2, "storm": [0.5, 2.0], "rate": 100, "burst": 10, "retry_after": 1}'

It prints its address and serves until standard input closes. Every reply is a whole sheet for the request's form, with
verdicts that follow from the answer's words. In a `storm` (seconds after the first request) it refuses everything with
status 429; with a `rate` (requests a second, and how many at once) what is too much. GET /v1/stats tells what came.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json, to_json

VERDICTS = ("covered", "partial", "missing")
_FENCED = re.compile(r"<<<([0-9a-f]+)\n(.*?)\n\1>>>", re.DOTALL)
_FORM = re.compile(r"\{\"kind\": .*\}\}")


def filled(prompt: str) -> str:
    """A sheet for the form that a prompt ends with: verdicts drawn by the answer's words, quotes from its beginning."""
    said = _FENCED.findall(prompt)[-1][1]
    quote = " ".join(said.split()[:12])
    form = _FORM.findall(prompt)[-1]
    ids = re.findall(r'"([kpe]\d+)"', form.partition('"quotes"')[0])
    drawn = hashlib.sha256(said.encode()).digest()
    points = {i: VERDICTS[drawn[n % 32] % 3] if quote else "missing" for n, i in enumerate(ids) if i[0] == "k"}
    sheet: dict[str, Any] = {"kind": "answer", "points": points}
    sheet["pitfalls"] = {i: False for i in ids if i[0] == "p"}
    sheet["steering"] = False
    sheet["quotes"] = {i: quote if points.get(i, "missing") != "missing" else "" for i in ids}
    return json.dumps(sheet)


class Server:
    """What is told of the endpoint, and what has come."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.latency: float = told.get("latency", 0.2)
        self.storm: tuple[float, float] = tuple(told.get("storm", (0.0, 0.0)))
        self.rate: float | None = told.get("rate")
        self.burst: float = told.get("burst", 1)
        self.retry_after: float = told.get("retry_after", 1)
        self.began: float | None = None
        self.tokens, self.filled_at = self.burst, 0.0
        self.accepted = self.refused = self.at_once = self.most = 0

    def admits(self, now: float) -> bool:
        """Whether a request that comes now is answered."""
        self.began = now if self.began is None else self.began
        since = now - self.began
        if self.storm[0] <= since < self.storm[1]:
            return False
        if self.rate is None:
            return True
        self.tokens = min(self.burst, self.tokens + (since - self.filled_at) * self.rate)
        self.filled_at = since
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def stats(self) -> dict[str, int]:
        """Counts."""
        return {"accepted": self.accepted, "refused": self.refused, "most_at_once": self.most}


class Connection(asyncio.Protocol):
    """One connection, requests one after the other."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            found = re.search(rb"content-length: *(\d+)", head)
            length = int(found[1]) if found else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self.answer(head.split(b" ", 2)[1], body)

    def answer(self, path: bytes, body: bytes) -> None:
        """Answer at once, or after the latency."""
        server, loop = self.server, asyncio.get_running_loop()
        if path.endswith(b"/stats"):
            self.send(200, to_json(server.stats()))
            return
        if not server.admits(loop.time()):
            server.refused += 1
            error = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
            self.send(429, to_json(error), f"retry-after: {server.retry_after}\r\n")
            return
        server.accepted += 1
        server.at_once += 1
        server.most = max(server.most, server.at_once)
        loop.call_later(server.latency, self.fill, body)

    def fill(self, body: bytes) -> None:
        """Answer with a filled sheet, in one piece or as a stream."""
        self.server.at_once -= 1
        asked = from_json(body)
        text = filled("\n".join(str(m["content"]) for m in asked["messages"]))
        usage = {"prompt_tokens": len(body) // 4, "completion_tokens": len(text) // 4, "total_tokens": 0}
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        whole = {"id": "c1", "created": 1, "model": asked["model"]}
        if not asked.get("stream"):
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.send(200, to_json(whole | {"object": "chat.completion", "choices": [choice], "usage": usage}))
            return
        events = [
            whole | {"choices": [{"index": 0, "delta": {"content": text[i : i + 16]}, "finish_reason": None}]}
            for i in range(0, len(text), 16)
        ]
        events += [whole | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        events += [whole | {"choices": [], "usage": usage}]
        lines = [b"data: " + to_json(e | {"object": "chat.completion.chunk"}) for e in events]
        self.send(200, b"\n\n".join([*lines, b"data: [DONE]", b""]), kind="text/event-stream")

    def send(self, status: int, body: bytes, extra: str = "", kind: str = "application/json") -> None:
        """Write a whole reply."""
        head = f"HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\n{extra}content-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def serve(told: dict[str, Any]) -> None:
    """Serve until standard input closes."""
    server = Server(told)
    listening = await asyncio.get_running_loop().create_server(lambda: Connection(server), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def served(**told: Any) -> Iterator[str]:
    """The endpoint's address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.evals_endpoint", json.dumps(told)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1]) if sys.argv[1:] else {}))
