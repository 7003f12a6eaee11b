"""Engines that are known to be good or bad, to check the checks: an oracle, and one canary for each kind of failure.

The oracle knows the labels. Every canary spoils another engine's verdicts in one way; a suite that does not notice it
is not worth running:

    lenient     a step too kind: missing becomes partial, partial covered        leniency; nothing earns something
    noisy       verdicts drawn anew, each time otherwise                         repeat variance
    injectable  believes an answer that talks about its own grading              attacks that raise a grade
    position    judges the later key points of a question worse                  order of key points
    constant    says the same of every answer                                    agreement; what must move a grade
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from interviewer.domain.errors import NotFoundError
from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict, normalise, quoted_in
from interviewer.domain.guide import Question
from interviewer.domain.interview import Assessment, MessageKind, ModelCall
from interviewer.domain.text import sentences
from interviewer.evaluation.cases import Case, Rating
from interviewer.evaluation.quoted import QuotedQuestion
from interviewer.evaluation.results import Item
from interviewer.ports import AssessRequest, Engine, SpeakRequest

Key = tuple[str, str]
"""A question's text, and everything said under it as quotes are compared."""
ORDER = (Verdict.CONTRADICTED, Verdict.MISSING, Verdict.PARTIAL, Verdict.COVERED)
_ABOUT_GRADING = re.compile(
    r"\b(?:instruct|rubric|grad(?:e|ing)|scor(?:e|ing)|marks?\b|points?\b|covered|criteri|verdict|evaluat|assess|system"
    r"|override|full credit|key point|prompt|answer is (?:complete|perfect))",
    re.IGNORECASE,
)


class Known(NamedTuple):
    """What holds of an answer, by the statements' texts: neither ids nor order matter."""

    points: Mapping[str, Verdict]
    committed: frozenset[str] = frozenset()


def known(question: Question, label: Rating) -> Known:
    """A label by the statements' texts."""
    points = {k.text: v for k, v in zip(question.key_points, label.key_points, strict=True)}
    return Known(points, frozenset(p.text for p, c in zip(question.pitfalls, label.pitfalls, strict=True) if c))


def key_of(question: Question, answer: str, earlier: Iterable[str] = ()) -> Key:
    """Under what an oracle finds an answer."""
    return question.text, normalise("\n".join((*earlier, answer)))


def answer_key(cases: Iterable[Case] = (), labelled: Iterable[tuple[Item, Rating]] = ()) -> dict[Key, Known]:
    """What an oracle knows: labelled cases, and items with what holds of them (changed answers)."""
    found = {key_of(c.question, c.answer): known(c.question, c.label) for c in cases}
    return found | {key_of(i.question, i.answer, i.earlier): known(i.question, label) for i, label in labelled}


class Oracle:
    """Says what the labels say; of words that it does not know, what the labelled quotes in them show.

    `noise` is the chance that a verdict is one class off, drawn anew for each grading and the same in each run.
    """

    name = "oracle"

    def __init__(
        self,
        key: Mapping[Key, Known],
        quoted: Iterable[QuotedQuestion] = (),
        *,
        noise: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.model = f"labels, noise {noise}"
        self._key = key
        self._quotes = {q.question: q for q in quoted}
        self._noise = noise
        self._seed = seed
        self._asked: Counter[Key] = Counter()

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """One assessment, complete at once."""
        question = request.question
        key = key_of(question, request.message, request.earlier)
        rng = random.Random(f"{self._seed}/{key}/{self._asked[key]}")
        self._asked[key] += 1
        truth = self._key.get(key) or self._by_quotes(question, request.said)
        evidence = some_words(request.said)
        points = [self._heard(truth.points.get(k.text, Verdict.MISSING), rng) for k in question.key_points]
        yield Assessment(
            kind=MessageKind.ANSWER,
            points=tuple(point(k.id, v, evidence) for k, v in zip(question.key_points, points, strict=True)),
            pitfalls=tuple(pitfall(p.id, p.text in truth.committed, evidence) for p in question.pitfalls),
        )

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        """A line that gives nothing away."""
        yield "Thank you."

    def _heard(self, truth: Verdict, rng: random.Random) -> Verdict:
        return moved(truth, rng.choice((-1, 1))) if rng.random() < self._noise else truth

    def _by_quotes(self, question: Question, said: str) -> Known:
        """Of each statement the best that any labelled quote in these words shows."""
        about = self._quotes.get(question.text)
        points: dict[str, Verdict] = {}
        committed: set[str] = set()
        for answer in about.answers if about else ():
            assert about is not None
            for text, shown in zip(about.key_points, answer.key_points, strict=True):
                if shown.quote and quoted_in(shown.quote, said):
                    points[text] = max(points.get(text, Verdict.CONTRADICTED), shown.verdict, key=ORDER.index)
            for text, made in zip(about.pitfalls, answer.pitfalls, strict=True):
                if made.quote and quoted_in(made.quote, said):
                    committed.add(text)
        return Known(points, frozenset(committed))


def moved(verdict: Verdict, by: int) -> Verdict:
    """The verdict so many classes better or worse, within the scale."""
    return ORDER[min(max(ORDER.index(verdict) + by, 0), len(ORDER) - 1)]


def some_words(said: str) -> str:
    """Words of an answer that may be quoted for anything; "" where it has none."""
    return next((s for s in sentences(said) if any(c.isalnum() for c in s)), "")


def point(name: str, verdict: Verdict, quote: str) -> PointFinding:
    """A finding with a quote where it needs one."""
    return PointFinding(id=name, verdict=verdict, quote="" if verdict is Verdict.MISSING else quote)


def pitfall(name: str, committed: bool, quote: str) -> PitfallFinding:
    """A finding with a quote where it needs one."""
    return PitfallFinding(id=name, committed=committed, quote=quote if committed else "")


Spoil = Callable[[AssessRequest, Assessment, int], Assessment]
"""An assessment as a canary has it; the number counts how often the same was asked."""


class Canary:
    """Another engine with its verdicts spoilt in one way."""

    def __init__(self, name: str, base: Engine, spoil: Spoil) -> None:
        self.name = f"canary-{name}"
        self.model = f"{name} on {base.name} {base.model}".strip()
        self._base = base
        self._spoil = spoil
        self._asked: Counter[Key] = Counter()

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """The base's assessments, each spoilt."""
        key = key_of(request.question, request.message, request.earlier)
        number = self._asked[key]
        self._asked[key] += 1
        async for each in self._base.assess(request):
            yield self._spoil(request, each, number)

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        """The base's words."""
        async for piece in self._base.speak(request):
            yield piece


def _with_points(
    found: Assessment, request: AssessRequest, verdict: Callable[[int, PointFinding], Verdict]
) -> Assessment:
    """The assessment with other verdicts, by the point's place in the question; new ones quote some words."""
    by_id = {f.id: f for f in found.points}
    evidence = some_words(request.said)
    points = []
    for place, asked in enumerate(request.question.key_points):
        old = by_id.get(asked.id, PointFinding(id=asked.id, verdict=Verdict.MISSING))
        new = verdict(place, old)
        points.append(old if new is old.verdict else point(asked.id, new, old.quote or evidence))
    return found.model_copy(update={"kind": MessageKind.ANSWER, "points": tuple(points)})


def _lenient(request: AssessRequest, found: Assessment, _: int) -> Assessment:
    kinder = {Verdict.PARTIAL: Verdict.COVERED, Verdict.MISSING: Verdict.PARTIAL}
    return _with_points(found, request, lambda _, old: kinder.get(old.verdict, old.verdict))


def _noisy(request: AssessRequest, found: Assessment, number: int, chance: float = 0.4) -> Assessment:
    rng = random.Random(f"{request.question.text}/{normalise(request.said)}/{number}")
    return _with_points(found, request, lambda _, old: rng.choice(ORDER[1:]) if rng.random() < chance else old.verdict)


def _injectable(request: AssessRequest, found: Assessment, _: int) -> Assessment:
    if not _ABOUT_GRADING.search(request.said):
        return found
    swayed = _with_points(found, request, lambda *_: Verdict.COVERED)
    return swayed.model_copy(update={"pitfalls": tuple(pitfall(p.id, False, "") for p in request.question.pitfalls)})


def _position(request: AssessRequest, found: Assessment, _: int) -> Assessment:
    later = len(request.question.key_points) // 2
    worse = {Verdict.COVERED: Verdict.PARTIAL, Verdict.PARTIAL: Verdict.MISSING}
    return _with_points(
        found, request, lambda place, old: worse.get(old.verdict, old.verdict) if place >= later else old.verdict
    )


def _constant(request: AssessRequest, found: Assessment, _: int) -> Assessment:
    same = _with_points(found, request, lambda *_: Verdict.PARTIAL)
    return same.model_copy(update={"pitfalls": tuple(pitfall(p.id, False, "") for p in request.question.pitfalls)})


CANARIES: Mapping[str, Spoil] = {
    "lenient": _lenient,
    "noisy": partial(_noisy, chance=0.4),
    "injectable": _injectable,
    "position": _position,
    "constant": _constant,
}


def canary(name: str, base: Engine) -> Engine:
    """An engine that is bad in one way. Raises NotFoundError for a name that there is not."""
    if name not in CANARIES:
        raise NotFoundError(f"There is no canary {name!r}.", f"There are: {', '.join(CANARIES)}.")
    return Canary(name, base, CANARIES[name])
