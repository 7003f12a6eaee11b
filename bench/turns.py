"""What a turn costs without the engine: receive, decide, word, record and mark, by the real Conductor on SQLite."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.guide import FollowUp, Guide, KeyPoint, Pitfall, Question
from interviewer.domain.interview import Inbound
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import utc_now
from interviewer.prompts import phrases
from interviewer.stores.sql import SqlStore
from tests.fakes import FakeRetriever

TURNS = 100
MEDIAN_LIMIT_MS = 3.0
FLAT_LIMIT = 1.5


def long_guide() -> Guide:
    """Questions enough for TURNS turns, of the usual size."""
    questions = tuple(
        Question(
            id=f"q{n}",
            text=f"How would you go about problem number {n}?",
            line=1,
            answer="A good answer weighs what is known against what is not. " * 8,
            key_points=tuple(KeyPoint(id=f"k{i}", text=f"Point {i} of {n} is made plainly.", line=1) for i in range(5)),
            pitfalls=(Pitfall(id="p1", text="Says that nothing can fail.", line=1),),
            follow_ups=(FollowUp(id="f1", text="What would you do differently?", line=1),),
        )
        for n in range(TURNS // 2)
    )
    return Guide(id="long", title="Long", file="long.md", revision="0" * 64, questions=questions)


async def turn_times(folder: Path) -> list[float]:
    """Milliseconds of each turn."""
    store = SqlStore(f"sqlite:///{folder / 'bench.db'}")
    await store.open()
    lines = phrases()
    conductor = Conductor(store, ScriptedEngine(lines), FakeRetriever(), lines)
    guide = long_guide()
    interview = await conductor.start(make_plan(guide, count=TURNS // 2), guide, candidate="bench", channel="bench")
    times = []
    for n in range(TURNS):
        answer = "I would start from what is known, and say +1 what is not. ~2 " + "More words follow here. " * 20
        start = time.perf_counter()
        await conductor.receive(Inbound(id=f"m{n}", interview_id=interview.id, text=answer, at=utc_now()))
        turn = await conductor.advance(interview.id)
        if turn is None:
            break
        await conductor.sent(interview.id, turn.number)
        times.append((time.perf_counter() - start) * 1e3)
    await store.close()
    return times


def main() -> bool:
    """Print the figures; whether each is within its limit."""
    with tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(turn_times(Path(folder)))
    middle, growth = median(times), median(times[-25:]) / median(times[:25])
    print(f"turn without engine, ms      {middle:8.2f}   limit {MEDIAN_LIMIT_MS:6.2f}   median of {len(times)} turns")
    print(f"last 25 / first 25 turns     {growth:8.2f}   limit {FLAT_LIMIT:6.2f}")
    return middle <= MEDIAN_LIMIT_MS and growth <= FLAT_LIMIT


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
