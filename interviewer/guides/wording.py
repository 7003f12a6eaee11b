"""What can be told about a sentence from its words alone. English where words matter; other languages do no harm."""

from __future__ import annotations

import re
from functools import lru_cache

from interviewer.guides.vocabulary import ABBREVIATIONS

# Words that say nothing about what a sentence is about. Negations are not among them.
_EMPTY_WORDS = """
    a about above after all also am an and any are as at be because been being between both but by can could describe
    did do does done during each e.g etc explain for from get give given had has have having he her his how i i.e if in
    into is it its just let may me might more most much must my need of on one or other our out over own say she should
    so some such tell than that the their them then there these they thing things this those through time to under up us
    use used using very was we were what when where whether which while who whom why will with would you your s t re ve
    d ll discuss example important long make ones ensure help way like
    """
EMPTY = frozenset(_EMPTY_WORDS.split())
_WORD = re.compile(r"[^\W_]+(?:[.'’+#][^\W_]+|\+\+|#)*")
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")  # Thai, Lao, Japanese, Chinese
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9])")
_SUFFIXES = ("ization", "isation", "ations", "ation", "ings", "ing", "ments", "ment", "ies", "ied", "ers", "ed", "er",
             "es", "ly", "s", "e", "y")  # fmt: skip


def words(text: str) -> list[str]:
    """The words, in lower case."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


@lru_cache(maxsize=8192)
def stems(text: str) -> tuple[str, ...]:
    """The words that carry meaning, without their endings, in order."""
    return tuple(stem(word) for word in words(text) if word not in EMPTY)


def unspaced(text: str) -> bool:
    """Whether a text is in a script that puts no spaces between words, so that its words cannot be counted."""
    return _UNSPACED.search(text) is not None


def sentences(text: str) -> list[str]:
    """The sentences of a text; abbreviations end none."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(text.strip()):
        if found and found[-1].rstrip(".").rpartition(" ")[2].lower().strip("(") in ABBREVIATIONS:
            found[-1] += " " + piece
        elif piece:
            found.append(piece)
    return found


def stem(word: str) -> str:
    """A word without its ending, roughly."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word[:-1] if len(word) > 3 and word.endswith(("s", "e")) and not word.endswith("ss") else word
