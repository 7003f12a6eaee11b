"""Stand-ins for what lies behind the ports: a store in memory and a retriever that finds nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from interviewer.domain.errors import NotFoundError
from interviewer.domain.guide import Guide, KeyPoint, Question
from interviewer.domain.interview import Edited, Event, Moved, Received, Started, Turned, Withdrawn, event_key
from interviewer.domain.state import Status, fold
from interviewer.ports import MOST_QUIET, Backlog, Claim, InterviewSummary, Limits, Match

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


@dataclass
class FakeWait:
    """An interview in the queue; times are of time.monotonic, 0 for none."""

    news: int = 0
    tries: int = 0
    since: float = 0.0
    latest: float = 0.0
    not_before: float = 0.0
    holder: str = ""


class FakeStore:
    """A ports.Store in dictionaries, with the same promises, but that a claim lasts, and nobody has a limit."""

    def __init__(self) -> None:
        self.guides: dict[str, Guide] = {}
        self.rows: dict[str, list[Event]] = {}
        self.leases: dict[str, str] = {}
        self.seats: dict[str, str] = {}
        self.queue: dict[str, FakeWait] = {}

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
        self._note(interview_id, events)
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

    async def going(self, platform: str) -> list[str]:
        states = [fold(key, rows) for key, rows in self.rows.items()]
        return [s.id for s in states if s.place.startswith(f"{platform}:") and s.status is not Status.ENDED]

    async def author(self, platform: str, message_id: str) -> str | None:
        states = [fold(name, self.rows[name]) for name in await self.going(platform)]
        return next((s.candidate for s in states if any(m.id == message_id for m in s.messages)), None)

    async def claim(
        self, interview_id: str, holder: str, seconds: float, after: int = 0
    ) -> list[tuple[int, Event]] | None:
        found = await self.events(interview_id, after)
        return found if await self.acquire(interview_id, holder, seconds) else None

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
        self.queue.pop(interview_id, None)
        self.leases.pop(interview_id, None)
        return self.rows.pop(interview_id, None) is not None

    async def forget_before(self, moment: datetime) -> list[str]:
        old = [s.id for s in await self.interviews() if s.updated_at < moment]
        for name in old:
            await self.forget(name)
        return old

    def _note(self, interview_id: str, events: Sequence[Event]) -> None:
        news = [e for e in events if isinstance(e, (Received, Edited, Withdrawn, Moved))]
        if any(isinstance(e, Moved) for e in news):
            self.queue.setdefault(interview_id, FakeWait())
        if news and (wait := self.queue.get(interview_id)):
            wait.news, wait.not_before, wait.latest = wait.news + 1, 0.0, time.monotonic()
            wait.tries = min(wait.tries, 1)
            wait.since = wait.since or wait.latest

    async def take(
        self, worker: str, count: int, seconds: float, limits: Limits, hurry: Sequence[str] = ()
    ) -> list[Claim]:
        now = time.monotonic()
        due = [
            (wait.since, name)
            for name, wait in self.queue.items()
            if wait.since
            and not wait.holder
            and wait.not_before <= now
            and (name in hurry or wait.latest <= now - limits.quiet or wait.since <= now - limits.quiet * MOST_QUIET)
        ]
        taken = [name for _, name in sorted(due)[:count]]
        for name in taken:
            self.queue[name].holder = worker
        return [Claim(interview_id=n, news=self.queue[n].news, tries=self.queue[n].tries) for n in taken]

    async def keep(self, worker: str, interview_ids: Sequence[str], seconds: float) -> set[str]:
        return {n for n in interview_ids if n in self.queue and self.queue[n].holder == worker}

    async def done(self, worker: str, claim: Claim, again: float | None = None) -> bool:
        wait = self.queue.get(claim.interview_id)
        if wait is None or wait.holder != worker:
            return True
        wait.holder = ""
        if again is not None:
            wait.not_before, wait.tries = time.monotonic() + again, wait.tries + 1
            return True
        wait.since, wait.tries = (0.0 if wait.news == claim.news else wait.latest), int(claim.left)
        return not wait.since

    async def ahead(self, interview_id: str) -> int:
        since = self.queue[interview_id].since if interview_id in self.queue else 0.0
        return sum(not w.holder and 0 < w.since < since for w in self.queue.values())

    async def backlog(self, platforms: Sequence[str] = ()) -> Backlog:
        waiting = [w for w in self.queue.values() if w.since and not w.holder]
        return Backlog(waiting=len(waiting), held=sum(bool(w.holder) for w in self.queue.values()))


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
