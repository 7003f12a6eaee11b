from __future__ import annotations

import pytest

from interviewer.domain.scorecard import Scorecard
from interviewer.reports import plot, view

from .samples import ROLLBACK


def test_bands_fill_the_scale() -> None:
    found = plot.bands()
    assert [b.start for b in found] == [0, 15, 40, 62, 85]
    assert sum(b.width for b in found) == 100


def test_a_bar_for_every_question(card: Scorecard) -> None:
    drawn = [plot.bars(line) for line in view.categories(card)]
    rows = [row for bars in drawn for row in bars.rows]
    assert [row.kind for row in rows] == ["graded", "graded", "graded", "graded", "skipped", "none", "graded", "none"]
    assert [row.value for row in rows][4:6] == ["0 Skipped", "Not graded"]
    assert drawn[0].words == "Question 1: 89 Strong, question 2: 23 Beginning, question 3: 66 Solid."
    assert drawn[0].height == 3 * plot.ROW


def test_labels_fit_also_where_characters_are_wide(card: Scorecard) -> None:
    wide = ROLLBACK.model_copy(update={"text": "版" * 100})
    line = view.categories(card)[0]._replace(questions=((1, wide),))
    assert len(plot.bars(line).rows[0].narrow) <= plot.NARROW // 2 + 3


def test_a_line_spreads_evenly_and_leaves_gaps_out() -> None:
    marks = plot.line([0, None, 100], ["a", "b", "c"], 20, 180)
    assert [(m.x, m.y, m.label) for m in marks] == [(4, 180, "a"), (96, 20, "c")]
    assert plot.pairs(marks) == [(marks[0], marks[1])]
    assert [plot.side(m.x) for m in marks] == ["mid", "end"]


def test_a_single_value_stands_in_the_middle() -> None:
    (mark,) = plot.line([50], ["a"], 0, 100)
    assert (mark.x, mark.y) == (50, 50)


@pytest.mark.parametrize("count", [4, 7, 40, 300])
def test_labels_never_crowd(count: int) -> None:
    marks = plot.line([1.0] * count, ["d"] * count, 0, 1)
    assert sum(bool(m.label) for m in marks) <= 6
    assert sum(bool(m.narrow) for m in marks) <= 3
    assert marks[0].narrow == marks[-1].narrow == "d"
