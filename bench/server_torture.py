"""Fifty live interviews on PostgreSQL while workers are killed, the database is restarted and deliveries go astray.

    python -m bench.server_torture [--rounds 300] [--people 50] [--workers 4] [--seed N] [--json]

The workers are processes of the real desk, rota, conductor and store; the engine is scripted. In every round something
is done to them: a worker is killed with SIGKILL and another comes up, two at once, the database is restarted (in order,
by breaking off, by killing it), all its connections are cut, or a worker is stopped for longer than its lease lasts.
Meanwhile deliveries are made twice, late, in another order, or not until they are made again; answers to posts are
lost, and posts cannot be found for a while. Half of the people are on a platform where a post is made once for its key,
half on one where it may be made twice (see hall.py).

In the end, and every 25 rounds: no message that was said to be stored is lost, none is stored or answered twice; turns
have no gap; nothing is graded or put twice; every reply was posted. Once the rounds are over, every interview is held
to its end, and every question of it has its grade. Replies that are there twice: none on the one platform; on the other
only where it could not be known whether the post was made, and they are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.hall import KINDS, Chaos, Hall
from bench.people import Human, Pace, crowd
from interviewer.domain.interview import Received, Turned
from interviewer.domain.state import Status, fold
from interviewer.stores.sql import SqlStore
from tests.postgres import Postgres

CHAOS = Chaos(twice=0.15, late=0.3, dropped=0.1, unanswered=0.03, unseen=0.05)
LEASE = 1.0
CHECK_EVERY = 25
OPTIONS = {"latency": 0.05, "lease": LEASE, "quiet": 0.05, "answer": 0.4, "patience": 10.0, "questions": 4, "slots": 16}


@dataclass
class Torture:
    """What is tortured: the hall, the database and the workers."""

    hall: Hall
    server: Postgres
    url: str
    dice: random.Random
    people: list[Human]
    log: Path
    workers: list[asyncio.subprocess.Process] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    async def start_worker(self) -> None:
        """One more."""
        command = [sys.executable, "-m", "bench.hall_worker", str(self.hall.path), self.url, json.dumps(OPTIONS)]
        with self.log.open("ab") as log:
            self.workers.append(await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log))

    async def kill_worker(self) -> None:
        """With SIGKILL, and another comes up."""
        victim = self.workers.pop(self.dice.randrange(len(self.workers)))
        said = self.log.read_text()[-3000:]
        check(victim.returncode is None, f"a worker came to its end by itself: {victim.returncode}\n{said}")
        victim.kill()
        await victim.wait()
        self.done["kills"] += 1
        await self.start_worker()

    async def kill_two(self) -> None:
        """At once."""
        await self.kill_worker()
        await self.kill_worker()

    async def stop_the_clock(self) -> None:
        """Of a worker, for longer than its lease; then it goes on, and others have taken over."""
        victim = self.dice.choice(self.workers)
        victim.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE * 1.5)
        victim.send_signal(signal.SIGCONT)
        self.done["stalls"] += 1

    async def restart_database(self) -> None:
        """In order, by breaking off, or as if the power had gone."""
        how = self.dice.choice((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
        await asyncio.to_thread(self.server.stop, how)
        await asyncio.sleep(self.dice.uniform(0, 0.5))
        await asyncio.to_thread(self.server.start)
        self.done["restarts"] += 1

    async def cut_connections(self) -> None:
        """All that the database has."""
        others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await asyncio.to_thread(self.server.do, f"SELECT pg_terminate_backend(pid) FROM {others}", "torture")
        self.done["cuts"] += 1

    async def round(self) -> None:
        """Something happens to them."""
        await asyncio.sleep(self.dice.uniform(0.1, 0.6))
        what = [self.kill_worker, self.kill_two, self.restart_database, self.cut_connections, self.stop_the_clock]
        (doing,) = self.dice.choices(what, weights=(10, 3, 4, 2, 1))
        await doing()
        self.done["rounds"] += 1


def check(true: bool, what: str) -> None:
    """Stop at the first broken promise."""
    if not true:
        raise AssertionError(what)


async def torture(rounds: int, count: int, workers: int, seed: int) -> dict[str, Any]:
    """All of it; the counts."""
    dice, began = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Postgres(durable=True) as server:
        url = server.create("torture")
        async with Hall(Path(folder) / "hall", dice, CHAOS) as hall:
            pace = Pace(lambda: dice.uniform(0.0, 1.0), lambda: dice.choice((1, 1, 1, 2, 3)))
            held = Torture(hall, server, url, dice, crowd(hall, count, KINDS, pace), Path(folder) / "log")
            over, lives = asyncio.Event(), []
            try:
                for _ in range(workers):
                    await held.start_worker()
                lives = [asyncio.create_task(human.live(over)) for human in held.people]
                await _rounds(held, rounds, lives)
                over.set()
                hall.chaos = Chaos()
                await asyncio.gather(*lives)
                await asyncio.sleep(LEASE * 2)
                await verify(held, ended=True)
            finally:
                for task in lives:
                    task.cancel()
                for process in held.workers:
                    if process.returncode is None:
                        process.send_signal(signal.SIGCONT)
                        process.kill()
                    await process.wait()
            return {**held.done, **figures(held), "seconds": round(time.monotonic() - began, 1), "seed": seed}


async def _rounds(held: Torture, rounds: int, lives: list[asyncio.Task[None]]) -> None:
    for number in range(1, rounds + 1):
        await held.round()
        for life in lives:
            if life.done():
                life.result()
        if number % CHECK_EVERY == 0:
            await verify(held, ended=False)


async def verify(held: Torture, *, ended: bool) -> None:
    """Hold what the workers and the platform have said against what is in the database."""
    kept = {human.id: set(held.hall.kept[human.name]) for human in held.people}
    store = SqlStore(held.url, patience=30)
    await store.open()
    try:
        by_person: dict[str, set[str]] = {}
        for summary in await store.interviews():
            found = await _verify_one(held, store, summary.id, ended=ended)
            by_person.setdefault(summary.candidate, set()).update(found)
        for person, messages in kept.items():
            lost = messages - by_person.get(person, set())
            check(not lost, f"lost: {sorted(lost)[:5]} of {person}")
    finally:
        await store.close()
    _verify_posts(held)


async def _verify_one(held: Torture, store: SqlStore, interview_id: str, *, ended: bool) -> set[str]:
    """One interview, by its events; the ids of its messages."""
    events = [event for _, event in await store.events(interview_id)]
    interview = fold(interview_id, events)
    received = Counter(e.message.id for e in events if isinstance(e, Received))
    turns = [e.turn for e in events if isinstance(e, Turned)]
    answered = Counter(m for t in turns for m in t.consumed)
    graded = Counter(g.question_id for t in turns for g in t.grades)
    asked = Counter(t.move.question_id for t in turns if t.move.kind in {"ask", "next"})
    check([t.number for t in turns] == list(range(len(turns))), f"{interview_id}: turns with a gap")
    for name, counts in (("received", received), ("answered", answered), ("graded", graded), ("asked", asked)):
        check(max(counts.values(), default=1) == 1, f"{interview_id}: {name} twice")
    mark = f"mark-of-{interview.candidate.rsplit(':', 1)[1]} "
    check(all(mark in m.text for m in interview.messages), f"{interview_id}: another's words")
    if ended and interview.place:
        check(interview.status is Status.ENDED, f"{interview_id} did not come to its end")
        check(set(graded) == set(interview.plan.questions), f"{interview_id}: questions without a grade")
        check(not interview.unsent, f"{interview_id}: replies that were not noted as sent")
        for turn in turns:
            there = [held.hall.sheets[ref] for ref in held.hall.by_key[f"{interview_id}/{turn.number}/0"]]
            standing = [s.text.strip() for s in there if not s.removed]
            check(turn.reply.strip() in standing, f"{interview_id}: turn {turn.number} unseen")
        held.done["interviews"] += 1
        held.done["turns"] += len(turns)
        held.done["after_the_end"] += len(interview.pending)
    return set(received)


def _verify_posts(held: Torture) -> None:
    """Replies that are there twice."""
    for key, refs in held.hall.by_key.items():
        there = [ref for ref in refs if not held.hall.sheets[ref].removed]
        if len(there) > 1:
            kind = held.hall.sheets[refs[0]].place.split(":")[0]
            check(kind == "found", f"{key} was posted {len(there)} times where that cannot be")
            check(key in held.hall.unknowable, f"{key} was posted {len(there)} times, and it could be known")


def figures(held: Torture) -> dict[str, int]:
    """What went on meanwhile."""
    sheets = held.hall.sheets
    standing = {k: [sheets[r] for r in refs if not sheets[r].removed] for k, refs in held.hall.by_key.items()}
    twice = Counter(there[0].place.split(":")[0] for there in standing.values() if len(there) > 1)
    return {
        "messages": sum(len(names) for names in held.hall.kept.values()),
        **{f"deliveries_{name}": held.hall.counts[name] for name in ("twice", "late", "dropped", "redelivered")},
        "posts": len(sheets),
        "answers_to_posts_lost": held.hall.counts["unanswered"],
        "outcomes_unknowable": len(held.hall.unknowable),
        "replies_twice": twice["found"],
        "replies_twice_where_posts_have_keys": twice["once"],
        "lost": 0,
    }


def main() -> None:
    """Torture, and say how it went. Exit code 1 at the first broken promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    try:
        found = asyncio.run(torture(args.rounds, args.people, args.workers, args.seed))
    except (AssertionError, TimeoutError) as error:
        sys.exit(f"seed {args.seed}: {error or type(error).__name__}")
    print(json.dumps(found) if args.json else "\n".join(f"{name:>36} {value}" for name, value in found.items()))


if __name__ == "__main__":
    main()
