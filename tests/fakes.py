"""Stand-ins for what lies behind the ports: a store in memory and a retriever that finds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from interviewer.domain.errors import NotFoundError
from interviewer.domain.guide import Guide, KeyPoint, Question
from interviewer.domain.interview import Event, Started, Turned, event_key
from interviewer.domain.state import Status, fold
from interviewer.ports import InterviewSummary, Match

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Tells a time that only `pass_minutes` and a small step a look move on."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


class FakeStore:
    """A ports.Store in dictionaries, with the same promises."""

    def __init__(self) -> None:
        self.guides: dict[str, Guide] = {}
        self.rows: dict[str, list[Event]] = {}
        self.leases: dict[str, str] = {}
        self.seats: dict[str, str] = {}

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def save_guide(self, guide: Guide) -> None:
        self.guides.setdefault(guide.revision, guide)

    async def guide(self, revision: str) -> Guide:
        if revision not in self.guides:
            raise NotFoundError("There is no such guide.")
        return self.guides[revision]

    async def append(self, interview_id: str, events: Sequence[Event]) -> bool:
        if interview_id not in self.rows and not isinstance(events[0], Started):
            raise NotFoundError(f"There is no interview {interview_id}.", "See `interviewer sessions`.")
        rows = self.rows.setdefault(interview_id, [])
        there = {event_key(e) for e in rows}
        if any(event_key(e) in there for e in events):
            return False
        rows.extend(events)
        if any(isinstance(e, Turned) for e in events):
            self.leases.pop(interview_id, None)
        return True

    async def events(self, interview_id: str, after: int = 0) -> list[tuple[int, Event]]:
        if interview_id not in self.rows:
            raise NotFoundError(f"There is no interview {interview_id}.", "See `interviewer sessions`.")
        return list(enumerate(self.rows[interview_id], 1))[after:]

    async def interviews(self, candidate: str | None = None) -> list[InterviewSummary]:
        states = [fold(key, rows) for key, rows in self.rows.items()]
        return [
            InterviewSummary(
                id=s.id,
                guide_id=s.plan.guide_id,
                guide_title=s.plan.guide_title,
                mode=s.plan.mode,
                status=s.status,
                candidate=s.candidate,
                started_at=s.started_at,
                updated_at=s.latest_at or s.started_at,
                answered=len(s.grades()),
                planned=len(s.plan.questions),
            )
            for s in reversed(states)
            if candidate in (None, s.candidate)
        ]

    async def claim(
        self, interview_id: str, holder: str, seconds: float, after: int = 0
    ) -> list[tuple[int, Event]] | None:
        taken = await self.acquire(interview_id, holder, seconds)
        return await self.events(interview_id, after) if taken else None

    async def acquire(self, interview_id: str, holder: str, seconds: float) -> bool:
        return self.leases.setdefault(interview_id, holder) == holder

    async def release(self, interview_id: str, holder: str) -> None:
        if self.leases.get(interview_id) == holder:
            del self.leases[interview_id]

    async def seat(self, candidate: str, interview_id: str) -> str:
        held = self.seats.get(candidate, "")
        if held in self.rows and fold(held, self.rows[held]).status is not Status.ENDED:
            return held
        self.seats[candidate] = interview_id
        return interview_id

    async def forget(self, interview_id: str) -> bool:
        return self.rows.pop(interview_id, None) is not None


class FakeRetriever:
    """A ports.Retriever of an empty index."""

    def choose(self, guide: Guide, topic: str, count: int) -> list[tuple[str, float]]:
        return []

    async def match(
        self,
        guide: Guide,
        words: str,
        *,
        kinds: Sequence[str] = ("key_point",),
        exclude_question: str | None = None,
        count: int = 5,
    ) -> list[Match]:
        return []

    async def background(self, guide: Guide, words: str, count: int = 2) -> list[str]:
        return []


def make_guide(questions: int = 3) -> Guide:
    """A guide of plain questions, each with two key points and a model answer."""
    return Guide(
        id="gardens",
        title="Gardens",
        file="gardens.md",
        revision="r1",
        questions=tuple(
            Question(
                id=f"q{n}",
                text=f"What would you grow in bed {n}, and why there?",
                line=n,
                answer=f"Beans in bed {n}: they like the **warm wall** and feed the soil.",
                key_points=(
                    KeyPoint(id="warmth", label="Warmth", text="Beans want a sheltered southern wall.", line=n),
                    KeyPoint(id="soil", label="Soil", text="Legumes leave nitrogen behind.", line=n),
                ),
            )
            for n in range(1, questions + 1)
        ),
    )
