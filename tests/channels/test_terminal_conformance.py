"""The conformance suite in the terminal, as far as a terminal has what a chat has."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interviewer.channels.chat import Begin, Command
from interviewer.channels.terminal import Outcome, converse
from interviewer.channels.terminal_screen import Io
from interviewer.domain.interview import Mode
from tests.channels.conformance import Interviewing
from tests.channels.driving import Bench, Driver
from tests.channels.paper import direct, person


class Typed(io.StringIO):
    """What was written, in pieces between what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = [""]

    def write(self, text: str) -> int:
        self.pieces[-1] += text
        return len(text)


class TerminalDriver(Driver):
    """One person at one terminal after another, lines through a pipe."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.out = Typed()
        self.sitting: asyncio.Task[Outcome] | None = None
        self.keys = -1

    async def open(self) -> None:
        await self.bench.open()
        for interview in await self.bench.interviews():
            self.sit_down(interview.id)

    async def close(self) -> None:
        if self.sitting is not None:
            self.sitting.cancel()
            await asyncio.gather(self.sitting, return_exceptions=True)
            os.close(self.keys)
            self.sitting = None
        await self.bench.close()

    async def begin(self, who: str, *, where: str = "direct", mode: Mode = Mode.PRACTICE) -> None:
        guide = self.bench.shelf.known[0]
        wanted = Begin(id="begin", author=person(who), place=direct(), guide=guide.id, mode=mode)
        plan = self.bench.shelf.plan(guide, wanted)
        interview = await self.bench.conductor.start(plan, guide, candidate="local", channel="terminal")
        self.sit_down(interview.id)

    def sit_down(self, interview_id: str) -> None:
        read, self.keys = os.pipe()
        stdin = os.fdopen(read, encoding="utf-8")
        self.sitting = asyncio.create_task(self.sit(interview_id, stdin))

    async def sit(self, interview_id: str, stdin: io.TextIOBase) -> Outcome:
        with stdin:
            return await converse(self.bench.conductor, interview_id, Io(stdin, self.out, {}))  # type: ignore[arg-type]

    async def type_in(self, line: str) -> None:
        interview = await self.bench.interview()
        if self.sitting is None or self.sitting.done():
            self.sit_down(interview.id)
            await self.settled()
        self.out.pieces.append("")
        typed = f"{line}\n".encode()
        while typed:  # a pipe holds less than the longest answer
            typed = typed[await asyncio.to_thread(os.write, self.keys, typed) :]

    async def say(self, who: str, text: str, *, to: str = "", late: float = 0.0, attachments: int = 0) -> str:
        await self.type_in(text.replace("\n", "\\\n"))
        return ""

    async def press(self, who: str, command: Command, *, to: str = "", back: int = 0) -> None:
        if command is Command.RESUME:
            interview = await self.bench.interview()
            self.out.pieces.append("")
            self.sit_down(interview.id)
        else:
            await self.type_in(f"/{command}")

    async def type(self, who: str, command: str, about: str = "", *, where: str = "direct") -> None:
        if self.sitting is not None and command == "resume":
            self.sitting.cancel()
            await asyncio.gather(self.sitting, return_exceptions=True)
            await self.press(who, Command.RESUME)
        else:
            await self.type_in(f"/{command}")

    async def seen(self, who: str) -> list[str]:
        return [p for p in self.out.pieces if p.strip()]

    async def settled(self) -> None:
        """Until nothing waits and nothing more is written."""
        async with asyncio.timeout(10):
            while True:
                before = "".join(self.out.pieces)
                await asyncio.sleep(0.1)
                interview = await self.bench.interview()
                idle = not interview.pending and not interview.unsent and before == "".join(self.out.pieces)
                if idle or (self.sitting and self.sitting.done()):
                    return

    async def say_as_bot(self, text: str, *, to: str) -> None:
        raise NotImplementedError

    async def say_direct(self, who: str, text: str) -> str:
        raise NotImplementedError

    async def edit(self, who: str, message: str, text: str) -> None:
        raise NotImplementedError

    async def delete(self, who: str, message: str) -> None:
        raise NotImplementedError

    async def redeliver(self, message: str) -> None:
        raise NotImplementedError

    def seen_direct(self, who: str) -> list[str]:
        raise NotImplementedError

    def told(self, who: str) -> list[str]:
        raise NotImplementedError

    def files(self, who: str) -> list[str]:
        raise NotImplementedError


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[TerminalDriver]:
    made = TerminalDriver(Bench(tmp_path))
    await made.open()
    yield made
    await made.close()


@pytest.mark.skipif(os.name == "nt", reason="lines are read from a pipe as they come")
class TestTerminal(Interviewing):
    """Two lines are two answers here, one person sits at it, nothing is delivered twice, edited or attached, and the
    scorecard is the command line's to show. What is left is the interview itself."""

    async def test_it_is_resumed_at_another_terminal(self, driver: TerminalDriver) -> None:
        await self.begun(driver)
        await driver.say("ada", "+1 beans")
        await driver.settled()
        await driver.type("ada", "resume")
        await driver.settled()
        assert (await driver.seen("ada"))[-1].startswith("Welcome back: question 2 of 3")
        await driver.say("ada", "+1 peas")
        await driver.settled()
        assert "Question 3 of 3" in (await driver.seen("ada"))[-1]

    async def test_end_closes(self, driver: TerminalDriver) -> None:
        await self.begun(driver)
        await driver.press("ada", Command.END)
        await driver.settled()
        assert driver.sitting is not None
        assert await driver.sitting is Outcome.ENDED
