"""What the tests of conduct share: engines that misbehave, a store that dies, a retriever by common words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path

from interviewer.conduct.turn import Conductor
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessment, Event, Inbound, MessageKind, ModelCall, Plan, Turn
from interviewer.domain.text import content_stems
from interviewer.engines.scripted import ScriptedEngine
from interviewer.guides.parse import parse_guide
from interviewer.ports import AssessRequest, Engine, Listener, Match, Retriever, SpeakRequest
from interviewer.prompts import phrases
from tests.fakes import FakeClock, FakeRetriever, FakeStore

CONTENT = sorted((Path(__file__).resolve().parents[2] / "content").glob("*.md"))


def content_guide(path: Path) -> Guide:
    guide = parse_guide(path.read_bytes(), path.name).guide
    assert guide is not None
    return guide


def scripted() -> ScriptedEngine:
    return ScriptedEngine(phrases())


class CostlyEngine(ScriptedEngine):
    """A scripted engine whose readings are paid for, and counted; `gate` holds a reading back until it is set."""

    def __init__(self) -> None:
        super().__init__(phrases())
        self.readings: list[AssessRequest] = []
        self.spoken: list[SpeakRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        self.readings.append(request)
        await self.gate.wait()
        async for each in super().assess(request):
            yield each.model_copy(update={"calls": (ModelCall(role="grader", model="m", prompt_digest="d1"),)})

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        self.spoken.append(request)
        async for piece in super().speak(request):
            yield piece


class SayingEngine(ScriptedEngine):
    """A scripted engine that says what it is told to, piece by piece, or fails."""

    def __init__(self, *versions: Sequence[str | Exception]) -> None:
        super().__init__(phrases())
        self.versions = list(versions)

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        for piece in self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]:
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


class MortalStore(FakeStore):
    """A store whose process dies just before or just after the first event of a kind is written."""

    def __init__(self, kind: type[Event] | None = None, *, written: bool = True) -> None:
        super().__init__()
        self.kind = kind
        self.written = written

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        fatal = self.kind is not None and len(events) == 1 and isinstance(events[0], self.kind)
        if fatal and not self.written:
            raise Killed
        done = await super().append(interview_id, events)
        if fatal:
            raise Killed
        return done

    def restarted(self) -> FakeStore:
        """What another process finds: the rows, and no lease, since a dead holder's runs out."""
        fresh = FakeStore()
        fresh.guides, fresh.rows = self.guides, self.rows
        return fresh


class WordRetriever(FakeRetriever):
    """Finds by the share of common words: crude, and without a model."""

    async def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        found = [
            Match(kind=kind, text=item.text, question_id=q.id, item_id=item.id, score=_likeness(item.text, words))
            for q in guide.questions
            if q.id != exclude_question
            for kind, items in (("key_point", q.key_points), ("follow_up", q.follow_ups))
            if kind in kinds
            for item in items
        ]
        return sorted(found, key=lambda m: -m.score)[:count]

    async def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        return sorted((b.text for b in guide.background), key=lambda text: -_likeness(text, words))[:count]


@cache
def _stems(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def _likeness(one: str, other: str) -> float:
    a, b = _stems(one), _stems(other)
    return len(a & b) / max(1, min(len(a), len(b)))


class Sitting:
    """One interview being held: say something, get the turn that answers it."""

    def __init__(self, conductor: Conductor, interview_id: str) -> None:
        self.conductor = conductor
        self.id = interview_id
        self.count = 0

    @classmethod
    async def begin(
        cls,
        guide: Guide,
        plan: Plan,
        *,
        engine: Engine | None = None,
        store: FakeStore | None = None,
        retriever: Retriever | None = None,
        clock: FakeClock | None = None,
        seconds: float = 5.0,
    ) -> Sitting:
        conductor = Conductor(
            store or FakeStore(),
            engine or scripted(),
            retriever or FakeRetriever(),
            phrases(),
            clock=clock or FakeClock(),
            seconds=seconds,
        )
        interview = await conductor.start(plan, guide, candidate="cara", channel="test")
        return cls(conductor, interview.id)

    def message(self, text: str, command: MessageKind | None = None, name: str = "") -> Inbound:
        self.count += 1
        return Inbound(
            id=name or f"m{self.count}",
            interview_id=self.id,
            text=text,
            at=self.conductor.clock(),
            command=command,
        )

    async def send(self, text: str, command: MessageKind | None = None, name: str = "") -> bool:
        return await self.conductor.receive(self.message(text, command, name))

    async def say(self, text: str, command: MessageKind | None = None) -> Turn:
        await self.send(text, command)
        turn = await self.conductor.advance(self.id)
        assert turn is not None
        await self.conductor.sent(self.id, turn.number)
        return turn


def joined(pieces: list[str]) -> Listener:
    """A listener that gathers what it hears."""

    async def listen(piece: str) -> None:
        pieces.append(piece)

    return listen
