"""What the store costs a turn, on SQLite over an interview of 100 turns, and whether it grows.

    python -m bench.turn_cost [--turns 100] [--url sqlite:///FILE] [--json]

A turn here is what conduct does with a store: take the message, take the lease with what is new, keep the assessment,
record the turn, which ends the lease, mark it as sent. No engine runs; the folds are not timed. Twenty turns of another
interview are taken first, to warm up. "cpu" is the whole of a turn in processor time, which other programs disturb
less; its flatness is the one to trust on a busy machine.

The disk is told a moment after a commit to keep it (see stores/sqlite.py), and disks differ: one sync took 0.3 ms and
3 ms on the same machine within ten minutes. So the same is measured in memory too, which is the store's own work, and
the disk's sync by itself, before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
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


async def take_turn(store: SqlStore, interview: str, number: int, seen: int, watch: Watch) -> int:
    """One turn; the last sequence number it saw."""
    message = Inbound(id=f"m{number}", interview_id=interview, text=WORDS, at=AT)
    made = make_assessment()
    move = Move(kind=MoveKind.PROBE, question_id="q", target="p1")
    turn = Turn(number=number, at=AT, consumed=(message.id,), assessment=made, move=move, reply=WORDS[:200])
    with watch("receive"):
        await store.append(interview, [Received(message=message)])
    with watch("claim"):
        rows = await store.claim(interview, "me", 60, seen)
    with watch("assessed"):
        await store.append(interview, [Assessed(number=number, consumed=(message.id,), assessment=made)])
    with watch("turned"):
        await store.append(interview, [Turned(turn=turn)])
    with watch("sent"):
        await store.append(interview, [Sent(number=number, at=AT)])
    return rows[-1][0] if rows else seen


async def take_turns(store: SqlStore, interview: str, turns: int) -> Watch:
    """A whole interview."""
    watch, seen = Watch(), 0
    plan = Plan(guide_id="g", guide_title="A guide", guide_revision="r", questions=("q",))
    await store.append(interview, [Started(at=AT, plan=plan, candidate="c", channel="bench", engine="none")])
    for number in range(turns):
        began = time.process_time()
        seen = await take_turn(store, interview, number, seen, watch)
        watch.steps.setdefault("cpu", []).append((time.process_time() - began) * 1e3)
    return watch


async def measure(url: str, turns: int) -> dict[str, float]:
    """Medians in ms, of a turn and of its steps, and how much the last 20 turns cost against the first 20."""
    store = SqlStore(url)
    await store.open()
    await store.save_guide(make_guide())
    await take_turns(store, "warm", 20)
    watch = await take_turns(store, "i", turns)
    began = time.perf_counter()
    await store.events("i")
    whole = (time.perf_counter() - began) * 1e3
    await store.close()
    left_out, cpu = ("cpu",), watch.steps["cpu"]
    each = [sum(v) for v in zip(*(v for k, v in watch.steps.items() if k not in left_out), strict=True)]
    return {
        "turn_ms": median(each),
        "first20_ms": median(each[:20]),
        "last20_ms": median(each[-20:]),
        "flatness": median(each[-20:]) / median(each[:20]),
        "cpu_flatness": median(cpu[-20:]) / median(cpu[:20]),
        "worst_ms": max(each),
        "load_all_ms": whole,
        **{f"{step}_ms": median(values) for step, values in watch.steps.items()},
    }


def sync_ms(folder: Path) -> float:
    """Median of what it takes to write one page and to wait for the disk."""
    times, handle = [], os.open(folder / "probe", os.O_CREAT | os.O_WRONLY)
    for _ in range(100):
        began = time.perf_counter()
        os.write(handle, bytes(4096))
        os.fsync(handle)
        times.append((time.perf_counter() - began) * 1e3)
    os.close(handle)
    return median(times)


def compare(turns: int) -> dict[str, dict[str, float]]:
    """On disk and, where there is such a folder, in memory."""
    found = {}
    for name, parent in (("disk", None), ("memory", "/dev/shm")):
        if parent and not Path(parent).is_dir():
            continue
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            before = sync_ms(Path(folder))
            figures = asyncio.run(measure(f"sqlite:///{Path(folder, 'turns.sqlite')}", turns))
            found[name] = {**figures, "sync_before_ms": before, "sync_after_ms": sync_ms(Path(folder))}
    return found


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--url")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = {"url": asyncio.run(measure(args.url, args.turns))} if args.url else compare(args.turns)
    if args.json:
        print(json.dumps(found))
        return
    print(" " * 16 + "".join(f"{name:>9}" for name in found))
    for step in next(iter(found.values())):
        print(f"{step:>16}" + "".join(f"{figures[step]:9.3f}" for figures in found.values()))


if __name__ == "__main__":
    main()
