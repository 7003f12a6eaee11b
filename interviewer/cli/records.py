"""`interviewer sessions`, `report`, `progress` and `forget`: what was kept of interviews."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import find_interview, house, interactive, opened, show
from interviewer.domain.errors import SettingsError

if TYPE_CHECKING:
    from types import ModuleType

    from interviewer.conduct.turn import Conductor
    from interviewer.domain.scorecard import Scorecard
    from interviewer.ports import InterviewSummary
    from interviewer.wiring import House


class Format(StrEnum):
    """How a report is written."""

    TERMINAL = "terminal"
    MD = "md"
    HTML = "html"
    JSON = "json"


FormatOption = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="How to write it; if left out, as the name of --out ends.", show_default=False),
]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead of the terminal.")]
ENDINGS = {".md": Format.MD, ".markdown": Format.MD, ".html": Format.HTML, ".htm": Format.HTML, ".json": Format.JSON}


def sessions(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List the interviews that were held, the latest first.

    \b
    Examples:
      interviewer sessions
      interviewer sessions --json
    """
    home = house()

    async def listed() -> list[InterviewSummary]:
        async with opened(home.settings, home.store) as store:
            return await store.interviews()

    summaries = asyncio.run(listed())
    if as_json:
        for summary in summaries:
            typer.echo(summary.model_dump_json())
    elif summaries:
        show(_table(summaries))
    else:
        typer.echo("No interviews yet. Begin one with `interviewer chat`.")


def report(
    interview: Annotated[str | None, typer.Argument(help="The beginning of its id; the latest if left out.")] = None,
    form: FormatOption = None,
    out: OutOption = None,
) -> None:
    """Show the scorecard of an interview.

    \b
    Examples:
      interviewer report
      interviewer report k7mf --out scorecard.html
      interviewer report k7mf --format json | jq .score
    """
    wanted = _format(form, out)
    home = house()

    async def card() -> Scorecard:
        async with opened(home.settings, home.store) as store:
            summary = await find_interview(store, interview)
            return await home.conductor().scorecard(summary.id)

    from interviewer.reports import scorecard

    _write(scorecard, asyncio.run(card()), wanted, out)


def progress(form: FormatOption = None, out: OutOption = None) -> None:
    """Show scores over all interviews, and what is weakest.

    \b
    Examples:
      interviewer progress
      interviewer progress --out progress.html
      interviewer chat --weakest
    """
    wanted = _format(form, out)
    home = house()

    async def cards() -> list[Scorecard]:
        async with opened(home.settings, home.store):
            return await ended_cards(home, home.conductor())

    from interviewer.reports import progress as reporting

    found = asyncio.run(cards())
    if not found and wanted is Format.TERMINAL:
        typer.echo("No interview has ended yet. Begin one with `interviewer chat`.")
        return
    _write(reporting, reporting.progress(found), wanted, out)


def forget(
    interview: Annotated[str, typer.Argument(help="The beginning of its id, or `all`.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete everything that was kept of an interview, for good.

    \b
    Examples:
      interviewer forget k7mf
      interviewer forget all --yes
    """
    home = house()
    doomed = asyncio.run(_doomed(home, interview))
    if not doomed:
        typer.echo("There is no interview to forget.")
        return
    if not yes:
        _make_sure(doomed)
    asyncio.run(_forget(home, doomed))
    typer.echo(f"Forgotten: {', '.join(doomed)}.")


async def _doomed(home: House, wanted: str) -> list[str]:
    """The ids of what is to be deleted."""
    async with opened(home.settings, home.store) as store:
        found = await store.interviews() if wanted == "all" else [await find_interview(store, wanted)]
        return [summary.id for summary in found]


def _make_sure(doomed: list[str]) -> None:
    """Ask whether to delete; leave unless it is so. Asked outside any event loop, which would swallow a Ctrl-C."""
    if not interactive():
        raise SettingsError("Nobody can be asked here whether to delete.", "Say --yes to delete without asking.")
    what = f"the interview {doomed[0]}" if len(doomed) == 1 else f"all {len(doomed)} interviews"
    try:
        sure = typer.confirm(f"Delete {what}, with every answer, for good?")
    except typer.Abort:
        typer.echo("\nNothing was deleted.")
        raise typer.Exit(130) from None
    if not sure:
        typer.echo("Nothing was deleted.")
        raise typer.Exit(1)


async def _forget(home: House, doomed: list[str]) -> None:
    async with opened(home.settings, home.store) as store:
        for interview_id in doomed:
            await store.forget(interview_id)


async def ended_cards(home: House, conductor: Conductor) -> list[Scorecard]:
    """The scorecards of this candidate's ended interviews in which a question counted, the oldest first."""
    summaries = await home.store.interviews(home.settings.candidate)
    cards = [await conductor.scorecard(s.id) for s in reversed(summaries) if s.status == "ended"]
    return [card for card in cards if card.score is not None]


def _format(form: Format | None, out: Path | None) -> Format:
    """The format that is wanted, by name or by the file's name. Raises SettingsError."""
    wanted = form or (ENDINGS.get(out.suffix.lower()) if out else Format.TERMINAL)
    if wanted is None or (out and wanted is Format.TERMINAL):
        raise SettingsError(f"How is {out} to be written?", "Choose --format html, md or json.")
    return wanted


def _write(reporting: ModuleType, what: object, form: Format, out: Path | None) -> None:
    """Write a report in a format, to a file or the terminal."""
    if form is Format.TERMINAL:
        show(reporting.as_terminal(what))
        return
    text = {Format.MD: reporting.as_markdown, Format.HTML: reporting.as_html, Format.JSON: reporting.as_json}[form](
        what
    )
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}.", "Choose another file.") from None
    typer.echo(f"Written to {out}.")


def _table(summaries: list[InterviewSummary]) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Id", no_wrap=True, min_width=max(len(s.id) for s in summaries))  # to be typed: never cut short
    for heading in ("Guide", "Mode", "State", "Answered", "Begun"):
        table.add_column(heading, overflow="fold")
    for s in summaries:
        begun = s.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(s.id, Text(s.guide_title), s.mode.value, s.status, f"{s.answered} of {s.planned}", begun)
    return table
