"""A stand-in of OpenAI's Batch API on loopback, over real HTTP: files, batches, and chats besides.

A batch is validated and worked on when it is looked at: `work` says what comes of each request, None for what the time
ran out for. `status` is what a batch that was worked on says of itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from tests.faults.server import Act, Endpoint, Exchange, Json, usage_of

Work = Callable[[str, Json], tuple[int, Json] | None]


def chat_reply(text: str, body: Json, finish: str = "stop") -> Json:
    """A whole chat completion."""
    exchange = Exchange("", {}, body, None)  # type: ignore[arg-type]
    message = {"role": "assistant", "content": text}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": usage_of(exchange, text)}  # fmt: skip


class BatchEndpoint(Endpoint):
    """The server. `running` batches are not done yet, however often they are looked at."""

    def __init__(self, work: Work, *script: Act, status: str = "completed", running: bool = False) -> None:
        super().__init__(*script)
        self.work, self.status, self.running = work, status, running
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Json] = {}
        self.refusing = 0

    @property
    def ordered(self) -> list[Json]:
        """All requests of all batches, as they were uploaded."""
        return [json.loads(line) for b in self.batches.values() for line in self.files[b["input_file_id"]].splitlines()]

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}
        body = await _body(reader, headers)
        path = lines[0].split()[1]
        if not re.search(r"/(files|batches)\b", path):
            again = asyncio.StreamReader()
            again.feed_data(re.sub(rb"(?i)transfer-encoding: chunked", b"Content-Length: %d" % len(body), head) + body)
            return await super()._exchange(again, writer)
        exchange = Exchange(path, headers, {}, writer)
        if self.refusing:
            await exchange.whole(self.refusing, {"error": {"message": f"{headers} {body[:2000]!r}", "code": "x"}})
        else:
            await self._answer(exchange, body)
        return True

    async def _answer(self, exchange: Exchange, body: bytes) -> None:
        match exchange.path.split("/")[2:]:
            case ["files"]:
                await exchange.whole(200, self._upload(body))
            case ["files", name, "content"]:
                data = self.files[name]
                await exchange.head(200, "application/octet-stream", {}, len(data))
                await exchange.raw(data)
            case ["batches"]:
                await exchange.whole(200, self._begin(json.loads(body)))
            case ["batches", name]:
                await exchange.whole(200, self._look(self.batches[name]))

    def _upload(self, body: bytes) -> Json:
        boundary = body.split(b"\r\n", 1)[0]
        parts = {}
        for part in body.split(boundary)[1:-1]:
            head, _, data = part.partition(b"\r\n\r\n")
            found = re.search(rb'name="(\w+)"', head)
            assert found is not None
            parts[found[1].decode()] = data[:-2]
        assert parts["purpose"] == b"batch"
        return self._file(parts["file"])

    def _file(self, data: bytes) -> Json:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = data
        return {"id": name, "object": "file", "bytes": len(data), "created_at": 1, "filename": "batch.jsonl",
                "purpose": "batch", "status": "processed"}  # fmt: skip

    def _begin(self, asked: Json) -> Json:
        assert asked["endpoint"] == "/v1/chat/completions"
        assert asked["completion_window"] == "24h"
        name = f"batch_{len(self.batches) + 1}"
        self.batches[name] = {"id": name, "object": "batch", "status": "validating", "created_at": 1, **asked}
        return self.batches[name]

    def _look(self, batch: Json) -> Json:
        if self.running:
            batch["status"] = "in_progress"
        elif batch["status"] == "validating" and self.status == "failed":
            error = {"code": "token_limit_exceeded", "message": "sk-canary, and more that is not to be shown"}
            batch |= {"status": "failed", "errors": {"object": "list", "data": [error]}}
        elif batch["status"] in ("validating", "in_progress"):
            self._finish(batch)
        return batch

    def _finish(self, batch: Json) -> None:
        done: list[Any] = []
        lost: list[Any] = []
        for line in reversed(self.files[batch["input_file_id"]].splitlines()):
            asked = json.loads(line)
            came = self.work(asked["custom_id"], asked["body"])
            result = {"id": "r", "custom_id": asked["custom_id"], "response": None, "error": None}
            if came is None:
                result["error"] = {"code": "batch_expired", "message": "This request could not be executed."}
            else:
                result["response"] = {"status_code": came[0], "request_id": "q", "body": came[1]}
            (done if came and came[0] == 200 else lost).append(result)
        batch["status"] = self.status
        batch["request_counts"] = {"total": len(done) + len(lost), "completed": len(done), "failed": len(lost)}
        for name, results in (("output_file_id", done), ("error_file_id", lost)):
            data = "".join(json.dumps(each) + "\n" for each in results).encode()
            batch[name] = self._file(data)["id"] if results else None


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return body
