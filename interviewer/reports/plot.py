"""Where the parts of a plot stand: x in percent of its width, y in pixels, so that text keeps its size on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from unicodedata import east_asian_width

from interviewer.domain.grading import BAND_FLOORS, BAND_NAMES, Outcome, score_points
from interviewer.domain.scorecard import QuestionResult
from interviewer.reports import words
from interviewer.reports.text import one_line, short
from interviewer.reports.view import CategoryLine

NARROW, WIDE = 30, 72
ROW = 46


class Band(NamedTuple):
    """A band's stretch of the scale."""

    number: int
    name: str
    start: float
    width: float


class Row(NamedTuple):
    """A question's bar. `kind` is graded, skipped or none (it does not count)."""

    y: int
    kind: str
    label: str
    narrow: str
    value: str
    score: float


class Bars(NamedTuple):
    """The bars of one category. `words` says the same in a sentence."""

    height: int
    rows: list[Row]
    words: str


def bands() -> list[Band]:
    """The five bands on a scale of 0 to 100."""
    ends = (*BAND_FLOORS[1:], 100.0)
    return [
        Band(n, name, floor, end - floor)
        for n, (name, floor, end) in enumerate(zip(BAND_NAMES, BAND_FLOORS, ends, strict=True), 1)
    ]


def bars(line: CategoryLine) -> Bars:
    """A bar for each question of a category."""
    rows = [_row(index * ROW, number, result) for index, (number, result) in enumerate(line.questions)]
    said = ", ".join(f"question {number}: {row.value}" for row, (number, _) in zip(rows, line.questions, strict=True))
    return Bars(len(rows) * ROW, rows, f"{said[:1].upper()}{said[1:]}.")


def _row(y: int, number: int, result: QuestionResult) -> Row:
    text = one_line(result.text)
    return Row(
        y=y,
        kind={Outcome.GRADED: "graded", Outcome.NOT_SHOWN: "skipped"}.get(result.outcome, "none"),
        label=f"{number}. {_fit(text, WIDE)}",
        narrow=f"{number}. {_fit(text, NARROW)}",
        value=words.band_label(result)
        if result.score is None
        else f"{score_points(result.score)} {words.band_label(result)}",
        score=result.score or 0.0,
    )


def _fit(text: str, columns: int) -> str:
    """Text cut to a number of columns, of which a Chinese, Japanese or Korean character takes two."""
    wide = sum(east_asian_width(c) in "WF" for c in text[:columns])
    return short(text, columns - wide // 2)


class Mark(NamedTuple):
    """One value of a line plot. `label` is a date to write below it, or ""; `narrow` the same for a small screen."""

    x: float
    y: float
    label: str
    narrow: str
    value: str


def line(
    values: Sequence[float | None], labels: Sequence[str], top: float, bottom: float, left: float = 4.0
) -> list[Mark]:
    """The values of a line plot, evenly spaced from `left` to 96 percent, 0 at `bottom` and 100 at `top`."""
    last = len(values) - 1
    marks = []
    for index, value in enumerate(values):
        if value is None:
            continue
        x = left + (96 - left) * (index / last if last else 0.5)
        y = bottom - (bottom - top) * value / 100
        label, narrow = (labels[index] if _labelled(index, last, most) else "" for most in (6, 3))
        marks.append(Mark(round(x, 2), round(y, 1), label, narrow, score_points(value)))
    return marks


def _labelled(index: int, last: int, most: int) -> bool:
    """Whether a value gets a label when at most `most` of them have room: evenly spread, with first and last."""
    if last < most:
        return True
    return index in {round(last * step / (most - 1)) for step in range(most)}


def pairs(marks: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    """The ends of each stretch between one mark and the next."""
    return list(pairwise(marks))


def side(x: float) -> str:
    """How a label stands to its mark, so that the last one stays inside."""
    return "end" if x > 90 else "mid"
