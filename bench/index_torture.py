"""Kill -9 a process that indexes, at random moments, again and again in one directory, and see that it is usable after.

    python -m bench.index_torture [--rounds 100] [--guides 8] [--seed 1]

Every round starts a writer that indexes guides whose wording changes from round to round (so that collections are made
and removed), kills it after a random part of the time that a whole run takes, and then has another process index the
same guides and answer from them. A round fails when that process fails, crashes, or answers wrongly; one whose
writer ended before the kill is repeated. The encoder is a fast stand-in, so that most kills hit the vector store and
the sidecars. Exit status 1 when any round failed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from interviewer.retrieval.index import GuideIndex
from tests.retrieval.samples import WordEncoder, guide

QUESTIONS = 8


def index(directory: Path, count: int, edition: int) -> None:
    """Index all guides and answer one question from each; raises when an answer is wrong."""
    guides = [guide(f"baker-{number}", QUESTIONS, edition) for number in range(count)]
    guide_index = GuideIndex(directory, WordEncoder())
    guide_index.ensure(guides)
    for one in guides:
        (best,) = guide_index.match(one, f"feeds the sourdough starter daily, edition {edition}", count=1)
        if best.question_id != "q0" or best.item_id != "k1" or best.score < 0.9:
            raise RuntimeError(f"wrong answer: {best}")


def writer(directory: Path, count: int, edition: int) -> subprocess.Popen[bytes]:
    """A process that says a line once it is about to index, then does."""
    options = ["--child", str(directory), "--guides", str(count), "--edition", str(edition)]
    command = [sys.executable, "-m", "bench.index_torture", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> str:
    """ "ok", or how the process failed."""
    _, errors = process.communicate(timeout=300)
    last = errors.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return "ok" if process.returncode == 0 else f"status {process.returncode}: {last[0][:200]}"


def kill_at(process: subprocess.Popen[bytes], seconds: float) -> str:
    """Wait for the writer's line, then the given time, then kill it; how far it had come."""
    assert process.stdout is not None
    process.stdout.readline()
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "killed"
    return "had finished"


def whole_run(count: int) -> float:
    """Seconds from the writer's line to its end, in a fresh directory."""
    with tempfile.TemporaryDirectory() as folder:
        process = writer(Path(folder), count, 1)
        assert process.stdout is not None
        process.stdout.readline()
        start = time.perf_counter()
        if finish(process) != "ok":
            raise SystemExit("the writer fails without being killed")
        return time.perf_counter() - start


def torture(rounds: int, count: int, seed: int) -> int:
    """Number of rounds that failed."""
    rng = random.Random(seed)
    seconds = whole_run(count)
    print(f"a whole run takes {seconds:.2f} s; {rounds} rounds, {count} guides, seed {seed}", flush=True)
    outcomes: Counter[str] = Counter()
    edition = kills = 0
    with tempfile.TemporaryDirectory() as folder:
        while kills < rounds:
            edition += 1
            killed = kill_at(writer(Path(folder), count, edition), rng.uniform(0, seconds))
            kills += killed == "killed"
            seconds *= 1 if killed == "killed" else 0.95
            probed = not (Path(folder) / "chroma.closed.json").exists()
            outcome = finish(writer(Path(folder), count, edition))
            outcomes[f"{killed}, {'not closed well' if probed else 'closed well'}, then {outcome}"] += 1
            if outcome != "ok" or edition % 10 == 0:
                print(f"{kills} killed: {outcome}", flush=True)
    for outcome, times in outcomes.most_common():
        print(f"{times:4d}  {outcome}")
    return sum(times for outcome, times in outcomes.items() if not outcome.endswith("then ok"))


def main() -> None:
    """Run the torture, or be its writer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--guides", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edition", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        import chromadb  # noqa: F401 - so that the kill hits the indexing, not this import

        print("indexing", flush=True)
        index(options.child, options.guides, options.edition)
    elif torture(options.rounds, options.guides, options.seed):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
