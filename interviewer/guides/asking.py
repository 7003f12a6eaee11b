"""What asks: how many things a question does, whether a key point does, and whether a probe or hint tells instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from interviewer.guides.wording import EMPTY, sentences, stem, stems, words

RUN = 6  # words in a row that the interviewer, too, may not say of what is not disclosed

_ASKED_TOO = re.compile(
    r"(?:,|;|—|–|\band|\bor)\s+(?:(?:and|or|then)\s+)?(?P<further>(?:how|what|why(?!\?)|when|where|which|who)\b[^,;]*)",
    re.I,
)
_ASKING = re.compile(
    r"(?:describe|explain|tell|give|walk|discuss|outline|compare|define|list|name|design|write|propose|provide)\b", re.I
)

_SCENE = re.compile(r"(?:if|suppose|imagine|assume|given|when|in|after|during)\b", re.I)

_SMALL = frozenset({"a", "an", "the", "of", "from", "to", "in", "on", "and", "or", "for", "with", "by"})

# What a story is always asked to end with; no question of its own.
_CLOSERS = re.compile(
    r"\b(?:what|how|which|why)\b[^?,]*\b(?:outcomes?|results?|learn(?:ed|t)?|handled?|approach(?:ed)?|resolved?|impact"
    r"|went|go|steps|actions?|role|do|did)\b",
    re.I,
)

# How a checklist asks about an answer: "Does the candidate ...?", "How well is it ...?"
_CHECKLIST = re.compile(
    r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should)\b"
    r"|(?:what|which|how|why|when|where|who)\b.*\b(?:candidates?|applicants?|interviewees?|answers?|they)\b",
    re.I | re.S,
)
_WANTS_QUESTIONS = re.compile(r"\b(?:questions?|ask|asks|asking|clarify|find out)\b", re.I)


def asked(question: str) -> int:
    """How many things a question asks; how a story went and ended belongs to the story."""
    count = 0
    for sentence in sentences(question):
        further = [part for part in _ASKED_TOO.finditer(sentence) if not _CLOSERS.match(part["further"])]
        only_sets_the_scene = bool(further and _SCENE.match(sentence))
        closes = count > 0 and bool(_CLOSERS.match(sentence))
        asks = sentence.endswith("?") or bool(_ASKING.match(sentence))
        count += (asks and not closes and not only_sets_the_scene) + len(further)
    return count


def only_asks(statement: str) -> bool:
    """Whether each sentence of a statement is a question, the first one as a checklist words it."""
    said = sentences(statement)
    return bool(said) and all(each.endswith("?") for each in said) and bool(_CHECKLIST.match(said[0]))


def wants_questions(question: str) -> bool:
    """Whether a good answer may well consist of questions."""
    return bool(_WANTS_QUESTIONS.search(question))


def given_away(aim: str, point: str, question: str) -> tuple[str, ...]:
    """The telling words of a probe or hint, as it has them, that its key point has too but the question has not."""
    hidden = set(stems(point)) - set(stems(question))
    told = {stem(word): word for word in reversed(words(aim)) if word not in EMPTY}
    return tuple(word for root, word in reversed(told.items()) if root in hidden)


def runs(*texts: str) -> frozenset[tuple[str, ...]]:
    """Every RUN words in a row of these texts."""
    return frozenset(run for text in texts for run in _runs(text))


def repeated(text: str, hidden: Collection[tuple[str, ...]]) -> str:
    """The first RUN words in a row of a text that are hidden ones, or ""."""
    return next((" ".join(run) for run in _runs(text) if run in hidden), "")


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    said = words(text)
    return zip(*(said[start:] for start in range(RUN)), strict=False)


def named(aim: str, label: str, question: str) -> bool:
    """Whether a probe speaks out the whole label of its point, and the question has not done so already."""
    name = {stem(word) for word in words(label)} - _SMALL
    return bool(name) and name <= {stem(word) for word in words(aim)} and not name <= set(map(stem, words(question)))


def telling(point: str, question: str) -> int:
    """How many words a key point has that the question has not."""
    return len(set(stems(point)) - set(stems(question)))
