"""Where the parts of a plot stand: x in percent of its width, y in pixels, so that text keeps its size on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from interviewer.domain.grading import BAND_FLOORS, BAND_NAMES, Outcome
from interviewer.domain.scorecard import QuestionResult
from interviewer.reports import words
from interviewer.reports.text import one_line, short
from interviewer.reports.view import CategoryLine

NARROW, WIDE = 30, 72
_TOP, _CATEGORY, _QUESTION = 28, 42, 46


class Band(NamedTuple):
    """A band's stretch of the scale."""

    number: int
    name: str
    start: float
    width: float


class Row(NamedTuple):
    """One row: a category's heading or a question's bar. `kind` is category, graded, skipped or none."""

    y: int
    kind: str
    label: str
    narrow: str
    value: str
    score: float
    number: int = 0


class Bars(NamedTuple):
    """The plot of a scorecard."""

    height: int
    rows: list[Row]


def bands() -> list[Band]:
    """The five bands on a scale of 0 to 100."""
    ends = (*BAND_FLOORS[1:], 100.0)
    return [
        Band(n, name, floor, end - floor)
        for n, (name, floor, end) in enumerate(zip(BAND_NAMES, BAND_FLOORS, ends, strict=True), 1)
    ]


def bars(lines: Sequence[CategoryLine]) -> Bars:
    """A row for each category and each of its questions."""
    rows: list[Row] = []
    y = _TOP
    for line in lines:
        score = line.score
        value = f"{words.points(score.score)} {words.band_name(score.band)}" if score else "no score"
        rows.append(Row(y, "category", line.name, line.name, value, score.score if score else 0.0))
        y += _CATEGORY
        for number, result in line.questions:
            rows.append(_question(y, number, result))
            y += _QUESTION
    return Bars(y, rows)


def _question(y: int, number: int, result: QuestionResult) -> Row:
    kind = {Outcome.GRADED: "graded", Outcome.NOT_SHOWN: "skipped"}.get(result.outcome, "none")
    text = one_line(result.text)
    value = f"{words.points(result.score)} {words.band_name(result.band)}" if result.score is not None and result.band else ""
    names = {Outcome.NOT_SHOWN: "0 Skipped", Outcome.UNGRADED: "Not graded", Outcome.NOT_ASKED: "Not asked"}
    return Row(
        y,
        kind,
        f"{number}. {short(text, WIDE)}",
        f"{number}. {short(text, NARROW)}",
        names.get(result.outcome, value),
        result.score or 0.0,
        number,
    )


class Mark(NamedTuple):
    """One value of a line plot. `label` is a date to write below it, or ""; `narrow` the same for a small screen."""

    x: float
    y: float
    label: str
    narrow: str
    value: str


def line(values: Sequence[float | None], labels: Sequence[str], top: float, bottom: float) -> list[Mark]:
    """The values of a line plot, evenly spaced between 4 and 96 percent, 0 at `bottom` and 100 at `top`."""
    last = len(values) - 1
    marks = []
    for index, value in enumerate(values):
        if value is None:
            continue
        x = 50.0 if not last else 4 + 92 * index / last
        label, narrow = (labels[index] if _labelled(index, last, most) else "" for most in (7, 3))
        marks.append(Mark(round(x, 2), round(bottom - (bottom - top) * value / 100, 1), label, narrow, words.points(value)))
    return marks


def _labelled(index: int, last: int, most: int) -> bool:
    """Whether a value gets a label when at most `most` of them have room: evenly spread, with first and last."""
    if last < most:
        return True
    return index in {round(last * step / (most - 1)) for step in range(most)}


def side(x: float) -> str:
    """How a label stands to its mark, so that the outermost ones stay inside."""
    return "end" if x > 90 else "" if x < 10 else "mid"
