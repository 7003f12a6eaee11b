"""Gradings of one answer beside gradings of the same answer changed, net of what repeats alone would differ by.

An item's grade is the mean over its repeats, in steps of the band (metrics.steps). A shift is the changed answer's less
the unchanged one's. Its noise is the standard error that repeats give it: s * sqrt(1/n + 1/m) for n and m repeats, with
s^2 the mean over the items of one kind of the variance within an item. With one repeat each there is no telling, and it
is 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import VERDICT_CREDIT
from interviewer.evaluation import student
from interviewer.evaluation.figures import mean
from interviewer.evaluation.intervals import LEVEL, jackknife
from interviewer.evaluation.metrics import steps
from interviewer.evaluation.results import Measure, Row, Table, Violation

BEYOND_NOISE = 2.0
COMMITTED = "committed"
Cells = tuple[str | float | int | None, ...]
"""A row of a table."""


class Findings(NamedTuple):
    """What measuring a suite gives; see results. `tried`: what could be in violation, with its question."""

    measures: tuple[Measure, ...] = ()
    violations: tuple[Violation, ...] = ()
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
    tried: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Graded:
    """The gradings of one item that came out, one a repeat; at least one."""

    item: str
    cluster: str
    grades: tuple[SingleGrade, ...]

    @property
    def scores(self) -> list[float]:
        """On 0..100, a repeat each."""
        return [g.score or 0.0 for g in self.grades]

    @property
    def score(self) -> float:
        """The mean of its scores, 0..100."""
        return float(np.mean(self.scores))

    @property
    def steps(self) -> float:
        """The mean of its grades in steps, 1..5."""
        return float(np.mean(steps(self.scores)))

    @property
    def variances(self) -> tuple[float, float]:
        """Of its grades in squared steps, and of its scores in squared points; NaN with one repeat."""
        if len(self.grades) < 2:
            return math.nan, math.nan
        return float(np.var(steps(self.scores), ddof=1)), float(np.var(self.scores, ddof=1))

    def verdicts(self) -> dict[str, list[str]]:
        """Per statement its verdict in each repeat, as a word; a pitfall's are "committed" or "no"."""
        found: dict[str, list[str]] = {}
        for grade in self.grades:
            for point in grade.points:
                found.setdefault(point.id, []).append(point.verdict.value)
            for pitfall in grade.pitfalls:
                found.setdefault(pitfall.id, []).append(COMMITTED if pitfall.committed else "no")
        return found

    def credit(self, statement: str) -> float:
        """What a key point earned, 0..1, or how often a pitfall was committed, 0..1: the mean over repeats."""
        said = self.verdicts().get(statement, [])
        return float(np.mean([_CREDIT[word] for word in said])) if said else 0.0


_CREDIT = {verdict.value: credit for verdict, credit in VERDICT_CREDIT.items()} | {COMMITTED: 1.0, "no": 0.0}


def graded(rows: Iterable[Row]) -> dict[str, Graded]:
    """The items of which at least one repeat was graded, by id."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.grade.status == "graded":
            found.setdefault(row.item, []).append(row)
    return {
        item: Graded(item, mine[0].cluster, tuple(r.grade for r in sorted(mine, key=lambda r: r.repeat)))
        for item, mine in found.items()
    }


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer as it was given and as it was changed."""

    before: Graded
    now: Graded

    @property
    def shift(self) -> float:
        """What the change did, in steps."""
        return self.now.steps - self.before.steps

    def noise(self, spread: float) -> float:
        """The standard error of the shift that repeats alone give it, where a grade varies by `spread` (its s)."""
        return spread * math.sqrt(1 / len(self.now.grades) + 1 / len(self.before.grades))

    def flips(self) -> float:
        """The chance that a statement gets another verdict after the change, less that in another repeat; mean of all.

        From -1 to 1, and 0 in the mean for an engine that is only noisy. Of answers graded once the second part is 0.
        """
        one, other = self.before.verdicts(), self.now.verdicts()
        both = [s for s in one if s in other]
        if not both:
            return 0.0
        across = np.mean([_differ(one[s], other[s]) for s in both])
        within = np.mean([(_differ_within(one[s]) + _differ_within(other[s])) / 2 for s in both])
        return float(across - within)

    def ahead(self) -> float | None:
        """What a key point earned more, 0..1, for standing earlier in the question: the mean over those that moved.

        Above 0 where the earlier points are judged more kindly. None where none moved.
        """
        one, other = ([p.id for p in g.grades[0].points] for g in (self.before, self.now))
        gains = []
        for place, name in enumerate(one):
            if name in other and other.index(name) != place:
                earned = self.now.credit(name) - self.before.credit(name)
                gains.append(earned if other.index(name) < place else -earned)
        return float(np.mean(gains)) if gains else None

    def turned(self) -> list[str]:
        """The statements whose commonest verdict changed: "k3 covered -> partial"."""
        one, other = self.before.verdicts(), self.now.verdicts()
        moved = [(s, _commonest(one[s]), _commonest(other[s])) for s in one if s in other]
        return [f"{s} {old} -> {new}" for s, old, new in moved if old != new]


def _commonest(said: Sequence[str]) -> str:
    return Counter(said).most_common(1)[0][0]


def _differ(one: Sequence[str], other: Sequence[str]) -> float:
    """The chance that a verdict drawn from one differs from one drawn from the other."""
    a, b = Counter(one), Counter(other)
    return 1 - sum(a[v] * b[v] for v in a) / (len(one) * len(other))


def _differ_within(said: Sequence[str]) -> float:
    """The chance that two different ones of these differ; 0 of a single one."""
    count = len(said)
    return 1 - sum(n * (n - 1) for n in Counter(said).values()) / (count * (count - 1)) if count > 1 else 0.0


class Spread(NamedTuple):
    """By how much repeats of one answer differ: standard deviations of its grade in steps, of its score in points."""

    steps: float = 0.0
    points: float = 0.0


def spread(found: Iterable[Graded]) -> Spread:
    """The root of the mean variance within these items; 0 where nothing was repeated."""
    known = [g.variances for g in found if len(g.grades) > 1]
    return Spread(*(math.sqrt(v) for v in np.mean(known, axis=0).tolist())) if known else Spread()


def net_size(pairs: Sequence[Pair], within: float) -> float:
    """How large shifts are, less what noise makes of them: sqrt(max(0, mean(shift^2 - noise^2))), in steps."""
    if not pairs:
        return 0.0
    return math.sqrt(max(0.0, float(np.mean([p.shift**2 - p.noise(within) ** 2 for p in pairs]))))


def average(name: str, values: Sequence[float], clusters: Sequence[Hashable], note: str = "") -> Measure:
    """The mean of values with its 95 % interval by leaving each cluster out (jackknife-t)."""
    if not values:
        return Measure(name=name, value=None, note=note or "nothing to measure")
    estimate = jackknife(mean(values), clusters)
    low, high = (_finite(bound) for bound in estimate.interval())
    return Measure(
        name=name, value=estimate.value, low=low, high=high, n=len(values), clusters=estimate.clusters, note=note
    )


def share(name: str, flags: Sequence[bool], clusters: Sequence[Hashable], note: str = "") -> Measure:
    """The share that is true, 0..1, with Wilson's interval for as many answers as the clustered ones are worth.

    That number is p (1 - p) / error^2 with the jackknife's error, at most all of them, and all of them where every one
    is the same; the normal quantile is t's with clusters - 1 degrees of freedom (after Korn and Graubard 1998, and
    Franco et al. 2019, who find Wilson's interval the best for shares of a clustered sample).
    """
    found = average(name, [float(f) for f in flags], clusters, note)
    if found.value is None or found.clusters < 2:
        return found
    p, error = found.value, jackknife(mean([float(f) for f in flags]), clusters).error
    worth = min(found.n, p * (1 - p) / error**2) if error else found.n
    z = student.quantile(0.5 + LEVEL / 2, found.clusters - 1)
    middle = (p + z**2 / (2 * worth)) / (1 + z**2 / worth)
    reach = z / (1 + z**2 / worth) * math.sqrt(p * (1 - p) / worth + z**2 / (4 * worth**2))
    low, high = (middle - reach if p > 0 else 0.0), (middle + reach if p < 1 else 1.0)
    return found.model_copy(update={"low": low, "high": high})


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def one_repeat(found: Iterable[Graded]) -> str | None:
    """A warning where nothing was graded twice, so that chance cannot be told from effect."""
    if all(len(g.grades) < 2 for g in found):
        return "Every answer was graded once, so nothing is taken off for repeats; use 2 repeats or more with a model."
    return None
