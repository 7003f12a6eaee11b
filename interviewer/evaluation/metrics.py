"""How well gradings agree with what holds: each metric a Figure, `.value` its value, intervals in intervals.py.

Grades are in steps of the band, 1..5 with fractions. Machine grades may be (answers, repeats), NaN where a repeat is
missing: every answer weighs the same, and each of its repeats counts as a grading of its own, so noise between
repeats lowers agreement as it does for a candidate, who is graded once. What is undefined is NaN; nothing is raised.

Sources: Haberman (2019), "Measures of agreement versus measures of prediction accuracy", ETS RR-19-20, and RSMTool 12
for quadratic weighted kappa, standardized mean difference and degradation; Cohen (1960, 1968); Gwet (2008; 2014,
"Handbook of inter-rater reliability").
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from interviewer.domain.grading import BAND_FLOORS
from interviewer.evaluation.figures import TINY, Array, Codes, Figure, average, mean, over_repeats, ratio, table

Weights = Literal["identity", "linear", "quadratic", "ordinal"]
_SCORES = (0.0, *BAND_FLOORS[1:], 100.0)
_STEPS = (1.0, 1.5, 2.5, 3.5, 4.5, 5.0)


def steps(score: npt.ArrayLike) -> Array:
    """A score 0..100 in steps of the band, 1..5: linear between the floors of the bands, which are the half steps.

    So rounding gives the band back. NaN stays NaN.
    """
    return np.asarray(np.interp(np.asarray(score, float), _SCORES, _STEPS), float)


class _Moments(NamedTuple):
    """Population moments of two variables."""

    n: Array
    mean_h: Array
    mean_m: Array
    var_h: Array
    var_m: Array
    cov: Array


def _moment_parts(human: npt.ArrayLike, machine: npt.ArrayLike) -> Array:
    """A row's 1, h, m, h*h, m*m and h*m, means over its repeats; zeros where either is missing."""
    h, m = np.asarray(human, float), table(machine)
    m = np.where(np.isnan(h)[:, None], np.nan, m)
    there = ~np.isnan(m).all(axis=1)
    centre = h[there].mean() if there.any() else 0.0  # any will do: it keeps squares small and sums exact
    h, m = np.where(there, h - centre, 0.0), m - centre
    first, counted = over_repeats(m)
    second, _ = over_repeats(m * m)
    return np.column_stack([counted, h, first, h * h, second, h * first])


def _moments(totals: Array) -> _Moments:
    n = totals[..., 0]
    mean_h, mean_m, hh, mm, hm = (ratio(totals[..., i], n) for i in range(1, 6))
    return _Moments(n, mean_h, mean_m, hh - mean_h**2, mm - mean_m**2, hm - mean_h * mean_m)


def qwk(human: npt.ArrayLike, machine: npt.ArrayLike) -> Figure:
    """Quadratic weighted kappa of grades that need not be whole: 2 cov / (var_h + var_m + (mean_m - mean_h)^2).

    Population moments. For whole grades it is Cohen's kappa with quadratic weights. human (answers,), machine
    (answers,) or (answers, repeats). NaN where all grades are one and the same. RSMTool's `quadratic_weighted_kappa`.
    """

    def of(totals: Array) -> Array:
        m = _moments(totals)
        return ratio(2 * m.cov, m.var_h + m.var_m + (m.mean_m - m.mean_h) ** 2)

    return Figure(_moment_parts(human, machine), of)


def pearson(human: npt.ArrayLike, machine: npt.ArrayLike) -> Figure:
    """Pearson's correlation; NaN where either does not vary."""

    def of(totals: Array) -> Array:
        m = _moments(totals)
        varies = (m.var_h > TINY) & (m.var_m > TINY)
        return ratio(m.cov, np.sqrt(np.where(varies, m.var_h * m.var_m, 0.0)))

    return Figure(_moment_parts(human, machine), of)


def standardized_mean_difference(human: npt.ArrayLike, machine: npt.ArrayLike) -> Figure:
    """(mean_m - mean_h) / the sample standard deviation of human grades: RSMTool's "unpooled" variant.

    Positive where the machine is lenient. NaN where human grades do not vary.
    """

    def of(totals: Array) -> Array:
        m = _moments(totals)
        sample = m.var_h * ratio(m.n, m.n - 1)
        return ratio(m.mean_m - m.mean_h, np.sqrt(np.where(sample > TINY, sample, 0.0)))

    return Figure(_moment_parts(human, machine), of)


def bias(human: npt.ArrayLike, machine: npt.ArrayLike) -> Figure:
    """mean_m - mean_h, in steps; positive where the machine is lenient."""
    return mean(table(machine) - np.asarray(human, float)[:, None])


def agreement(human: npt.ArrayLike, machine: npt.ArrayLike, within: int = 0) -> Figure:
    """The share, 0..1, of whole grades that are the same (`within` 0: exact) or at most so far apart (1: adjacent)."""
    apart = np.abs(table(machine) - np.asarray(human, float)[:, None])
    return mean(np.where(np.isnan(apart), np.nan, apart <= within + TINY))


def weights_matrix(kind: Weights, classes: int) -> Array:
    """What agreement of class i with class j is worth, 1 on the diagonal: (classes, classes).

    identity; linear 1 - d/(k-1); quadratic 1 - (d/(k-1))^2; ordinal, of Gwet: 1 - C(d+1, 2)/C(k, 2).
    """
    grid = np.arange(classes)
    apart: Array = np.abs(grid[:, None] - grid[None, :]).astype(float)
    if classes < 2 or kind == "identity":
        return np.eye(classes)
    span = classes - 1.0
    if kind == "ordinal":
        cost = apart * (apart + 1) / (classes * span)
    else:
        cost = (apart / span) ** (2.0 if kind == "quadratic" else 1.0)
    return np.asarray(1 - cost, float)


def kappa(first: npt.ArrayLike, second: npt.ArrayLike, classes: int, weights: Weights = "identity") -> Figure:
    """Cohen's kappa of labels 0..classes-1, both (rows,), MISSING where not given.

    NaN where no disagreement is expected: both always say the same one thing.
    """
    a, b = np.asarray(first, int), np.asarray(second, int)
    there = (a >= 0) & (b >= 0)
    parts = np.zeros((len(a), classes * classes))
    parts[np.flatnonzero(there), (a * classes + b)[there]] = 1.0
    cost = 1 - weights_matrix(weights, classes)

    def of(totals: Array) -> Array:
        counts = totals.reshape(*totals.shape[:-1], classes, classes)
        by_first, by_second = counts.sum(axis=-1), counts.sum(axis=-2)
        expected = ratio(by_first[..., :, None] * by_second[..., None, :], counts.sum(axis=(-2, -1))[..., None, None])
        return 1 - ratio((cost * counts).sum(axis=(-2, -1)), (cost * expected).sum(axis=(-2, -1)))

    return Figure(parts, of)


def gwet(ratings: npt.ArrayLike, classes: int, weights: Weights = "identity") -> Figure:
    """Gwet's AC1 (identity weights) or AC2, of labels 0..classes-1 in (rows, raters), MISSING where not given.

    Chance agreement is sum(w)/(q(q-1)) * sum(p(1-p)) with p the classes' shares, so that it does not collapse where
    nearly all labels are the same, as kappa does. Rows with one label count for the shares only. NaN with none
    labelled twice.
    """
    given = np.asarray(ratings, int)
    worth = weights_matrix(weights, classes)
    counts = (given[:, :, None] == np.arange(classes)).sum(axis=1).astype(float)
    raters = counts.sum(axis=1)
    twice = (raters >= 2).astype(float)
    agreed = (counts * (counts @ worth - 1)).sum(axis=1) / np.maximum(raters * (raters - 1), 1) * twice
    shares = counts / np.maximum(raters, 1)[:, None]
    parts = np.column_stack([agreed, twice, raters > 0, shares])
    pairs = worth.sum() / max(classes * (classes - 1), 1)

    def of(totals: Array) -> Array:
        observed = ratio(totals[..., 0], totals[..., 1])
        share = ratio(totals[..., 3:], totals[..., 2:3])
        chance = pairs * (share * (1 - share)).sum(axis=-1)
        return ratio(observed - chance, 1 - chance)

    return Figure(parts, of)


def marginals(labels: npt.ArrayLike, classes: int) -> Array:
    """The share, 0..1, of each class among labels of any shape, MISSING left out: (classes,); NaN with no label."""
    given: Codes = np.asarray(labels, int).ravel()
    counts = np.bincount(given[given >= 0], minlength=classes)[:classes]
    return ratio(counts, counts.sum())


def concordance(covered: npt.ArrayLike, scores: npt.ArrayLike) -> Figure:
    """Over pairs of a covered and an uncovered key point of one answer: how often the covered one scores higher.

    A tie is half. covered (answers, points) of 0 or 1, scores (answers, points), NaN in either where an answer has
    fewer points. 0.5 is chance, whatever the answer's style. NaN where no answer has both kinds.
    """
    truth, score = np.asarray(covered, float), np.asarray(scores, float)
    there = ~(np.isnan(truth) | np.isnan(score))
    high, low = there & (truth > 0.5), there & (truth <= 0.5)
    paired = high[:, :, None] & low[:, None, :]
    apart = np.where(paired, score[:, :, None] - score[:, None, :], np.nan)
    won = ((apart > TINY) + 0.5 * (np.abs(apart) <= TINY)).sum(axis=(1, 2))
    parts = np.column_stack([paired.sum(axis=(1, 2)), won]).astype(float)
    return Figure(parts, lambda t: ratio(t[..., 1], t[..., 0]))


def human_agreement(ratings: npt.ArrayLike) -> Figure:
    """QWK between human raters, ratings (answers, raters), NaN where not given: the mean over pairs of raters."""
    given = np.asarray(ratings, float)
    raters = given.shape[1]
    pairs = [qwk(given[:, a], given[:, b]) for a in range(raters) for b in range(a + 1, raters)]
    return average(pairs) if pairs else mean(np.full(len(given), np.nan))


def degradation(ratings: npt.ArrayLike, machine: npt.ArrayLike) -> Figure:
    """QWK of machine and human less QWK between humans; below zero the machine agrees less than they do.

    RSMTool's, for any number of raters: the machine against each rater, averaged, for a mean of raters is steadier
    than the single ones that it is compared with. Only answers with at least two ratings count. RSMTool flags -0.1.
    """
    given = np.asarray(ratings, float)
    if given.shape[1] < 2:
        return mean(np.full(len(given), np.nan))
    given = np.where((~np.isnan(given)).sum(axis=1, keepdims=True) >= 2, given, np.nan)
    against = average([qwk(given[:, rater], machine) for rater in range(given.shape[1])])
    return against.minus(human_agreement(given))


def recall_at(ranks: npt.ArrayLike, k: int) -> Figure:
    """The share of queries whose right item is among the first k. ranks (queries,) from 1; inf where not found."""
    given = np.asarray(ranks, float)
    return mean(np.where(np.isnan(given), np.nan, given <= k))


def reciprocal_rank(ranks: npt.ArrayLike) -> Figure:
    """The mean reciprocal rank, 0..1, of the right item. ranks (queries,) from 1; inf where not found."""
    return mean(1.0 / np.asarray(ranks, float))
