"""Finds questions by their words (BM25), without a model or an index on disk."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from interviewer.domain.guide import Frozen, Guide, Question
from interviewer.guides.wording import stems

SATURATION = 1.2  # BM25's k1
LENGTH = 0.75  # BM25's b
QUESTION_WEIGHT = 2  # a word of the question itself counts twice


class Hit(Frozen):
    """A question that fits some words, and the part of it that fits best. `kind`: question, key_point or pitfall."""

    guide_id: str
    guide_title: str
    question_id: str
    question: str
    kind: str
    text: str
    score: float


class LexicalIndex:
    """The questions of some guides, by the words of the question, its key points, pitfalls and answer."""

    def __init__(self, guides: Sequence[Guide]) -> None:
        self._entries = [(guide, question, _bag(question)) for guide in guides for question in guide.questions]
        self._held_by = Counter(stem for _, _, bag in self._entries for stem in bag)
        self._mean = sum(bag.total() for _, _, bag in self._entries) / max(len(self._entries), 1)

    def search(self, words: str, k: int) -> tuple[Hit, ...]:
        """At most `k` questions that hold any of these words, the best first."""
        wanted = set(stems(words)) or set(words.lower().split())
        scored = [(self._score(wanted, bag), guide, question) for guide, question, bag in self._entries]
        best = sorted((each for each in scored if each[0] > 0), key=lambda each: -each[0])[:k]
        return tuple(_hit(guide, question, score, wanted) for score, guide, question in best)

    def _score(self, wanted: set[str], bag: Counter[str]) -> float:
        norm = SATURATION * (1 - LENGTH + LENGTH * bag.total() / max(self._mean, 1))
        return sum(self._rarity(stem) * bag[stem] * (SATURATION + 1) / (bag[stem] + norm) for stem in wanted & set(bag))

    def _rarity(self, stem: str) -> float:
        count = self._held_by[stem]
        return math.log(1 + (len(self._entries) - count + 0.5) / (count + 0.5))


def _parts(question: Question) -> Iterator[tuple[str, str]]:
    yield "question", question.text
    yield from (("key_point", point.text) for point in question.key_points)
    yield from (("pitfall", pitfall.text) for pitfall in question.pitfalls)


def _bag(question: Question) -> Counter[str]:
    bag = Counter(stem for _, text in _parts(question) for stem in stems(text))
    bag.update(stems(question.answer))
    for stem in stems(question.text):
        bag[stem] += QUESTION_WEIGHT - 1
    return bag


def _hit(guide: Guide, question: Question, score: float, wanted: set[str]) -> Hit:
    kind, text = max(_parts(question), key=lambda part: len(wanted & set(stems(part[1]))))
    return Hit(
        guide_id=guide.id,
        guide_title=guide.title,
        question_id=question.id,
        question=question.text,
        kind=kind,
        text=text,
        score=round(score, 4),
    )
