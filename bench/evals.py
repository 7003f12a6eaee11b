"""How fast evaluation grades, beside what it cannot beat, and beside other runners where those are installed.

    python -m bench.evals [--peers DIR] [--quick]

A stand-in endpoint in a process of its own answers each request after 200 ms. 600 gradings, 50 at once, cannot take
less than 2.4 s. What a user waits for is timed as a user runs it: `eval replay` with its HTML report in a process of
its own, and the embedded engine on the suite agreement. `--peers` sets up DeepEval, Inspect AI and promptfoo in DIR, if
they are not there, and gives them the same prompts. `--quick` leaves out the 10,000 gradings.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from pydantic_core import from_json, to_json

from bench.evals_endpoint import served
from interviewer.conduct.single import request_of
from interviewer.engines.llm_client import warm
from interviewer.evaluation.cases import AskedQuestion
from interviewer.evaluation.definitions import definition
from interviewer.evaluation.ledger import Ledger, LedgerWriter
from interviewer.evaluation.measuring import parts_of
from interviewer.evaluation.quoted import load_any
from interviewer.evaluation.results import Item
from interviewer.evaluation.run import Ran, RunOptions, run
from interviewer.evaluation.subjects import Subject
from interviewer.resources import resource_folder
from interviewer.settings import load_settings
from interviewer.wiring import House

LATENCY, AT_ONCE, ANSWERS, REPEATS = 0.2, 50, 200, 3
GRADINGS = ANSWERS * REPEATS
LEAST = GRADINGS / AT_ONCE * LATENCY
TIMES_LEAST, TIMES_FASTER = 1.8, 3.0
REPLAY_SECONDS, REPORT_SECONDS, EMBEDDED_SECONDS = 1.5, 10.0, 60.0
MANY, GROWTH_MIB, REPORT_MIB = 10_000, 25.0, 250.0
REPORTING = """
import sys
from bench.evals import peak
from interviewer.cli.eval import app
try:
    app(sys.argv[1:])
finally:
    print(peak())
"""
RATE = 100


def answers() -> list[Item]:
    """The answers that ship, as items."""
    found: list[Item] = []
    for path in sorted((resource_folder("evals") / "answers").glob("*.jsonl")):
        for line in path.read_text("utf-8").split("\n"):
            if line:
                found += _items(json.loads(line))
    return found


def _items(asked: dict[str, Any]) -> Iterator[Item]:
    name = f"{asked['guide']}/{asked['question_id']}"
    points, pitfalls = tuple(asked["key_points"]), tuple(asked["pitfalls"])
    question = AskedQuestion(
        id=name, text=asked["question"], category=asked["category"], key_points=points, pitfalls=pitfalls
    ).question()
    for number, answer in enumerate(asked["answers"]):
        case = f"{name}/{number}"
        yield Item(id=case, case_id=case, cluster=name, question=question, answer=answer["answer"])


def subject_at(url: str, folder: Path) -> Subject:
    """The engine on an endpoint, as evaluation measures it."""
    held = load_settings(
        data_dir=folder, cache_dir=folder / "cache", engine="openai", openai_base_url=url, grader={"model": "m"}
    )
    return House(held).subject()


def graded(
    url: str,
    items: Sequence[Item],
    path: Path,
    repeats: int = 1,
    of: tuple[str, str] = ("bench", "answers"),
    **options: Any,
) -> Ran:
    """A run into a new ledger; its seconds are without imports, which a real model's first answer hides."""
    subject = subject_at(url, path.parent)
    with LedgerWriter(path) as ledger:
        ran = asyncio.run(
            run(subject, items, repeats, ledger, subject.info(*of), RunOptions(at_once=AT_ONCE, **options))
        )
    assert (ran.made, ran.ungraded) == (len(items) * repeats, 0), (ran.made, ran.ungraded)
    return ran


def stats(url: str) -> dict[str, int]:
    """What the endpoint counted."""
    with urlopen(f"{url}/stats") as reply:
        found: dict[str, int] = json.load(reply)
    return found


async def bare(url: str, items: Sequence[Item], folder: Path) -> float:
    """Seconds for the same requests over bare sockets that stay open: what the endpoint and this machine take."""
    subject = subject_at(url, folder)
    assert subject.batches is not None
    lines = [await subject.batches.lines(i.id, request_of(i.question, i.answer)) for i in items]
    await subject.close()
    waiting, address = iter([to_json(from_json(line)["body"]) for [line] in lines] * REPEATS), urlsplit(url)

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for body in waiting:
            head = f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            told = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(told.lower().partition(b"content-length:")[2].split()[0]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


def shown(name: str, value: float, limit: float | None, note: str = "", digits: int = 2) -> bool:
    """Print a figure; whether it is within its limit."""
    told = f"limit {limit:8.{digits}f}" if limit is not None else " " * 14
    print(f"{name:42} {value:8.{digits}f}   {told}   {note}", flush=True)
    return limit is None or value <= limit


def speed(items: Sequence[Item], folder: Path, peers: Path | None) -> bool:
    """600 gradings, three times over; and by others."""
    chosen = items[:ANSWERS]
    with served(latency=LATENCY) as url:
        walls, cpu = [], time.process_time()
        for n in range(3):
            walls.append(graded(url, chosen, folder / f"speed{n}.jsonl", REPEATS).seconds)
        cpu = (time.process_time() - cpu) / 3
        plain = asyncio.run(bare(url, chosen, folder))
        ours = median(walls)
        within = shown("600 gradings / least possible", ours / LEAST, TIMES_LEAST,
                       f"{ours:.2f} s of {LEAST:.1f} (all: {', '.join(f'{w:.2f}' for w in walls)}), {cpu:.2f} s of "
                       f"processor; bare sockets {plain:.2f} s")  # fmt: skip
        if peers:
            within &= beside_peers(url, chosen, folder, peers, ours)
    return within


def beside_peers(url: str, items: Sequence[Item], folder: Path, peers: Path, ours: float) -> bool:
    """The same requests by other runners."""
    from bench.evals_peers import UNKEPT, seconds_of, set_up

    subject = subject_at(url, folder)
    tasks = [{"system": f.system, "user": f.user} for f in map(subject.fingerprint, items)] * REPEATS
    within = True
    for name in set_up(peers):
        before = stats(url)["accepted"]
        taken, note = seconds_of(name, peers, url, tasks, AT_ONCE)
        if taken is None:
            print(f"{name}: not measured: {note}")
            continue
        calls = stats(url)["accepted"] - before
        limit = None if name == UNKEPT else 1 / TIMES_FASTER
        within &= shown(f"ours / {name}", ours / taken, limit, f"{taken:.1f} s, {calls} calls; {note}")
    return within


def replay(items: Sequence[Item], folder: Path) -> bool:
    """What was recorded, read again: keys, rows and all, in a process that has imported nothing of it."""
    code = (
        "import sys, time; began = time.perf_counter(); from pathlib import Path; from bench.evals import *\n"
        "folder = Path(sys.argv[1]); subject = subject_at('http://127.0.0.1:1/v1', folder)\n"
        "items = answers()[:ANSWERS]; ready = time.perf_counter()\n"
        "with Ledger(folder / 'speed0.jsonl') as ledger:\n"
        "    ran = asyncio.run(run(subject, items, REPEATS, ledger, subject.info('bench', 'answers')))\n"
        "    assert ran.missing == 0 and len(list(ran.rows())) == GRADINGS\n"
        "print(ready - began, time.perf_counter() - ready)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    imports, read = map(float, done.stdout.split())
    size = (folder / "speed0.jsonl").stat().st_size / 1e6
    return shown("600 recorded gradings read again, s", read, REPLAY_SECONDS,
                 f"without the report; importing took {imports:.2f} s; the ledger has {size:.1f} MB")  # fmt: skip


def report(folder: Path, gradings: int, seconds: float | None, mib: float | None) -> bool:
    """The suite agreement, repeated to about so many gradings, replayed as a user does: time and memory of it all."""
    suite = folder / f"of{gradings}.toml"
    cases = resource_folder("evals") / "cases" / "agreement"
    repeats = math.ceil(gradings / len(load_any(cases).cases))
    suite.write_text(f'kind = "agreement"\ncases = "{cases.as_posix()}"\nrepeats = {repeats}\n')
    about = definition(str(suite))
    items, digest = parts_of(about)
    path, page = suite.with_suffix(".jsonl"), suite.with_suffix(".html")
    with served(latency=0.0) as url:
        graded(url, items, path, about.repeats, (about.name, digest))
    told = ["replay", str(path), "--suite", str(suite), "--html", str(page), "--quiet"]
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", REPORTING, *told], capture_output=True, text=True, check=True)
    taken, most = time.perf_counter() - began, float(done.stdout.split()[-1])
    count = len(items) * about.repeats
    within = shown(f"{count:,} gradings, replay with report, s", taken, seconds,
                   f"imports and all; the page has {page.stat().st_size / 1e6:.1f} MB")  # fmt: skip
    return within & shown(f"{count:,} gradings, replay with report, MiB", most, mib, "the most at any time")


def memory(items: Sequence[Item], folder: Path) -> bool:
    """10,000 gradings, and how much more memory the last 8,000 took; then all of them read."""
    many = [
        item.model_copy(update={"id": f"{item.id}/{n}", "answer": f"{item.answer} ({n})"})
        for n in range(MANY // len(items) + 1)
        for item in items
    ][:MANY]
    seen: dict[int, float] = {}

    def look(done: int, _total: int) -> None:
        if done in (2000, MANY):
            seen[done] = resident()

    path = folder / "many.jsonl"
    with served(latency=0.02) as url:
        ran = graded(url, many, path, progress=look)
    within = shown("10,000 gradings, growth in MiB", seen[MANY] - seen[2000], GROWTH_MIB,
                   f"from the 2,000th on; {seen[MANY]:.0f} in all, {MANY / ran.seconds:.0f} a second")  # fmt: skip
    began = time.perf_counter()
    with Ledger(path) as ledger:
        opened = time.perf_counter() - began
        count = sum(1 for _ in ledger.rows())
    assert count == MANY
    shown("10,000 rows read, s", time.perf_counter() - began, None,
          f"the index took {opened:.2f}; {path.stat().st_size / 1e6:.0f} MB")  # fmt: skip
    return within


def resident() -> float:
    """This process's memory, in MiB."""
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    if sys.platform == "linux":
        return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def limits(items: Sequence[Item], folder: Path) -> bool:
    """Refusals and limits: how much longer than ideal."""
    chosen, within = items[:ANSWERS], True
    cases: list[tuple[str, dict[str, Any], dict[str, Any], float, float]] = [
        ("a storm of refusals for 2 s", {"storm": [0.5, 2.5]}, {}, LEAST + 2.0, 1.8),
        ("limit of 6000 a minute, told", {"rate": RATE, "burst": RATE}, {"rate": RATE * 60}, GRADINGS / RATE, 1.1),
        ("the same limit, not told", {"rate": RATE, "burst": RATE}, {}, GRADINGS / RATE - 1, 1.8),
    ]
    for number, (name, endpoint, options, ideal, limit) in enumerate(cases):
        with served(latency=LATENCY, **endpoint) as url:
            ran = graded(url, chosen, folder / f"limit{number}.jsonl", REPEATS, **options)
            counted = stats(url)
        note = f"{ran.seconds:.2f} s of {ideal:.1f}; {counted['refused']} refused beside {counted['accepted']} taken"
        within &= shown(f"{name} / ideal", ran.seconds / ideal, limit, note)
        within &= not (options and counted["refused"])
    return within


def embedded(folder: Path) -> bool:
    """The embedded engine on the suite agreement, on two cores."""
    held = load_settings(data_dir=folder, cache_dir=folder / "cache", engine="embedded")
    subject = House(held).subject()
    with LedgerWriter(folder / "embedded.jsonl") as ledger:
        items, digest = parts_of(definition("agreement"))
        info, options = subject.info("agreement", digest), RunOptions(at_once=2)
        ran = asyncio.run(run(subject, items, REPEATS, ledger, info, options))
    assert ran.ungraded == 0
    return shown(f"embedded engine, agreement ({len(items)}), s", ran.seconds, EMBEDDED_SECONDS,
                 f"{ran.made} graded: each once, it is deterministic")  # fmt: skip


def main(arguments: Sequence[str] = ()) -> bool:
    """Print the figures; whether each is within its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="where other runners are, or are to be set up", metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="leave out the 10,000 gradings")
    told = parser.parse_args(arguments)
    warm()
    items = answers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        within = speed(items, folder, told.peers)
        within &= replay(items, folder)
        within &= report(folder, GRADINGS, REPORT_SECONDS, None)
        within &= limits(items, folder)
        within &= told.quick or (memory(items, folder) & report(folder, MANY, None, REPORT_MIB))
        within &= embedded(folder)
    return bool(within)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
