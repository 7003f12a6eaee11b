"""Where the parts of a report's pictures stand: x in percent of the width, so that they fit a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_terms import EITHER, HIGHER
from interviewer.evaluation.results import Difference, Measure, Table

WIDEST, NARROWEST, ROOM = 4.0, 1.5, 46.0
EFFECT = ("shift", "from", "to")


class Tick(NamedTuple):
    """A labelled place on an axis."""

    x: float
    label: str


class ForestRow(NamedTuple):
    """A difference on a scale in which every metric's limit is at the same place.

    `bad` are the stretches (x, width) beyond a limit; `limits` where they begin. `left` and `right` say that the
    interval goes on outside the picture.
    """

    start: float
    end: float
    dot: float | None
    bad: tuple[tuple[float, float], ...]
    limits: tuple[float, ...]
    left: bool
    right: bool


class Forest(NamedTuple):
    """The rows of a forest plot, in order, and its axis."""

    rows: tuple[ForestRow, ...]
    ticks: tuple[Tick, ...]


def forest(differences: Sequence[Difference]) -> Forest:
    """Differences as a forest plot: in units of each metric's limit, nought in the middle, up to four limits away."""
    ends = [abs(end) / _unit(d) for d in differences for end in (d.low, d.high)]
    reach = min(max([NARROWEST, *(e * 1.05 for e in ends)]), WIDEST)
    rows = tuple(_row(d, reach) for d in differences)
    step = ROOM / reach
    ticks = (Tick(round(50 - step, 2), "−limit"), Tick(50.0, "0"), Tick(round(50 + step, 2), "+limit"))
    return Forest(rows, ticks)


def _unit(difference: Difference) -> float:
    """The limit; where it is nought, the farther end of the interval, so that there is something to draw."""
    return difference.margin or max(abs(difference.low), abs(difference.high)) or 1.0


def _row(difference: Difference, reach: float) -> ForestRow:
    def x(value: float) -> float:
        return round(50 + ROOM * value / _unit(difference) / reach, 2)

    low, high, dot = x(difference.low), x(difference.high), x(difference.difference)
    below, above = x(-difference.margin), x(difference.margin)
    side = words.side(difference)
    bad = []
    if side != HIGHER:
        bad.append((0.0, below))
    if side in (HIGHER, EITHER):
        bad.append((above, round(100 - above, 2)))
    limits = tuple(v for v, shown in ((below, side != HIGHER), (above, side in (HIGHER, EITHER))) if shown)
    inside = dot if 0 <= dot <= 100 else None
    return ForestRow(max(low, 0.0), min(high, 100.0), inside, tuple(bad), limits, low < 0, high > 100)


class Span(NamedTuple):
    """A figure with its interval on 0..1, or on -1..1 where `signed`."""

    start: float
    width: float
    dot: float
    signed: bool


def span(measure: Measure) -> Span | None:
    """A measure's picture; None where it has no interval within -1..1."""
    if measure.value is None or measure.low is None or measure.high is None:
        return None
    signed = words.is_signed(measure.name) or measure.low < 0
    floor = -1.0 if signed else 0.0
    if measure.low < floor or measure.high > 1:
        return None
    start, end, dot = (round(100 * (v - floor) / (1 - floor), 2) for v in (measure.low, measure.high, measure.value))
    return Span(start, round(max(end - start, 0.4), 2), dot, signed)


class Effects(NamedTuple):
    """The shifts of a table's rows, None where one is not known, and their axis."""

    spans: tuple[Span | None, ...]
    ticks: tuple[Tick, ...]


def effects(table: Table) -> Effects | None:
    """A picture of a table's columns shift, from and to, with nought in the middle; None of a table without them."""
    if not set(EFFECT) <= set(table.columns):
        return None
    places = [table.columns.index(name) for name in EFFECT]
    found = [[c for place in places if isinstance(c := row[place], int | float)] for row in table.rows]
    reach = max((abs(value) for values in found for value in values), default=0.0) or 1.0
    spans = tuple(_span(values, reach) if len(values) == 3 else None for values in found)
    ticks = (Tick(8.0, words.number(-reach)), Tick(50.0, "0"), Tick(92.0, words.number(reach, signed=True)))
    return Effects(spans, ticks)


def _span(values: Sequence[float], reach: float) -> Span:
    dot, start, end = (round(50 + 42 * v / reach, 2) for v in values)
    return Span(start, round(max(end - start, 0.4), 2), dot, True)


class Cell(NamedTuple):
    """A cell of a confusion matrix: its count, its share of the row in percent, and that in ten shades."""

    number: str
    share: str
    shade: int
    same: bool


def matrix(table: Table) -> list[tuple[str, list[Cell]]]:
    """A confusion matrix by row: the row's name, and its cells. What is no number counts as nought."""
    columns = table.columns[1:]
    return [(str(row[0]), _shaded(str(row[0]), columns, row[1:])) for row in table.rows]


def _shaded(name: str, columns: Sequence[str], content: Sequence[str | float | int | None]) -> list[Cell]:
    counts = [c if isinstance(c, int | float) else 0 for c in content]
    total = sum(counts) or 1
    return [
        Cell(words.number(count), f"{100 * count / total:.0f} %", min(9, int(10 * count / total)), name == column)
        for column, count in zip(columns, counts, strict=True)
    ]
