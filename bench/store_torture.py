"""Kill the store's workers again and again, and see whether an interview ever notices.

    python -m bench.store_torture [--kills 200] [--seed N] [--json]

Two workers answer one interview over a SQLite file, now and then three; they also begin and forget others beside it.
The parent sends them messages, some twice, and kills them with SIGKILL at random moments, at times while they open the
database. A worker reports a message, a turn or a forgotten interview only when the store has returned. After every
kill the parent opens the database and holds what it has been told against what is there: no reported message or turn
is lost or changed, nothing forgotten is in the file, no turn is there twice, no message is answered twice, the fold
works, the summary agrees with it. The next workers must go on from there: in the end every message is answered and
every reply marked as sent.

A driver of a few lines stands in for conduct: no engine, every third answer settles a question.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from interviewer.domain.errors import StoreError
from interviewer.domain.grading import Grade, Outcome, Provenance
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import (
    Assessed,
    Assessment,
    Event,
    Inbound,
    MessageKind,
    Move,
    MoveKind,
    Plan,
    Received,
    Sent,
    Started,
    Turn,
    Turned,
)
from interviewer.domain.state import Interview, Status, apply, fold
from interviewer.stores.sql import SqlStore

QUESTIONS = tuple(f"q{n}" for n in range(1, 11))
PLAN = Plan(guide_id="g", guide_title="A guide", guide_revision="r", questions=QUESTIONS)
GUIDE = Guide(
    id="g",
    title="A guide",
    file="g.md",
    revision="r",
    questions=tuple(Question(id=q, text=q, line=1) for q in QUESTIONS),
)
LEASE_SECONDS = 0.15


def now() -> datetime:
    """The present."""
    return datetime.now(UTC)


# --- a worker ---------------------------------------------------------------------------------------------------------


class Worker:
    """Receives messages and takes turns in one interview, and reports over a pipe what the store has returned from."""

    def __init__(self, store: SqlStore, interview_id: str, pipe: Connection) -> None:
        self.store, self.id, self.pipe = store, interview_id, pipe
        self.name = f"worker-{os.getpid()}"
        self.seen = 0
        self.state: Interview | None = None

    async def run(self) -> None:
        """Until killed."""
        await self.store.open()
        await self.store.save_guide(GUIDE)
        await self.store.append(self.id, [Started(at=now(), plan=PLAN, candidate="c", channel="t", engine="e")])
        self.pipe.send(("ready",))
        while True:
            if self.pipe.poll(0):
                await self.do(*self.pipe.recv())
            await self.advance()

    async def do(self, task: str, name: str, text: str) -> None:
        """One order of the parent."""
        if task == "message":
            message = Inbound(id=name, interview_id=self.id, text=text, at=now())
            new = await self.store.append(self.id, [Received(message=message)])
            self.pipe.send(("received", name, new))
            return
        beside = Started(at=now(), plan=PLAN, candidate=name, channel="t", engine="e")
        await self.store.append(
            name, [beside, Received(message=Inbound(id="m", interview_id=name, text=text, at=now()))]
        )
        with suppress(StoreError):  # the other worker may be reading just now; then the next to open clears the rest
            await self.store.forget(name)
        self.pipe.send(("forgotten", name))

    async def advance(self) -> None:
        """Under the lease mostly; without it at times, as the turn's number alone must keep workers apart."""
        if random.random() < 0.8 and not await self.store.acquire(self.id, self.name, LEASE_SECONDS):
            await asyncio.sleep(0.005)
            return
        state = await self.load()
        if state.unsent:
            await self.sent(state.unsent[0])
        elif state.pending or not state.turns:
            await self.turn(state)
        else:
            await asyncio.sleep(0.002)
        await self.store.release(self.id, self.name)

    async def load(self) -> Interview:
        """The interview as it stands, from what is new."""
        rows = await self.store.events(self.id, self.seen)
        events = [event for _, event in rows]
        if self.state is None:
            self.state = fold(self.id, events)
        else:
            for event in events:
                apply(self.state, event)
        self.seen = rows[-1][0] if rows else self.seen
        return self.state

    async def turn(self, state: Interview) -> None:
        """Assess, decide, record. An assessment that is there already is not made again."""
        number, consumed = len(state.turns), tuple(m.id for m in state.pending)
        assessment = Assessment(kind=MessageKind.ANSWER, signals=("x" * random.randint(0, 4000),))
        if state.assessed is not None and state.assessed.number == number:
            consumed, assessment = state.assessed.consumed, state.assessed.assessment
        elif consumed:
            await self.store.append(self.id, [Assessed(number=number, consumed=consumed, assessment=assessment)])
        turn = decide(state, number, consumed, assessment)
        if await self.store.append(self.id, [Turned(turn=turn)]):
            self.pipe.send(("turned", number, turn.reply))
            await self.sent(number)

    async def sent(self, number: int) -> None:
        """Mark a reply as sent."""
        await self.store.append(self.id, [Sent(number=number, at=now())])
        self.pipe.send(("sent", number))


def decide(state: Interview, number: int, consumed: tuple[str, ...], assessment: Assessment) -> Turn:
    """Probe twice, then settle the question and put the next."""
    following, floor = state.next_question, state.floor
    grades: tuple[Grade, ...] = ()
    if floor is None:
        move = Move(kind=MoveKind.ASK if following else MoveKind.CLOSE, question_id=following)
    elif state.current.probes < 2:
        move = Move(kind=MoveKind.PROBE, question_id=floor, target=f"p{state.current.probes}")
    else:
        kind = MoveKind.NEXT if following else MoveKind.CLOSE
        move = Move(kind=kind, question_id=following, settles=floor)
        made = Provenance(engine="e", guide_revision="r")
        outcome = Outcome.GRADED if number % 2 else Outcome.UNGRADED
        grades = (Grade(question_id=floor, outcome=outcome, provenance=made),)
    reply = f"{os.getpid()}/{random.random()}"
    return Turn(
        number=number, at=now(), consumed=consumed, assessment=assessment, move=move, reply=reply, grades=grades
    )


def work(path: str, interview_id: str, pipe: Connection) -> None:
    """A worker's process."""
    random.seed(os.getpid())
    asyncio.run(Worker(SqlStore(f"sqlite:///{path}", patience=30), interview_id, pipe).run())


# --- the parent -------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What workers have reported of one interview."""

    messages: dict[str, str] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)
    replies: dict[int, str] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    begun: bool = False

    def hear(self, report: tuple[Any, ...]) -> None:
        """One report."""
        match report:
            case ("ready",):
                self.begun = True
            case ("received", name, new):
                check(not (new and name in self.received), f"{name} was taken for new twice")
                self.received.add(name)
            case ("turned", number, reply):
                check(number not in self.replies, f"turn {number} was recorded twice")
                self.replies[number] = reply
            case ("sent", number):
                self.sent.add(number)
            case ("forgotten", name):
                self.forgotten.add(name)


@dataclass
class Run:
    """The parent's means and its counts."""

    path: Path
    dice: random.Random
    context: Any = field(default_factory=lambda: multiprocessing.get_context("forkserver"))
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("kills", "while_opening", "pending", "half_turns", "unsent"), 0)
    )

    def start(self, interview_id: str) -> tuple[BaseProcess, Connection]:
        """A worker."""
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=work, args=(str(self.path), interview_id, theirs), daemon=True)
        process.start()
        theirs.close()
        return process, ours


def check(true: bool, what: str) -> None:
    """Stop at the first broken promise."""
    if not true:
        raise AssertionError(what)


def life(run: Run, interview_id: str, told: Told) -> None:
    """Workers start, are sent messages, and are killed at a random moment."""
    workers = [run.start(interview_id) for _ in range(run.dice.choice((1, 2, 2, 3)))]
    opening = run.dice.random() < 0.15
    end = time.monotonic() + (run.dice.uniform(0.0, 0.12) if opening else 60)
    ready = False
    while time.monotonic() < end:
        for pipe in wait([p for _, p in workers], timeout=0.001):
            drain(pipe, told)  # type: ignore[arg-type]
        if told.begun and not ready and not opening:
            ready, end = True, time.monotonic() + run.dice.uniform(0.01, 0.35)
        if run.dice.random() < 0.12:
            send(run, told, run.dice.choice(workers)[1])
    check(ready or opening, "no worker was ready within a minute")
    kill(run, workers, told)
    run.counts["while_opening"] += opening
    told.begun = False


def send(run: Run, told: Told, pipe: Connection) -> None:
    """A new message, or one again that nobody has acknowledged or that somebody has."""
    dice = run.dice
    if dice.random() < 0.05:
        order = ("beside", f"beside{dice.randrange(10**9)}", "to be forgotten " * dice.randint(1, 300))
    elif told.messages and dice.random() < 0.3:
        name = dice.choice(list(told.messages))
        order = ("message", name, told.messages[name])
    else:
        name = f"m{len(told.messages)}"
        told.messages[name] = f"answer {name} " * dice.choice((1, 5, 50, 1000))
        order = ("message", name, told.messages[name])
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.send(order)


def drain(pipe: Connection, told: Told) -> None:
    """Everything a worker has reported, as far as it got."""
    with suppress(EOFError, ConnectionResetError):
        while pipe.poll(0):
            told.hear(pipe.recv())


def kill(run: Run, workers: list[tuple[BaseProcess, Connection]], told: Told) -> None:
    """SIGKILL for all of them, a moment apart."""
    for process, _ in workers:
        check(process.is_alive(), f"a worker died by itself: {process.exitcode}")
        os.kill(process.pid or 0, signal.SIGKILL)
        run.counts["kills"] += 1
        time.sleep(run.dice.choice((0, 0, 0.002)))
    for process, pipe in workers:
        process.join()
        drain(pipe, told)
        pipe.close()


async def verify(run: Run, interview_id: str, told: Told, *, alone: bool) -> Interview | None:
    """Hold what was reported against what is there."""
    store = SqlStore(f"sqlite:///{run.path}", patience=30)
    await store.open()
    summaries = {s.id: s for s in await store.interviews()}
    state = None
    if interview_id in summaries:
        events = [event for _, event in await store.events(interview_id)]
        state = fold(interview_id, events)
        check_events(events, state, told)
        summary, graded = summaries[interview_id], sum(g.outcome is Outcome.GRADED for g in state.grades())
        check((summary.status, summary.answered) == (state.status, graded), f"{summary} disagrees with the fold")
    check(state is not None or not told.received, "the interview is lost")
    check(not told.forgotten & set(summaries), "what was forgotten is back")
    if alone:
        left = b"".join(file.read_bytes() for file in run.path.parent.iterdir())
        check(not any(name.encode() in left for name in told.forgotten), "words of what was forgotten are in the file")
    await store.close()
    with closing(sqlite3.connect(run.path)) as connection:
        check(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the file is damaged")
    if state is not None:
        run.counts["pending"] += bool(state.pending)
        run.counts["half_turns"] += state.assessed is not None
        run.counts["unsent"] += bool(state.unsent)
    return state


def check_events(events: list[Event], state: Interview, told: Told) -> None:
    """No message or turn is lost, changed or there twice."""
    kept = {m.id: m.text for m in state.messages}
    check(len(kept) == len(state.messages), "a message is there twice")
    check(told.received <= set(kept), f"lost: {sorted(told.received - set(kept))}")
    check(all(told.messages[name] == text for name, text in kept.items()), "a message has changed")
    check([t.number for t in state.turns] == list(range(len(state.turns))), "the turns are not 0, 1, 2 ...")
    check(all(state.turns[n].reply == reply for n, reply in told.replies.items()), "a turn has changed")
    check(max(told.replies, default=-1) < len(state.turns), "a turn is lost")
    consumed = [name for t in state.turns for name in t.consumed]
    check(len(consumed) == len(set(consumed)), "a message was answered twice")
    check(set(consumed) | {m.id for m in state.pending} == set(kept), "a message is neither answered nor waiting")
    marked = [e.number for e in events if isinstance(e, Sent)]
    check(len(marked) == len(set(marked)), "a reply was marked twice")


def finish(run: Run, interview_id: str, told: Told) -> Interview:
    """A last worker, which nobody kills before everything is answered and sent."""
    worker, end = run.start(interview_id), time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.2)
        drain(worker[1], told)
        state = asyncio.run(verify(run, interview_id, told, alone=False))
        if state is not None and state.turns and not state.pending and not state.unsent:
            kill(run, [worker], told)
            return state
    raise AssertionError("the interview did not go on")


def torture(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """Interviews one after another, until enough workers are dead."""
    run = Run(path=folder / "torture.sqlite", dice=random.Random(seed))
    run.context.set_forkserver_preload(["interviewer.stores.sql", "sqlalchemy.dialects.sqlite.pysqlite"])
    totals, began, number = dict.fromkeys(("interviews", "messages", "turns"), 0), time.monotonic(), 0
    while run.counts["kills"] < kills:
        interview_id, told = f"i{number}", Told()
        for _ in range(6):
            life(run, interview_id, told)
            state = asyncio.run(verify(run, interview_id, told, alone=True))
            if run.counts["kills"] >= kills or (state is not None and state.status is Status.ENDED):
                break
        state = finish(run, interview_id, told)
        number += 1
        totals["interviews"] += 1
        totals["messages"] += len(state.messages)
        totals["turns"] += len(state.turns)
    return {**run.counts, **totals, "seconds": round(time.monotonic() - began, 1), "seed": seed, "lost": 0}


def main() -> None:
    """Parse, run, print. Exit code 1 at the first broken promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = torture(args.kills, args.seed, Path(folder))
        except AssertionError as error:
            sys.exit(f"seed {args.seed}: {error}")
    print(json.dumps(figures) if args.json else "\n".join(f"{name:>14} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
