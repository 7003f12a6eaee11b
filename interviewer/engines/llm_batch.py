"""Readings through a provider's batch API: cheaper, within a day. The same requests, and the same reader of replies.

A batch is a file of requests, a line each; its results come as one file or two, in any order, an error in its line's
place. What was not done when the time ran out is in the second file, with no response.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from interviewer.domain.errors import EngineError
from interviewer.engines.llm_client import Ask, Client, Messages, T
from interviewer.engines.llm_errors import Fault, of_status
from interviewer.engines.llm_known import Abilities
from interviewer.engines.llm_reply import Json, Reply
from interviewer.ports import AssessRequest, BatchReply, BatchState

if TYPE_CHECKING:
    from interviewer.engines.llm import LlmEngine

ROAD = "/v1/chat/completions"
SECONDS, LONG_SECONDS = 60.0, 900.0
RUNNING = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_CODE = re.compile(r"[a-z_]{1,40}")


class Answered(Client):
    """A client whose replies have come already; what is asked beyond them fails."""

    def __init__(self, client: Client, replies: Sequence[BatchReply]) -> None:
        super().__init__(client.address, replace(client.role, samples=len(replies), retries=0), client.knowledge)
        self._replies = iter(replies)

    def learn(self, abilities: Abilities) -> None:
        """Nothing: nobody is asked again."""

    async def stream(
        self, messages: Messages, reply: Reply, deadline: float, schema: Json | None = None
    ) -> AsyncGenerator[str, None]:
        """The next reply, in one piece."""
        given = next(self._replies, None)
        if given is None:
            raise Fault("format")
        if given.status != 200:
            raise of_status(given.status, given.body.decode(errors="replace").lower())
        yield _text_of(given, reply)
        if fault := reply.unfinished():
            raise fault


def _text_of(given: BatchReply, reply: Reply) -> str:
    try:
        return reply.take_whole(given.body)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        pass
    raise Fault("protocol")


class LlmBatches:
    """The batches of an engine's endpoint. Raises EngineError; what an endpoint said is not repeated."""

    def __init__(self, engine: LlmEngine) -> None:
        self._engine = engine
        self._client = engine.grader

    async def lines(self, key: str, request: AssessRequest) -> Sequence[bytes]:
        """A line for each reading that votes."""
        line = {"method": "POST", "url": ROAD, "body": await self._engine.body(request)}
        return [to_json({"custom_id": f"{key}.{n}", **line}) for n in range(max(1, self._client.role.samples))]

    async def submit(self, file: Path) -> str:
        """Upload a file and begin a batch of it."""

        async def begin(vendor: Any) -> str:
            uploaded = await vendor.files.create(file=file, purpose="batch")
            batch = await vendor.batches.create(input_file_id=uploaded.id, endpoint=ROAD, completion_window="24h")
            return str(batch.id)

        return await self._ask(begin, LONG_SECONDS)

    async def state(self, batch: str) -> BatchState:
        """Where a batch stands. One that expired or was cancelled has ended, with what was done until then."""
        found = await self._batch(batch)
        counts = found.request_counts
        errors = (found.errors and found.errors.data) or []
        told = next((e.code for e in errors if e.code), found.status)
        return BatchState(
            status="running" if found.status in RUNNING else "failed" if found.status == "failed" else "ended",
            reason="" if found.status == "completed" else told if _CODE.fullmatch(told) else "failed",
            done=counts.completed + counts.failed if counts else 0,
            total=counts.total if counts else 0,
        )

    async def results(self, batch: str) -> AsyncIterator[tuple[str, int, BatchReply | None]]:
        """The results in both files."""
        found = await self._batch(batch)
        for name in filter(None, (found.output_file_id, found.error_file_id)):
            with TemporaryDirectory() as folder:
                file = Path(folder) / "results.jsonl"
                await self._ask(_into(file, name), LONG_SECONDS)
                for each in _results(file):
                    yield each

    def answered(self, replies: Sequence[BatchReply]) -> LlmEngine:
        """The engine, given these replies."""
        return self._engine.answered(replies)

    async def _batch(self, batch: str) -> Any:
        async def look(vendor: Any) -> Any:
            return await vendor.batches.retrieve(batch)

        return await self._ask(look, SECONDS)

    async def _ask(self, call: Ask[T], seconds: float) -> T:
        error: EngineError | None = None
        try:
            return await self._client.ask(call, asyncio.get_running_loop().time() + seconds)
        except Fault as fault:
            error = fault.error()
        raise error


def _into(file: Path, name: str) -> Ask[None]:
    async def fetch(vendor: Any) -> None:
        async with vendor.files.with_streaming_response.content(name) as response:
            await response.stream_to_file(file)

    return fetch


def _results(file: Path) -> Iterator[tuple[str, int, BatchReply | None]]:
    with file.open("rb") as lines:
        for raw in lines:
            if found := _result(raw):
                yield found


def _result(raw: bytes) -> tuple[str, int, BatchReply | None] | None:
    """One line of results; None for one that makes no sense."""
    try:
        line: dict[str, Any] = from_json(raw)
        key, _, number = str(line["custom_id"]).rpartition(".")
        response = line.get("response")
        reply = BatchReply(status=response["status_code"], body=to_json(response["body"])) if response else None
        return key, int(number), reply
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
