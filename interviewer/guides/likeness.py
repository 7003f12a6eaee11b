"""How alike two texts are, and which of many are, without comparing each with each."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from interviewer.guides.wording import stem, stems, unspaced, words

NEGATIONS = frozenset({"no", "not", "never", "without", "nor", "neither", "none", "cannot", "non"})
ARTICLES = frozenset({"a", "an", "the"})

Bag = frozenset[tuple[str, int]]  # each word with how often it was there before: a set that counts


def alike(a: str, b: str) -> float:
    """How alike two texts are, 0..1: Dice of their meaningful words, or letters where no spaces part the words."""
    return _dice(_bag(a), _bag(b))


def opposed(a: str, b: str) -> bool:
    """Whether one text denies, or gives a number, where the other does not: alike, but not the same."""
    return _decisive(a) != _decisive(b)


def within(a: str, b: str) -> bool:
    """Whether all words of one text stand in the other in the same order, so that it says nothing of its own."""
    rest = iter(_plain(b))
    return all(word in rest for word in _plain(a))


def repeats(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int]]:
    """For each text that says what an earlier one says: its number and that of the first such.

    Two bags this alike must share one of their rarest words, so only texts that do are compared (prefix filtering:
    Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007).
    """
    bags = [_bag(text) for text in texts]
    held_by = Counter(word for bag in bags for word in bag)
    by_word: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, bag in enumerate(bags):
        rarest = sorted(bag, key=lambda word: (held_by[word], word))[: _enough(bag, threshold)]
        near = sorted({earlier for word in rarest for earlier in by_word[word]})
        first = next(
            (n for n in near if _dice(bag, bags[n]) >= threshold and not opposed(texts[number], texts[n])), None
        )
        if first is not None:
            yield number, first
            continue  # whatever repeats this one repeats the first as well
        for word in rarest:
            by_word[word].append(number)


def _enough(bag: Bag, threshold: float) -> int:
    """How many of a bag's rarest words any bag this alike must touch."""
    return len(bag) - math.ceil(len(bag) * threshold / (2 - threshold) - 1e-9) + 1


def _bag(text: str) -> Bag:
    before: Counter[str] = Counter()
    bag = []
    for piece in _trigrams(text) if unspaced(text) else stems(text) or words(text):
        bag.append((piece, before[piece]))
        before[piece] += 1
    return frozenset(bag)


def _trigrams(text: str) -> list[str]:
    plain = f" {' '.join(words(text))} "
    return [plain[i : i + 3] for i in range(max(len(plain) - 2, 1))]


def _dice(a: Bag, b: Bag) -> float:
    total = len(a) + len(b)
    return 2 * len(a & b) / total if total else 0.0


def _plain(text: str) -> list[str]:
    return [stem(word) for word in words(text) if word not in ARTICLES]


def _decisive(text: str) -> set[str]:
    return {word for word in words(text) if word in NEGATIONS or word.endswith("n't") or any(c.isdigit() for c in word)}
