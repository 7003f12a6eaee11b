"""Figures of a run: how much was graded, what was not and why, and what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from interviewer.domain.guide import Frozen
from interviewer.domain.interview import ModelCall
from interviewer.domain.usage import Price, Usage, usage
from interviewer.evaluation.results import Row


class Statistics(Frozen):
    """Figures of a run. `seconds` is the mean of a grading; what repeats share was paid for once, and counts once."""

    rows: int
    graded: int
    ungraded: int
    reasons: dict[str, int]
    seconds: float | None
    calls: tuple[Usage, ...]


def statistics(rows: Iterable[Row], prices: Mapping[str, Price] | None = None) -> Statistics:
    """Figures of some gradings; what calls cost, where prices are known."""
    reasons: Counter[str] = Counter()
    calls: list[ModelCall] = []
    seen: set[str] = set()
    count, seconds = 0, 0.0
    for row in rows:
        count += 1
        reasons.update([row.grade.reason] if row.grade.status == "ungraded" else [])
        if row.key not in seen:
            seen.add(row.key)
            seconds += row.seconds
            calls += row.grade.calls
    return Statistics(
        rows=count,
        graded=count - reasons.total(),
        ungraded=reasons.total(),
        reasons=dict(reasons.most_common()),
        seconds=round(seconds / len(seen), 4) if seen else None,
        calls=usage(calls, prices),
    )
