"""A chat platform for benches: worker processes interview people over a socket, which can fail as networks do.

The hall is the parent's: it has the people, delivers what they write to any of the workers, again where that was not
acknowledged, and keeps the posts. A worker is a process of hall_worker.py. People of the kind "once" are on a platform
where a post is made once for its key, as on Discord; those of the kind "found" on one where a post can be looked for by
its key and may be made twice, as on Slack. A person's own places are named after them: "dm-ada", and "c-ada", a channel
in which threads are opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("once", "found")
ACK_SECONDS = 3.0
UNSEEN_SECONDS = 3.0
IN_DOUBT_SECONDS = 2.0
"""A worker that dies so soon after a post may not have noted it."""
Json = dict[str, Any]


@dataclass
class Chaos:
    """How often what goes wrong, 0..1: deliveries made twice, late, or not at first; posts whose answer is lost; posts
    that cannot be found for a while.
    """

    twice: float = 0.0
    late: float = 0.0
    dropped: float = 0.0
    unanswered: float = 0.0
    unseen: float = 0.0


@dataclass
class Sheet:
    """A post as it reads now."""

    key: str
    place: str
    text: str
    final: bool
    seen_from: float
    removed: bool = False


@dataclass
class Link:
    """A worker that is connected; `waiting` are deliveries that it has not acknowledged, `posted` keys and when."""

    writer: asyncio.StreamWriter
    waiting: dict[int, asyncio.Future[Json]] = field(default_factory=dict)
    posted: dict[str, float] = field(default_factory=dict)

    def send(self, message: Json) -> None:
        """Hand something over, if it is still there."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(json.dumps(message).encode() + b"\n")


class Hall:
    """The platform, at a socket.

    `kept` are ids of messages that a worker has said are stored, by person; `told` is what people alone were told when
    something of theirs was taken in, by its id; `files` are scorecards by name; `services` when an interview was served
    and how many seconds that took; `listeners`, by person, are told of every post in their places, and with None of a
    file.
    """

    def __init__(self, path: Path, dice: random.Random, chaos: Chaos | None = None) -> None:
        self.path = path
        self.dice = dice
        self.chaos = chaos or Chaos()
        self.links: list[Link] = []
        self.sheets: dict[str, Sheet] = {}
        self.by_key: dict[str, list[str]] = defaultdict(list)
        self.files: Counter[str] = Counter()
        self.services: list[tuple[float, float]] = []
        self.kept: dict[str, set[str]] = defaultdict(set)
        self.told: dict[str, list[str]] = defaultdict(list)
        self.threads: dict[str, str] = {}
        self.unknowable: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.listeners: dict[str, Callable[[Sheet | None], None]] = {}
        self._numbers = itertools.count(1)
        self._late: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Hall:
        self._server = await asyncio.start_unix_server(self._joined, self.path, limit=2**22)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for link in self.links:
            link.writer.close()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def deliver(self, event: Json) -> Json:
        """Have some worker take an event in; again, by any, until one has acknowledged it. The acknowledgement."""
        chaos, dice = self.chaos, self.dice
        if dice.random() < chaos.dropped:
            self.counts["dropped"] += 1
            await asyncio.sleep(dice.uniform(0.05, 0.4))
        if dice.random() < chaos.late:
            self.counts["late"] += 1
            await asyncio.sleep(dice.uniform(0.0, 0.15))
        if dice.random() < chaos.twice:
            self.counts["twice"] += 1
            task = asyncio.create_task(self._again(event, dice.uniform(0, 0.5)))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        while True:
            answer = await self._offer(event)
            if answer is not None:
                return answer
            self.counts["redelivered"] += bool(self.links)
            await asyncio.sleep(0.05)

    async def _again(self, event: Json, wait: float) -> None:
        await asyncio.sleep(wait)
        await self._offer(event)

    async def _offer(self, event: Json) -> Json | None:
        """Hand an event to one worker; None when it was not acknowledged, or refused."""
        if not self.links:
            await asyncio.sleep(0.05)
            return None
        link, number = self.dice.choice(self.links), next(self._numbers)
        link.waiting[number] = answer = asyncio.get_running_loop().create_future()
        link.send({"number": number, **event})
        try:
            async with asyncio.timeout(ACK_SECONDS):
                told: Json = await answer
        except TimeoutError:
            return None
        finally:
            link.waiting.pop(number, None)
        if told.get("kept"):
            self.kept[told["kept"]].add(event["id"])
        if told.get("told"):
            self.told[event["id"]].append(told["told"])
        return told if told.get("ok") else None

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer)
        self.links.append(link)
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if "served" in message:
                    self.services.append((time.monotonic(), message["served"]))
                elif "op" in message:
                    self._call(link, message)
                elif (waiting := link.waiting.get(message["number"])) and not waiting.done():
                    waiting.set_result(message)
        except (ConnectionError, json.JSONDecodeError):
            pass  # it was killed, maybe while it wrote
        finally:
            self.links.remove(link)
            for waiting in link.waiting.values():
                if not waiting.done():
                    waiting.set_result({"ok": False})
            late = time.monotonic() - IN_DOUBT_SECONDS
            self.unknowable |= {key for key, at in link.posted.items() if at > late}
            writer.close()

    def _call(self, link: Link, call: Json) -> None:
        """Do what a worker asks for, and answer, or not."""
        ref = getattr(self, f"_{call['op']}")(call)
        if call["op"] == "post":
            link.posted[call["key"]] = time.monotonic()
            if self.dice.random() < self.chaos.unanswered:
                self.counts["unanswered"] += 1
                self.unknowable.add(call["key"])
                return
        link.send({"call": call["call"], "ref": ref})

    def _post(self, call: Json) -> str:
        self.counts["posts"] += 1
        key, place = call["key"], call["place"]
        there = self._seen(key, place)
        if call["kind"] == "once" and there:
            return there
        if call["kind"] == "found" and self.by_key[key]:
            self.counts["posted_again"] += 1
            if not there and self.standing(key, place):
                self.unknowable.add(key)  # the platform itself did not show it
        ref = f"r{next(self._numbers)}"
        unseen = call["kind"] == "found" and self.dice.random() < self.chaos.unseen
        sheet = Sheet(key, place, call["text"], call["final"], time.monotonic() + UNSEEN_SECONDS * unseen)
        self.sheets[ref] = sheet
        self.by_key[key].append(ref)
        self._tell(sheet)
        return ref

    def _edit(self, call: Json) -> str:
        sheet = self.sheets[call["ref"]]
        sheet.text, sheet.final = call["text"], call["final"]
        self._tell(sheet)
        return ""

    def _find(self, call: Json) -> str:
        return self._seen(call["key"], call["place"])

    def _open(self, call: Json) -> str:
        return self.threads.setdefault(call["key"], f"t{next(self._numbers)}")

    def _remove(self, call: Json) -> str:
        self.sheets[call["ref"]].removed = True
        return ""

    def _attach(self, call: Json) -> str:
        self.files[call["name"]] += 1
        if listener := self._listener(call["place"]):
            listener(None)
        return ""

    def standing(self, key: str, place: str = "") -> list[Sheet]:
        """The posts with this key that were not taken back, in all places or one."""
        there = (self.sheets[ref] for ref in self.by_key.get(key, ()))
        return [sheet for sheet in there if not sheet.removed and place in ("", sheet.place)]

    def _seen(self, key: str, place: str) -> str:
        now = time.monotonic()
        there = ((ref, self.sheets[ref]) for ref in self.by_key[key])
        seen = (ref for ref, s in there if s.seen_from <= now and not s.removed and s.place == place)
        return next(seen, "")

    def _tell(self, sheet: Sheet) -> None:
        if listener := self._listener(sheet.place):
            listener(sheet)

    def _listener(self, place: str) -> Callable[[Sheet | None], None] | None:
        return self.listeners.get(owner(place))


def owner(place: str) -> str:
    """The name of the person whose place this is."""
    return place.split(":")[2].partition("-")[2]
