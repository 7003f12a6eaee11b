"""Many interviews at once, with an engine that takes half a second: how many turns, how much waiting, how much memory.

    python -m bench.scale --table                                        everything below, about 15 minutes
    python -m bench.scale [--people 1000] [--think 30] [--workers 1] [--database postgresql|sqlite] ...

People answer after some time to think. They are held by the bench's own process; the workers are processes of the real
desk, rota, conductor and store, as `interviewer serve` runs them, without a chat platform's network. The engine alone
would allow people / (think + latency) turns a second, or, with so many calls at once as the workers have slots,
slots / latency; what a turn costs beside the engine makes it fewer. Overhead is from the moment that someone sends an
answer until the reply is there, less the latency; where more wait than there are slots (--think 0) that is mostly
waiting, and what counts is the service: from when a worker takes it until the reply is there and noted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, quantiles

from bench.hall import Hall
from bench.people import Human, Pace, crowd, thinking
from tests.postgres import Postgres

RATIO_LIMIT = 1.3
OVERHEAD_LIMIT_MS = 50.0
GROWTH_LIMIT = 1.1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Load:
    """What is asked of the workers. Seconds; `warm` of them are not measured."""

    people: int
    think: float
    latency: float
    warm: float
    seconds: float
    workers: int
    database: str
    slots: int
    kept: int = 256
    questions: int = 12


@dataclass
class Found:
    """What came of it. Milliseconds; `cpu` in cores; memory of a worker in MB, as it was over the run."""

    turns: int
    rate: float
    alone: float
    overhead: list[float]
    service: list[float]
    cpu: dict[str, float]
    memory: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times more turns the engine alone would allow."""
        return self.alone / self.rate if self.rate else float("inf")


def percentile(values: list[float], percent: int) -> float:
    """NaN of nothing."""
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("nan")


async def measure(load: Load) -> Found:
    """Run one load."""
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as folder, database(load.database, Path(folder)) as (url, server):
        async with Hall(Path(folder) / "hall", dice) as hall, workers(hall, url, load) as processes:
            people, over = crowd(hall, load.people, ("once",), Pace(thinking(dice, load.think))), asyncio.Event()
            lives = [asyncio.create_task(_arrive(human, dice.uniform(0, load.warm * 0.8), over)) for human in people]
            await asyncio.sleep(load.warm)
            pids = [p.pid for p in processes]
            began, before = time.monotonic(), _cpu(pids, server)
            memory = await _memory_meanwhile(pids, load.seconds)
            ended, after = time.monotonic(), _cpu(pids, server)
            for life in lives:
                life.cancel()
            gone = await asyncio.gather(*lives, return_exceptions=True)
            broken = [e for e in gone if isinstance(e, BaseException) and not isinstance(e, asyncio.CancelledError)]
            if broken:
                raise broken[0]
    waits = [wait for human in people for at, wait in human.waits if began <= at <= ended]
    span = ended - began
    return Found(
        turns=len(waits),
        rate=len(waits) / span,
        alone=_alone(load),
        overhead=[(wait - load.latency) * 1e3 for wait in waits],
        service=[
            (seconds - load.latency) * 1e3
            for at, seconds in hall.services
            if began <= at <= ended and seconds >= load.latency
        ],
        cpu={name: (after[name] - before[name]) / span for name in after},
        memory=memory,
    )


def _alone(load: Load) -> float:
    """Turns a second of people who wait for nothing but the engine."""
    unbound = float("inf")
    by_people = load.people / (load.think + load.latency) if load.think + load.latency else unbound
    by_slots = load.workers * load.slots / load.latency if load.latency else unbound
    return min(by_people, by_slots)


async def _arrive(human: Human, wait: float, over: asyncio.Event) -> None:
    await asyncio.sleep(wait)
    await human.live(over)


async def _memory_meanwhile(pids: list[int], seconds: float) -> list[float]:
    """The memory of the largest worker, ten times."""
    found = []
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        found.append(max(_resident(pid) for pid in pids))
    return found


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, int]]:
    """An empty one, and the process id of its server, 0 where there is none."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'scale.sqlite'}", 0
        return
    with Postgres(durable=True, shared_buffers="256MB") as server:
        yield server.create("scale"), server.pid


@asynccontextmanager
async def workers(hall: Hall, url: str, load: Load) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Worker processes that are connected."""
    options = json.dumps(
        {
            "latency": load.latency,
            "slots": load.slots,
            "questions": load.questions,
            "kept": load.kept,
            "patience": 30.0,
        }
    )
    command = [sys.executable, "-m", "bench.hall_worker", str(hall.path), url, options]
    running = [await asyncio.create_subprocess_exec(*command) for _ in range(load.workers)]
    try:
        async with asyncio.timeout(60):
            while len(hall.links) < load.workers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _cpu(pids: list[int], server: int) -> dict[str, float]:
    """Seconds computed so far: by the workers, the database's server, and the people."""
    found = {"workers": sum(map(_computed, pids)), "people": sum(os.times()[:2])}
    return found | ({"database": sum(map(_computed, _family(server)))} if server else {})


def _computed(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(found: Found) -> float:
    """Memory in the last third of the time, by that in the middle."""
    third = max(len(found.memory) // 3, 1)
    return mean(found.memory[-third:]) / mean(found.memory[third : 2 * third])


def show(load: Load, found: Found) -> None:
    """A few lines."""
    print(
        f"\n{load.people} people, {load.think:g} s to think, engine {load.latency * 1e3:.0f} ms, "
        f"{load.workers} worker(s) of {load.slots} slots, {load.database}, {load.seconds:g} s"
    )
    print(f"  turns a second               {found.rate:8.1f}   of {found.alone:.1f} that the engine alone allows")
    print(f"  engine alone / with all      {found.ratio:8.2f}   limit {RATIO_LIMIT}")
    for name, values in (("overhead", found.overhead), ("service beyond engine", found.service)):
        shown = "  ".join(f"p{p} {percentile(values, p):.1f}" for p in (50, 95, 99))
        print(f"  {name + ', ms':28} {shown}   limit p95 {OVERHEAD_LIMIT_MS:.0f}")
    print(f"  cores: {', '.join(f'{name} {used:.2f}' for name, used in found.cpu.items())}, of {os.cpu_count()}")
    per = {name: 1e3 * used / found.rate for name, used in found.cpu.items()} if found.rate else {}
    print(f"  CPU a turn, ms: {', '.join(f'{name} {ms:.1f}' for name, ms in per.items())}")
    print(f"  memory of a worker, MB       {found.memory[-1]:8.0f}   last third / middle third {growth(found):.3f}")
    print(f"  turns measured               {found.turns:8d}")


def table() -> bool:
    """One load after another; whether those with limits keep them."""
    usual = Load(people=1000, think=30, latency=0.5, warm=60, seconds=90, workers=1, database="postgresql", slots=64)
    full = replace(usual, people=400, think=0, slots=16, warm=30, seconds=45)
    bare = replace(full, latency=0.0, slots=32, people=200, warm=20)
    rows = {
        "1,000 interviews, PostgreSQL": usual,
        "1,000 interviews, SQLite": replace(usual, database="sqlite"),
        "always full, one worker": full,
        "always full, two workers": replace(full, workers=2),
        "no engine, one worker": bare,
        "no engine, two workers": replace(bare, workers=2),
        "no engine, SQLite": replace(bare, database="sqlite"),
        "no engine, 10,000 turns and more": replace(bare, people=50, seconds=150),
    }
    found = {}
    for name, load in rows.items():
        print(f"\n{name}", end="")
        found[name] = asyncio.run(measure(load))
        show(load, found[name])
    for kind in ("always full", "no engine"):
        one, two = (found[f"{kind}, {count}"].rate for count in ("one worker", "two workers"))
        print(f"\n{kind}: two workers {two / one:.2f} times one; wanted 1.7 where the cores allow", end="")
    long = found["no engine, 10,000 turns and more"]
    megabytes = " ".join(f"{mb:.0f}" for mb in long.memory)
    print(f"\nmemory over {long.turns} turns: {megabytes} MB, last third by the middle at most {GROWTH_LIMIT}")
    usual_found = found["1,000 interviews, PostgreSQL"]
    kept = usual_found.ratio <= RATIO_LIMIT and percentile(usual_found.overhead, 95) <= OVERHEAD_LIMIT_MS
    return kept and growth(long) <= GROWTH_LIMIT


def main() -> bool:
    """Run one load and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--think", type=float, default=30.0, help="seconds, on average")
    parser.add_argument("--latency", type=float, default=0.5, help="seconds, of the engine")
    parser.add_argument("--warm", type=float, default=45.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--kept", type=int, default=256)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--table", action="store_true")
    args = vars(parser.parse_args())
    if args.pop("table"):
        return table()
    load = Load(**args)
    found = asyncio.run(measure(load))
    show(load, found)
    overhead = found.overhead if load.think else found.service
    return found.ratio <= RATIO_LIMIT and percentile(overhead, 95) <= OVERHEAD_LIMIT_MS


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
