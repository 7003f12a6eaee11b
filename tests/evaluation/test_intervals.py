"""Intervals against what is known exactly, and by how often they hold what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as scipy_t

from interviewer.evaluation import metrics
from interviewer.evaluation.figures import mean
from interviewer.evaluation.intervals import bootstrap, cluster_totals, clusters_needed, detectable, jackknife

NAN = math.nan


def test_the_jackknife_of_a_mean_is_its_textbook_error() -> None:
    values = np.random.default_rng(1).normal(0, 1, 20)
    found = jackknife(mean(values), list(range(20)))
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / math.sqrt(20))
    low, high = found.interval()
    assert (low, high) == pytest.approx(scipy_t.interval(0.95, 19, values.mean(), found.error))


def test_the_jackknife_leaves_out_whole_questions() -> None:
    values = np.array([1.0, 1.0, 2.0, 2.0, 6.0, 6.0])
    clusters = ["a", "a", "b", "b", "c", "c"]
    found = jackknife(mean(values), clusters)
    assert found.error == pytest.approx(np.array([1.0, 2.0, 6.0]).std(ddof=1) / math.sqrt(3))
    assert found.clusters == 3
    assert found.df == 2


def test_it_is_the_jackknife_by_hand_for_what_is_no_mean() -> None:
    draw = np.random.default_rng(2)
    human = draw.integers(1, 6, 40).astype(float)
    machine = human + draw.normal(0, 1, 40)
    clusters = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 9, 10])
    without = np.array([metrics.qwk(human[clusters != c], machine[clusters != c]).value for c in range(8)])
    found = jackknife(metrics.qwk(human, machine), clusters)
    assert found.error == pytest.approx(math.sqrt(7 / 8 * ((without - without.mean()) ** 2).sum()))


def test_a_question_of_which_nothing_counts_is_no_question() -> None:
    figure = mean([1.0, 2.0, NAN, NAN])
    assert len(cluster_totals(figure, ["a", "b", "c", "c"])) == 2
    assert jackknife(figure, ["a", "b", "c", "c"]).clusters == 2


def test_one_question_has_no_interval() -> None:
    figure = mean([1.0, 2.0])
    assert math.isnan(jackknife(figure, ["a", "a"]).error)
    assert all(math.isnan(x) for x in jackknife(figure, ["a", "a"]).interval())
    assert all(math.isnan(x) for x in bootstrap(figure, ["a", "a"]))


def test_what_does_not_vary_has_an_interval_of_no_width() -> None:
    figure = mean([0.5] * 6)
    assert jackknife(figure, list("aabbcc")).interval() == (0.5, 0.5)
    assert bootstrap(figure, list("aabbcc")) == (0.5, 0.5)


def test_the_bootstrap_draws_whole_questions_and_the_same_for_every_figure() -> None:
    values = np.repeat([0.0, 1.0], 50)
    low, high = bootstrap(mean(values), ["a"] * 50 + ["b"] * 50)
    assert (low, high) == (0.0, 1.0)
    clusters = np.arange(100) % 10
    assert bootstrap(mean(values), clusters) == bootstrap(mean(values), clusters)
    assert bootstrap(mean(values), clusters, seed=2) != bootstrap(mean(values + clusters), clusters, seed=2)


def test_rounds_without_a_value_are_left_out() -> None:
    # Drawn without question c there is only one class, and kappa is not defined.
    first, second = [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]
    assert bootstrap(metrics.kappa(first, second, 2), list("aabbcc")) == (1.0, 1.0)
    assert all(math.isnan(x) for x in bootstrap(metrics.kappa([0] * 4, [0] * 4, 2), list("aabb")))


@pytest.mark.parametrize("kind", ["jackknife", "bootstrap"])
def test_intervals_of_clustered_answers_hold_the_truth_about_as_often_as_they_say(kind: str) -> None:
    draw, held, wanted = np.random.default_rng(3), 0, 0.0
    for _ in range(300):
        values = np.repeat(draw.normal(0, 1, 30), 6) + draw.normal(0, 1, 180)
        clusters = np.repeat(np.arange(30), 6)
        figure = mean(values)
        low, high = jackknife(figure, clusters).interval() if kind == "jackknife" else bootstrap(figure, clusters)
        held += low <= wanted <= high
    assert held / 300 >= 0.90
    assert held / 300 <= 0.99


def test_detectable_is_found_as_often_as_it_says() -> None:
    draw = np.random.default_rng(4)
    effect = detectable(1 / math.sqrt(20), 19, 0.05)
    values = draw.normal(effect, 1, (4000, 20))
    t = values.mean(1) / (values.std(1, ddof=1) / math.sqrt(20))
    assert (t > scipy_t.ppf(0.95, 19)).mean() == pytest.approx(0.8, abs=0.025)
    assert detectable(0.0, 19, 0.05) == 0.0
    assert math.isinf(detectable(1.0, 0, 0.05))


def test_the_questions_needed_are_the_fewest_that_do() -> None:
    needed = clusters_needed(0.04, 30, 0.05, 0.05)
    assert needed is not None
    error = 0.04 * math.sqrt(30)
    assert detectable(error / math.sqrt(needed), needed - 1, 0.05) <= 0.05
    assert detectable(error / math.sqrt(needed - 1), needed - 2, 0.05) > 0.05
    assert clusters_needed(0.04, 30, 1e-9, 0.05) is None
    assert clusters_needed(0.0, 30, 0.05, 0.05) == 2
