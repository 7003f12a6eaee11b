"""`interviewer sessions`, `report`, `progress` and `forget`: what was kept of interviews."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import find_interview, house, interactive, opened, show
from interviewer.domain.errors import SettingsError
from interviewer.ports import utc_now

if TYPE_CHECKING:
    from types import ModuleType

    from interviewer.conduct.turn import Conductor
    from interviewer.domain.scorecard import Scorecard
    from interviewer.ports import InterviewSummary
    from interviewer.wiring import House


NAMED = 10


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
    interview: Annotated[
        str | None, typer.Argument(help="The beginning of its id, or `all`.", show_default=False)
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="All of someone's, as `slack:T1:U2` or `discord::4711`.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="All in which nothing has happened for so long, as 90d or 12h.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete everything that was kept of an interview, for good.

    \b
    Examples:
      interviewer forget k7mf
      interviewer forget --older-than 90d
      interviewer forget --person slack:T1:U2 --yes
      interviewer forget all --yes
    """
    if sum(given is not None for given in (interview, person, older_than)) != 1:
        raise SettingsError("Which interviews?", "Name one, or say all, --person or --older-than.")
    before = utc_now() - _age(older_than) if older_than is not None else None
    home = house()
    doomed = asyncio.run(_doomed(home, interview, person, before))
    if not doomed:
        typer.echo("There is no interview to forget.")
        return
    if not yes:
        _make_sure(doomed)
    asyncio.run(_forget(home, doomed, before))
    few = len(doomed) <= NAMED
    typer.echo(f"Forgotten: {', '.join(doomed)}." if few else f"Forgotten: {len(doomed)} interviews.")


async def _doomed(home: House, wanted: str | None, person: str | None, before: datetime | None) -> list[str]:
    """The ids of what is to be deleted."""
    async with opened(home.settings, home.store) as store:
        if wanted is not None and wanted != "all":
            found = [await find_interview(store, wanted)]
        else:
            found = await store.interviews(person)
        return [summary.id for summary in found if before is None or summary.updated_at < before]


def _age(text: str) -> timedelta:
    """A length of time such as 90d, 12h or 8w. Raises SettingsError."""
    units = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    number, unit = text.strip()[:-1], text.strip()[-1:].lower()
    if not number.isdecimal() or len(number) > 5 or unit not in units:
        raise SettingsError(f"{text!r} is no length of time.", "It looks like 90d, 12h or 8w.")
    return int(number) * units[unit]


def _make_sure(doomed: list[str]) -> None:
    """Ask whether to delete; leave unless it is so. Asked outside any event loop, which would swallow a Ctrl-C."""
    if not interactive():
        raise SettingsError("Nobody can be asked here whether to delete.", "Say --yes to delete without asking.")
    what = f"the interview {doomed[0]}" if len(doomed) == 1 else f"these {len(doomed)} interviews"
    try:
        sure = typer.confirm(f"Delete {what}, with every answer, for good?")
    except typer.Abort:
        typer.echo("\nNothing was deleted.")
        raise typer.Exit(130) from None
    if not sure:
        typer.echo("Nothing was deleted.")
        raise typer.Exit(1)


async def _forget(home: House, doomed: list[str], before: datetime | None) -> None:
    async with opened(home.settings, home.store) as store:
        if before is not None:
            await store.forget_before(before)  # many at once, which SQLite clears in one go
            return
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
