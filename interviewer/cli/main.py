"""The command line's root: mounts the groups, and turns what went wrong into one clear message."""

from __future__ import annotations

import os
import sys
from typing import Annotated

# Help in plain text: loading rich for it would double the time of `--help`.
os.environ.setdefault("TYPER_USE_RICH", "0")

import typer

from interviewer.cli import chat, doctor, grade, guide, prompts, records, setup
from interviewer.domain.errors import InterviewerError
from interviewer.version import __version__

app = typer.Typer(
    name="interviewer",
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


app.command("chat")(chat.chat)
app.command("resume")(chat.resume)
app.command("sessions")(records.sessions)
app.command("report")(records.report)
app.command("progress")(records.progress)
app.command("forget")(records.forget)
app.command("grade")(grade.grade)
app.add_typer(guide.app, name="guide")
app.add_typer(prompts.app, name="prompts")
app.command("settings")(setup.settings)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run a command. Exit status: 0 done, 1 failed for a reason that was said, 2 wrong usage, 130 interrupted."""
    try:
        app()
    except InterviewerError as error:
        typer.echo(f"{error.message}\n{error.remedy}".rstrip(), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone (`| head`): say nothing more, also not while Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
