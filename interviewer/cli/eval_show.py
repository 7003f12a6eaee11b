"""What `interviewer eval` shows and writes: the report, in every form that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import program, show
from interviewer.domain.errors import SettingsError

if TYPE_CHECKING:
    from interviewer.evaluation.measuring import Measured
    from interviewer.evaluation.report_cases import Evidence
    from interviewer.evaluation.results import Report

AsJson = Annotated[bool, typer.Option("--json", help="The whole report as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Only the last line: the outcome, and what to do.")]
FactsAsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Silent = Annotated[bool, typer.Option("--quiet", help="Say nothing where it went well.")]
Full = Annotated[bool, typer.Option("--full", help="Every measure, table, move and violation.")]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file too.")]
Markdown = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown too.")]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write it as JUnit XML too.")]


@dataclass(frozen=True)
class Forms:
    """In which forms a report is wanted."""

    as_json: bool = False
    quiet: bool = False
    full: bool = False
    html: Path | None = None
    markdown: Path | None = None
    junit: Path | None = None

    def give(self, report: Report, evidence: Sequence[Evidence]) -> None:
        """Write and print it. Raises SettingsError where a file cannot be written."""
        from interviewer.evaluation.report_closing import closing
        from interviewer.evaluation.report_html import page
        from interviewer.evaluation.report_json import as_json
        from interviewer.evaluation.report_junit import junit
        from interviewer.evaluation.report_markdown import markdown
        from interviewer.evaluation.report_text import terminal

        name = program()
        if self.html:
            _write(self.html, page(report, evidence, name))
        if self.markdown:
            _write(self.markdown, markdown(report, name))
        if self.junit:
            _write(self.junit, junit(report))
        if self.as_json:
            typer.echo(as_json(report), nl=False)
        elif self.quiet:
            typer.echo(closing(report, name).sentence)
        else:
            show(terminal(report, full=self.full, program=name))
            if self.html:
                typer.echo(f"The whole report: {self.html}", err=True)


def told(sentence: str, facts: object, *, as_json: bool, quiet: bool) -> None:
    """Say what a command has done: in words, as JSON, or not at all."""
    from interviewer.evaluation.report_json import json_of

    if as_json:
        typer.echo(json_of(facts), nl=False)
    elif not quiet:
        typer.echo(sentence)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.", "Choose another file.") from None


def ended(measured: Sequence[Measured], forms: Forms) -> None:
    """Show what was found, and end with its exit status."""
    from interviewer.evaluation.results import EXIT, Report
    from interviewer.ports import utc_now

    results = tuple(m.result for m in measured)
    title = " · ".join(dict.fromkeys(f"{r.info.engine} {r.info.model}".strip() for r in results))
    report: Report = Report(title=title or "Evaluation", at=utc_now(), results=results)
    forms.give(report, [m.evidence for m in measured])
    raise typer.Exit(int(EXIT[report.outcome]))
