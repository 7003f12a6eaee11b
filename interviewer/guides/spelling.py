"""Which known name a misspelt one was meant to be. Pure, and silent when in doubt."""

from __future__ import annotations

from collections.abc import Iterable

# What lies close to a name but is a word of its own, so a topic may well go by it.
_OWN_WORDS = """
    followers hit hunt joint joints lint mint pint print prints prone prove proved technician technicians tint
    """
WORDS_OF_THEIR_OWN = frozenset(_OWN_WORDS.split())


def nearest(written: str, names: Iterable[str]) -> str | None:
    """The name that this was meant to be, or None: it is none, or it is the name itself, or a word of its own."""
    words = written.split()
    if not words or not WORDS_OF_THEIR_OWN.isdisjoint(words):
        return None
    found = [(far, name) for name in names if (far := _far(words, name.split())) is not None]
    return min(found)[1] if found else None


def _far(words: list[str], name: list[str]) -> int | None:
    """By how many slips the words differ from the name; None where that is none or too many."""
    parted_elsewhere = len(words) != len(name)
    if parted_elsewhere:
        words, name = ["".join(words)], ["".join(name)]
    pairs = list(zip(words, name, strict=True))
    if not all(_may_be_near(a, b) for a, b in pairs):
        return None
    slips = [distance(a, b) for a, b in pairs]
    near = all(far <= _allowed(b) for far, (_, b) in zip(slips, pairs, strict=True))
    return (sum(slips) + parted_elsewhere or None) if near else None


def _allowed(name: str) -> int:
    return 2 if len(name) >= 8 else 1


def _may_be_near(a: str, b: str) -> bool:
    """A cheap look at the lengths and letters, which tells nearly all others off."""
    allowed = _allowed(b)
    return abs(len(a) - len(b)) <= allowed and len(set(a) ^ set(b)) <= 2 * allowed


def distance(a: str, b: str) -> int:
    """How many letters are wrong, missing, too many or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, above = above, row
    return above[-1]
