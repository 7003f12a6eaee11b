"""The command line's root: mounts the groups, and turns what went wrong into one clear message."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

# Help in plain text: loading rich for it would double the time of `--help`.
os.environ.setdefault("TYPER_USE_RICH", "0")

import typer

from interviewer.cli.lazy import Lazy, lazy_group
from interviewer.domain.errors import InterviewerError
from interviewer.version import __version__

COMMANDS = (
    Lazy("chat", "interviewer.cli.chat:chat", "Be interviewed in this terminal."),
    Lazy("resume", "interviewer.cli.chat:resume", "Go on with an interview where it was left."),
    Lazy("serve", "interviewer.cli.serve:serve", "Hold interviews in Slack and Discord, until told to stop."),
    Lazy("sessions", "interviewer.cli.records:sessions", "List the interviews that were held, the latest first."),
    Lazy("report", "interviewer.cli.records:report", "Show the scorecard of an interview."),
    Lazy("progress", "interviewer.cli.records:progress", "Show scores over all interviews, and what is weakest."),
    Lazy("forget", "interviewer.cli.records:forget", "Delete everything that was kept of an interview, for good."),
    Lazy("grade", "interviewer.cli.grade:grade", "Grade one answer to a guide's question, or many from a file."),
    Lazy("regrade", "interviewer.cli.regrade:regrade", "Grade a stored interview again, and show what changed."),
    Lazy("guide", "interviewer.cli.guide:app", "List, show, check, start and search guides."),
    Lazy("eval", "interviewer.cli.eval:app", "See whether grading agrees with people, and is no worse than before."),
    Lazy("index", "interviewer.cli.index:app", "Bring guides into the vector store, and see what it holds."),
    Lazy("prompts", "interviewer.cli.prompts:app", "List, show, compare and check the prompts that models get."),
    Lazy("doctor", "interviewer.cli.doctor:doctor", "Check the model's endpoint, and say what to change."),
    Lazy("settings", "interviewer.cli.settings:settings", "Show every setting, and where it comes from."),
)

app = typer.Typer(
    name="interviewer",
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Practise interviews: a guide is asked, your answers are probed and graded, and quoted back to you.",
    epilog="Begin with `interviewer chat`. No key and no network are needed.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"interviewer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command. Exit status: 0 done, 1 failed for a reason that was said, 2 wrong usage, 130 interrupted."""
    _open_what_is_closed()
    status = _status()
    if threading.active_count() > 1:
        _leave(status)
    sys.exit(status)


def _status() -> int:
    """Run a command, say what went wrong, and return the exit status."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except InterviewerError as error:
        from interviewer.cli.common import program

        said = f"{error.message}\n{error.remedy}".rstrip()
        typer.echo(said.replace("`interviewer ", f"`{program()} "), err=True)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): say nothing more, also not while Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is not None:
            raise
        typer.echo(f"The output cannot be written: {error.strerror}.", err=True)
        return 1
    return 0


def _open_what_is_closed() -> None:
    """Give streams that the caller has closed (`<&-`, `>&-`) a place that holds nothing, and takes everything."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open to the very end


def _leave(status: int) -> NoReturn:
    """End at once: what still loads in a thread would abort the process when Python ends under it ("terminate called").

    Nothing is lost: all that must be kept is written before a command returns.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
