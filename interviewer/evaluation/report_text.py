"""The report of an evaluation on a terminal: what a maintainer grasps in ten seconds, the verdict on the last line.

Colour only repeats what a sign and a word say, so nothing is lost in a pipe or under NO_COLOR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from interviewer.domain.display import clean
from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_closing import closing
from interviewer.evaluation.report_page import Sheet, printed
from interviewer.evaluation.report_terms import is_detail, term
from interviewer.evaluation.results import Difference, Measure, Move, Outcome, PointMove, Report, SuiteResult, Table
from interviewer.reports.terminal import OnTerminal
from interviewer.reports.text import mapped, one_line, short

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

MOVES, EACH, QUESTION = 5, 3, 70
STYLES = {
    Outcome.PASS: "green",
    Outcome.REGRESSION: "bold red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.INVALID: "bold magenta",
}
SIGNS = {Outcome.PASS: "✓", Outcome.REGRESSION: "✗", Outcome.INCONCLUSIVE: "?", Outcome.INVALID: "!"}


def terminal(report: Report, *, full: bool = False, program: str = "interviewer") -> OnTerminal:
    """A report to print with rich. `full` adds every measure, table, move and violation."""
    readable = mapped(report, clean)
    return OnTerminal(lambda page: _report(readable, Sheet(page), full, program))


def plain(report: Report, width: int = 100, *, full: bool = False, program: str = "interviewer") -> str:
    """The same as a text without colour, at most `width` columns wide."""
    return printed(terminal(report, full=full, program=program), width)


def _report(report: Report, page: Sheet, full: bool, program: str) -> Iterator[RenderableType]:
    yield page.text(one_line(report.title), "bold")
    for result in report.results:
        yield from _suite(result, page, full, several=len(report.results) > 1)
    last = closing(report, program)
    style = STYLES[report.outcome] if last.headline != words.MEASURED else "bold"
    yield page.text("")
    yield page.line(page.text(f"{last.headline}: ", style), page.text(last.finding), by=0)
    yield page.text(last.advice)


def _suite(result: SuiteResult, page: Sheet, full: bool, several: bool) -> Iterator[RenderableType]:
    name = one_line(result.info.suite)
    verdict = f": {words.HEADLINES[result.outcome].lower()}" if several and result.outcome else ""
    yield page.heading(f"{name[:1].upper()}{name[1:]}{verdict}")
    yield page.line(page.text(f"{words.run_line(result)} {words.baseline_line(result)}".rstrip(), "dim"))
    if result.differences:
        yield page.text("")
        yield from _differences(result.differences, page, full)
    if result.measures and (full or not result.differences):
        overall = [m for m in result.measures if not is_detail(m.name)]
        yield from _measures(result.measures if full or not overall else overall, page)
    if result.moves:
        yield from _moves(result.moves, page, full)
    if result.violations:
        yield from _violations(result, page, full)
    for table in result.tables if full else ():
        yield page.heading(one_line(table.title))
        yield from _table(table, page)
    for kind, said, style in (("Problem", result.problems, "bold red"), ("Warning", result.warnings, "yellow")):
        for sentence in said:
            yield page.text("")
            yield page.line(page.text(f"{kind}: ", style), page.text(one_line(sentence)))


def _differences(found: Sequence[Difference], page: Sheet, full: bool) -> Iterator[RenderableType]:
    if page.narrow:
        for each in found:
            yield page.item(SIGNS[each.outcome], *_stacked(each, page, full), style=STYLES[each.outcome], by=0)
        return
    grid = page.house.table("left", "right", "right", "right", "left", "right", "left")
    heads = ("", "Baseline", "Now", "Change", "95 % interval", "Limit", "")
    grid.add_row(*(page.text(h, "dim") for h in heads))
    for each in found:
        style = STYLES[each.outcome]
        first = page.text(f"{SIGNS[each.outcome]} ", style).append_text(page.text(term(each.name).label))
        grid.add_row(first, *(page.text(c) for c in _figures(each)), page.text(words.VERDICTS[each.outcome], style))
    yield page.house.padded(grid, 0)
    for each in found:
        if notes := _notes(each, full):
            yield page.line(page.text(f"{term(each.name).label}: {notes}", "dim"))


def _figures(each: Difference) -> tuple[str, ...]:
    signed = words.is_signed(each.name)
    return (
        words.number(each.baseline, signed=signed),
        words.number(each.now, signed=signed),
        words.number(each.difference, signed=True),
        words.interval(each.low, each.high, signed=True),
        words.limit(each),
    )


def _stacked(each: Difference, page: Sheet, full: bool) -> Iterator[Text]:
    baseline, now, change, interval, limit = _figures(each)
    yield page.text(f"{term(each.name).label}: ").append_text(
        page.text(words.VERDICTS[each.outcome], STYLES[each.outcome])
    )
    yield page.text(f"{baseline} → {now}, change {change}")
    yield page.text(f"95 %: {interval}; limit {limit}", "dim")
    if notes := _notes(each, full):
        yield page.text(notes, "dim")


def _notes(each: Difference, full: bool) -> str:
    return words.power_line(each) if full else ""


def _measures(found: Sequence[Measure], page: Sheet) -> Iterator[RenderableType]:
    yield page.heading("Measures")
    grid = page.house.table("left", "right", "left", "left")
    if not page.narrow:
        grid.add_row(*(page.text(h, "dim") for h in ("", "Value", "95 % interval", "n")))
    for each in found:
        interval = words.interval(each.low, each.high, signed=words.is_signed(each.name))
        if page.narrow:
            said = f" ({interval})" if interval else ""
            yield page.line(page.text(f"{term(each.name).label}: "), page.text(f"{words.value(each)}{said}"))
        else:
            cells = (term(each.name).label, words.value(each), interval, words.basis(each))
            grid.add_row(*(page.text(c) for c in cells))
    if not page.narrow:
        yield page.house.padded(grid)
    for each in found:
        if each.note:
            yield page.line(page.text(f"{term(each.name).label}: {one_line(each.note)}", "dim"))


def _moves(found: Sequence[Move], page: Sheet, full: bool) -> Iterator[RenderableType]:
    shown = found if full else found[:MOVES]
    yield page.heading(
        f"Answers that moved most{f' ({len(shown)} of {len(found)})' if len(shown) < len(found) else ''}"
    )
    for each in shown:
        style = "red" if each.now < each.before else "green"
        aside = words.direction(each.before, each.now, each.labelled)
        first = page.text(words.moved(each.before, each.now), f"bold {style}")
        first.append_text(page.text(f" ({aside})" if aside else "")).append_text(page.text(f"  {one_line(each.item)}"))
        yield page.line(first)
        yield page.line(page.text(short(each.question, 1000 if full else QUESTION), "dim"), by=4)
        points = each.points if full else each.points[:EACH]
        for point in points:
            yield page.item("-", *_point(point, page, full), style="dim", by=4)
        if len(points) < len(each.points):
            yield page.line(page.text(f"and {len(each.points) - len(points)} more", "dim"), by=6)


def _point(point: PointMove, page: Sheet, full: bool) -> Iterator[Text]:
    labelled = f" (raters: {point.labelled})" if point.labelled else ""
    name = one_line(point.text) if full else words.label(point.text)
    first = page.text(f"{point.id} {name}: ").append_text(page.text(words.turn(point), "bold"))
    yield first.append_text(page.text(labelled))
    given = words.quotes(point)
    for when, quote in given if full else given[:1]:
        said = short(quote, 1000 if full else page.one_line)
        yield page.text(f"{when}: ", "dim").append_text(page.text(f"“{said}”", "italic cyan"))


def _violations(result: SuiteResult, page: Sheet, full: bool) -> Iterator[RenderableType]:
    yield page.heading(f"{words.violations_title(result.kind)}: {len(result.violations)}")
    for group in words.groups(result.violations):
        head = page.text(f"{words.variant(group.variant)}: {len(group.violations)}", "bold")
        yield page.line(head if full else head.append_text(page.text(", the largest", "dim")))
        for each in group.violations if full else group.violations[:1]:
            said = [page.text(f"{words.detail(each)}  ").append_text(page.text(one_line(each.item), "dim"))]
            if each.detail:
                said.append(page.text(short(each.detail), "dim"))
            yield page.item("-", *said, style="dim", by=4)


def _table(table: Table, page: Sheet) -> Iterator[RenderableType]:
    grid = page.figures(len(table.columns))
    grid.add_row(*(page.text(one_line(c), "dim") for c in table.columns))
    for row in words.cells(table):
        grid.add_row(*(page.text(c) for c in row))
    yield page.house.padded(grid)
    if table.note:
        yield page.line(page.text(one_line(table.note), "dim"))
