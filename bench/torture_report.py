"""How a torture goes, while it does, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.torture_check import PROMISES, Findings

PLAIN_EVERY = 25
"""Where nobody looks on, a line every so many rounds."""
SHOWN = 5
Tell = Callable[[int, str], None]
DONE = {
    "seconds": "seconds it took",
    "rounds": "rounds",
    "kills": "workers killed",
    "stalls": "workers stalled beyond their lease",
    "restarts": "database restarted, broken off or killed",
    "cuts": "all connections of the database cut",
    "deliveries_twice": "deliveries made twice",
    "deliveries_late": "deliveries late",
    "deliveries_dropped": "deliveries dropped at first",
    "deliveries_redelivered": "deliveries made again, not having been acknowledged",
    "answers_to_posts_lost": "posts whose answer was lost",
    "interviews": "interviews",
    "turns": "turns",
    "messages": "messages that were said to be stored",
    "messages_after_the_end": "messages that came while the last reply was made",
    "edits_that_counted": "edits that counted",
    "edits_said_to_be_late": "edits that were said to be late",
    "deletions_that_counted": "deletions that counted",
    "deletions_said_to_be_late": "deletions that were said to be late",
    "pauses": "pauses",
    "moves": "interviews taken elsewhere",
    "asked_again_to_go_on": "times that this had to be asked for again",
    "pressed_twice": "buttons pressed twice",
    "begun_again": "second interviews asked for, at once or meanwhile",
    "intrusions": "times that others wrote and pressed there",
    "floods": "floods of messages",
    "posts": "posts",
    "replies_twice_unknowable": "replies there twice, where it could not be known",
    "notices_twice_unknowable": "other posts there twice, where it could not be known",
}


@contextmanager
def progress(rounds: int) -> Iterator[Tell]:
    """Is told which round it is, and what was found: a bar on a terminal, else a line from time to time."""
    if not sys.stderr.isatty():
        yield lambda number, text: _plain(number, rounds, text)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=rounds)
        yield lambda number, text: bar.update(task, completed=number, description=text)


def _plain(number: int, rounds: int, text: str) -> None:
    if number % PLAIN_EVERY == 0 or number == rounds:
        print(f"round {number} of {rounds}: {text}", file=sys.stderr, flush=True)


def show(figures: dict[str, Any], findings: Findings) -> None:
    """Two tables: what was done, and what must not be; then some of what was."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for name, what in DONE.items():
        table.add_row(f"{figures.get(name, 0):,}", what)
    table.add_section()
    for name, what in PROMISES.items():
        count = len(findings.broken.get(name, ()))
        table.add_row(f"{count:,}", what, style="bold red" if count else None)
    console = Console(highlight=False, markup=False)
    console.print(f"seed {figures['seed']}", table, "", sep="\n")
    broken = f"{findings.count:,} broken promises" if findings.count else "Nothing is broken."
    for line in (broken, *examples(findings)):
        console.print(line)


def examples(findings: Findings) -> list[str]:
    """Some of the broken promises, by name."""
    return [
        f"{PROMISES[name]}: {', '.join(sorted(found)[:SHOWN])}{' ...' if len(found) > SHOWN else ''}"
        for name, found in findings.broken.items()
        if found
    ]


def as_json(figures: dict[str, Any], findings: Findings) -> dict[str, Any]:
    """All of it for machines."""
    broken = {name: len(findings.broken.get(name, ())) for name in PROMISES}
    return {**figures, "broken": broken, "examples": examples(findings)}
