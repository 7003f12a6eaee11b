"""Keeps the interviewer from giving an answer away: no words that overlap with what is not disclosed pass.

A line leaks when it repeats RUN words of an undisclosed text in a row, or says most of the distinctive words of one
undisclosed statement. Words that the candidate has already seen or said, in the questions above all, count as neither.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from interviewer.domain.grading import normalise
from interviewer.domain.text import content_stems, sentences, words

RUN = 6
DISTINCTIVE_SHARE = 0.7
DISTINCTIVE_LEAST = 4


class Leak(Exception):
    """The words that were about to be said would have given something away."""


class Guard:
    """What may not be said. `undisclosed` are whole texts; `allowed` those that take their words out of the ban."""

    def __init__(self, undisclosed: Iterable[str], allowed: Iterable[str]) -> None:
        allowed = [normalise(a) for a in allowed]
        open_runs = {run for text in allowed for run in _runs(text)}
        open_stems = {stem for text in allowed for stem in content_stems(text)}
        secret = [s for text in undisclosed for s in sentences(normalise(text))]
        self._runs = {run for s in secret for run in _runs(s)} - open_runs
        self._stems = [stems for s in secret if len(stems := set(content_stems(s)) - open_stems) >= DISTINCTIVE_LEAST]

    def leaks(self, text: str) -> bool:
        """Whether saying this would give something away."""
        text = normalise(text)
        if any(run in self._runs for run in _runs(text)):
            return True
        stems = set(content_stems(text))
        return any(
            len(stems & secret) >= max(DISTINCTIVE_LEAST, DISTINCTIVE_SHARE * len(secret)) for secret in self._stems
        )

    async def passed(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        """The pieces as they come, each released once what was said so far is known not to leak. Raises Leak."""
        said = ""
        async for piece in pieces:
            said += piece
            if self.leaks(said):
                raise Leak
            yield piece


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    found = words(text)
    return (tuple(found[i : i + RUN]) for i in range(len(found) - RUN + 1))
