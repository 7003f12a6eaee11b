"""Nobody sees or changes what is another's: two platforms, two workers on one store, people who wait for nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewer.channels import chat_rota
from interviewer.channels.chat import Command, Outbox, Place
from interviewer.channels.desk import Desk
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import InterviewerError
from interviewer.domain.interview import Assessment, Started
from interviewer.domain.state import Interview
from interviewer.ports import AssessRequest, Store
from interviewer.prompts import chat_lines, phrases
from interviewer.reports.scorecard import as_html
from tests.channels.driving import Bench, HeldEngine
from tests.channels.paper import PaperDriver
from tests.fakes import FakeRetriever, FakeStore, make_guide

PLATFORMS = ("ink", "chalk")
PEOPLE = ("ada", "bob", "eve", "rita")
QUIET = 0.002


class Distant:
    """Something a network away: whatever is asked of it takes a while, by chance, on the way there and back."""

    def __init__(self, near: object, chance: Random) -> None:
        self._near = near
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._near, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def asked(*args: Any, **kwargs: Any) -> Any:
            await dawdle(self._chance)
            answer = await found(*args, **kwargs)
            await dawdle(self._chance)
            return answer

        return asked


async def dawdle(chance: Random) -> None:
    for _ in range(chance.choice((0, 0, 1, 2, 5, 20))):
        await asyncio.sleep(0)


class QuotingEngine(HeldEngine):
    """Quotes the whole message for every point that was made, so that scorecards hold candidates' words."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        await dawdle(self.chance)
        async for each in super().assess(request):
            points = tuple(p.model_copy(update={"quote": request.message if p.quote else ""}) for p in each.points)
            yield each.model_copy(update={"points": points})


class Ledger(FakeStore):
    """Remembers whose each interview was, also once it is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[str, str] = {}

    async def append(self, interview_id: str, events: Any) -> bool:
        if isinstance(events[0], Started):
            self.owners.setdefault(interview_id, events[0].candidate)
        return await super().append(interview_id, events)


class Crowd(PaperDriver):
    """A platform whose deliveries go to either worker."""

    def __init__(self, bench: Bench, platform: str, desks: list[Desk], chance: Random) -> None:
        super().__init__(bench, platform=platform)
        self.desks = desks
        self.chance = chance

    @property
    def desk(self) -> Desk:
        return self.chance.choice(self.desks)


class World:
    """Two platforms with the same names on both, two workers, and what each person did."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.bench = Bench(None, quiet=QUIET)
        self.bench.shelf.known = [make_guide(2)]
        self.ledger = Ledger()
        self.bench.store = cast("Store", Distant(self.ledger, self.chance))
        self.desks = [self._worker() for _ in range(2)]
        self.crowds = {p: Crowd(self.bench, p, self.desks, self.chance) for p in PLATFORMS}
        for desk in self.desks:
            for platform, crowd in self.crowds.items():
                desk.attach(platform, cast("Outbox", Distant(crowd.paper, self.chance)), crowd.access)
        self.presses: Counter[str] = Counter()
        self.wrote: dict[str, list[str]] = defaultdict(list)
        self.guests: dict[str, set[str]] = defaultdict(set)
        self.number = 0

    def _worker(self) -> Desk:
        conductor = Conductor(self.bench.store, QuotingEngine(self.chance), FakeRetriever(), phrases())
        return Desk(conductor, self.bench.store, self.bench.shelf, chat_lines(), as_html, QUIET)

    async def settled(self) -> None:
        for _ in range(2):
            for desk in self.desks:
                await desk.rota.settled()

    async def place(self, crowd: Crowd, who: str) -> Place:
        """Where someone is interviewed, or would be heard."""
        held = [i.place for i in await self.interviews() if i.candidate == crowd.person(who).id and i.place]
        place = Place.parse(held[0]) if held else crowd.direct(who)
        return place if place.exact else crowd.direct(who)

    async def interviews(self) -> list[Interview]:
        fresh = Conductor(self.ledger, self.bench.engine, FakeRetriever(), phrases())
        return [await fresh.load(name) for name in self.ledger.rows]

    async def act(self, platform: str, who: str, step: str, other: str) -> None:
        """Do one thing; what could not be taken in is delivered again, as platforms do."""
        crowd = self.crowds[platform]
        self.number += 1
        deed = getattr(self, f"_{step}")
        for _ in range(3):
            try:
                await deed(crowd, who, other)
            except InterviewerError:
                continue
            return

    async def _begin(self, crowd: Crowd, who: str, other: str) -> None:
        await crowd.begin(who, where=self.chance.choice(("direct", "thread")))

    async def _say(self, crowd: Crowd, who: str, other: str) -> None:
        await self._write(crowd, who, await self.place(crowd, who))

    async def _intrude(self, crowd: Crowd, who: str, other: str) -> None:
        place = await self.place(crowd, other)
        await self._write(crowd, who, place if place.thread else crowd.direct(who))

    async def _write(self, crowd: Crowd, who: str, place: Place) -> None:
        files = self.chance.choice((0, 0, 1))
        name = await crowd.deliver(who, self.words(crowd, who), place, attachments=files)
        self.wrote[crowd.person(who).id].append(name)

    def words(self, crowd: Crowd, who: str) -> str:
        return f"+1 {mark(crowd.platform, who)} {self.number}"

    async def _edit(self, crowd: Crowd, who: str, other: str) -> None:
        for name in self.wrote[crowd.person(who).id][-2:]:
            await crowd.edit(who, name, self.words(crowd, who))

    async def _delete(self, crowd: Crowd, who: str, other: str) -> None:
        for name in self.wrote[crowd.person(who).id][-1:]:
            await crowd.delete(who, name)

    async def _forge(self, crowd: Crowd, who: str, other: str) -> None:
        """Change and delete what another wrote, as if it were one's own."""
        for name in self.wrote[crowd.person(other).id][-1:]:
            await crowd.edit(who, name, self.words(crowd, who))
            if who != other:
                await crowd.delete(who, name)

    async def _press(self, crowd: Crowd, who: str, other: str) -> None:
        await self._push(crowd, who, who, self.chance.choice((Command.SKIP, Command.HINT, Command.PAUSE, Command.END)))

    async def _steal(self, crowd: Crowd, who: str, other: str) -> None:
        for command in (Command.SKIP, Command.END, Command.RESUME):
            await self._push(crowd, who, other, command)

    async def _push(self, crowd: Crowd, who: str, to: str, command: Command) -> None:
        place = await self.place(crowd, to)
        shown = [b for s in crowd.paper.sheets if s.place == place.id for b in s.buttons if b.command is command]
        if shown:
            self.presses[crowd.person(who).id] += 1
            self.guests[place.id].add(crowd.person(who).id)
            await crowd.push(who, shown[-1], place)

    async def _report(self, crowd: Crowd, who: str, other: str) -> None:
        about = ["", *(c.person(other).id for c in self.crowds.values()), *self.ledger.rows]
        await crowd.ask(who, Command.REPORT, self.chance.choice(about), crowd.direct(who))

    async def _resume(self, crowd: Crowd, who: str, other: str) -> None:
        await crowd.type(who, "resume", where=self.chance.choice(("direct", "thread")))

    async def _join(self, crowd: Crowd, who: str, other: str) -> None:
        """Bring one's own interview into a thread of another's, by one's own will."""
        place = await self.place(crowd, other)
        if place.thread:
            self.guests[place.id].add(crowd.person(who).id)
            await crowd.ask(who, Command.RESUME, "", place)

    async def _status(self, crowd: Crowd, who: str, other: str) -> None:
        await crowd.type(who, self.chance.choice(("status", "help")))

    async def _forget(self, crowd: Crowd, who: str, other: str) -> None:
        await crowd.ask(who, Command.FORGET, "sure", crowd.direct(who))


STEPS = [
    *("begin", "say", "say", "say", "intrude", "edit", "delete", "forge", "press", "steal", "report", "report"),
    *("resume", "join", "status", "forget"),
]


def mark(platform: str, who: str) -> str:
    return f"mark-of-{who}-in-{platform}"


MARKS = {(p, who): mark(p, who) for p in PLATFORMS for who in PEOPLE}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_rota, "FIRST_AGAIN", 0.02)
    monkeypatch.setattr(chat_rota, "BUSY_AGAIN", 0.02)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(
        st.tuples(st.sampled_from(PLATFORMS), st.sampled_from(PEOPLE), st.sampled_from(STEPS), st.sampled_from(PEOPLE)),
        min_size=10,
        max_size=40,
    ),
)
async def test_nobody_sees_or_changes_what_is_anothers(seed: int, steps: list[tuple[str, str, str, str]]) -> None:
    """Whatever people do, on whatever platform, at the same time: a word of one is never shown to another, nor heard
    in their interview. Every answer holds its author's mark. Rita is a reviewer on both platforms, who may read
    anyone's scorecard of the platform that she is on.
    """
    world = World(seed)
    for platform in PLATFORMS:
        for desk in world.desks:
            await desk.recover(platform)
    try:
        for platform in PLATFORMS:
            await at_once(world, [(platform, who, "begin", who) for who in PEOPLE[:2]])
        await at_once(world, [(p, who, "say", who) for p in PLATFORMS for who in PEOPLE[:2]])
        await at_once(world, steps)
        await world.settled()
        await nobody_is_exposed(world)
        await forgotten_alone(world, *steps[0][:2])
    finally:
        for desk in world.desks:
            await desk.drain(5)


async def at_once(world: World, steps: list[tuple[str, str, str, str]]) -> None:
    """Do all of this, each thing a moment after the one before, whatever has become of that."""
    deeds: list[asyncio.Task[None]] = []
    for step in steps:
        deeds.append(asyncio.create_task(world.act(*step)))
        await dawdle(world.chance)
        if world.chance.random() < 0.2:
            await asyncio.sleep(QUIET)
    await asyncio.gather(*deeds)


async def nobody_is_exposed(world: World) -> None:
    for interview in await world.interviews():
        owner = interview.candidate
        platform, _, who = owner.split(":")
        assert all(m.command or mark(platform, who) in m.text for m in interview.messages)
        assert sum(bool(m.command) for m in interview.messages) <= world.presses[owner]
        assert {interview.versions.get(m.id, m.id) for m in interview.messages if not m.command} <= {
            *world.wrote[owner]
        }
        assert interview.place.startswith(f"{platform}:")
    for platform, crowd in world.crowds.items():
        for who in PEOPLE:
            foreign = [text for key, text in MARKS.items() if key != (platform, who)]
            shown = [*crowd.seen_direct(who), *crowd.told(who)]
            assert not [m for m in foreign for text in shown if m in text]
            readable = {p for p, w in MARKS if p == platform} if who == "rita" else set()
            closed = [text for (p, w), text in MARKS.items() if (p, w) != (platform, who) and p not in readable]
            assert not [m for m in closed for text in crowd.files(who) if m in text]
            for desk in world.desks:
                assert {e.summary.candidate for e in await desk.entries(crowd.person(who))} <= {crowd.person(who).id}
        assert crowd.paper.astray == []
        for place, owners, name in posted(world, crowd):
            assert world.ledger.owners[name] in owners, place
        assert {place for place, _ in crowd.paper.files} <= {crowd.direct(who).id for who in PEOPLE}
        assert not [s for s in crowd.paper.sheets if s.place.startswith(crowd.hall().id) and "mark-of-" in s.text]


def posted(world: World, crowd: Crowd) -> Iterator[tuple[str, set[str], str]]:
    """Each interview that a post or a notice is about, with its place and those whose it may be."""
    private = {crowd.direct(who).id: {crowd.person(who).id} for who in PEOPLE}
    opened = {p.id: {world.ledger.owners[key.partition("/")[0]]} for key, p in crowd.paper.opened.items()}
    allowed = {place: owners | world.guests[place] for place, owners in (private | opened).items()}
    for sheet in crowd.paper.sheets:
        if sheet.key.endswith("/failed"):  # a scorecard that was forgotten while it was made for a reviewer
            continue
        names = {sheet.key.partition("/")[0], *(b.about.partition("/")[0] for b in sheet.buttons)} - {"note"}
        yield from ((sheet.place, allowed[sheet.place], name) for name in names)
    for who, notice in crowd.notices:
        about = {b.about.partition("/")[0] for b in notice.buttons} - {"sure"}
        yield from ((who, {crowd.person(who).id}, name) for name in about)


async def forgotten_alone(world: World, platform: str, who: str) -> None:
    """Who asks for it is forgotten, and nobody else is."""
    owners, person = world.ledger.owners, world.crowds[platform].person(who)
    others = {name: [*rows] for name, rows in world.ledger.rows.items() if owners[name] != person.id}
    await world.act(platform, who, "forget", who)
    await world.settled()
    assert world.ledger.rows == others
