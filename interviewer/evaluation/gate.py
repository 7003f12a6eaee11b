"""Whether gradings are no worse than the baseline's: the same answers and repeats, graded twice, in pairs.

Three metrics, each with the error of its paired difference by leaving out one question at a time (jackknife-t with
questions - 1 degrees of freedom):

    QWK              of grades and labels; a fall is a loss
    leniency         mean of grade - label, in steps; a shift is a loss whichever way it goes
    repeat variance  within an answer, in squared steps, where there are repeats; a rise is a loss

    no worse      the 95 % interval of the difference excludes a loss as large as the margin
    regression    otherwise, where the loss is significant: p <= 0.05 after Holm's correction over the metrics, in
                  which QWK has half of the level, as a loss of it is the hardest to see
    inconclusive  otherwise: neither is shown; `detectable` and `cases_needed` say what it would take

All metrics must be no worse for the whole to be (each is tested at the full level: an intersection-union test), while
one that is worse is enough for a regression (hence Holm). A loss may be significant and yet surely smaller than the
margin: that passes, since the margin says what matters. What passes may still add up over many edits; a baseline
that is only replaced on purpose keeps that in sight. A metric without any variation, such as of identical gradings,
has an error of exactly 0 and needs no test. The level is a suite's: those of the suites of one check add up.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interviewer.evaluation import student
from interviewer.evaluation.figures import Array, Figure, mean
from interviewer.evaluation.intervals import LEVEL, Estimate, clusters_needed, detectable, jackknife
from interviewer.evaluation.metrics import bias, qwk
from interviewer.evaluation.reliability import repeat_variance
from interviewer.evaluation.results import Difference, Outcome

ALPHA = 0.05
QWK, LENIENCY, VARIANCE = "qwk", "leniency", "repeat_variance"
WEIGHTS = {QWK: 2.0, LENIENCY: 1.0, VARIANCE: 1.0}
"""How much of the level each metric's test has, when there are no others before it."""
_WIDEST = {QWK: 2.0, LENIENCY: 4.0, VARIANCE: 8.0}
"""No difference is larger: where one question is all there is, the interval says just that. Shares differ by 1."""
_WORST_FIRST = (Outcome.REGRESSION, Outcome.INCONCLUSIVE, Outcome.PASS)


@dataclass(frozen=True, slots=True)
class Margins:
    """The loss that matters: in QWK, in steps, in squared steps."""

    qwk: float = 0.03
    leniency: float = 0.10
    variance: float = 0.05


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two gradings of the same answers, row by row and repeat by repeat.

    human (answers,) labels in steps; baseline and now (answers, repeats) in steps, NaN where ungraded; clusters
    (answers,) the question of each. What only one of the two has graded, or nobody labelled, is left out of both.
    """

    human: Array
    baseline: Array
    now: Array
    clusters: Sequence[Hashable]

    def both(self) -> tuple[Array, Array]:
        """The two gradings, NaN wherever one of them, or the label, is missing."""
        missing = np.isnan(self.baseline) | np.isnan(self.now) | np.isnan(self.human)[:, None]
        return np.where(missing, np.nan, self.baseline), np.where(missing, np.nan, self.now)


@dataclass(frozen=True, slots=True)
class _Test:
    """One metric of both gradings. `worse`: +1 where a rise is a loss, -1 a fall, 0 either."""

    name: str
    worse: int
    margin: float
    baseline: Figure
    now: Figure
    estimate: Estimate

    @property
    def loss(self) -> float:
        return self.worse * self.estimate.value if self.worse else abs(self.estimate.value)

    @property
    def widest(self) -> float:
        """The largest difference that there can be."""
        return _WIDEST.get(self.name, 1.0)

    @property
    def p(self) -> float:
        """One-sided for a loss in one direction, two-sided where both are."""
        if self.estimate.error == 0:
            return 0.0 if self.loss > 0 else 1.0
        if not math.isfinite(self.estimate.error):
            return 1.0
        tail = student.upper_tail(self.loss / self.estimate.error, self.estimate.df)
        return min(1.0, tail if self.worse else 2 * tail)

    def tail(self, level: float) -> float:
        """The one-sided level of a test at `level`."""
        return level if self.worse else level / 2

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference, no wider than differences can be."""
        low, high = self.estimate.interval(LEVEL) if math.isfinite(self.estimate.error) else (-math.inf, math.inf)
        return max(low, -self.widest), min(high, self.widest)

    @property
    def no_worse(self) -> bool:
        """Whether a loss as large as the margin is excluded."""
        low, high = self.interval
        return (-low if self.worse < 0 else high if self.worse else max(-low, high)) < self.margin


def compare(pairs: Pairs, margins: Margins | None = None, alpha: float = ALPHA) -> tuple[Difference, ...]:
    """The difference of each metric that is defined, with its outcome; none where nothing was graded twice."""
    tests = _tests(pairs, margins or Margins())
    weights = [WEIGHTS[test.name] for test in tests]
    adjusted = holm([test.p for test in tests], weights)
    answers = int((~np.isnan(pairs.both()[0])).any(axis=1).sum())
    levels = [alpha * weight / sum(weights) for weight in weights]
    return tuple(
        _difference(test, p, answers, alpha, level) for test, p, level in zip(tests, adjusted, levels, strict=True)
    )


def compare_shares(
    name: str,
    before: Collection[str],
    now: Collection[str],
    clusters: Mapping[str, Hashable],
    margin: float,
    alpha: float = ALPHA,
) -> tuple[Difference, ...]:
    """The paired difference of a share that should not rise, such as of violations among changed answers.

    clusters has every item with its question; before and now are those of them that count. One test at `alpha`: beside
    others, each should get its part of the level. None where there are no items.
    """
    items = list(clusters)
    first, second = (np.array([item in each for item in items], float) for each in (before, now))
    estimate = jackknife(mean(second).minus(mean(first)), [clusters[item] for item in items])
    if math.isnan(estimate.value):
        return ()
    test = _Test(name, 1, margin, mean(first), mean(second), _settled(estimate, first, second))
    return (_difference(test, test.p, len(items), alpha, alpha),)


def verdict(differences: Sequence[Difference]) -> Outcome:
    """The worst outcome; INVALID with no difference at all."""
    return next((o for o in _WORST_FIRST if any(d.outcome is o for d in differences)), Outcome.INVALID)


def holm(p: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p values, weighted: with these the chance of any false alarm is at most the level.

    Equal weights are the usual procedure. A test of weight w has at first a share w / sum of the level.
    """
    order = sorted(range(len(p)), key=lambda i: p[i] / weights[i])
    adjusted, highest, left = [0.0] * len(p), 0.0, sum(weights)
    for i in order:
        highest = max(highest, min(1.0, left / weights[i] * p[i]))
        adjusted[i] = highest
        left -= weights[i]
    return adjusted


def _tests(pairs: Pairs, margins: Margins) -> list[_Test]:
    baseline, now = pairs.both()
    made = [
        (QWK, -1, margins.qwk, qwk(pairs.human, baseline), qwk(pairs.human, now)),
        (LENIENCY, 0, margins.leniency, bias(pairs.human, baseline), bias(pairs.human, now)),
        (VARIANCE, 1, margins.variance, repeat_variance(baseline), repeat_variance(now)),
    ]
    found = []
    for name, worse, margin, before, after in made:
        estimate = jackknife(after.minus(before), pairs.clusters)
        if not math.isnan(estimate.value):
            found.append(_Test(name, worse, margin, before, after, _settled(estimate, baseline, now)))
    return found


def _settled(estimate: Estimate, baseline: Array, now: Array) -> Estimate:
    """Without an error the difference is either none at all or as uncertain as can be."""
    if not math.isnan(estimate.error):
        return estimate
    same = np.array_equal(baseline, now, equal_nan=True)
    return Estimate(estimate.value, 0.0 if same else math.inf, estimate.clusters)


def _difference(test: _Test, p: float, answers: int, alpha: float, level: float) -> Difference:
    outcome = Outcome.PASS if test.no_worse else Outcome.REGRESSION if p <= alpha else Outcome.INCONCLUSIVE
    low, high = test.interval
    found = detectable(test.estimate.error, test.estimate.df, test.tail(level))
    return Difference(
        name=test.name,
        baseline=test.baseline.value,
        now=test.now.value,
        difference=test.estimate.value,
        low=low,
        high=high,
        margin=test.margin,
        worse=test.loss,
        p=p,
        outcome=outcome,
        detectable=min(found, test.widest),
        cases_needed=_needed(test, answers, level) if outcome is Outcome.INCONCLUSIVE else None,
        n=answers,
        clusters=test.estimate.clusters,
    )


def _needed(test: _Test, answers: int, level: float) -> int | None:
    """Answers, as many a question as now, that settle it with a chance of 80 % either way.

    Enough to find a true loss as large as the margin, and to exclude it where there is none.
    """
    estimate = test.estimate
    if not math.isfinite(estimate.error) or test.margin <= 0:
        return None
    find = clusters_needed(estimate.error, estimate.clusters, test.margin, test.tail(level))
    # Where both directions count, both must be excluded: each with a chance of 90 %.
    exclude = clusters_needed(
        estimate.error, estimate.clusters, test.margin, (1 - LEVEL) / 2, 0.8 if test.worse else 0.9
    )
    if find is None or exclude is None:
        return None
    return math.ceil(max(find, exclude) * answers / estimate.clusters)
