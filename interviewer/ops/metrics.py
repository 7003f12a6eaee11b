"""Measurements as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4).

A few counts, levels and one distribution need no library. No label ever holds anything of a person.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
Labels = tuple[tuple[str, str], ...]
Samples = Iterable[tuple[Labels, float]]


class Metrics:
    """Everything that is measured, in the order in which it was named."""

    def __init__(self) -> None:
        self._lines: list[Callable[[], list[str]]] = []

    def count(self, name: str, about: str, read: Callable[[], Samples]) -> None:
        """Something that only grows, read when it is asked for. Its name ends in _total."""
        self._lines.append(lambda: [*_head(name, about, "counter"), *(_line(name, *s) for s in read())])

    def level(self, name: str, about: str, read: Callable[[], Samples]) -> None:
        """Something that goes up and down, read when it is asked for."""
        self._lines.append(lambda: [*_head(name, about, "gauge"), *(_line(name, *s) for s in read())])

    def spread(self, name: str, about: str, bounds: Sequence[float] = SECONDS) -> Spread:
        """How something is distributed, such as seconds; to be noted as it happens."""
        made = Spread(name, bounds)
        self._lines.append(lambda: [*_head(name, about, "histogram"), *made.lines()])
        return made

    def text(self) -> str:
        """All of it, as it stands now."""
        return "".join(f"{line}\n" for lines in self._lines for line in lines())


class Spread:
    """A distribution: how many lay at or below each bound, their number and their sum."""

    def __init__(self, name: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._bounds = tuple(bounds)
        self._seen: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def note(self, value: float, **labels: str) -> None:
        """One more."""
        key = tuple(sorted(labels.items()))
        counts = self._seen.setdefault(key, [0] * (len(self._bounds) + 1))
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[key] = self._sums.get(key, 0.0) + value

    def lines(self) -> list[str]:
        """Cumulative, as the format wants it."""
        found = []
        for labels, counts in self._seen.items():
            below = 0
            for bound, count in zip((*self._bounds, math.inf), counts, strict=True):
                below += count
                found.append(_line(f"{self._name}_bucket", (*labels, ("le", _number(bound))), below))
            found.append(_line(f"{self._name}_sum", labels, self._sums[labels]))
            found.append(_line(f"{self._name}_count", labels, below))
        return found


def one(value: float) -> Samples:
    """A single sample without labels."""
    return [((), value)]


def each(label: str, values: Mapping[str, float]) -> Samples:
    """A sample for each value of a label."""
    return [(((label, name),), value) for name, value in sorted(values.items())]


def _head(name: str, about: str, kind: str) -> list[str]:
    return [f"# HELP {name} {_escaped(about)}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_quoted(held)}"' for label, held in labels)
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
