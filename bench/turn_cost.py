"""What the store costs a turn, on SQLite over an interview of 100 turns, and whether it grows.

    python bench/turn_cost.py [--turns 100] [--url sqlite:///FILE] [--json]

A turn here is what conduct does with a store: take the message, take the lease, load what is new, keep the
assessment, record the turn, mark it as sent, give the lease back. No engine runs; the folds are not timed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from interviewer.domain.grading import PointFinding, Verdict
from interviewer.domain.guide import Guide, KeyPoint, Question
from interviewer.domain.interview import (
    Assessed,
    Assessment,
    Inbound,
    MessageKind,
    ModelCall,
    Move,
    MoveKind,
    Plan,
    Received,
    Sent,
    Started,
    Turn,
    Turned,
)
from interviewer.stores.sql import SqlStore

WORDS = "I would cut the service along its data, put a queue between the halves, and watch the lag. " * 6
AT = datetime(2026, 1, 1, tzinfo=UTC)


def make_guide() -> Guide:
    """One question with six key points."""
    points = tuple(KeyPoint(id=f"p{i}", text=f"Point {i} of the model answer.", line=i + 1) for i in range(6))
    return Guide(
        id="g",
        title="A guide",
        file="g.md",
        revision="r",
        questions=(Question(id="q", text="Why?", line=1, key_points=points),),
    )


def make_assessment() -> Assessment:
    """As large as a real one: six verdicts with their quotes and two model calls."""
    points = tuple(PointFinding(id=f"p{i}", verdict=Verdict.COVERED, quote=WORDS[:80]) for i in range(6))
    calls = tuple(ModelCall(role=r, model="m", prompt_digest="d" * 64, latency_ms=412.0) for r in ("assess", "speak"))
    return Assessment(kind=MessageKind.ANSWER, points=points, calls=calls)


class Watch:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time one step."""
        began = time.perf_counter()
        yield
        self.steps.setdefault(step, []).append((time.perf_counter() - began) * 1e3)


async def take_turn(store: SqlStore, number: int, seen: int, watch: Watch) -> int:
    """One turn; the last sequence number it saw."""
    message = Inbound(id=f"m{number}", interview_id="i", text=WORDS, at=AT)
    made = make_assessment()
    move = Move(kind=MoveKind.PROBE, question_id="q", target="p1")
    turn = Turn(number=number, at=AT, consumed=(message.id,), assessment=made, move=move, reply=WORDS[:200])
    with watch("receive"):
        await store.append("i", [Received(message=message)])
    with watch("acquire"):
        await store.acquire("i", "me", 60)
    with watch("load"):
        rows = await store.events("i", seen)
    with watch("assessed"):
        await store.append("i", [Assessed(number=number, consumed=(message.id,), assessment=made)])
    with watch("turned"):
        await store.append("i", [Turned(turn=turn)])
    with watch("sent"):
        await store.append("i", [Sent(number=number, at=AT)])
    with watch("release"):
        await store.release("i", "me")
    return rows[-1][0]


async def measure(url: str, turns: int) -> dict[str, float]:
    """Medians in ms, of a turn and of its steps, and how much the last 20 turns cost against the first 20."""
    store, watch, seen, guide = SqlStore(url), Watch(), 0, make_guide()
    await store.open()
    await store.save_guide(guide)
    plan = Plan(guide_id="g", guide_title="A guide", guide_revision="r", questions=("q",))
    await store.append("i", [Started(at=AT, plan=plan, candidate="c", channel="bench", engine="none")])
    for number in range(turns):
        seen = await take_turn(store, number, seen, watch)
    began = time.perf_counter()
    await store.events("i")
    whole = (time.perf_counter() - began) * 1e3
    await store.close()
    leases = ("acquire", "release")
    each = [sum(v) for v in zip(*(v for k, v in watch.steps.items() if k not in leases), strict=True)]
    return {
        "turn_ms": median(each),
        "first20_ms": median(each[:20]),
        "last20_ms": median(each[-20:]),
        "flatness": median(each[-20:]) / median(each[:20]),
        "worst_ms": max(each),
        "load_all_ms": whole,
        **{f"{step}_ms": median(values) for step, values in watch.steps.items()},
    }


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--url")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(args.url or f"sqlite:///{Path(folder, 'turns.sqlite')}", args.turns))
    if args.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>14} {value:8.3f}")


if __name__ == "__main__":
    main()
