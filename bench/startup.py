"""How fast the command line starts, and how much memory a chat takes. Ratios within one run; medians of several."""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

COMMAND = [str(Path(sys.executable).parent / "interviewer")]
GUIDE = "mlops-engineer"
ANSWERS = "We retrain when drift shows in the inputs, because a model decays as the data changes.\n" * 12
STYLING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HELP_LIMIT = 8.0
FIRST_QUESTION_LIMIT = 0.6
MEMORY_LIMIT_MB = 250


def run(command: list[str], home: str, typed: str = "") -> None:
    """Run a command to its end with a home of its own."""
    env = {**os.environ, "HOME": home}
    subprocess.run(command, env=env, input=typed, text=True, check=True, capture_output=True, timeout=120)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of some work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def first_question(home: str) -> float:
    """Seconds from start until the first question is on the screen of a terminal."""
    start = time.perf_counter()
    process, screen = pty.fork()
    if process == 0:
        os.environ["HOME"] = home
        os.execv(COMMAND[0], [*COMMAND, "chat", "--guide", GUIDE, "--seed", "1"])
    seen = ""
    while "Question 1 of" not in seen:
        if time.perf_counter() - start > 30 or not select.select([screen], [], [], 30)[0]:
            raise TimeoutError(f"no question within 30 s: {seen}")
        seen += STYLING.sub("", os.read(screen, 65536).decode(errors="replace"))
    taken = time.perf_counter() - start
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(screen)
    return taken


def main() -> bool:
    """Print the figures; whether each is within its limit."""
    with tempfile.TemporaryDirectory() as home:
        run([*COMMAND, "chat", "--guide", GUIDE], home, ANSWERS)  # indexes the guide
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        rounds = range(7)
        bare = median(seconds(lambda: run([sys.executable, "-c", "pass"], home)) for _ in rounds)
        helped = median(seconds(lambda: run([*COMMAND, "--help"], home)) for _ in rounds)
        imports = [sys.executable, "-c", "import chromadb, langchain_openai"]
        heavy = median(seconds(lambda: run(imports, home)) for _ in range(5))
        asked = median(first_question(home) for _ in range(5))
    rows = [
        ("--help / bare python", helped / bare, HELP_LIMIT, f"{helped * 1e3:.0f} / {bare * 1e3:.0f} ms"),
        ("first question / imports", asked / heavy, FIRST_QUESTION_LIMIT, f"{asked * 1e3:.0f} / {heavy * 1e3:.0f} ms"),
        ("peak memory of a chat, MB", peak, MEMORY_LIMIT_MB, f"{ANSWERS.count(chr(10))} answers, indexing included"),
    ]
    for name, value, limit, detail in rows:
        print(f"{name:28} {value:8.2f}   limit {limit:6.2f}   {detail}")
    return all(value <= limit for _, value, limit, _ in rows)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
