"""What the conformance suite needs of a channel: people who talk on a platform, and what they see there."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from interviewer.channels.chat import Begin, Command
from interviewer.channels.desk import Desk
from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessment, Mode, Plan
from interviewer.domain.state import Interview
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import AssessRequest, SpeakRequest, Store
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from interviewer.stores.sql import SqlStore
from tests.fakes import FakeRetriever, FakeStore, make_guide

QUIET = 0.05
"""Seconds of quiet after a message in these tests."""


class HeldEngine(ScriptedEngine):
    """A scripted engine that may be held while it reads, and while it speaks; `readings` are the messages it read."""

    def __init__(self) -> None:
        super().__init__(phrases())
        self.reading, self.speaking = asyncio.Event(), asyncio.Event()
        self.reading.set()
        self.speaking.set()
        self.readings: list[str] = []

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        self.readings.append(request.message)
        await self.reading.wait()
        async for each in super().assess(request):
            yield each

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        async for piece in super().speak(request):
            yield piece
            await self.speaking.wait()


@dataclass
class Shelf:
    """The guides of these tests, and plans that ask the first questions of one in order."""

    questions: int = 3
    known: list[Guide] = field(default_factory=lambda: [make_guide()])

    def guides(self) -> Sequence[Guide]:
        return self.known

    def plan(self, guide: Guide, wanted: Begin) -> Plan:
        only = [q.id for q in guide.questions][: wanted.questions or self.questions]
        plan = make_plan(guide, mode=wanted.mode, minutes=wanted.minutes, only=only)
        return plan.model_copy(update={"questions": tuple(only), "probes": 0, "follow_ups": 0})

    def warm(self, guide: Guide) -> None:
        """Nothing is needed."""


class Bench:
    """Everything behind a desk, on a database of its own; opened again it is a new process on the same one."""

    def __init__(self, folder: Path | None, quiet: float = QUIET) -> None:
        """Without a folder everything is kept in memory."""
        self.url = f"sqlite:///{folder / 'interviews.sqlite'}" if folder else ""
        self.engine = HeldEngine()
        self.shelf = Shelf()
        self.quiet = quiet
        self.store: Store = FakeStore()

    async def open(self) -> Desk:
        if self.url:
            self.store = SqlStore(self.url)
        await self.store.open()
        self.conductor = Conductor(self.store, self.engine, FakeRetriever(), phrases())
        self.desk = Desk(self.conductor, self.store, self.shelf, chat_lines(), as_html, self.quiet)
        return self.desk

    async def close(self) -> None:
        await self.desk.drain(5)
        await self.store.close()

    async def interviews(self) -> list[Interview]:
        """As a process sees them that knows nothing yet, the latest first."""
        fresh = Conductor(self.store, self.engine, FakeRetriever(), phrases())
        return [await fresh.load(s.id) for s in await self.store.interviews()]

    async def interview(self) -> Interview:
        """The only one that there is."""
        (only,) = await self.interviews()
        return only


class Driver(ABC):
    """A platform with people on it. A person's name is short and plain, such as "ada"; each has direct messages.

    `direct` and `thread` are where an interview can be begun: in direct messages, and where others are too.
    What people do is delivered as the platform delivers it, and has been taken in, if it ever will be, on return.
    """

    bench: Bench

    def user(self, who: str) -> str:
        """The platform's id of a person."""
        return who

    @abstractmethod
    async def open(self) -> None:
        """A process of the product comes up on the platform."""

    @abstractmethod
    async def close(self) -> None:
        """The process goes away; the platform, and what was posted on it, stays."""

    @abstractmethod
    async def begin(self, who: str, *, where: str = "direct", mode: Mode = Mode.PRACTICE) -> None:
        """Someone starts an interview through the platform's dialog, on the first guide."""

    @abstractmethod
    async def say(self, who: str, text: str, *, to: str = "", late: float = 0.0, attachments: int = 0) -> str:
        """Someone writes in the place of their own interview, or in that of `to`; the message's id.

        `late` is for how many seconds it was under way: it was written so much earlier.
        """

    @abstractmethod
    async def say_as_bot(self, text: str, *, to: str) -> None:
        """The product's own bot is seen to write something there."""

    @abstractmethod
    async def say_direct(self, who: str, text: str) -> str:
        """Someone writes to the bot in direct messages, wherever their interview is."""

    @abstractmethod
    async def edit(self, who: str, message: str, text: str) -> None:
        """Someone changes a message."""

    @abstractmethod
    async def delete(self, who: str, message: str) -> None:
        """Someone deletes a message."""

    @abstractmethod
    async def redeliver(self, message: str) -> None:
        """The platform delivers a message once more."""

    @abstractmethod
    async def press(self, who: str, command: Command, *, to: str = "", back: int = 0) -> None:
        """Someone presses a button under the latest post that has it in a place, or `back` such posts before it."""

    @abstractmethod
    async def type(self, who: str, command: str, about: str = "", *, where: str = "direct") -> None:
        """Someone types a command, such as "resume", in direct messages or in a thread's channel. `about` may be the
        name of another person."""

    @abstractmethod
    async def seen(self, who: str) -> list[str]:
        """The bot's posts where this person's interview is, or was last, in order, as they read now."""

    @abstractmethod
    def seen_direct(self, who: str) -> list[str]:
        """The bot's posts in this person's direct messages."""

    @abstractmethod
    def told(self, who: str) -> list[str]:
        """What only this person was told."""

    @abstractmethod
    def files(self, who: str) -> list[str]:
        """The contents of the files in this person's direct messages."""

    async def settled(self) -> None:
        """Wait until everything that is due was done."""
        await self.bench.desk.rota.settled()

    async def restart(self) -> None:
        """The process dies and another comes up."""
        await self.close()
        await self.open()
