"""A worker process of the hall: the real desk, rota, conductor and store; the engine is scripted and takes its time.

python -m bench.hall_worker SOCKET DATABASE_URL '{"latency": 0.5, ...}'
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.turns import long_guide
from interviewer.channels import chat_reply
from interviewer.channels.chat import (
    Attachment,
    Begin,
    Changed,
    Command,
    Notice,
    Person,
    Place,
    Post,
    Pressed,
    Removed,
    Said,
)
from interviewer.channels.chat_access import Access
from interviewer.channels.desk import Desk
from interviewer.conduct import turn as conduct
from interviewer.conduct.plan import make_plan
from interviewer.domain.errors import ChannelDown, InterviewerError, OutcomeUnknown
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessment, Inbound, ModelCall, Plan
from interviewer.domain.scorecard import Scorecard
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import AssessRequest
from interviewer.prompts import chat_lines, phrases
from interviewer.stores.sql import SqlStore
from tests.fakes import FakeRetriever

KINDS = ("once", "found")
LIMIT = 2**22


@dataclass(frozen=True)
class Options:
    """Seconds: of the engine, of a lease, of quiet, and how long an answer of the platform is waited for."""

    latency: float = 0.0
    lease: float = 10.0
    quiet: float = 0.0
    answer: float = 10.0
    patience: float = 5.0
    slots: int = 32
    connections: int = 8
    questions: int = 4
    kept: int = 256


class SlowEngine(ScriptedEngine):
    """Takes so many seconds to read, and is paid for it, so that its reading is stored as that of a model is."""

    def __init__(self, seconds: float) -> None:
        super().__init__(phrases())
        self._seconds = seconds

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """As the scripted engine, later."""
        await asyncio.sleep(self._seconds)
        call = ModelCall(role="grader", model="marks", prompt_tokens=1500, completion_tokens=200, latency_ms=500)
        async for each in super().assess(request):
            yield each.model_copy(update={"calls": (call,)})


class Shelf:
    """One guide, and plans of its first questions without probes."""

    def __init__(self, questions: int) -> None:
        self._guide = long_guide()
        self._questions = questions

    def guides(self) -> Sequence[Guide]:
        """The one."""
        return [self._guide]

    def plan(self, guide: Guide, wanted: Begin) -> Plan:
        """The first questions, in order."""
        plan = make_plan(guide, count=self._questions)
        return plan.model_copy(update={"probes": 0, "follow_ups": 0})

    def warm(self, guide: Guide) -> None:
        """Nothing is needed."""


class Wire:
    """The connection to the hall. Connects again by itself."""

    def __init__(self, path: str, answer: float) -> None:
        self._path = path
        self._answer = answer
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[str]] = {}
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, op: str, **values: Any) -> str:
        """Ask the platform for something. Raises OutcomeUnknown when no answer came."""
        if self._writer is None:
            raise ChannelDown("There is no connection.")
        number = next(self._numbers)
        self._calls[number] = answer = asyncio.get_running_loop().create_future()
        self.send({"op": op, "call": number, **values})
        try:
            async with asyncio.timeout(self._answer):
                ref: str = await answer
                return ref
        except TimeoutError:
            raise OutcomeUnknown("No answer came.") from None
        finally:
            del self._calls[number]

    def send(self, message: dict[str, Any]) -> None:
        """Hand something over."""
        if self._writer is not None:
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """What is delivered, until the hall is gone."""
        reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LIMIT)
        while line := await reader.readline():
            message = json.loads(line)
            if "call" not in message:
                yield message
            elif (waiting := self._calls.get(message["call"])) and not waiting.done():
                waiting.set_result(message["ref"])


class WireOutbox:
    """An Outbox on the wire, of one kind of platform."""

    limit = 3_000
    pace = 1.0

    def __init__(self, wire: Wire, kind: str) -> None:
        self._wire = wire
        self._kind = kind
        self.idempotent = kind == "once"

    async def open(self, place: Place, person: Person, heading: str, key: str) -> Place:
        """A thread of a channel; and everyone has direct messages."""
        if place.channel and not place.direct:
            return place.model_copy(update={"thread": await self._wire.call("open", key=key)})
        return Place(platform=place.platform, space=place.space, channel=f"dm-{person.user}", direct=True)

    async def post(self, place: Place, post: Post) -> str:
        """Post."""
        return await self._wire.call("post", kind=self._kind, place=place.id, **_content(post))

    async def edit(self, place: Place, ref: str, post: Post) -> None:
        """Edit."""
        await self._wire.call("edit", kind=self._kind, ref=ref, **_content(post))

    async def find(self, place: Place, key: str) -> str | None:
        """The post with this key, as far as it can be seen."""
        return await self._wire.call("find", kind=self._kind, place=place.id, key=key) or None

    async def remove(self, place: Place, ref: str) -> None:
        """Take it back."""
        await self._wire.call("remove", kind=self._kind, ref=ref)

    async def attach(self, place: Place, attachment: Attachment) -> None:
        """Post a file."""
        await self._wire.call("attach", kind=self._kind, place=place.id, name=attachment.name)

    async def pointer(self, place: Place) -> str:
        """Its name."""
        return place.channel

    async def busy(self, place: Place) -> None:
        """Nothing is shown."""

    async def refresh(self, person: Person) -> None:
        """There is no list."""


def _content(post: Post) -> dict[str, Any]:
    return {"key": post.key, "text": post.text, "final": bool(post.buttons)}


class Worker:
    """Takes events from the wire to the desk, and says when they were taken in."""

    def __init__(self, path: str, url: str, options: Options) -> None:
        self.options = options
        self.wire = Wire(path, options.answer)
        self.store = SqlStore(url, patience=options.patience, connections=options.connections)
        self.kept: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the hall is gone."""
        await self.store.open()
        made = self._conductor()
        shelf, held = Shelf(self.options.questions), self.options
        desk = Desk(made, self.store, shelf, chat_lines(), _page, held.quiet, slots=held.slots, space=10_000)
        desk.rota._lease = held.lease
        desk.rota.observe = lambda seconds, error: self.wire.send({"served": seconds, "error": error})
        for kind in KINDS:
            desk.attach(kind, WireOutbox(self.wire, kind), Access())
            await desk.recover(kind)
        async for event in self.wire.events():
            task = asyncio.create_task(self._take_in(desk, event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await desk.drain(1)
        await self.store.close()

    def _conductor(self) -> conduct.Conductor:
        made = conduct.Conductor(self.store, SlowEngine(self.options.latency), FakeRetriever(), phrases())
        receive = made.receive

        async def noted(message: Inbound) -> bool:
            new = await receive(message)
            self.kept.add(message.id)
            return new

        made.receive = noted  # type: ignore[method-assign]
        return made

    async def _take_in(self, desk: Desk, event: dict[str, Any]) -> None:
        number, name = event["number"], event["id"]
        try:
            notice = await _happen(desk, event)
        except InterviewerError:
            self.wire.send({"number": number, "ok": False})
            return
        answer: dict[str, Any] = {"number": number, "ok": True, "told": notice.text if notice else ""}
        who = Person.parse(event["author"]).user
        self.wire.send(answer | ({"kept": who} if name in self.kept else {}))


async def _happen(desk: Desk, event: dict[str, Any]) -> Notice | None:
    """Have the desk take in what someone did."""
    author, place = Person.parse(event["author"]), Place.parse(event["place"])
    if event["event"] == "begin":
        return await desk.begin(Begin(id=event["id"], author=author, place=place, guide="long"))
    at = datetime.fromisoformat(event["at"])
    if event["event"] == "said":
        return await desk.said(Said(id=event["id"], author=author, place=place, text=event["text"], at=at))
    if event["event"] == "pressed":
        command, about = Command(event["command"]), event["about"]
        return await desk.pressed(
            Pressed(id=event["id"], author=author, place=place, command=command, at=at, about=about)
        )
    said_at, message = datetime.fromisoformat(event["said_at"]), event["message"]
    if event["event"] == "changed":
        text = event["text"]
        return await desk.changed(
            Changed(message_id=message, author=author, place=place, text=text, said_at=said_at, at=at)
        )
    return await desk.removed(Removed(message_id=message, author=author, place=place, said_at=said_at, at=at))


def _page(_: Scorecard) -> str:
    return "<!doctype html>"


def main(path: str, url: str, options: str) -> None:
    """Work."""
    held = Options(**json.loads(options))
    conduct.LEASE_SECONDS = held.lease
    conduct.KEPT_IN_MEMORY = held.kept
    chat_reply.WAITS = (0.2, 0.4, 0.8, 1.6, 3.2)
    with contextlib.suppress(KeyboardInterrupt, ConnectionError, FileNotFoundError):
        asyncio.run(Worker(path, url, held).run())
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
