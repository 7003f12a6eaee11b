"""Keeps the interviewer from giving an answer away: no words that overlap with what is not disclosed pass.

Words leak when they repeat RUN words of an undisclosed statement in a row, or ROOTS of its telling words in any form,
or when WINDOW words hold most of the distinctive roots of one. What is said in code is held back unread: no honest line
needs that. What the candidate has already seen or said, the questions above all, does not count, nor do the lines of
the guide that are written to be said.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from interviewer.conduct.wording import spoken
from interviewer.domain.disguise import bare, hidden_readings, turned_words
from interviewer.domain.guide import Guide
from interviewer.domain.text import ENDINGS, STOPWORDS, sentences, words

RUN = 6
ROOTS = 4
WINDOW = 40
OPEN_MOST = 1
DISTINCTIVE_SHARE = 0.7
DISTINCTIVE_LEAST = 4
LONGEST_RECENT = 1_200
CODED = 160
GUIDES_KEPT = 64

Run = tuple[str, ...]


class Leak(Exception):
    """The words that were about to be said would have given something away."""


@dataclass(frozen=True)
class Statement:
    """A sentence of a guide that is not to be given away, and the question it answers."""

    question_id: str
    roots: frozenset[str]


class Secrets:
    """Everything of a guide that an answer is judged by: model answers, key points and pitfalls."""

    def __init__(self, guide: Guide) -> None:
        self.statements: list[Statement] = []
        self.owners: dict[Run, set[str]] = {}
        self._by_root: dict[str, list[int]] = {}
        for question in guide.questions:
            for text in (question.answer, *(i.text for i in (*question.key_points, *question.pitfalls))):
                for sentence in sentences(text):
                    self._add(question.id, words(bare(sentence)))
        for line in _spoken_lines(guide):
            for run in _runs(words(bare(line))):
                self.owners.pop(run, None)

    def _add(self, question_id: str, said: list[str]) -> None:
        for run in _runs(said):
            self.owners.setdefault(run, set()).add(question_id)
        roots = frozenset(_roots(said))
        for root in roots:
            self._by_root.setdefault(root, []).append(len(self.statements))
        self.statements.append(Statement(question_id, roots))

    def near(self, roots: Collection[str], fresh: Iterable[str]) -> Iterator[Statement]:
        """Statements that have one of the fresh roots, and share at least DISTINCTIVE_LEAST of all of them."""
        held = set(roots)
        for number in {number for root in fresh for number in self._by_root.get(root, ())}:
            if len(held & self.statements[number].roots) >= DISTINCTIVE_LEAST:
                yield self.statements[number]


def _spoken_lines(guide: Guide) -> Iterable[str]:
    """What the guide's author wrote to be said to a candidate."""
    for question in guide.questions:
        yield question.text
        yield from (line for k in question.key_points for line in (k.probe, k.hint) if line)
        yield from (spoken(f.text) for f in question.follow_ups)


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
    def _open_roots(self) -> frozenset[str]:
        return frozenset().union(*(_open(text).roots for text in self._allowed))

    def leaks(self, text: str) -> bool:
        """Whether saying this, anywhere in it, would give something away."""
        said = words(bare(text))
        steps = range(0, max(len(said) - WINDOW, 0) + WINDOW // 4, WINDOW // 4)
        return bool(hidden_readings(text)) or any(self._window_leaks(said[at : at + WINDOW], WINDOW) for at in steps)

    def _window_leaks(self, said: list[str], fresh: int) -> bool:
        """Whether these words leak, given that they did not before the last `fresh` of them came."""
        if any(self._is_secret(run) for run in _runs(said[-(fresh + 2 * RUN) :])):
            return True
        return any(self._told(way, fresh) for way in (said, *turned_words(said)))

    def _is_secret(self, run: Run) -> bool:
        """Whether a run is of a secret, and more than the words of the question and of what was said."""
        owners = self._secrets.owners.get(run)
        if owners is None or owners <= self._over or any(run in _open(text).runs for text in self._allowed):
            return False
        return len(run) == RUN or len(self._open_roots.intersection(run)) <= OPEN_MOST

    def _told(self, said: list[str], fresh: int) -> bool:
        held = set(_roots(said))
        return any(self._tells(held, each) for each in self._secrets.near(held, _roots(said[-fresh:])))

    def _tells(self, held: set[str], statement: Statement) -> bool:
        if statement.question_id in self._over:
            return False
        distinctive = statement.roots - self._open_roots
        return len(held & distinctive) >= max(DISTINCTIVE_LEAST, DISTINCTIVE_SHARE * len(distinctive))

    async def passed(self, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
        """The pieces as they come, each released once the words up to it are known not to leak. Raises Leak."""
        recent, known = "", 0
        async for piece in pieces:
            recent = (recent + piece)[-LONGEST_RECENT:]
            said = words(bare(recent))
            fresh = max(len(said) - known, 0) + 1  # the last word known may have grown
            if self._window_leaks(said[-WINDOW:], fresh) or hidden_readings(recent[-(CODED + len(piece)) :]):
                raise Leak
            if len(said) > WINDOW + RUN:
                recent = " ".join(recent.split()[-WINDOW:]) + (" " if piece[-1:].isspace() else "")
                said = said[-WINDOW:]
            known = len(said)
            yield piece


@dataclass(frozen=True)
class Open:
    """What a text that may be said again opens: its runs and its roots."""

    runs: frozenset[Run]
    roots: frozenset[str]


@lru_cache(maxsize=1_024)
def _open(text: str) -> Open:
    said = words(bare(text))
    return Open(frozenset(_runs(said)), frozenset(_roots(said)))


def roots(text: str) -> list[str]:
    """The roots of a text's telling words, in order."""
    return _roots(words(bare(text)))


def _runs(said: list[str]) -> Iterable[Run]:
    """Every RUN words in a row, and every ROOTS roots of telling words in a row."""
    roots = _roots(said)
    yield from (tuple(said[i : i + RUN]) for i in range(len(said) - RUN + 1))
    yield from (tuple(roots[i : i + ROOTS]) for i in range(len(roots) - ROOTS + 1))


def _roots(said: Iterable[str]) -> list[str]:
    return [root for w in said if (root := _root(w))]


@lru_cache(maxsize=20_000)
def _root(word: str) -> str:
    """What a word's inflections share: "stop" of "stopped", "creat" of "creates"; "" of a word that tells nothing."""
    plain = word.split("'", maxsplit=1)[0]
    if len(plain) < 2 or not STOPWORDS.isdisjoint((plain, plain.removesuffix("n"), plain.removesuffix("s"))):
        return ""
    ending = next((e for e in ENDINGS if plain.endswith(e) and len(plain) - len(e) >= 3), "")
    short = plain.removesuffix(ending)
    short = short.rstrip("ey") if len(short) > 3 else short
    return short[:-1] if len(short) > 3 and short[-1] == short[-2] else short
