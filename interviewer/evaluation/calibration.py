"""Whether confidence can be believed: how often verdicts given with 80 % confidence are right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interviewer.evaluation.figures import Array, Figure, mean, ratio

BINS = 10


def expected_calibration_error(confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS) -> Figure:
    """How far confidence and the share that is right lie apart, averaged over bins of equal width by their size.

    confidence (verdicts,) 0..1, NaN left out; correct (verdicts,) 0 or 1. Guo et al. (2017), "On calibration of
    modern neural networks". It is biased upwards in small samples: each bin's share has its own noise.
    """
    sure, right, cell = _binned(confidence, correct, bins)
    there = cell[:, None] == np.arange(bins)
    parts = np.hstack([there, there * (sure - right)[:, None]]).astype(float)

    def of(totals: Array) -> Array:
        return ratio(np.abs(totals[..., bins:]).sum(axis=-1), totals[..., :bins].sum(axis=-1))

    return Figure(parts, of)


def brier(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> Figure:
    """The mean squared distance of confidence from what came true, 0 best. confidence and correct (verdicts,)."""
    return mean((np.asarray(confidence, float) - np.asarray(correct, float)) ** 2)


def reliability_curve(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int = BINS
) -> list[tuple[float, float, int, float, float]]:
    """For each bin with anything in it: from, to, how many, mean confidence, share that is right."""
    sure, right, cell = _binned(confidence, correct, bins)
    edges = np.linspace(0, 1, bins + 1)
    return [
        (float(edges[i]), float(edges[i + 1]), int(here.sum()), float(sure[here].mean()), float(right[here].mean()))
        for i in range(bins)
        if (here := cell == i).any()
    ]


def _binned(confidence: npt.ArrayLike, correct: npt.ArrayLike, bins: int) -> tuple[Array, Array, npt.NDArray[np.int64]]:
    sure, right = np.asarray(confidence, float), np.asarray(correct, float)
    there = ~(np.isnan(sure) | np.isnan(right))
    cell = np.where(there, np.minimum(np.where(there, sure, 0.0) * bins, bins - 1), -1).astype(int)
    return np.where(there, sure, 0.0), np.where(there, right, 0.0), cell
