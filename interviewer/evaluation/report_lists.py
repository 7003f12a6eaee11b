"""What `eval list` and `eval power` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from interviewer.domain.text import counted
from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_page import Sheet
from interviewer.evaluation.report_terms import term
from interviewer.reports.terminal import OnTerminal
from interviewer.reports.text import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from interviewer.evaluation.power import Power

GOOD = "✓"
MOST = 10.0
"""No loss of any metric is larger, so none would be found."""


class Listed(NamedTuple):
    """A suite on the list. `cases` is None where they cannot be counted; `baseline` says when and by what, or "".

    `own_limits`: it is held to limits of its own, and never has a baseline.
    """

    name: str
    kind: str
    about: str
    cases: int | None
    repeats: int
    baseline: str = ""
    own_limits: bool = False


def suites(found: Sequence[Listed]) -> OnTerminal:
    """The suites that there are."""
    return OnTerminal(lambda page: _suites(found, Sheet(page)))


def _suites(found: Sequence[Listed], page: Sheet) -> Iterator[RenderableType]:
    if not found:
        yield page.text("There is no suite.")
    for each in found:
        size = "cases unknown" if each.cases is None else counted(each.cases, "case")
        times = f", {each.repeats} times each" if each.repeats > 1 else ""
        kind = "" if each.kind == each.name else f" ({one_line(each.kind)})"
        about = page.text(f"{kind}: {size}{times}; {_held_to(each)}")
        yield page.line(page.text(one_line(each.name), "bold"), about, by=0)
        if each.about:
            yield page.line(page.text(one_line(each.about), "dim"))


def _held_to(each: Listed) -> str:
    if each.own_limits:
        return "limits of its own"
    return f"baseline of {one_line(each.baseline)}" if each.baseline else "no baseline"


def power(rows: Sequence[Power]) -> OnTerminal:
    """What the gate could find: a table a metric, answers down and repeats across."""
    return OnTerminal(lambda page: _power(rows, Sheet(page)))


def _power(rows: Sequence[Power], page: Sheet) -> Iterator[RenderableType]:
    yield page.text(
        "The smallest loss that would be found with a chance of 80 %, and the chance that a harmless edit is shown to "
        f"be no worse. {GOOD}: a loss as large as the limit would be found."
    )
    for name in dict.fromkeys(row.name for row in rows):
        mine = [row for row in rows if row.name == name]
        yield page.heading(f"{term(name).label}, limit {mine[0].margin:.4g}")
        yield from _metric(mine, page)


def _metric(rows: Sequence[Power], page: Sheet) -> Iterator[RenderableType]:
    repeats = sorted({row.repeats for row in rows})
    grid = page.figures(1 + len(repeats), "right")
    grid.add_row(page.text("Answers", "dim"), *(page.text(_times(r), "dim") for r in repeats))
    for answers in sorted({row.answers for row in rows}):
        cells = {row.repeats: row for row in rows if row.answers == answers}
        grid.add_row(page.text(f"{answers:,}"), *(page.text(*_cell(cells.get(r))) for r in repeats))
    yield page.house.padded(grid)
    yield page.line(page.text(_enough(rows), "dim"))


def _enough(rows: Sequence[Power]) -> str:
    """The fewest gradings of one metric by which a loss as large as the limit would be found."""
    enough = [row for row in rows if row.detectable <= row.margin]
    best = min(enough, key=lambda row: (row.answers * row.repeats, row.answers), default=None)
    if best is None:
        return "No number here is enough for the limit."
    return f"Enough for the limit: {best.answers:,} answers, graded {_times(best.repeats)}."


def enough(rows: Sequence[Power]) -> str:
    """A line a metric: how many gradings are enough for its limit."""
    names = dict.fromkeys(row.name for row in rows)
    return "\n".join(f"{term(name).label}: {_enough([r for r in rows if r.name == name])}" for name in names)


def _cell(row: Power | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    enough = row.detectable <= row.margin
    loss = words.number(row.detectable) if row.detectable < MOST else "none"
    return f"{GOOD if enough else ''} {loss} {row.passes:4.0%}", "green" if enough else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
