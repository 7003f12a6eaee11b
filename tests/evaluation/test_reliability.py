"""Reliability and calibration against krippendorff, pingouin and scikit-learn, and numbers that RSMTool gave."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy.stats import t as scipy_t
from sklearn.metrics import brier_score_loss

from interviewer.evaluation import calibration, reliability, student
from interviewer.evaluation.figures import Figure

NAN = math.nan
Level = Literal["nominal", "ordinal", "interval"]
# RSMTool 12.0.0 cannot be installed beside numpy 2: its prmse_true of these, computed with it once, is in the test.
RATINGS: list[list[float]] = [
    [3, NAN, NAN],
    [3, 3, 3],
    [2, 2, 2],
    [2, 3, 2],
    [3, 3, 2],
    [NAN, 2, NAN],
    [2, 3, NAN],
    [3, 5, NAN],
    [2, 4, 3],
    [2, NAN, NAN],
    [3, NAN, 3],
    [4, 4, 3],
    [NAN, 3, 3],
    [1, 2, 2],
    [4, 4, 2],
    [3, 4, 2],
    [1, NAN, 2],
    [3, 2, NAN],
    [1, 2, 1],
    [2, 2, 2],
    [1, NAN, NAN],
    [NAN, 3, 3],
    [NAN, 2, 2],
    [4, 3, 4],
]
SYSTEM = [2.12, 3.67, 2.71, 2.15, 2.17, 2.24, 2.79, 4.27, 1.95, 1.77, 4.16, 3.1]
SYSTEM += [3.25, 2.05, 2.75, 3.44, 1.97, 2.39, 1.02, 1.72, 1.75, 3.11, 1.92, 2.99]


def test_prmse_is_rsmtools_with_missing_ratings() -> None:
    ratings = np.array(RATINGS, float)
    assert reliability.prmse(SYSTEM, ratings).value == pytest.approx(0.710611101722786, abs=1e-12)
    assert reliability.prmse(SYSTEM, ratings[:, :2]).value == pytest.approx(0.7583088774928773, abs=1e-12)


def test_prmse_leaves_out_what_was_not_graded_or_not_rated() -> None:
    ratings = np.vstack([RATINGS, [5, 1, 3], [NAN, NAN, NAN]])
    assert reliability.prmse([*SYSTEM, NAN, 4.0], ratings).value == pytest.approx(0.710611101722786, abs=1e-12)


def test_prmse_of_repeats_is_of_single_gradings() -> None:
    twice = np.column_stack([SYSTEM, SYSTEM])
    once = reliability.prmse(SYSTEM, RATINGS).value
    assert reliability.prmse(twice, RATINGS).value == pytest.approx(once)
    assert reliability.prmse(twice + np.array([0.4, -0.4]), RATINGS).value < once - 0.1


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_is_krippendorffs_with_missing_ratings(level: Level) -> None:
    draw = np.random.default_rng(3)
    for _ in range(10):
        truth = draw.integers(1, 6, (25, 1))
        ratings = np.clip(truth + draw.integers(-1, 2, (25, 4)), 1, 5).astype(float)
        ratings[draw.random(ratings.shape) < 0.25] = NAN
        wanted = krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=level)
        assert reliability.krippendorff_alpha(ratings, level).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin's use of pandas
def test_icc_is_pingouins() -> None:
    draw = np.random.default_rng(4)
    ratings = draw.normal(3, 1, (20, 1)) + draw.normal(0, 0.5, (20, 3)) + [0, 0.2, 0.5]
    rows, raters = np.indices(ratings.shape)
    long = pd.DataFrame({"row": rows.ravel(), "rater": raters.ravel(), "rating": ratings.ravel()})
    found = pingouin.intraclass_corr(long, targets="row", raters="rater", ratings="rating")
    wanted = float(found.loc[found["Type"].isin(["ICC2", "ICC(A,1)"]), "ICC"].iloc[0])
    assert reliability.icc(ratings).value == pytest.approx(wanted, abs=1e-9)
    holed = np.vstack([ratings, [9, NAN, 1]])
    assert reliability.icc(holed).value == pytest.approx(wanted, abs=1e-9)


def test_equal_repeats_flips_and_measurement_error() -> None:
    grades = np.array([[3, 3, 3], [3, 4, 3], [4, 4, NAN], [2, NAN, NAN]])
    assert reliability.all_equal(grades).value == pytest.approx(2 / 3)
    assert reliability.flips(grades).value == pytest.approx((0 + 2 / 3 + 0) / 3)
    assert reliability.repeat_variance(grades).value == pytest.approx((0 + 1 / 3 + 0) / 3)
    assert reliability.standard_error_of_measurement(grades).value == pytest.approx(1 / 3)


def test_flips_do_not_depend_on_the_number_of_repeats() -> None:
    draw = np.random.default_rng(5)
    chance = draw.random((4000, 1))
    wanted = float((2 * chance * (1 - chance)).mean())
    for repeats in (2, 5):
        passed = (draw.random((4000, repeats)) < chance) * 2 + 2
        assert reliability.flips(passed).value == pytest.approx(wanted, abs=0.015)


def test_repeats_that_are_the_same_have_no_variance_at_all() -> None:
    assert reliability.repeat_variance(np.full((50, 3), 2.9130434782608696)).value == 0.0


def balanced() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    draw = np.random.default_rng(6)
    questions, answers, repeats = 12, 5, 3
    y = (
        draw.normal(0, 1, (questions, 1, 1))
        + draw.normal(0, 0.7, (questions, answers, 1))
        + draw.normal(0, 0.3, (questions, answers, repeats))
    )
    q, a, _ = np.indices(y.shape)
    return y, {"question": q.ravel(), "answer": (q * answers + a).ravel()}


def test_components_of_a_balanced_design_are_the_textbooks() -> None:
    y, factors = balanced()
    a, b, n = y.shape
    by_answer, by_question = y.mean(2), y.mean((1, 2))
    error = ((y - by_answer[..., None]) ** 2).sum() / (a * b * (n - 1))
    within = n * ((by_answer - by_question[:, None]) ** 2).sum() / (a * (b - 1))
    between = b * n * ((by_question - y.mean()) ** 2).sum() / (a - 1)
    found = reliability.variance_components(y.ravel(), factors)
    assert found["repeat"] == pytest.approx(error)
    assert found["answer"] == pytest.approx((within - error) / n)
    assert found["question"] == pytest.approx((between - within) / (b * n))


def test_components_with_a_crossed_facet_are_the_textbooks() -> None:
    draw = np.random.default_rng(8)
    a, w = 15, 4
    y = draw.normal(0, 1, (a, 1)) + draw.normal(0, 0.8, (1, w)) + draw.normal(0, 0.5, (a, w))
    rows, columns = np.indices(y.shape)
    found = reliability.variance_components(y.ravel(), {"answer": rows.ravel(), "wording": columns.ravel()}, "rest")
    residual = y - y.mean(1, keepdims=True) - y.mean(0, keepdims=True) + y.mean()
    error = (residual**2).sum() / ((a - 1) * (w - 1))
    assert found["rest"] == pytest.approx(error)
    assert found["answer"] == pytest.approx((w * y.mean(1).var(ddof=1) - error) / w)
    assert found["wording"] == pytest.approx((a * y.mean(0).var(ddof=1) - error) / a)


def test_components_are_unbiased_where_the_design_is_not_balanced() -> None:
    draw = np.random.default_rng(9)
    q = np.repeat(np.arange(10), draw.integers(4, 40, 10))
    begun = np.cumsum(draw.random(len(q)) < 0.5)
    a = np.unique(np.column_stack([q, begun]), axis=0, return_inverse=True)[1]
    w = draw.integers(0, 4, len(q))
    found = []
    for _ in range(400):
        y = draw.normal(0, 1, 10)[q] + draw.normal(0, 0.8, a.max() + 1)[a] + draw.normal(0, 0.6, 4)[w]
        y += draw.normal(0, 0.5, len(q))
        found.append(reliability.variance_components(y, {"question": q, "answer": a, "wording": w}))
    means = {name: np.mean([f[name] for f in found]) for name in found[0]}
    assert means["question"] == pytest.approx(1.0, abs=0.1)
    assert means["answer"] == pytest.approx(0.64, abs=0.05)
    assert means["wording"] == pytest.approx(0.36, abs=0.06)
    assert means["repeat"] == pytest.approx(0.25, abs=0.01)


def test_components_below_zero_are_zero_and_what_cannot_be_told_apart_is_nan() -> None:
    found = reliability.variance_components([1, 3, 1, 3, 3, 1], {"answer": [0, 0, 1, 1, 2, 2]})
    assert found == {"answer": 0.0, "repeat": pytest.approx(2.0)}
    once = reliability.variance_components([1, 2, 3], {"answer": [0, 1, 2]})
    assert all(math.isnan(value) for value in once.values())
    assert all(math.isnan(value) for value in reliability.variance_components([], {"answer": []}).values())


UNDEFINED: dict[str, Callable[[], Figure]] = {
    "alpha of one value": lambda: reliability.krippendorff_alpha([[1, 1], [1, 1]]),
    "alpha of nothing": lambda: reliability.krippendorff_alpha(np.zeros((0, 2))),
    "alpha of single ratings": lambda: reliability.krippendorff_alpha([[1, NAN], [NAN, 2]]),
    "icc of one rater": lambda: reliability.icc([[1.0], [2.0]]),
    "icc of one row": lambda: reliability.icc([[1.0, 2.0]]),
    "icc of one value": lambda: reliability.icc([[2.1, 2.1], [2.1, 2.1]]),
    "equality of single grades": lambda: reliability.all_equal([[1], [2]]),
    "flips of single grades": lambda: reliability.flips([[1], [2]]),
    "variance of single grades": lambda: reliability.repeat_variance([1, 2]),
    "prmse of single ratings": lambda: reliability.prmse([1, 2], [[1.0], [2.0]]),
    "prmse of nothing": lambda: reliability.prmse([], np.zeros((0, 2))),
    "calibration of nothing": lambda: calibration.expected_calibration_error([], []),
    "brier of nothing": lambda: calibration.brier([], []),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_what_is_undefined_is_nan(name: str) -> None:
    assert math.isnan(UNDEFINED[name]().value)


def test_calibration_error_is_the_gap_of_each_bin_by_its_size() -> None:
    sure, right = [0.95, 0.95, 0.55, 0.55, 1.0, NAN], [1, 0, 1, 1, 1, 1]
    # bin 0.9..1.0: three of mean confidence 2.9/3, two right; bin 0.5..0.6: two of confidence 0.55, both right.
    wanted = 3 / 5 * abs(2.9 / 3 - 2 / 3) + 2 / 5 * 0.45
    assert calibration.expected_calibration_error(sure, right).value == pytest.approx(wanted)
    assert [row[2] for row in calibration.reliability_curve(sure, right)] == [2, 3]


def test_brier_is_scikit_learns() -> None:
    draw = np.random.default_rng(2)
    sure = draw.random(50)
    right = draw.random(50) < sure
    assert calibration.brier(sure, right).value == pytest.approx(brier_score_loss(right, sure))


@pytest.mark.parametrize("df", [1, 2, 3, 7.5, 27, 32, 199, 5000])
def test_t_is_scipys(df: float) -> None:
    for p in (0.6, 0.8, 0.9, 0.95, 0.975, 0.99, 0.9995):
        assert student.quantile(p, df) == pytest.approx(scipy_t.ppf(p, df), rel=1e-9)
        assert student.quantile(1 - p, df) == pytest.approx(scipy_t.ppf(1 - p, df), rel=1e-9)
    for t in (-30, -3.2, -1, 0, 0.01, 0.5, 2, 6, 40):
        assert student.cdf(t, df) == pytest.approx(scipy_t.cdf(t, df), rel=1e-10, abs=1e-15)
        assert student.upper_tail(t, df) == pytest.approx(scipy_t.sf(t, df), rel=1e-9, abs=1e-300)


def test_t_at_its_ends() -> None:
    assert math.isnan(student.quantile(0.975, 0))
    assert math.isnan(student.quantile(1.0, 5))
    assert (student.cdf(math.inf, 3), student.cdf(-math.inf, 3)) == (1.0, 0.0)
    assert math.isnan(student.cdf(math.nan, 3))
