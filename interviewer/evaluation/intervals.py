"""How sure a figure is, where answers to one question are not independent: whole questions are drawn, or left out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from interviewer.evaluation import student
from interviewer.evaluation.figures import Array, Figure

ROUNDS = 1000
LEVEL = 0.95
POWER = 0.8
MANY = 1_000_000
Labels = Sequence[Hashable] | np.typing.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its standard error by the jackknife, over so many questions. NaN where undefined."""

    value: float
    error: float
    clusters: int

    @property
    def df(self) -> int:
        """Degrees of freedom of its t: one less than the questions."""
        return self.clusters - 1

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """value -/+ t * error; NaN with fewer than two questions. Exactly the value where nothing varies."""
        if self.error == 0:
            return self.value, self.value
        reach = student.quantile(0.5 + level / 2, self.df) * self.error
        return self.value - reach, self.value + reach


def cluster_totals(figure: Figure, clusters: Labels) -> Array:
    """The sums of each question's rows, (questions, k); questions of which nothing counts are left out.

    clusters (rows,): the question of each row.
    """
    names: dict[Hashable, int] = {}
    codes = np.fromiter((names.setdefault(c, len(names)) for c in clusters), int, len(clusters))
    totals = np.zeros((len(names), figure.parts.shape[1]))
    np.add.at(totals, codes, figure.parts)
    return totals[totals.any(axis=1)]


def bootstrap(
    figure: Figure, clusters: Labels, *, rounds: int = ROUNDS, seed: int = 1, level: float = LEVEL
) -> tuple[float, float]:
    """The percentile interval of a figure when whole questions are drawn anew, with replacement.

    The same seed draws the same questions for every figure. Rounds in which the figure is undefined are left out;
    NaN, NaN where that is more than half of them, or there are fewer than two questions.
    """
    totals = cluster_totals(figure, clusters)
    if len(totals) < 2:
        return math.nan, math.nan
    values = figure.of(_draws(len(totals), rounds, seed) @ totals)
    values = values[~np.isnan(values)]
    if len(values) < rounds / 2:
        return math.nan, math.nan
    low, high = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


@lru_cache(maxsize=32)
def _draws(clusters: int, rounds: int, seed: int) -> Array:
    """How often each question is drawn in each round, (rounds, questions)."""
    draws = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=rounds)
    return draws.astype(float)


def jackknife(figure: Figure, clusters: Labels) -> Estimate:
    """The figure and its standard error from leaving each question out in turn (delete-a-group jackknife).

    error^2 = (G - 1)/G * sum (value without g - their mean)^2. NaN with fewer than two questions.
    """
    totals = cluster_totals(figure, clusters)
    whole, count = figure.parts.sum(axis=0), len(totals)
    value = float(figure.of(whole))
    if count < 2:
        return Estimate(value, math.nan, count)
    without = figure.of(whole - totals)
    spread = without - without.mean()
    return Estimate(value, math.sqrt((count - 1) / count * float((spread**2).sum())), count)


def detectable(error: float, df: int, tail: float, power: float = POWER) -> float:
    """The smallest true effect that a one-sided test at `tail` finds with this chance.

    (t[1 - tail] + t[power]) * error; 0 where nothing varies, infinite where nothing can be said.
    """
    if error == 0:
        return 0.0
    reach = (student.quantile(1 - tail, df) + student.quantile(power, df)) * error
    return math.inf if math.isnan(reach) else reach


def clusters_needed(error: float, clusters: int, effect: float, tail: float, power: float = POWER) -> int | None:
    """How many questions, with as many answers each, it takes for an effect > 0 to be detectable; None beyond MANY.

    error is the standard error with `clusters` questions; it falls with the root of their number.
    """

    def enough(count: int) -> bool:
        return detectable(error * math.sqrt(clusters / count), count - 1, tail, power) <= effect

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MANY:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
