from __future__ import annotations

import pytest

from interviewer.evaluation.report_plot import effects, forest, matrix, span
from interviewer.evaluation.results import Measure, Table

from .report_samples import CONFUSION, EFFECTS, REGRESSED, difference


def test_all_limits_stand_at_the_same_place() -> None:
    drawn = forest(REGRESSED)
    left, nought, right = (tick.x for tick in drawn.ticks)
    assert nought == 50
    assert left == pytest.approx(100 - right)
    assert drawn.rows[0].limits == (left,)
    assert drawn.rows[1].limits == (left, right)
    assert drawn.rows[2].limits == (right,)


def test_a_loss_lies_on_the_shaded_side() -> None:
    qwk, bias, variance = forest(REGRESSED).rows
    assert qwk.dot is not None
    assert qwk.dot < qwk.limits[0] == qwk.bad[0][1]
    assert len(bias.bad) == 2
    assert variance.bad[0][0] == variance.limits[0]
    assert sum(variance.bad[0]) == pytest.approx(100)


def test_an_interval_that_goes_on_is_cut_and_said_to_be() -> None:
    row = forest([difference("qwk", 0.8, 0.78, 2.0, 0.03)]).rows[0]
    assert (row.start, row.end, row.left, row.right) == (0.0, 100.0, True, True)
    assert row.dot is not None
    far = forest([difference("qwk", 0.8, 0.1, 0.02, 0.03)]).rows[0]
    assert far.dot is None
    assert far.left


def test_a_limit_of_nought_can_be_drawn() -> None:
    row = forest([difference("qwk", 0.8, 0.8, 0.0, 0.0)]).rows[0]
    assert row.dot == 50
    wider = forest([difference("qwk", 0.8, 0.7, 0.05, 0.0)]).rows[0]
    assert wider.dot is not None
    assert 0 <= wider.start < wider.dot < wider.end <= 100


def test_nothing_to_draw() -> None:
    assert forest([]).rows == ()


@pytest.mark.parametrize(
    ("name", "value", "low", "high", "drawn"),
    [
        ("qwk", 0.8, 0.7, 0.9, (70.0, 20.0, 80.0, False)),
        ("leniency", -0.2, -0.4, 0.0, (30.0, 20.0, 40.0, True)),
        ("qwk", 0.0, -0.2, 0.2, (40.0, 20.0, 50.0, True)),
        ("sem", 4.2, 3.9, 4.5, None),
        ("qwk", None, None, None, None),
        ("qwk", 0.8, None, None, None),
    ],
)
def test_a_measure_on_its_scale(
    name: str, value: float | None, low: float | None, high: float | None, drawn: tuple[float, ...] | None
) -> None:
    found = span(Measure(name=name, value=value, low=low, high=high))
    assert (None if found is None else tuple(found)) == (drawn and pytest.approx(drawn))


def test_a_matrix_is_shaded_by_share_of_the_row() -> None:
    name, cells = matrix(CONFUSION)[0]
    assert name == "covered"
    assert [c.share for c in cells] == ["74 %", "19 %", "7 %", "0 %"]
    assert [c.shade for c in cells] == [7, 1, 0, 0]
    assert [c.same for c in cells] == [True, False, False, False]


def test_shifts_are_drawn_on_one_scale_with_nought_in_the_middle() -> None:
    drawn = effects(EFFECTS)
    assert drawn is not None
    typos, padding, deleted, _ = drawn.spans
    assert typos is not None
    assert typos.start < 50 < typos.start + typos.width
    assert padding is not None
    assert padding.start > 50
    assert deleted is not None
    assert deleted.start == 8
    assert [t.label for t in drawn.ticks] == ["−16.9", "0", "+16.9"]


def test_a_shift_that_is_not_known_is_not_drawn() -> None:
    table = Table(title="t", columns=("change", "shift", "from", "to"), rows=(("a", None, None, None),))
    drawn = effects(table)
    assert drawn is not None
    assert drawn.spans == (None,)
    assert effects(CONFUSION) is None


def test_a_row_without_counts_is_no_division_by_nought() -> None:
    table = Table(title="t", kind="confusion", columns=("", "a", "b"), rows=(("a", 0, 0), ("b", None, 5)))
    assert [[c.shade for c in cells] for _, cells in matrix(table)] == [[0, 0], [0, 9]]
