"""Agreement metrics against scikit-learn and scipy, and against numbers that irrCAC and RSMTool gave.

irrCAC 0.4.4 and RSMTool 12.0.0 pin numpy below 2, so they cannot be installed beside this package: what they return for
the data below was computed with them once (irrCAC with its categories given) and is written here.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import cohen_kappa_score

from interviewer.domain.grading import band
from interviewer.evaluation import metrics
from interviewer.evaluation.figures import Figure, average, mean

NAN = math.nan
HUMAN = [1, 2, 3, 4, 5, 3, 2, 4, 4, 1, 5, 3]
MACHINE = [1.4, 2.2, 2.9, 4.4, 4.6, 3.9, 1.2, 3.1, 4.8, 1.9, 4.1, 2.6]
IRRCAC_FOUR: list[list[float]] = [
    [1, 1, NAN, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [NAN, 5, 5, 5],
    [NAN, NAN, 1, 1],
    [NAN, NAN, 3, NAN],
]
FIRST = [2, 3, 0, 3, 1, 2, 2, 1, 3, 0, 1, 1, 2, 1, 0, 0, 0, 0, 0, 3]
FIRST += [0, 2, 3, 0, 1, 1, 1, 3, 0, 3, 3, 3, 0, 1, 2, 1, 2, 2, 2, 0]
SECOND = [2, 3, 2, 3, 3, 0, 2, 2, 2, 0, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0]
SECOND += [0, 1, 3, 0, 3, 1, 1, 3, 0, 2, 3, 3, 0, 3, 2, 2, 2, 2, 0, 0]


def codes(ratings: list[list[float]]) -> np.ndarray:
    """Ratings from 1 as labels from 0."""
    given = np.array(ratings)
    return np.where(np.isnan(given), 0, given).astype(int) - 1


@pytest.mark.parametrize("score", [0, 7, 14.9, 15, 39.9, 40, 61, 62, 84.9, 85, 99, 100])
def test_steps_round_to_the_band(score: float) -> None:
    assert math.floor(float(metrics.steps(score)) + 0.5) == band(score)


def test_steps_keep_order_and_what_is_missing() -> None:
    assert metrics.steps([0, 15, 40, 62, 85, 100]).tolist() == [1, 1.5, 2.5, 3.5, 4.5, 5]
    assert (np.diff(metrics.steps(np.linspace(0, 100, 201))) > 0).all()
    assert np.isnan(metrics.steps(NAN))


def test_qwk_and_mean_difference_are_rsmtools() -> None:
    assert metrics.qwk(HUMAN, MACHINE).value == pytest.approx(0.8644170714781402, abs=1e-12)
    assert metrics.standardized_mean_difference(HUMAN, MACHINE).value == pytest.approx(0.006043226317899157, abs=1e-12)
    rounded = np.round(MACHINE)
    assert metrics.agreement(HUMAN, rounded).value == 0.5
    assert metrics.agreement(HUMAN, rounded, within=1).value == 1.0


def test_qwk_of_whole_grades_is_scikit_learns_quadratic_kappa() -> None:
    draw = np.random.default_rng(1)
    for _ in range(20):
        a = draw.integers(1, 6, 30)
        b = np.clip(a + draw.integers(-1, 3, 30), 1, 5)
        wanted = cohen_kappa_score(a, b, weights="quadratic", labels=[1, 2, 3, 4, 5])
        assert metrics.qwk(a, b).value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [("identity", None), ("linear", "linear"), ("quadratic", "quadratic")])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_kappa_is_scikit_learns(ours: metrics.Weights, theirs: str | None, classes: int) -> None:
    draw = np.random.default_rng(classes)
    a = draw.integers(0, classes, 60)
    b = np.where(draw.random(60) < 0.6, a, draw.integers(0, classes, 60))
    wanted = cohen_kappa_score(a, b, weights=theirs, labels=list(range(classes)))
    assert metrics.kappa(a, b, classes, ours).value == pytest.approx(wanted, abs=1e-12)
    missing_too = metrics.kappa([*a, -1, 0], [*b, 1, -1], classes, ours)
    assert missing_too.value == pytest.approx(wanted, abs=1e-12)
    assert missing_too.n == 60


def test_pearson_is_scipys() -> None:
    assert metrics.pearson(HUMAN, MACHINE).value == pytest.approx(pearsonr(HUMAN, MACHINE).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        ("identity", 0.7754440681),
        ("linear", 0.8587391364),
        ("quadratic", 0.9140007236),
        ("ordinal", 0.8989397699),
    ],
)
def test_gwet_is_irrcacs_with_four_raters_and_missing_ratings(weights: metrics.Weights, wanted: float) -> None:
    assert metrics.gwet(codes(IRRCAC_FOUR), 5, weights).value == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [("identity", 0.5351411179), ("linear", 0.5670711709), ("quadratic", 0.6117761242), ("ordinal", 0.5970100747)],
)
def test_gwet_is_irrcacs_with_two_raters(weights: metrics.Weights, wanted: float) -> None:
    assert metrics.gwet(np.column_stack([FIRST, SECOND]), 4, weights).value == pytest.approx(wanted, abs=1e-9)


def test_gwet_does_not_collapse_where_nearly_everything_is_one_class() -> None:
    a, b = [0] * 98 + [0, 1], [0] * 98 + [1, 0]
    assert metrics.kappa(a, b, 2).value == pytest.approx(-1 / 99)
    assert metrics.gwet(np.column_stack([a, b]), 2).value > 0.97


def test_every_answer_weighs_the_same_however_many_repeats_it_has() -> None:
    once = metrics.qwk([1, 3, 5], [[1.5], [3.0], [4.0]]).value
    assert metrics.qwk([1, 3, 5], np.array([[1.5, 1.5], [3.0, NAN], [4.0, NAN]])).value == pytest.approx(once)
    assert metrics.bias([1, 1], np.array([[2, NAN], [4, 4]])).value == 2.0


def test_noise_between_repeats_lowers_agreement() -> None:
    steady = metrics.qwk([1, 3, 5], [[1, 1], [3, 3], [5, 5]]).value
    noisy = metrics.qwk([1, 3, 5], [[0, 2], [2, 4], [4, 6]]).value
    assert steady == pytest.approx(1.0)
    assert noisy < 0.9


def test_missing_grades_and_labels_are_left_out() -> None:
    whole = metrics.qwk(HUMAN, MACHINE)
    holed = metrics.qwk([*HUMAN, NAN, 3], [*MACHINE, 2.0, NAN])
    assert holed.value == pytest.approx(whole.value, abs=1e-12)
    assert (whole.n, holed.n) == (12, 12)


def test_bias_is_positive_where_the_machine_is_lenient() -> None:
    assert metrics.bias([1, 2], [1.5, 2.5]).value == 0.5
    assert metrics.standardized_mean_difference([1, 2, 3], [2, 3, 4]).value == pytest.approx(1.0)


UNDEFINED: dict[str, Callable[[], Figure]] = {
    "qwk of nothing": lambda: metrics.qwk([], np.zeros((0, 1))),
    "qwk of one and the same": lambda: metrics.qwk([3.1, 3.1], [3.1, 3.1]),
    "qwk of missing": lambda: metrics.qwk([1, 2], [NAN, NAN]),
    "pearson of a constant": lambda: metrics.pearson([1, 2, 3], [2.2, 2.2, 2.2]),
    "smd of constant humans": lambda: metrics.standardized_mean_difference([2, 2], [1, 2]),
    "smd of one": lambda: metrics.standardized_mean_difference([2], [1]),
    "kappa of one class": lambda: metrics.kappa([1, 1], [1, 1], 2),
    "kappa of nothing": lambda: metrics.kappa([], [], 2),
    "gwet of nothing": lambda: metrics.gwet(np.zeros((0, 2)), 2),
    "gwet of single ratings": lambda: metrics.gwet([[0, -1], [-1, 1]], 2),
    "agreement of nothing": lambda: metrics.agreement([], []),
    "concordance of covered only": lambda: metrics.concordance([[1, 1]], [[0.2, 0.4]]),
    "human agreement of one rater": lambda: metrics.human_agreement([[1.0], [2.0]]),
    "degradation of one rater": lambda: metrics.degradation([[1.0], [2.0]], [1, 2]),
    "recall of nothing": lambda: metrics.recall_at([], 5),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_what_is_undefined_is_nan(name: str) -> None:
    assert math.isnan(UNDEFINED[name]().value)


def test_a_constant_machine_agrees_no_better_than_chance() -> None:
    assert metrics.qwk([1, 2, 4, 5], [3.3] * 4).value == pytest.approx(0.0, abs=1e-12)


def test_concordance_is_of_pairs_within_an_answer() -> None:
    # 1 of 1 pair in the first, a tie in the second, 1 of 2 in the third; points between answers are not compared.
    covered = np.array([[1, 0, NAN], [1, 0, NAN], [1, 0, 0]])
    scores = [[0.2, 0.1, NAN], [0.5, 0.5, NAN], [0.7, 0.6, 0.8]]
    assert metrics.concordance(covered, scores).value == pytest.approx((1 + 0.5 + 1) / 4)


def test_marginals() -> None:
    assert metrics.marginals([[0, 1], [1, -1]], 3).tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert np.isnan(metrics.marginals([], 2)).all()


def test_human_agreement_is_the_mean_over_pairs_and_degradation_what_the_machine_lacks() -> None:
    ratings = np.array([[1, 1, 2], [2, 3, 2], [4, 4, 5], [5, 4, 5], [3, 3, NAN]], float)
    pairs = [metrics.qwk(ratings[:, a], ratings[:, b]).value for a, b in [(0, 1), (0, 2), (1, 2)]]
    assert metrics.human_agreement(ratings).value == pytest.approx(np.mean(pairs))
    machine = [2, 2, 3, 4, 3]
    against = np.mean([metrics.qwk(ratings[:, r], machine).value for r in range(3)])
    assert metrics.degradation(ratings, machine).value == pytest.approx(against - np.mean(pairs))
    assert metrics.degradation(ratings[:, :2], ratings[:, 0]).value > 0


def test_an_answer_with_one_rating_says_nothing_of_degradation() -> None:
    ratings = np.array([[1, 1], [2, 3], [4, 4], [5, NAN]], float)
    assert metrics.degradation(ratings, [1, 2, 4, 1]).value == metrics.degradation(ratings[:3], [1, 2, 4]).value


def test_recall_and_reciprocal_rank() -> None:
    ranks = [1, 2, 7, math.inf]
    assert metrics.recall_at(ranks, 1).value == 0.25
    assert metrics.recall_at(ranks, 5).value == 0.5
    assert metrics.reciprocal_rank(ranks).value == pytest.approx((1 + 1 / 2 + 1 / 7) / 4)


def test_figures_combine() -> None:
    first, second = mean([1, 2, 3]), mean([0, 0, 3])
    assert first.minus(second).value == 1.0
    assert average([first, second]).value == 1.5
    assert average([first, mean([NAN, NAN, NAN])]).value == 2.0
    assert first.weighted([1, 0, 0]).value == 1.0
