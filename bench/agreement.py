"""Agreement between two readers, and how sure a figure is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np


def kappa(a: Sequence[Any], b: Sequence[Any], quadratic: bool = False) -> float:
    """Cohen's kappa of labels 0, 1, 2, ...; with quadratic weights for ordered ones. NaN where nothing is expected."""
    first, second = np.asarray(a, int), np.asarray(b, int)
    if not len(first):
        return float("nan")
    size = int(max(first.max(), second.max())) + 1
    table = np.zeros((size, size))
    np.add.at(table, (first, second), 1)
    grid = np.arange(size)
    apart = grid[:, None] - grid[None, :]
    cost = apart**2.0 if quadratic else (apart != 0) * 1.0
    expected = (cost * np.outer(table.sum(1), table.sum(0)) / table.sum()).sum()
    return float(1 - (cost * table).sum() / expected) if expected else float("nan")


def concordance(truth: Sequence[Sequence[bool]], scores: Sequence[Sequence[float]]) -> float:
    """Over pairs of a true and a false item of one answer: how often the true one scores higher (a tie is half)."""
    won = total = 0.0
    for wanted, given in zip(truth, scores, strict=True):
        high = np.array([g for w, g in zip(wanted, given, strict=True) if w])
        low = np.array([g for w, g in zip(wanted, given, strict=True) if not w])
        total += len(high) * len(low)
        if len(high) and len(low):
            above = high[:, None] - low[None, :]
            won += (above > 0).sum() + 0.5 * (above == 0).sum()
    return float(won / total) if total else float("nan")


def f1(truth: Sequence[Hashable], said: Sequence[Hashable], weighted: bool) -> float:
    """F1 over classes: weighted by how often a class is true, or the plain mean."""
    scores, weights = [], []
    for label in dict.fromkeys(truth):
        both = sum(t == s == label for t, s in zip(truth, said, strict=True))
        counted = sum(t == label for t in truth) + sum(s == label for s in said)
        scores.append(2 * both / counted)
        weights.append(sum(t == label for t in truth))
    return float(np.average(scores, weights=weights if weighted else None))


def token_f1(quote: str, wanted: str) -> float:
    """Overlap of two quotes in words."""
    a, b = (Counter(re.findall(r"\w+", text.casefold())) for text in (quote, wanted))
    both = sum((a & b).values())
    return 2 * both / (a.total() + b.total()) if both else 0.0


def interval(
    figure: Callable[[Sequence[int]], float], groups: Sequence[Hashable], rounds: int = 300
) -> tuple[float, float]:
    """95 % bootstrap interval of a figure over items (given by number), drawing whole groups."""
    members: dict[Hashable, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append(number)
    draw, names = np.random.default_rng(1), list(members)
    values = []
    for _ in range(rounds):
        chosen = draw.integers(len(names), size=len(names))
        values.append(figure([n for c in chosen for n in members[names[c]]]))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)
