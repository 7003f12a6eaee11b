"""How long reading guides takes, as a multiple of what markdown-it alone needs for the same texts.

    python -m bench.guides GUIDE_OR_FOLDER...

Both are timed in turn in one process, several rounds, and the best round of each counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from markdown_it import MarkdownIt

from interviewer.guides.parse import parse_guide

ROUNDS = 5


def measure(files: dict[str, bytes], rounds: int = ROUNDS) -> tuple[float, float]:
    """Seconds for all files: markdown-it alone, and the guide parser."""
    texts = [data.decode() for data in files.values()]
    markdown = MarkdownIt()
    alone, ours = [], []
    for _ in range(rounds):
        alone.append(_seconds(lambda: [markdown.parse(text) for text in texts]))
        ours.append(_seconds(lambda: [parse_guide(data, name) for name, data in files.items()]))
    return min(alone), min(ours)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _files(arguments: list[str]) -> dict[str, bytes]:
    paths: list[Path] = []
    for argument in map(Path, arguments):
        paths += sorted(argument.glob("*.md")) if argument.is_dir() else [argument]
    return {path.name: path.read_bytes() for path in paths}


def main() -> int:
    """Print the two times and their ratio."""
    files = _files(sys.argv[1:])
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    alone, ours = measure(files)
    print(f"{len(files)} guides: markdown-it {alone:.3f} s, guide parser {ours:.3f} s, ratio {ours / alone:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
