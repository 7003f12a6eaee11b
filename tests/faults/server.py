"""An OpenAI-compatible endpoint on loopback that misbehaves exactly as it is told, on bare asyncio streams.

    async with Endpoint(status(503), streamed("Hello.")) as endpoint: ... endpoint.url ...

Each request to /chat/completions takes the next act of the script; the last act is repeated.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

Json = dict[str, Any]
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Slow Down"}


@dataclass
class Exchange:
    """One request, and the means to answer it."""

    path: str
    headers: dict[str, str]
    body: Json
    writer: asyncio.StreamWriter
    at: float = field(default_factory=time.perf_counter)

    @property
    def structured(self) -> bool:
        """Whether a filled form is asked for, rather than words."""
        told = "".join(str(m.get("content")) for m in self.body.get("messages", []))
        return bool(self.body.get("response_format") or self.body.get("tools")) or "The form:" in told

    async def head(self, status: int, kind: str, headers: dict[str, str], length: int | None = None) -> None:
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        await self.raw(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def whole(self, status: int, payload: object, headers: dict[str, str] | None = None) -> None:
        """A body in one piece: JSON, or text that is called HTML."""
        kind = "text/html" if isinstance(payload, str) else "application/json"
        data = (payload if isinstance(payload, str) else json.dumps(payload)).encode()
        await self.head(status, kind, headers or {}, len(data))
        await self.raw(data)

    async def begin(self) -> None:
        """Begin a stream of events."""
        await self.head(200, "text/event-stream", {})

    async def line(self, text: str) -> None:
        """One line of the stream, with an empty one after it."""
        data = f"{text}\n\n".encode()
        await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def delta(self, finish: str | None = None, **delta: object) -> None:
        """One piece of a reply."""
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        await self.line(f"data: {json.dumps(chunk(choices))}")

    async def end(self) -> None:
        """The proper end of a stream."""
        await self.line("data: [DONE]")
        await self.raw(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection at once."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Act = Callable[[Exchange], Awaitable[None]]


def chunk(choices: list[Json], usage: Json | None = None) -> Json:
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices,
            "usage": usage}  # fmt: skip


def usage_of(exchange: Exchange, text: str) -> Json:
    """Tokens at four characters each."""
    sent = sum(len(str(m.get("content"))) for m in exchange.body["messages"]) // 4
    return {"prompt_tokens": sent, "completion_tokens": len(text) // 4, "total_tokens": sent + len(text) // 4,
            "prompt_tokens_details": {"cached_tokens": sent // 2}}  # fmt: skip


def streamed(
    text: str, *, first: float = 0.0, rate: float = 0.0, finish: str | None = "stop", field: str = "content"
) -> Act:
    """A reply as a stream, four characters a token: the first after `first` seconds, `rate` tokens a second."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin()
        begun = time.perf_counter() + first
        for number, start in enumerate(range(0, len(text), 4)):
            due = begun + (number / rate if rate else 0.0)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await _piece(exchange, text[start : start + 4], field)
        if finish:
            await exchange.delta(finish)
        if exchange.body.get("stream_options"):
            await exchange.line(f"data: {json.dumps(chunk([], usage_of(exchange, text)))}")
        await exchange.end()

    return act


async def _piece(exchange: Exchange, text: str, field: str) -> None:
    if field == "tool":
        await exchange.delta(tool_calls=[{"index": 0, "id": "t1", "type": "function",
                                          "function": {"name": "assessment", "arguments": text}}])  # fmt: skip
    else:
        await exchange.delta(**{field: text})


def status(code: int, error: str = "", message: str = "", headers: dict[str, str] | None = None) -> Act:
    """An error with this status, with OpenAI's kind of body."""

    async def act(exchange: Exchange) -> None:
        body = {"error": {"message": message, "type": error or "error", "code": error or None, "param": None}}
        await exchange.whole(code, body, headers)

    return act


def page(code: int = 200) -> Act:
    """A web page where an API should be."""

    async def act(exchange: Exchange) -> None:
        await exchange.whole(code, "<html><body>Welcome</body></html>")

    return act


def hang() -> Act:
    """Never answer."""

    async def act(exchange: Exchange) -> None:
        await asyncio.sleep(3600)

    return act


def begun(text: str, then: Act) -> Act:
    """The beginning of a stream, then something else."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin()
        for start in range(0, len(text), 4):
            await exchange.delta(content=text[start : start + 4])
        await asyncio.sleep(0.02)
        await then(exchange)

    return act


async def stall(exchange: Exchange) -> None:
    """Fall silent."""
    await asyncio.sleep(3600)


async def keep_alive(exchange: Exchange) -> None:
    """Send comments for ever, and nothing else."""
    while True:
        await exchange.line(": keep-alive")
        await asyncio.sleep(0.02)


async def reset(exchange: Exchange) -> None:
    """Break the connection."""
    exchange.reset()


async def vanish(exchange: Exchange) -> None:
    """End the stream as if all were said, without a reason to finish."""
    await exchange.raw(b"0\r\n\r\n")


async def error_event(exchange: Exchange) -> None:
    """An error in the middle of the stream."""
    await exchange.line('data: {"error": {"message": "the engine core died", "type": "server_error"}}')
    await exchange.raw(b"0\r\n\r\n")


def finished(reason: str) -> Act:
    """The end of a stream, for this reason."""

    async def act(exchange: Exchange) -> None:
        await exchange.delta(reason)
        await exchange.end()

    return act


async def refusal(exchange: Exchange) -> None:
    """A refusal in place of content."""
    await exchange.begin()
    await exchange.delta(refusal="I'm sorry, I can't help with that.")
    await exchange.delta("stop")
    await exchange.end()


async def no_choices(exchange: Exchange) -> None:
    """A stream whose only chunk has no choices."""
    await exchange.begin()
    await exchange.line(f"data: {json.dumps(chunk([]))}")
    await exchange.end()


def unstreamed(text: str, finish: str = "stop") -> Act:
    """A whole reply at once, as from an endpoint that ignores `stream`."""

    async def act(exchange: Exchange) -> None:
        message = {"role": "assistant", "content": text}
        await exchange.whole(
            200,
            {"id": "c1", "object": "chat.completion", "created": 1, "model": "m",
             "choices": [{"index": 0, "message": message, "finish_reason": finish}],
             "usage": usage_of(exchange, text)},
        )  # fmt: skip

    return act


def split(assess: Act, speak: Act) -> Act:
    """One act for calls that ask for a form, another for calls that ask for words."""

    async def act(exchange: Exchange) -> None:
        await (assess if exchange.structured else speak)(exchange)

    return act


class Endpoint:
    """The server. `exchanges` are the chat requests that came; `models` what it says it has, or does when asked."""

    def __init__(self, *script: Act, models: tuple[str, ...] | Act = ("m",)) -> None:
        self.script = list(script)
        self.models = models
        self.exchanges: list[Exchange] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        exchange = Exchange(head[0].split()[1], headers, json.loads(body) if body else {}, writer)
        if exchange.path.endswith("/models"):
            await self._list(exchange)
        else:
            self.exchanges.append(exchange)
            await (self.script.pop(0) if len(self.script) > 1 else self.script[0])(exchange)
        return not writer.is_closing()

    async def _list(self, exchange: Exchange) -> None:
        if isinstance(self.models, tuple):
            await exchange.whole(200, {"object": "list", "data": [{"id": m, "object": "model"} for m in self.models]})
        else:
            await self.models(exchange)

    async def stop(self) -> None:
        """Stop answering: nothing listens any more, and open connections are gone."""
        await self.__aexit__()
