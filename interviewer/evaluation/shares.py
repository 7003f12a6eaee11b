"""Whether more changed answers violate what must hold than in the baseline: the same items in pairs, by question.

The rule is that of the gate: no worse where the 95 % interval of the difference excludes a rise as large as the margin,
a regression where it does not and the rise is significant, else inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from interviewer.evaluation import student
from interviewer.evaluation.figures import mean
from interviewer.evaluation.gate import ALPHA
from interviewer.evaluation.intervals import LEVEL, clusters_needed, detectable, jackknife
from interviewer.evaluation.results import Difference, Outcome


def compare_shares(
    name: str, before: Collection[str], now: Collection[str], *, clusters: Mapping[str, str], margin: float
) -> Difference | None:
    """The difference between two shares of violations; None where there are no items.

    `before` and `now` are the items in violation, of those in `clusters`, which gives the question of each.
    """
    items = list(clusters)
    if not items:
        return None
    old, new = (np.array([item in broken for item in items], float) for broken in (before, now))
    names = [clusters[item] for item in items]
    estimate = jackknife(mean(new - old), names)
    error = 0.0 if np.array_equal(old, new) else math.inf if math.isnan(estimate.error) else estimate.error
    rise = estimate.value
    reach = 0.0 if error == 0 else student.quantile(0.5 + LEVEL / 2, estimate.df) * error if error < math.inf else 1.0
    low, high = max(-1.0, rise - reach), min(1.0, rise + reach)
    p = 1.0 if error in (0, math.inf) else student.upper_tail(rise / error, estimate.df)
    outcome = Outcome.PASS if high < margin else Outcome.REGRESSION if p <= ALPHA else Outcome.INCONCLUSIVE
    needed = None
    if outcome is Outcome.INCONCLUSIVE and 0 < error < math.inf:
        needed = clusters_needed(error, estimate.clusters, margin, ALPHA)
    return Difference(
        name=name,
        baseline=float(old.mean()),
        now=float(new.mean()),
        difference=rise,
        low=low,
        high=high,
        margin=margin,
        worse=rise,
        p=p,
        outcome=outcome,
        detectable=min(1.0, detectable(error, estimate.df, ALPHA)) if error < math.inf else 1.0,
        cases_needed=math.ceil(needed * len(items) / estimate.clusters) if needed else None,
        n=len(items),
        clusters=estimate.clusters,
    )
