"""Small, exact operations on words that several parts need: sentences, content words, joining."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"”’')\]]*\s+|\n+")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|Mr|Ms|Mrs|Dr|Inc|No)|\b[A-Z])\.$")

ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ies", "ied", "ers", "er", "ed", "es", "ly", "s")
"""The commonest English endings, the longer before those that they end in."""

STOPWORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but
    by can could did do does doing done down during each etc even ever every few for from further get give go got had
    has have having he her here hers him his how i if in into is it its itself just like make makes many may me might
    more most much must my need needs no nor not now of off on once one only or other our out over own per put rather
    same say says see set she should so some such take than that the their them then there these they thing things this
    those through to too two under until up upon us use used uses using very want was way we well were what when where
    whether which while who whom why will with within without would yes yet you your""".split()  # noqa: SIM905
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, stripped, in order; a line break ends one too."""
    found: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        piece = text[start : end.end()].strip()
        if _ABBREVIATION.search(piece) and "\n" not in end.group():
            continue
        start = end.end()
        if piece:
            found.append(piece)
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def words(text: str) -> list[str]:
    """The words of a text, case-folded."""
    return [w.casefold() for w in _WORD.findall(text)]


def stem(word: str) -> str:
    """A word without its ending: enough to match "retraining" with "retrained"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(w) for w in words(text) if w not in STOPWORDS and len(w) > 1]


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def posed(question: str, number: int, of: int) -> str:
    """A question as it is put, word for word; Markdown."""
    return f"**Question {number} of {of}**\n\n{question}"


def counted(count: int, noun: str) -> str:
    """ "one question", "3 questions"."""
    return f"one {noun}" if count == 1 else f"{count} {noun}s"
