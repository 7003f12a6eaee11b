"""`interviewer guide`: list, show, check, start and search guides."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from interviewer.domain.guide import Guide
    from interviewer.guides.checking import Checked
    from interviewer.guides.diagnostics import Diagnostic
    from interviewer.guides.files import Reading
    from interviewer.guides.lexical import Hit
    from interviewer.guides.library import Library
    from interviewer.guides.report import Paint

FAILED, UNREADABLE = 1, 2
STYLES: dict[str, dict[str, str | bool]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "note": {"fg": "cyan"},
    "bold": {"bold": True},
    "dim": {"dim": True},
}

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List, show, check, start and search guides.")

GuidesFolder = Annotated[
    Path | None,
    typer.Option("--guides", metavar="FOLDER", help="Your folder of guides, instead of the usual one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


class Format(StrEnum):
    """How `check` reports."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.command("list")
def list_guides(as_json: AsJson = False, guides: GuidesFolder = None) -> None:
    """List the guides that can be interviewed from: your own, and those that ship.

    \b
    Examples:
      interviewer guide list
      interviewer guide list --json
      interviewer guide list --guides ./our-guides
    """
    library = _library(guides)
    found = sorted(((r.guide, r.path) for r in library.in_use() if r.guide), key=lambda each: each[0].title.casefold())
    width = max((len(guide.id) for guide, _ in found), default=0)
    for guide, path in found:
        if as_json:
            row = {"id": guide.id, "title": guide.title, "questions": len(guide.questions), "file": str(path)}
            _say(json.dumps(row))
        else:
            _say(f"{guide.id:{width}}  {len(guide.questions):3} questions  {guide.title}")
    _complain(library.problems())


@app.command()
def show(
    names: Annotated[list[str], typer.Argument(metavar="NAME|PATH", help="Ids, titles, files or folders.")],
    as_json: AsJson = False,
    points: Annotated[bool, typer.Option("--points", help="Key points, pitfalls and follow-ups too.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Model answers too.")] = False,
    guides: GuidesFolder = None,
) -> None:
    """Show the questions of guides; with --json everything in them, one guide a line.

    A name may be shortened as long as only one guide begins with it. Exits with 2 when one cannot be shown.

    \b
    Examples:
      interviewer guide show backend-engineer
      interviewer guide show "Site Reliability" --points --answers
      interviewer guide show ./guides/*.md --json | jq .title
    """
    failed = False
    for number, (name, reading) in enumerate(_each(_library(guides), names)):
        if reading is None or reading.guide is None:
            failed = True
            _complain(reading.diagnostics if reading else ())
        elif as_json:
            _say(_as_json(reading.guide, name if Path(name) == reading.path else reading.guide.file))
        else:
            _show(reading.guide, blank_before=number > 0, points=points, answers=answers)
    if failed:
        raise typer.Exit(UNREADABLE)


@app.command()
def check(
    names: Annotated[list[str], typer.Argument(metavar="NAME|PATH", help="Files, folders with all in them, or ids.")],
    form: Annotated[Format, typer.Option("--format", help="How to report.")] = Format.TEXT,
    record: Annotated[bool, typer.Option("--record", help="Write the questions' ids to ids.json beside them.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Notes count as findings too.")] = False,
) -> None:
    """Check guides: what is wrong, thin or suspicious in them, where, and how to mend it.

    Exits with 0 when nothing was found (notes aside, unless --strict), 1 when something was, 2 when a guide cannot be
    read. Where an ids.json lies beside a guide, questions that lost their recorded id are reported; --record accepts
    the ids as they are.

    \b
    Examples:
      interviewer guide check my-guide.md
      interviewer guide check backend-engineer
      interviewer guide check ./guides --format github
      interviewer guide check ./guides --record
    """
    from interviewer.guides import checking

    checked = checking.check_guides([_path_of(name) for name in names], compare=not record)
    for line in _reported(checked, form):
        _say(line)
    if record:
        _record(checked, quiet=form is not Format.TEXT)
    raise typer.Exit(checked.exit_code(strict=strict))


@app.command()
def new(
    role: Annotated[str, typer.Argument(help="For whom the guide is.")],
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Where to write it; - prints it.")] = None,
) -> None:
    """Start a guide for a role, with every part of the format to replace by your own. Never overwrites a file.

    \b
    Examples:
      interviewer guide new "Data Engineer"
      interviewer guide new "Ingénieur réseau" --out guides/reseau.md
      interviewer guide new Designer --out -
    """
    from interviewer.domain.errors import GuideError
    from interviewer.guides.scaffold import file_name, scaffold, write_scaffold

    try:
        if out == "-":
            return _say(scaffold(role).rstrip("\n"))
        path = Path(out or file_name(role))
        write_scaffold(role, path)
    except GuideError as error:
        _fail(error.message, error.remedy)
    return _say(f"Wrote {path}. Next: edit it, then `interviewer guide check {path}`.")


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What the questions should be about.")],
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many questions.")] = 10,
    guides: GuidesFolder = None,
) -> None:
    """Find questions in all guides by what they are about. Exits with 1 when there is none.

    \b
    Examples:
      interviewer guide search cache invalidation
      interviewer guide search "difficult colleague" --limit 3 --json
    """
    from interviewer.cli.common import house, progress_bar
    from interviewer.domain.errors import IndexUnavailable
    from interviewer.guides.lexical import LexicalIndex

    home = house(guides=guides)
    found = home.library.guides()
    try:
        with progress_bar("Indexing the guides") as tick:
            home.index.ensure(found, tick)
        search = home.searched(found)
    except IndexUnavailable as error:
        _warn(f"Searching by words alone: {error.message}")
        search = LexicalIndex(found).search
    print_hits(" ".join(words), limit, as_json=as_json, search=search)


def print_hits(words: str, limit: int, *, as_json: bool, search: Callable[[str, int], Sequence[Hit]]) -> None:
    """Print what a search finds. Exits with 1 when that is nothing."""
    hits = search(words, limit)
    for hit in hits:
        _say(hit.model_dump_json() if as_json else _hit_lines(hit))
    if not hits:
        _warn(f"Nothing found for {words!r}.")
        raise typer.Exit(FAILED)


def _library(folder: Path | None) -> Library:
    from interviewer.cli.common import house
    from interviewer.domain.errors import SettingsError

    try:
        return house(guides=folder).library
    except SettingsError as error:
        _fail(error.message, error.remedy)


def _each(library: Library, names: Iterable[str]) -> Iterator[tuple[str, Reading | None]]:
    """The readings that names stand for; None for a name, already complained about, that stands for none."""
    from interviewer.domain.errors import NotFoundError
    from interviewer.guides.files import is_folder, read_guides

    for name in names:
        if is_folder(Path(name)):
            yield from ((str(reading.path), reading) for reading in read_guides([Path(name)]))
            continue
        try:
            yield name, library.find(name)
        except NotFoundError as error:
            _warn(f"{error.message} {error.remedy}")
            yield name, None


def _path_of(name: str) -> Path:
    """The file or folder that is called so, else that of the guide with this id or title."""
    from interviewer.domain.errors import NotFoundError

    if os.path.lexists(name) or "/" in name or name.lower().endswith(".md"):
        return Path(name)
    try:
        return _library(None).find(name).path
    except NotFoundError as error:
        _warn(f"{error.message} {error.remedy}")
        return Path(name)


def _as_json(guide: Guide, file: str) -> str:
    """A guide as one line, under its file's name."""
    return json.dumps({"file": file, **guide.model_dump(mode="json", exclude={"file", "background"})})


def _show(guide: Guide, *, blank_before: bool, points: bool, answers: bool) -> None:
    from interviewer.guides.outline import outline

    if blank_before:
        _say("")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in outline(guide, points=points, answers=answers, paint=_paint(), width=width):
        _say(line)


def _reported(checked: Checked, form: Format) -> Iterable[str]:
    from interviewer.guides import report

    if form is Format.JSON:
        return report.json_report(checked.readings, checked.findings)
    if form is Format.GITHUB:
        return report.github_report(checked.readings, checked.findings)
    return report.text_report(checked.readings, checked.findings, _paint())


def _record(checked: Checked, *, quiet: bool) -> None:
    """Write ids.json in each folder that guides were read from."""
    try:
        for path, count in checked.record():
            if not quiet:
                _say(f"Recorded the ids of {count} guide{'' if count == 1 else 's'} in {path}.")
    except (OSError, ValueError) as error:
        _fail(f"The ids cannot be recorded: {error}.", "Check the folder, or delete its ids.json.")


def _hit_lines(hit: Hit) -> str:
    shown = "" if hit.kind == "question" else f"\n    {hit.kind.replace('_', ' ')}: {hit.text}"
    return f"{hit.guide_id}#{hit.question_id}\n    {hit.question}{shown}"


def _paint() -> Paint:
    from interviewer.guides.report import plain

    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return plain
    return lambda text, style: typer.style(text, **STYLES[style])  # type: ignore[arg-type]


def _complain(problems: Iterable[Diagnostic]) -> None:
    """Say on the error stream what is the matter with guides."""
    for problem in problems:
        _warn(f"{problem.file}:{problem.line}: {problem.message} {problem.help}")


def _say(line: str) -> None:
    typer.echo(line.encode(sys.stdout.encoding or "utf-8", "backslashreplace").decode(sys.stdout.encoding or "utf-8"))


def _warn(line: str) -> None:
    typer.echo(line.encode("utf-8", "backslashreplace").decode(), err=True)


def _fail(message: str, remedy: str) -> NoReturn:
    _warn(f"{message} {remedy}".rstrip())
    raise typer.Exit(FAILED)
