"""A whole interview around the terminal channel, without terminal, model or database."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable

from interviewer.channels.terminal import Outcome, converse
from interviewer.channels.terminal_screen import Io
from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Inbound, MessageKind, Mode
from interviewer.domain.state import Interview
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import SpeakRequest
from interviewer.prompts import phrases
from tests.fakes import FakeClock, FakeRetriever, FakeStore, make_guide


class Tty(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class SlowSpeaker(ScriptedEngine):
    """Speaks after a while, word by word."""

    def __init__(self, before: float, between: float = 0.0) -> None:
        super().__init__(phrases())
        self.before, self.between = before, between

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        await asyncio.sleep(self.before)
        async for piece in super().speak(request):
            yield piece
            await asyncio.sleep(self.between)


class Sitting:
    """One interview that may be held in several sittings; `said` is what the latest one wrote."""

    def __init__(
        self,
        *,
        mode: Mode = Mode.PRACTICE,
        minutes: int | None = None,
        guide: Guide | None = None,
        store: FakeStore | None = None,
        engine: ScriptedEngine | None = None,
        probes: int = 2,
        follow_ups: int = 1,
    ) -> None:
        self.clock = FakeClock()
        self.store = store or FakeStore()
        self.engine = engine or ScriptedEngine(phrases())
        self.guide = guide or make_guide()
        plan = make_plan(self.guide, mode=mode, minutes=minutes, only=[q.id for q in self.guide.questions])
        self.plan = plan.model_copy(
            update={
                "questions": tuple(q.id for q in self.guide.questions),
                "probes": probes,
                "follow_ups": follow_ups,
            }
        )
        self.id = ""
        self.said = ""

    @property
    def conductor(self) -> Conductor:
        """A new one each time, as after a restart."""
        return Conductor(self.store, self.engine, FakeRetriever(), phrases(), clock=self.clock)

    async def begin(self) -> None:
        self.id = (await self.conductor.start(self.plan, self.guide, candidate="me", channel="terminal")).id

    async def run(
        self, *lines: str, stdout: io.StringIO | None = None, warm: Callable[[], None] | None = None
    ) -> Outcome:
        """A sitting without a terminal: these lines, then the end of the input."""
        stdout = stdout or io.StringIO()
        stdin = io.StringIO("".join(f"{line}\n" for line in lines))
        outcome = await converse(self.conductor, self.id, Io(stdin, stdout, {}), warm=warm)
        self.said = stdout.getvalue()
        return outcome

    async def state(self) -> Interview:
        return await self.conductor.load(self.id)

    async def leave_behind(self, text: str, command: MessageKind | None = None) -> None:
        """A message that was stored, and then the process died."""
        await self.conductor.receive(
            Inbound(id=f"left-{text}", interview_id=self.id, text=text, at=self.clock(), command=command)
        )
