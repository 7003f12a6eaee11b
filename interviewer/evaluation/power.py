"""What the gate could find before anything is graded: by number of answers and repeats, from a baseline alone.

An edit moves grades in two ways: repeats differ by noise, which the baseline shows and more repeats wash out, and the
grader makes other errors on single answers, which only more answers wash out. How far the second goes (`churn`, in
steps) is not known before the edit; `churn_of` measures it on any two gradings that were compared.

The error of the paired difference is the delta method's: with e a grade's change, a grade m and label h, and moments as
in metrics.qwk (D the denominator),

    d QWK = mean(g e) - QWK/D * mean(e^2 - E e^2),   g = 2/D * (h - mean_h - QWK * (m - mean_h))

where e has variance churn^2 + 2 * noise^2 / repeats, and its churn is shared within a question to the share `together`.
A loss of QWK that comes of new errors brings their churn with it, loss * D / (QWK - loss), which is counted too.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from interviewer.evaluation import student
from interviewer.evaluation.figures import Array, Codes, over_repeats
from interviewer.evaluation.gate import ALPHA, LENIENCY, QWK, VARIANCE, WEIGHTS, Margins, Pairs
from interviewer.evaluation.intervals import LEVEL, clusters_needed, detectable
from interviewer.evaluation.metrics import qwk
from interviewer.evaluation.reliability import variances

CHURN, TOGETHER = 0.25, 0.1
ANSWERS, REPEATS = (50, 100, 200, 400, 800), (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Power:
    """What the gate finds in a metric with so many answers to so many questions, each graded so often.

    `detectable` is the smallest loss found with a chance of 80 %; `passes` the chance that an edit with no loss is
    shown to be no worse, which is what a harmless edit has of passing this metric.
    """

    name: str
    answers: int
    clusters: int
    repeats: int
    margin: float
    detectable: float
    passes: float


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a baseline says of the error of a comparison to come. Steps; `noise` is the variance between repeats."""

    agreement: float
    spread: float
    gradient: Array
    noise: Array
    clusters: Codes
    repeats: int
    churn: float = CHURN
    together: float = TOGETHER

    def errors(self, answers: int, repeats: int, loss: float = 0.0) -> dict[str, float]:
        """The standard error of each metric's difference, with as many answers a question as in the baseline.

        `loss` is that of QWK, if there is one.
        """
        n = len(self.gradient)
        kept = max(self.agreement - loss, 0.1 * abs(self.agreement)) or 1.0
        churn = self.churn**2 + loss * self.spread / kept
        jitter = 2 * self.noise / repeats
        size = np.bincount(self.clusters).astype(float)
        by_question = np.bincount(self.clusters, self.gradient)
        apart, shared = churn * (1 - self.together), churn * self.together
        slope = (self.gradient**2 * (apart + jitter)).sum() + shared * (by_question**2).sum()
        bend = (self.agreement / self.spread) ** 2 * (2 * churn**2 + 4 * self.noise**2 / repeats).sum()
        mean = n * apart + jitter.sum() + shared * (size**2).sum()
        found = {QWK: slope + bend, LENIENCY: mean}
        if repeats > 1:
            # A sample variance s^2 of r values has variance 2 s^4 / (r - 1); s^4 itself is estimated too high.
            high = 1 + 2 / max(self.repeats - 1, 1)
            found[VARIANCE] = 2 * (2 * self.noise**2 / high / (repeats - 1)).sum()
        return {name: math.sqrt(variance / n / answers) for name, variance in found.items()}

    @property
    def questions(self) -> int:
        """How many there are in the baseline."""
        return int(self.clusters.max()) + 1


def prospect(
    human: Array, grades: Array, clusters: Sequence[Hashable], churn: float = CHURN, together: float = TOGETHER
) -> Prospect | None:
    """From a baseline: human (answers,), grades (answers, repeats) in steps, NaN where missing.

    None where no two answers to two questions are labelled and graded. With one repeat noise is taken to be none:
    then `churn` should hold it too.
    """
    there = ~np.isnan(human) & ~np.isnan(grades).all(axis=1)
    codes = np.unique([str(c) for c, t in zip(clusters, there, strict=True) if t], return_inverse=True)[1].astype(
        np.int64
    )
    agreement = qwk(human[there], grades[there]).value
    if math.isnan(agreement) or codes.max(initial=0) < 1:
        return None
    h, kept = human[there], grades[there]
    m, _ = over_repeats(kept)
    second, _ = over_repeats(kept**2)
    spread = h.var() + (second.mean() - m.mean() ** 2) + (m.mean() - h.mean()) ** 2
    return Prospect(
        agreement=agreement,
        spread=float(spread),
        gradient=2 / spread * (h - h.mean() - agreement * (m - h.mean())),
        noise=np.nan_to_num(variances(kept)),
        clusters=codes,
        repeats=int((~np.isnan(kept)).sum(axis=1).max()),
        churn=churn,
        together=together,
    )


def power(
    ahead: Prospect,
    answers: Sequence[int] = ANSWERS,
    repeats: Sequence[int] = REPEATS,
    margins: Margins | None = None,
    alpha: float = ALPHA,
) -> list[Power]:
    """A row for each number of answers and repeats, and metric."""
    margin = _margins(margins)
    found = []
    for count in answers:
        for times in repeats:
            clusters = max(2, round(count * ahead.questions / len(ahead.gradient)))
            for name, error in ahead.errors(count, times).items():
                loss = _detectable(ahead, name, count, times, clusters - 1, alpha)
                chance = _passes(error, clusters - 1, margin[name], both=name == LENIENCY)
                found.append(Power(name, count, clusters, times, margin[name], loss, chance))
    return found


def answers_needed(ahead: Prospect, loss: float, repeats: int, name: str = QWK, alpha: float = ALPHA) -> int | None:
    """How many answers it takes to find a loss > 0 of a metric with a chance of 80 %; None where no number will do."""
    answers = len(ahead.gradient)
    errors = ahead.errors(answers, repeats, loss if name == QWK else 0.0)
    if name not in errors or loss <= 0:
        return None
    needed = clusters_needed(errors[name], ahead.questions, loss, _tail(name, errors, alpha))
    return None if needed is None else math.ceil(needed * answers / ahead.questions)


def _detectable(ahead: Prospect, name: str, answers: int, repeats: int, df: int, alpha: float) -> float:
    """The smallest loss that is found; of QWK by iteration, since a loss makes its own noise."""
    loss = 0.0
    for _ in range(30 if name == QWK else 1):
        errors = ahead.errors(answers, repeats, loss if name == QWK else 0.0)
        loss = detectable(errors[name], df, _tail(name, errors, alpha))
    return loss


def churn_of(pairs: Pairs) -> float:
    """How far an edit moved grades of single answers beyond noise and a common shift: a standard deviation, in steps.

    With one repeat noise cannot be told from it and is in it. NaN with fewer than two answers.
    """
    before, now = pairs.both()
    (old, there), (new, _) = over_repeats(before), over_repeats(now)
    moved = (new - old)[there > 0]
    if len(moved) < 2:
        return math.nan
    noise = np.nan_to_num(variances(before)) + np.nan_to_num(variances(now))
    shown = noise / np.maximum((~np.isnan(before)).sum(axis=1), 1)
    return math.sqrt(max(0.0, float(moved.var(ddof=1) - shown[there > 0].mean())))


def _margins(margins: Margins | None) -> dict[str, float]:
    given = margins or Margins()
    return {QWK: given.qwk, LENIENCY: given.leniency, VARIANCE: given.variance}


def _tail(name: str, tested: dict[str, float], alpha: float) -> float:
    level = alpha * WEIGHTS[name] / sum(WEIGHTS[each] for each in tested)
    return level / 2 if name == LENIENCY else level


def _passes(error: float, df: int, margin: float, both: bool) -> float:
    """The chance that the interval of a difference that is none excludes the margin."""
    if error == 0:
        return 1.0
    room = student.cdf(margin / error - student.quantile(0.5 + LEVEL / 2, df), df)
    return max(0.0, 2 * room - 1) if both else room
