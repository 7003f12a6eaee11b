"""Keeps the interviewer from giving an answer away: no words that overlap with what is not disclosed pass.

Words leak when they repeat RUN words of an undisclosed statement in a row, or when WINDOW words in a row hold most of
the distinctive words of one. What the candidate has already seen or said, the questions above all, counts as neither.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from interviewer.domain.grading import normalise
from interviewer.domain.guide import Guide
from interviewer.domain.text import content_stems, sentences, words

RUN = 6
WINDOW = 40
DISTINCTIVE_SHARE = 0.7
DISTINCTIVE_LEAST = 4
GUIDES_KEPT = 64

Run = tuple[str, ...]


class Leak(Exception):
    """The words that were about to be said would have given something away."""


@dataclass(frozen=True)
class Statement:
    """A sentence of a guide that is not to be given away, and the question it answers."""

    question_id: str
    stems: frozenset[str]


class Secrets:
    """Everything of a guide that an answer is judged by: model answers, key points and pitfalls."""

    def __init__(self, guide: Guide) -> None:
        self.statements: list[Statement] = []
        self.owners: dict[Run, set[str]] = {}
        self._by_stem: dict[str, list[int]] = {}
        for question in guide.questions:
            for text in (question.answer, *(i.text for i in (*question.key_points, *question.pitfalls))):
                for sentence in sentences(normalise(text)):
                    self._add(question.id, sentence)

    def _add(self, question_id: str, sentence: str) -> None:
        for run in _runs(words(sentence)):
            self.owners.setdefault(run, set()).add(question_id)
        stems = frozenset(content_stems(sentence))
        for stem in stems:
            self._by_stem.setdefault(stem, []).append(len(self.statements))
        self.statements.append(Statement(question_id, stems))

    def near(self, stems: Collection[str]) -> Iterable[Statement]:
        """Statements that share at least DISTINCTIVE_LEAST of these stems."""
        shared = Counter(number for stem in stems for number in self._by_stem.get(stem, ()))
        return (self.statements[number] for number, count in shared.items() if count >= DISTINCTIVE_LEAST)


_KNOWN: OrderedDict[str, Secrets] = OrderedDict()


def secrets_of(guide: Guide) -> Secrets:
    """A guide's secrets, worked out once for each of the latest GUIDES_KEPT revisions."""
    if guide.revision not in _KNOWN:
        _KNOWN[guide.revision] = Secrets(guide)
        if len(_KNOWN) > GUIDES_KEPT:
            _KNOWN.popitem(last=False)
    return _KNOWN[guide.revision]


class Guard:
    """What may not be said now: a guide's secrets, but for questions that are `over` and words of `allowed` texts."""

    def __init__(self, secrets: Secrets, over: Collection[str] = (), allowed: Iterable[str] = ()) -> None:
        self._secrets = secrets
        self._over = frozenset(over)
        self._allowed = tuple(allowed)

    @cached_property
    def _open_runs(self) -> frozenset[Run]:
        return frozenset(run for text in self._allowed for run in _runs(words(normalise(text))))

    @cached_property
    def _open_stems(self) -> frozenset[str]:
        return frozenset(stem for text in self._allowed for stem in content_stems(normalise(text)))

    def leaks(self, text: str) -> bool:
        """Whether saying this, anywhere in it, would give something away."""
        said = words(normalise(text))
        steps = range(0, max(len(said) - WINDOW, 0) + WINDOW // 4, WINDOW // 4)
        return any(self._window_leaks(said[start : start + WINDOW]) for start in steps)

    def _window_leaks(self, said: list[str]) -> bool:
        owners = self._secrets.owners
        held = {run for run in _runs(said) if run in owners and not owners[run] <= self._over}
        if held and held - self._open_runs:
            return True
        stems = set(content_stems(" ".join(said)))
        return any(self._tells(stems, each) for each in self._secrets.near(stems))

    def _tells(self, stems: set[str], statement: Statement) -> bool:
        if statement.question_id in self._over:
            return False
        distinctive = statement.stems - self._open_stems
        return len(stems & distinctive) >= max(DISTINCTIVE_LEAST, DISTINCTIVE_SHARE * len(distinctive))

    async def passed(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        """The pieces as they come, each released once the words up to it are known not to leak. Raises Leak."""
        recent = ""
        async for piece in pieces:
            recent += piece
            said = words(normalise(recent))
            if self._window_leaks(said[-WINDOW:]):
                raise Leak
            if len(said) > 2 * WINDOW:
                recent = " ".join(recent.split()[-WINDOW:]) + (" " if piece[-1:].isspace() else "")
            yield piece


def _runs(said: list[str]) -> Iterable[Run]:
    return (tuple(said[i : i + RUN]) for i in range(len(said) - RUN + 1))
