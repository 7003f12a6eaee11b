"""What a reviewer should know about a message, whatever engine reads it. Signals never change a grade."""

from __future__ import annotations

from functools import lru_cache

from interviewer.domain.disguise import bare, hides_text
from interviewer.domain.guide import Question
from interviewer.domain.text import words

LONGEST_MESSAGE = 40_000
PASTED = "pasted"
LISTED = "listed"
HIDDEN = "hidden text"
PASTED_RUN = 8
PASTED_WORDS = 20
LISTED_LEAST = 4
LISTED_SHARE = 0.7


def bounded(text: str) -> str:
    """As much of a message as is read: more than anyone says, and no more than can be read in time."""
    return text[:LONGEST_MESSAGE]


def signals_of(message: str, question: Question) -> tuple[str, ...]:
    """What the words of a message alone tell: the guide's own answer pasted, characters that nobody sees."""
    found = (
        (PASTED, is_pasted(message, question)),
        (LISTED, is_listed(message, question)),
        (HIDDEN, hides_text(message)),
    )
    return tuple(name for name, seen in found if seen)


def is_pasted(message: str, question: Question) -> bool:
    """Whether PASTED_WORDS or more of it stand in runs of PASTED_RUN that the model answer or a key point has too."""
    said = words(bare(message))
    ours = _guides_runs(question.text, question.answer, tuple(k.text for k in question.key_points))
    within: set[int] = set()
    for start in range(len(said) - PASTED_RUN + 1):
        if tuple(said[start : start + PASTED_RUN]) in ours:
            within.update(range(start, start + PASTED_RUN))
    return len(within) >= PASTED_WORDS


def is_listed(message: str, question: Question) -> bool:
    """Whether it names LISTED_SHARE of the key points, and LISTED_LEAST or more, by the very labels of the guide."""
    said = f" {' '.join(words(bare(message)))} "
    labels = [" ".join(words(bare(k.label))) for k in question.key_points if k.label]
    named = sum(f" {label} " in said for label in labels)
    return named >= max(LISTED_LEAST, LISTED_SHARE * len(labels))


@lru_cache(maxsize=512)
def _guides_runs(asked: str, answer: str, points: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Runs of words that only the guide's own answer and points have."""
    return frozenset(run for text in (answer, *points) for run in _runs(text)) - _runs(asked)


def _runs(text: str) -> set[tuple[str, ...]]:
    said = words(bare(text))
    return {tuple(said[i : i + PASTED_RUN]) for i in range(len(said) - PASTED_RUN + 1)}
