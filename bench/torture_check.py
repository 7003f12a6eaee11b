"""What must hold of a torture: what workers and platform have said, and people have done, against the database."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from bench.hall import Hall, owner
from bench.restless import Restless
from interviewer.domain.errors import NotFoundError
from interviewer.domain.interview import Event, Moved, MoveKind, Received
from interviewer.domain.state import Interview, Status, fold
from interviewer.stores.sql import SqlStore

PROMISES = {
    "lost": "messages lost that were said to be stored",
    "recorded_twice": "messages recorded twice",
    "answered_twice": "messages answered twice",
    "turns": "turns recorded twice, or with a gap",
    "graded_twice": "questions graded twice",
    "put_twice": "questions put twice",
    "unfinished": "interviews that did not end",
    "placeless": "interviews that were never held anywhere",
    "ungraded": "questions without a grade at the end",
    "unseen": "replies that nobody could see",
    "unsent": "replies that were not noted as sent",
    "twice_once": "posts there twice, on a platform that makes a post once for its key",
    "twice_known": "posts there twice on one that does not, though it could be known",
    "edits_lost": "edits that neither counted nor were said to be late",
    "edits_denied": "edits that counted and were said to be late",
    "deletions_lost": "deletions that neither counted nor were said to be late",
    "deletions_denied": "deletions that counted and were said to be late",
    "foreign": "words of others in an interview",
    "shown_to_others": "posts of an interview in places of others",
    "unrefused": "buttons that others could press",
    "stale_buttons": "buttons that counted under a later question",
    "at_once": "interviews that a person had beside another",
    "waited_in_vain": "people who waited in vain",
    "ended_workers": "workers that came to an end by themselves",
}
"""What is counted, and has to be 0."""


@dataclass
class Findings:
    """Broken promises, each named once however often it is met; and what was looked at."""

    broken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    seen: Counter[str] = field(default_factory=Counter)

    def must(self, true: bool, promise: str, what: str) -> None:
        """Note that a promise is broken unless this is true."""
        if not true:
            assert promise in PROMISES
            self.broken[promise].add(what)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.broken.values()))


async def verify(findings: Findings, hall: Hall, people: Iterable[Restless], url: str, *, ended: bool) -> None:
    """Look at everything; `ended` when all interviews should be over."""
    people = list(people)
    kept = {human.id: set(hall.kept[human.name]) for human in people}
    store = SqlStore(url, patience=30)
    await store.open()
    try:
        stored = {}
        for summary in await store.interviews():
            with suppress(NotFoundError):  # one that was refused is deleted meanwhile
                stored[summary.id] = [e for _, e in await store.events(summary.id)]
    finally:
        await store.close()
    by_person: dict[str, list[tuple[Interview, list[Event]]]] = defaultdict(list)
    for name, events in stored.items():
        await asyncio.sleep(0)
        interview = fold(name, events)
        by_person[interview.candidate].append((interview, events))
        _verify_always(findings, interview, events)
        if ended:
            _verify_ended(findings, hall, interview)
    strangers = {message for human in people for message in human.foreign}
    for human in people:
        await asyncio.sleep(0)  # the platform goes on meanwhile: what waits long is served in another order
        _verify_person(findings, human, by_person[human.id], kept[human.id], strangers)
        if ended:
            _verify_changes(findings, human, [interview for interview, _ in by_person[human.id]])
    await _verify_posts(findings, hall, {i.id: i.candidate for theirs in by_person.values() for i, _ in theirs})


def _verify_always(findings: Findings, interview: Interview, events: list[Event]) -> None:
    """What holds of an interview at any time."""
    turns = interview.turns
    received = [e.message.id for e in events if isinstance(e, Received)]
    answered = [interview.versions.get(m, m) for t in turns for m in t.consumed]
    graded = [g.question_id for t in turns for g in t.grades]
    put = [t.move.question_id or "" for t in turns if t.move.kind in (MoveKind.ASK, MoveKind.NEXT)]
    kinds = {"recorded_twice": received, "answered_twice": answered, "graded_twice": graded, "put_twice": put}
    for promise, names in kinds.items():
        for name, count in Counter(names).items():
            findings.must(count == 1, promise, f"{interview.id}: {name}")
    findings.must([t.number for t in turns] == list(range(len(turns))), "turns", interview.id)
    mark = f"mark-of-{interview.candidate.rpartition(':')[2]} "
    for message in interview.messages:
        findings.must(message.command is not None or mark in message.text, "foreign", f"{interview.id}: {message.id}")
    for turn in turns:
        for name in turn.consumed:
            command, _, under = name.partition("@")
            since = turns[int(under) + 1 : turn.number] if command in ("skip", "hint") else []
            stale = any(other.move.kind is MoveKind.NEXT for other in since)
            findings.must(not stale, "stale_buttons", f"{interview.id}: {name} in turn {turn.number}")


def _verify_ended(findings: Findings, hall: Hall, interview: Interview) -> None:
    """What holds of an interview once everyone has come to the end."""
    name = interview.id
    findings.must(bool(interview.place), "placeless", name)
    if not interview.place:
        return
    findings.must(interview.status is Status.ENDED, "unfinished", name)
    graded = {g.question_id for t in interview.turns for g in t.grades}
    for question in set(interview.plan.questions) - graded:
        findings.must(False, "ungraded", f"{name}: {question}")
    for number in interview.unsent:
        findings.must(False, "unsent", f"{name}/{number}")
    for turn in interview.turns:
        standing = [sheet.text.strip() for sheet in hall.standing(f"{name}/{turn.number}/0")]
        findings.must(turn.reply.strip() in standing, "unseen", f"{name}/{turn.number}")
    findings.seen["interviews"] += 1
    findings.seen["turns"] += len(interview.turns)
    findings.seen["messages_after_the_end"] += len(interview.pending)


def _verify_person(
    findings: Findings,
    human: Restless,
    theirs: list[tuple[Interview, list[Event]]],
    kept: set[str],
    strangers: set[str],
) -> None:
    """What a person said is there, and only theirs; and they have one interview at a time."""
    received = {e.message.id for _, events in theirs for e in events if isinstance(e, Received)}
    for message in kept - received:
        findings.must(False, "lost", message)
    for message in received & strangers:
        findings.must(False, "foreign", message)
    for what in human.unrefused:
        findings.must(False, "unrefused", what)
    spans = sorted(span for interview, events in theirs if (span := _span(interview, events)))
    for (_, over, one), (begun, _, other) in pairwise(spans):
        findings.must(over is not None and over <= begun, "at_once", f"{one} and {other}")


def _span(interview: Interview, events: list[Event]) -> tuple[datetime, datetime | None, str] | None:
    """From when until when an interview was held."""
    begun = next((e.at for e in events if isinstance(e, Moved)), None)
    over = interview.turns[-1].at if interview.status is Status.ENDED else None
    return (begun, over, interview.id) if begun else None


def _verify_changes(findings: Findings, human: Restless, theirs: list[Interview]) -> None:
    """An edit or a deletion counts, or its author is told that it does not."""
    for changes, kind in ((human.edits, "edits"), (human.deleted, "deletions")):
        for message, event in changes.items():
            found = next((i for i in theirs if any(m.id == message for m in i.messages)), None)
            answered = found.answered(message) if found else ""
            if found is None or (kind == "edits" and not answered):
                continue  # it was not taken for an answer, or came after the end
            if human.said[message][1] < found.started_at:
                continue  # written under another interview: it came late, and the change of it maybe before it
            counted = answered != message if kind == "edits" else not answered
            late = bool(human.hall.told[event] or human.hall.by_key.get(f"note/{message}/late"))
            findings.must(counted or late, f"{kind}_lost", f"{found.id}: {message} of {human.name}")
            findings.must(not (counted and late), f"{kind}_denied", f"{found.id}: {message}")
            findings.seen[f"{kind}_{'that_counted' if counted else 'said_to_be_late'}"] += 1


async def _verify_posts(findings: Findings, hall: Hall, candidates: dict[str, str]) -> None:
    """No post is there twice in a place, but where that could not be known, and none where others are."""
    twice: Counter[str] = Counter()
    for number, key in enumerate(list(hall.by_key)):
        if number % 100 == 0:
            await asyncio.sleep(0)
        standing = hall.standing(key)
        candidate = candidates.get(key.partition("/")[0], "")
        for place, count in Counter(sheet.place for sheet in standing).items():
            strange = candidate and owner(place) != candidate.rpartition(":")[2]
            findings.must(not strange, "shown_to_others", f"{key} in {place}")
            if count > 1 and place.startswith("once"):
                findings.must(False, "twice_once", f"{key}: {count} times")
            elif count > 1:
                findings.must(key in hall.unknowable, "twice_known", f"{key}: {count} times")
                twice["replies" if key.split("/")[1].isdecimal() else "notices"] += 1
    findings.seen["replies_twice_unknowable"] = twice["replies"]
    findings.seen["notices_twice_unknowable"] = twice["notices"]
