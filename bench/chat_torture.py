"""Kill a candidate's whole program, the real Conductor on SQLite, 200 times, and see whether the interview notices.

    python -m bench.chat_torture [--kills 200] [--seed N]

A child process holds one interview: it receives the next answer, says so once the store has it, takes the turn, says
so, marks it sent, and so on; a new child goes on where the last one died. After every kill the parent folds what is
stored: every message that was acknowledged is there, once; turns are numbered without a gap; no question is graded
twice; none is put twice. In the end the interview must have ended and every question must have its grade.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.turns import long_guide
from interviewer.conduct import turn as conduct
from interviewer.conduct.plan import make_plan
from interviewer.domain.errors import InterviewBusy
from interviewer.domain.interview import Event, Inbound, Received, Turned
from interviewer.domain.state import Status, fold
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import utc_now
from interviewer.prompts import phrases
from interviewer.stores.sql import SqlStore
from tests.fakes import FakeRetriever

QUESTIONS = 40
conduct.LEASE_SECONDS = 0.2


async def hold(url: str, interview_id: str) -> None:
    """The child: go on with the interview to its end, saying what is done."""
    store = SqlStore(url)
    await store.open()
    lines = phrases()
    conductor = conduct.Conductor(store, ScriptedEngine(lines), FakeRetriever(), lines)
    while True:
        interview = await conductor.load(interview_id)
        for number in list(interview.unsent):
            await conductor.sent(interview_id, number)
        if interview.status is Status.ENDED:
            return
        if not interview.pending:
            message_id = f"m{len(interview.messages)}"
            answer = f"Answer {message_id}: I would do this +1 and that ~2."
            await conductor.receive(Inbound(id=message_id, interview_id=interview_id, text=answer, at=utc_now()))
            print(f"accepted {message_id}", flush=True)
        try:
            taken = await conductor.advance(interview_id)
        except InterviewBusy:
            await asyncio.sleep(0.05)
            continue
        if taken:
            print(f"taken {taken.number}", flush=True)


def check(url: str, interview_id: str, acknowledged: set[str]) -> tuple[Status, int]:
    """The interview's status and turns; AssertionError when anything was lost or done twice."""

    async def read() -> list[Event]:
        store = SqlStore(url)
        await store.open()
        found = [event for _, event in await store.events(interview_id)]
        await store.close()
        return found

    events = asyncio.run(read())
    interview = fold(interview_id, events)
    received = Counter(e.message.id for e in events if isinstance(e, Received))
    turns = [e.turn for e in events if isinstance(e, Turned)]
    answered = Counter(m for t in turns for m in t.consumed)
    graded = Counter(g.question_id for t in turns for g in t.grades)
    asked = Counter(t.move.question_id for t in turns if t.move.kind in {"ask", "next"})
    assert acknowledged <= set(received), f"lost: {acknowledged - set(received)}"
    assert [t.number for t in turns] == list(range(len(turns))), "turns with a gap"
    for name, counts in (("received", received), ("answered", answered), ("graded", graded), ("asked", asked)):
        twice = [k for k, n in counts.items() if n > 1]
        assert not twice, f"{name} twice: {twice}"
    if interview.status is Status.ENDED:
        assert set(graded) == set(interview.plan.questions)
    return interview.status, len(turns)


async def begin(url: str) -> str:
    """A new interview; its id."""
    store = SqlStore(url)
    await store.open()
    lines = phrases()
    guide = long_guide()
    conductor = conduct.Conductor(store, ScriptedEngine(lines), FakeRetriever(), lines)
    plan = make_plan(guide, count=QUESTIONS)
    interview = await conductor.start(plan, guide, candidate="torture", channel="bench")
    await store.close()
    return interview.id


def torture(kills: int, chance: random.Random) -> tuple[int, int, int]:
    """Kills done, interviews ended and turns taken."""
    done = ended = turns = 0
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'torture.db'}"
        while done < kills:
            interview_id, acknowledged, status = asyncio.run(begin(url)), set(), Status.ACTIVE
            while status is not Status.ENDED:
                lived = time.perf_counter()
                command = [sys.executable, "-m", "bench.chat_torture", "--child", url, interview_id]
                child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                assert child.stdout is not None
                first = child.stdout.readline()  # it works by now; die at a random moment of its work
                time.sleep(chance.random() * 0.12)
                alive = child.poll() is None
                child.send_signal(signal.SIGKILL)
                told = (first + child.communicate()[0]).splitlines()
                acknowledged |= {line.split()[1] for line in told if line.startswith("accepted ")}
                done += alive
                status, taken = check(url, interview_id, acknowledged)
                assert time.perf_counter() - lived < 60
            ended, turns = ended + 1, turns + taken
    return done, ended, turns


def main() -> bool:
    """Torture and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        asyncio.run(hold(*args.child))
        return True
    done, ended, turns = torture(args.kills, random.Random(args.seed))
    print(f"{done} kills, {ended} interviews ended, {turns} turns: nothing lost, nothing done twice")
    return True


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
