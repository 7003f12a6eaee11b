"""A metric as a function of sums over rows, so that one definition serves the value and every kind of interval.

Nearly every statistic of agreement is a function of a few sums over the answers: moments, a table of counts, a count
of pairs won. Written like that, drawing questions again (bootstrap) or leaving one out (jackknife) is adding up other
rows, a thousand rounds are one matrix product, and a difference of two metrics is one more metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
MISSING = -1
"""A label, class or code that is not there, where labels are whole numbers; NaN where they are not."""
TINY = 1e-12
"""Below this a variance, or what a ratio is taken of, is zero."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric: `parts` are the rows' sums, (rows, k); `of` makes values (...) of totals (..., k).

    Undefined values are NaN; nothing is raised. A row of zeros counts for nothing.
    """

    parts: Array
    of: Callable[[Array], Array]

    @property
    def value(self) -> float:
        """The metric over all rows."""
        return float(self.of(self.parts.sum(axis=0)))

    @property
    def n(self) -> int:
        """How many rows count."""
        return int(self.parts.any(axis=1).sum())

    def weighted(self, weights: npt.ArrayLike) -> Figure:
        """The same with a weight (>= 0) a row: each of three repeats of an answer counts a third."""
        return Figure(self.parts * np.asarray(weights, float)[:, None], self.of)

    def minus(self, other: Figure) -> Figure:
        """This metric less another of the same rows, as one metric: their errors are not independent."""
        mine = self.parts.shape[1]
        first, second = self.of, other.of
        return Figure(np.hstack([self.parts, other.parts]), lambda t: first(t[..., :mine]) - second(t[..., mine:]))


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> Array:
    """top / bottom, NaN where the bottom is zero."""
    below = np.asarray(bottom, float)
    defined = np.abs(below) > TINY
    return np.where(defined, np.asarray(top, float) / np.where(defined, below, 1.0), np.nan)


def mean(values: npt.ArrayLike) -> Figure:
    """The mean of values (rows,) or (rows, repeats), each row weighing the same; NaN where a value is missing."""
    averaged, there = over_repeats(table(values))
    return Figure(np.column_stack([there, averaged]), lambda t: ratio(t[..., 1], t[..., 0]))


def average(figures: Sequence[Figure]) -> Figure:
    """The mean of several metrics of the same rows, at least one, of those that are defined."""
    ends = np.cumsum([0, *(f.parts.shape[1] for f in figures)])

    def of(totals: Array) -> Array:
        values = np.stack([f.of(totals[..., a:b]) for f, a, b in zip(figures, ends, ends[1:], strict=False)])
        there = ~np.isnan(values)
        return ratio(np.where(there, values, 0.0).sum(axis=0), there.sum(axis=0))

    return Figure(np.hstack([f.parts for f in figures]), of)


def table(values: npt.ArrayLike) -> Array:
    """Values as (rows, repeats): what has one dimension is one repeat."""
    given = np.asarray(values, float)
    return given[:, None] if given.ndim == 1 else given


def over_repeats(values: Array) -> tuple[Array, Array]:
    """Means (rows,) over the repeats that are there, 0 where there is none, and whether there is one, 1.0 or 0.0."""
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    return np.where(there, values, 0.0).sum(axis=1) / np.maximum(count, 1), (count > 0).astype(float)
