"""Fifty live interviews on PostgreSQL while workers are killed, the database is restarted and deliveries go astray.

    python -m bench.server_torture [--rounds 300] [--people 50] [--workers 4] [--seed N] [--json]

The workers are processes of the real desk, rota, conductor and store; the engine is scripted. In every round something
is done to them: a worker is killed with SIGKILL and another comes up, two at once, the database is restarted (in order,
by breaking off, by killing it), all its connections are cut, or a worker is stopped for longer than its lease lasts.
Meanwhile deliveries are made twice, late, in another order, or not until they are made again; answers to posts are
lost, and posts cannot be found for a while. Half of the people are on a platform where a post is made once for its key,
half on one where it may be made twice (see hall.py). The people answer, and at times edit, delete, flood, pause, go on
elsewhere, press buttons twice, begin a second interview, or write and press where another is interviewed (restless.py).

In the end, and every 25 rounds, what must hold is held against the database (torture_check.py has the list): nothing
lost, recorded, answered, graded or put twice, nobody in another's interview, no post twice where that could be known.
Once the rounds are over every interview is held to its end. What is broken is counted; exit status 1 if anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.hall import KINDS, Chaos, Hall
from bench.people import Pace
from bench.restless import Restless, restless_crowd
from bench.torture_check import Findings, verify
from bench.torture_report import Tell, as_json, progress, show
from interviewer.domain.errors import NotFoundError
from interviewer.stores.sql import SqlStore
from tests.postgres import Postgres

CHAOS = Chaos(twice=0.15, late=0.3, dropped=0.1, unanswered=0.03, unseen=0.05)
LEASE = 1.0
CHECK_EVERY = 25
ID = re.compile(r"\b[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}\b")
OPTIONS = {"latency": 0.05, "lease": LEASE, "quiet": 0.05, "answer": 0.4, "patience": 30.0, "questions": 4, "slots": 16}


@dataclass
class Torture:
    """What is tortured: the hall, the database and the workers."""

    hall: Hall
    server: Postgres
    url: str
    dice: random.Random
    people: list[Restless]
    log: Path
    workers: list[asyncio.subprocess.Process] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)

    async def start_worker(self) -> None:
        """One more."""
        command = [sys.executable, "-m", "bench.hall_worker", str(self.hall.path), self.url, json.dumps(OPTIONS)]
        with self.log.open("ab") as log:
            self.workers.append(await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log))

    async def kill_worker(self) -> None:
        """With SIGKILL, and another comes up."""
        victim = self.workers.pop(self.dice.randrange(len(self.workers)))
        if victim.returncode is None:
            victim.kill()
            self.done["kills"] += 1
        await victim.wait()
        await self.start_worker()

    async def replace_ended(self) -> None:
        """Note which workers came to their end by themselves, with the end of the log, and start others."""
        for worker in [w for w in self.workers if w.returncode is not None]:
            self.findings.must(False, "ended_workers", f"{worker.pid} with {worker.returncode}")
            print(self.log.read_text()[-3000:], file=sys.stderr)
            self.workers.remove(worker)
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
        await self.replace_ended()
        what = [self.kill_worker, self.kill_two, self.restart_database, self.cut_connections, self.stop_the_clock]
        (doing,) = self.dice.choices(what, weights=(10, 3, 4, 2, 1))
        await doing()
        self.done["rounds"] += 1

    async def stop(self) -> None:
        """End the workers."""
        for process in self.workers:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            await process.wait()

    async def verify(self, *, ended: bool) -> None:
        """Look whether all holds that must."""
        await verify(self.findings, self.hall, self.people, self.url, ended=ended)

    async def waited_for(self, lives: list[asyncio.Task[None]]) -> None:
        """Wait for people to come to an end, and note who saw nothing for too long."""
        for human, life in zip(self.people, lives, strict=True):
            try:
                await life
            except TimeoutError:
                self.findings.must(False, "waited_in_vain", f"{human.name} in {human.going()}, at {human.mood}")


async def torture(rounds: int, count: int, workers: int, seed: int) -> tuple[dict[str, Any], Findings]:
    """All of it; the counts, and what does not hold."""
    dice, began = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Postgres(durable=True) as server:
        url = server.create("torture")
        async with Hall(Path(folder) / "hall", dice, CHAOS) as hall:
            pace = Pace(lambda: dice.uniform(0.0, 1.0), lambda: dice.choice((1, 1, 1, 2, 3)))
            people = restless_crowd(hall, count, KINDS, pace, dice)
            held = Torture(hall, server, url, dice, people, Path(folder) / "log")
            try:
                for _ in range(workers):
                    await held.start_worker()
                with progress(rounds) as tell:
                    await _run(held, rounds, tell)
                await keep_what_broke(held)
            finally:
                await held.stop()
            return figures(held) | {"seconds": round(time.monotonic() - began, 1), "seed": seed}, held.findings


async def keep_what_broke(held: Torture) -> None:
    """Where a promise is broken, keep the workers' log and the interviews that are named, and say where."""
    named = {name for what in held.findings.broken.values() for text in what for name in ID.findall(text)}
    if not held.findings.count:
        return
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    shutil.copy(held.log, folder / "workers.log")
    store = SqlStore(held.url)
    await store.open()
    for name in named:
        with contextlib.suppress(NotFoundError):
            events = [event.model_dump_json() for _, event in await store.events(name)]
            (folder / f"{name}.jsonl").write_text("\n".join(events))
    await store.close()
    sheets = [f"{ref} {sheet}" for ref, sheet in held.hall.sheets.items() if sheet.key.partition("/")[0] in named]
    (folder / "posts.txt").write_text("\n".join(sheets))
    print(f"what broke is kept in {folder}", file=sys.stderr)


async def _run(held: Torture, rounds: int, tell: Tell) -> None:
    over = asyncio.Event()
    lives = [asyncio.create_task(human.live(over)) for human in held.people]
    try:
        for number in range(1, rounds + 1):
            await held.round()
            if number % CHECK_EVERY == 0:
                await held.verify(ended=False)
            tell(number, f"{sum(h.ended for h in held.people)} interviews over, {held.findings.count} promises broken")
        over.set()
        held.hall.chaos = Chaos()
        tell(rounds, "all interviews are held to their end")
        await held.waited_for(lives)
        await asyncio.sleep(LEASE * 2)  # what came late may have begun another
        lives = [asyncio.create_task(human.finish()) for human in held.people]
        await held.waited_for(lives)
        await asyncio.sleep(LEASE * 2)
        await held.verify(ended=True)
    finally:
        for task in lives:
            task.cancel()


def figures(held: Torture) -> dict[str, Any]:
    """What went on meanwhile."""
    hall, did = held.hall, sum((human.did for human in held.people), Counter[str]())
    return {
        **held.done,
        **held.findings.seen,
        "messages": sum(len(names) for names in hall.kept.values()),
        **{f"deliveries_{name}": hall.counts[name] for name in ("twice", "late", "dropped", "redelivered")},
        "posts": len(hall.sheets),
        "answers_to_posts_lost": hall.counts["unanswered"],
        "outcomes_unknowable": len(hall.unknowable),
        "pauses": did["pause"],
        "moves": did["pause"] + did["elsewhere"],
        "asked_again_to_go_on": did["asked_again_to_go_on"],
        "pressed_twice": did["skip_twice"] + did["hint_twice"],
        "begun_again": did["begin_again"],
        "intrusions": sum(len(human.foreign) for human in held.people),
        "floods": did["flood"],
    }


def main() -> int:
    """Torture, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found, findings = asyncio.run(torture(args.rounds, args.people, args.workers, args.seed))
    if args.json:
        print(json.dumps(as_json(found, findings)))
    else:
        show(found, findings)
    return 1 if findings.count else 0


if __name__ == "__main__":
    sys.exit(main())
