"""What several commands share: options, opening the store, finding an interview, printing."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from interviewer.domain.errors import NotFoundError
from interviewer.ports import InterviewSummary, Store
from interviewer.settings import Settings, load_settings
from interviewer.wiring import House, private_folder

EngineOption = Annotated[
    str | None,
    typer.Option("--engine", help="auto, openai, embedded or scripted.", show_default=False, metavar="ENGINE"),
]


def house(**flags: Any) -> House:
    """The house that settings and these flags make. Raises SettingsError."""
    return House(load_settings(**flags))


@asynccontextmanager
async def opened(settings: Settings, store: Store) -> AsyncIterator[Store]:
    """The store, open; closed again whatever happens. Raises StoreError."""
    private_folder(settings.data_dir)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def find_interview(store: Store, wanted: str | None, *, unfinished: bool = False) -> InterviewSummary:
    """The interview whose id begins so; the latest one for None. Raises NotFoundError."""
    everything = await store.interviews()
    open_ones = [s for s in everything if not unfinished or s.status != "ended"]
    if not open_ones and (wanted is None or not everything):
        kind = "unfinished interview" if unfinished else "interview"
        raise NotFoundError(f"There is no {kind} yet.", "Begin one with `interviewer chat`.")
    found = [s for s in open_ones if _begins(s.id, wanted)] if wanted is not None else open_ones[:1]
    if not found:
        ended = [s for s in everything if _begins(s.id, wanted or "")]
        if ended:
            remedy = f"`interviewer report {ended[0].id}` shows its scorecard; `interviewer chat` begins another."
            raise NotFoundError(f"The interview {ended[0].id} has ended.", remedy)
        raise NotFoundError(f"There is no interview {wanted!r}.", "`interviewer sessions` lists them.")
    if len(found) > 1:
        several = f"{', '.join(s.id for s in found[:5])}{', …' if len(found) > 5 else ''}"
        raise NotFoundError(f"{wanted!r} begins {len(found)} interviews: {several}.", "Give more of its id.")
    return found[0]


def _begins(interview_id: str, typed: str) -> bool:
    """Whether an id begins with what was typed, with or without hyphens; with nothing no id does."""
    wanted = "".join(typed.lower().replace("-", "").split())
    return bool(wanted) and interview_id.replace("-", "").startswith(wanted)


def show(renderable: Any) -> None:
    """Print a rich renderable: coloured on a terminal, plain in a pipe."""
    from rich.console import Console

    Console(highlight=False, markup=False, soft_wrap=False).print(renderable)


def interactive() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wrapped(line: str) -> str:
    """A line broken at words, for the width of this terminal."""
    return textwrap.fill(line, min(shutil.get_terminal_size().columns, 100))


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error where that is a terminal; give it how much is done, and of how much."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def program() -> str:
    """What to type to run this program: its name where the shell finds it, else the path it was started by."""
    if shutil.which("interviewer"):
        return "interviewer"
    started = Path(sys.argv[0]).absolute()
    here = Path.cwd()
    return str(started.relative_to(here)) if started.is_relative_to(here) else str(started)
