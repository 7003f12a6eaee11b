"""How steady gradings are, and how much of what varies is worth knowing.

Ratings are (rows, raters) or, of repeats, (answers, repeats), NaN where missing. Each metric is a Figure, undefined
values NaN. Sources: Krippendorff (2019), "Content analysis", ch. 12; Shrout and Fleiss (1979) for ICC(2,1);
Loukina et al. (2020), "Using PRMSE to evaluate automated scoring systems", and RSMTool 12 for PRMSE; Searle, Casella
and McCulloch (1992), "Variance components", ch. 5 for Henderson's method 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from interviewer.evaluation.figures import TINY, Array, Codes, Figure, mean, ratio, table

PASS_MARK = 3.5
"""Where the band "Solid" begins, in steps."""


def krippendorff_alpha(ratings: npt.ArrayLike, level: Literal["nominal", "ordinal", "interval"] = "ordinal") -> Figure:
    """Krippendorff's alpha. ratings (units, raters) of numbers, NaN where missing; a unit with one rating is left out.

    NaN where every rating is the same: there is no disagreement to be expected.
    """
    given = np.asarray(ratings, float)
    values = np.unique(given[~np.isnan(given)])
    counts = (given[:, :, None] == values).sum(axis=1).astype(float)
    raters = counts.sum(axis=1)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(values))
    parts = pairs / np.maximum(raters - 1, 1)[:, None, None] * (raters >= 2)[:, None, None]

    def of(totals: Array) -> Array:
        coincidences = totals.reshape(*totals.shape[:-1], len(values), len(values))
        count = coincidences.sum(axis=-1)
        apart = _distances(values, count, level)
        expected = (count[..., :, None] * count[..., None, :] * apart).sum(axis=(-2, -1))
        observed = (coincidences * apart).sum(axis=(-2, -1))
        return 1 - ratio((count.sum(axis=-1) - 1) * observed, expected)

    return Figure(parts.reshape(len(given), len(values) ** 2), of)


def _distances(values: Array, count: Array, level: str) -> Array:
    """Squared distances between values (..., k, k), which for ordinal ones depend on how often each was given."""
    if level == "ordinal":
        middle = np.cumsum(count, axis=-1) - count / 2
        return (middle[..., :, None] - middle[..., None, :]) ** 2
    apart = values[:, None] - values[None, :]
    return apart**2 if level == "interval" else (apart != 0).astype(float)


def icc(ratings: npt.ArrayLike) -> Figure:
    """ICC(2,1): absolute agreement of single ratings, two-way random. ratings (rows, raters); incomplete rows go.

    NaN with one rater or one row, or where all ratings are the same.
    """
    given = np.asarray(ratings, float)
    raters = given.shape[1]
    whole = ~np.isnan(given).any(axis=1)
    centre = given[whole].mean() if whole.any() else 0.0
    x = np.where(whole[:, None], given - centre, 0.0)
    parts = np.column_stack([whole, x.mean(axis=1) ** 2, (x * x).sum(axis=1), x])

    def of(totals: Array) -> Array:
        n = totals[..., 0]
        by_rater = ratio(totals[..., 3:], n[..., None])
        grand = by_rater.mean(axis=-1)
        between = raters * (totals[..., 1] - n * grand**2)
        across = n * ((by_rater - grand[..., None]) ** 2).sum(axis=-1)
        rest = totals[..., 2] - raters * n * grand**2 - between - across
        rows, columns = ratio(between, n - 1), ratio(across, raters - 1)
        error = ratio(rest, (n - 1) * (raters - 1))
        return ratio(rows - error, rows + (raters - 1) * error + raters * ratio(columns - error, n))

    return Figure(parts, of)


def all_equal(values: npt.ArrayLike) -> Figure:
    """The share of answers whose repeats all came out the same. values (answers, repeats); at least two must be there.

    For what is not a number (the verdicts of an answer as a whole), give each different outcome a code.
    """
    given = table(values)
    counted = (~np.isnan(given)).sum(axis=1) >= 2
    highest = np.where(np.isnan(given), -np.inf, given).max(axis=1, initial=-np.inf)
    lowest = np.where(np.isnan(given), np.inf, given).min(axis=1, initial=np.inf)
    return mean(np.where(counted, highest - lowest <= TINY, np.nan))


def flips(values: npt.ArrayLike, mark: float = PASS_MARK) -> Figure:
    """The chance that of two gradings of an answer one passes and the other does not. values (answers, repeats).

    Averaged over pairs of repeats, so it does not depend on how many there are. A value at the mark passes.
    """
    given = table(values)
    count = (~np.isnan(given)).sum(axis=1)
    passed = (given >= mark - TINY).sum(axis=1)
    return mean(ratio(2.0 * passed * (count - passed), count * (count - 1)))


def repeat_variance(values: npt.ArrayLike) -> Figure:
    """The mean over answers of the sample variance of their repeats, in squared units. values (answers, repeats)."""
    return mean(variances(table(values)))


def variances(values: Array) -> Array:
    """The sample variance of each row, NaN where fewer than two values are there; exactly 0 where all are the same."""
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    highest = np.where(there, values, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    centred = np.where(there, values, highest) - np.where(there.any(axis=1, keepdims=True), highest, 0.0)
    centred = np.where(there, centred, 0.0)
    squares = (centred**2).sum(axis=1) - centred.sum(axis=1) ** 2 / np.maximum(count, 1)
    return np.where(count >= 2, np.maximum(squares, 0.0) / np.maximum(count - 1, 1), np.nan)


def standard_error_of_measurement(values: npt.ArrayLike) -> Figure:
    """How far a grading lies from the mean of many of the same answer: the root of the repeat variance, in steps."""
    inner = repeat_variance(values)
    return Figure(inner.parts, lambda t: np.sqrt(inner.of(t)))


def prmse(machine: npt.ArrayLike, ratings: npt.ArrayLike) -> Figure:
    """The proportional reduction in mean squared error when true grades are predicted from the machine's.

    1 - MSE / variance of true grades, both freed of the raters' error, which is estimated from the answers that have
    several ratings. machine (answers,) or (answers, repeats), a repeat a grading of its own; ratings (answers,
    raters), NaN where not given. RSMTool's `prmse_true`, missing ratings included. NaN where no answer has two
    ratings, or true grades are estimated not to vary.
    """
    given, graded = np.asarray(ratings, float), table(machine)
    count = (~np.isnan(given)).sum(axis=1).astype(float)
    there = (count > 0) & ~np.isnan(graded).all(axis=1)
    count = np.where(there, count, 0.0)
    centre = given[there][~np.isnan(given[there])].mean() if there.any() else 0.0
    rated = np.nansum(given - centre, axis=1) / np.maximum(count, 1) * there
    within = np.where(count >= 2, np.nan_to_num(variances(given)) * (count - 1), 0.0)
    error = mean((graded - centre - rated[:, None]) ** 2).parts[:, 1] * there
    parts = np.column_stack(
        [there, count, count**2, within, np.maximum(count - 1, 0), count * rated, count * rated**2, count * error]
    )

    def of(totals: Array) -> Array:
        n, all_ratings, squared, inner, spare, total, between, apart = (totals[..., i] for i in range(8))
        rater_error = ratio(inner, spare)
        spread = between - ratio(total**2, all_ratings) - (n - 1) * rater_error
        true = ratio(spread, all_ratings - ratio(squared, all_ratings))
        missed = ratio(apart - n * rater_error, all_ratings)
        return 1 - ratio(missed, np.where(true > TINY, true, 0.0))

    return Figure(parts, of)


def variance_components(
    values: npt.ArrayLike, factors: Mapping[str, npt.ArrayLike], residual: str = "repeat"
) -> dict[str, float]:
    """How much of the variance of grades each random factor accounts for, and what is left, in squared units.

    values (gradings,), NaN ones left out; factors name -> level of each grading (gradings,), as whole numbers. A
    factor is nested in another when its levels are never shared (answers in questions), crossed when they are
    (wordings, models); an interaction is a factor whose levels are the combinations.

    Henderson's method 1, the ANOVA estimator for any balance: the sums of squares of every factor are set equal to
    what is expected of them. Estimates below zero are given as 0. All are NaN where the data cannot tell the factors
    apart (an answer graded once: no repeat to compare).
    """
    y = np.asarray(values, float)
    there = ~np.isnan(y)
    y = y[there] - (y[there].mean() if there.any() else 0.0)
    codes = {name: np.unique(np.asarray(f)[there], return_inverse=True)[1] for name, f in factors.items()}
    names = [*codes, residual]
    groupings: list[Codes] = [np.zeros(len(y), int), *codes.values(), np.arange(len(y))]
    left = np.array([[*(_expected(group, codes[f]) for f in codes), group.max() + 1] for group in groupings if len(y)])
    right = np.array([_squares(y, group) for group in groupings])
    if not len(y) or np.linalg.matrix_rank(left[1:] - left[0]) < len(names):
        return dict.fromkeys(names, float("nan"))
    # Every sum of squares expects N times the squared grand mean, so taking the first away leaves the components.
    found = np.linalg.solve(left[1:] - left[0], right[1:] - right[0])
    return {name: max(float(value), 0.0) for name, value in zip(names, found, strict=True)}


def _squares(y: Array, group: Codes) -> float:
    """The sum over groups of their size times their squared mean."""
    if not len(y):
        return 0.0
    size = np.bincount(group)
    return float((np.bincount(group, y) ** 2 / np.maximum(size, 1)).sum())


def _expected(group: Codes, factor: Codes) -> float:
    """How often a factor's variance is expected in the sum of squares of a grouping."""
    together, count = np.unique(np.column_stack([group, factor]), axis=0, return_counts=True)
    return float((count**2 / np.bincount(group)[together[:, 0]]).sum())
