"""How many things a question asks, and whether a probe or a hint says the very thing it is after."""

from __future__ import annotations

import re

from interviewer.guides.wording import sentences, stem, stems, words

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


def given_away(aim: str, point: str, question: str) -> tuple[str, ...]:
    """The telling words of a key point that also stand in a probe or hint; those of the question are known anyway."""
    telling = dict.fromkeys(stems(point))
    known = set(stems(question))
    said = set(stems(aim))
    return tuple(stem for stem in telling if stem in said and stem not in known)


def named(aim: str, label: str, question: str) -> bool:
    """Whether a probe speaks out the whole label of its point, and the question has not done so already."""
    name = {stem(word) for word in words(label)} - _SMALL
    return bool(name) and name <= {stem(word) for word in words(aim)} and not name <= set(map(stem, words(question)))


def telling(point: str, question: str) -> int:
    """How many words a key point has that the question has not."""
    return len(set(stems(point)) - set(stems(question)))
