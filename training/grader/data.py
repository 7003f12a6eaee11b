"""Labelled answers, and what is made of them to learn from.

A question's answers are also taken apart into sentences and put together anew, so that how an answer is written says
nothing about what it covers: see `Composer`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from interviewer.domain.text import sentences

VERDICTS = ("covered", "partial", "missing", "contradicted")
COVERED, PARTIAL, MISSING, CONTRADICTED = range(4)
IGNORED = -1
DEV_SHARE = 0.1
MIXED = ("middling", "pitfall", "drawn")
STYLED_WEIGHT = 0.3
"""Weight of whole answers of a design whose style gives its verdicts away."""
STUFFED = 0.25
STUFFING = (
    "{}.",
    "Keywords: {}.",
    "I know all about {}.",
    "So the important things here are {}, obviously.",
    "For me it is {}, I have done it all many times.",
    "What you want to hear is {}.",
    "My answer covers {}.",
    "I would talk about {} and so on.",
)
"""Sentences that name key points and make none of them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A key point (label: index of VERDICTS) or a pitfall (label: 1 committed, 0 not), and where it shows."""

    text: str
    label: int
    pitfall: bool = False
    span: tuple[int, int] | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """An answer and what is to be read in it."""

    answer: str
    statements: tuple[Statement, ...]
    group: str = ""
    design: str = ""


@dataclass(slots=True)
class Question:
    """A question, its statements, and its labelled answers. A mark is (label, span or None)."""

    id: str
    guide: str
    text: str
    points: list[str]
    pitfalls: list[str]
    answers: list[Example] = field(default_factory=list)


def held_apart(key: str) -> bool:
    """Whether a question is kept for dev: by a hash of its words, the same in every run."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 1000 < 1000 * DEV_SHARE


def read_questions(*folders: Path) -> list[Question]:
    """Every question of the folders' files, with its answers as examples. The order is the same wherever they lie."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.jsonl"))):
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            name = f"{path.stem}:{number}"
            question = Question(name, row["guide"], row["question"], row["key_points"], row["pitfalls"])
            for answer in row["answers"]:
                question.answers.append(_example(question, answer))
            found.append(question)
    return found


def _example(question: Question, row: dict[str, Any]) -> Example:
    text = row["answer"]
    statements = [
        Statement(point, VERDICTS.index(mark["verdict"]), False, _span(text, mark["quote"]))
        for point, mark in zip(question.points, row["key_points"], strict=True)
    ]
    statements += [
        Statement(pitfall, int(mark["committed"]), True, _span(text, mark["quote"]) if mark["committed"] else None)
        for pitfall, mark in zip(question.pitfalls, row["pitfalls"], strict=True)
    ]
    return Example(text, tuple(statements), question.id, row["design"])


def _span(text: str, quote: str | None) -> tuple[int, int] | None:
    start = text.find(quote) if quote else -1
    return (start, start + len(quote or "")) if start >= 0 else None


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands."""
    spans, at = [], 0
    for sentence in sentences(text):
        start = text.index(sentence, at)
        at = start + len(sentence)
        spans.append((start, at))
    return spans


@dataclass(frozen=True, slots=True)
class Unit:
    """Sentences that stand together, and what they show: statement number -> (label, span inside the text)."""

    text: str
    shows: dict[int, tuple[int, tuple[int, int]]]
    source: int


class Composer:
    """Answers put together from sentences of a question's answers, to verdicts drawn at random.

    What shows a statement is moved whole; the rest comes from any answer. A statement that the pieces show in two
    ways is ignored; one that none shows is missing, with less weight where a piece's answer shows it elsewhere.
    """

    def __init__(self, questions: Sequence[Question], seed: int) -> None:
        self._random = random.Random(seed)
        self._questions = list(questions)
        self._guides: dict[str, list[Question]] = defaultdict(list)
        self._units = {}
        for question in questions:
            self._guides[question.guide].append(question)
            self._units[question.id] = [u for n, a in enumerate(question.answers) for u in _units(a, n)]

    def compose(self, question: Question) -> Example:
        """One new answer to the question."""
        draw = self._random
        by_statement = defaultdict(list)
        for unit in self._units[question.id]:
            for number, (label, _) in unit.shows.items():
                by_statement[number, label].append(unit)
        filler = [u for u in self._units[question.id] if not u.shows]
        chosen: list[Unit] = []
        count = len(question.points) + len(question.pitfalls)
        rate = draw.choice((0.2, 0.4, 0.6, 0.8))
        for number in range(count):
            pitfall = number >= len(question.points)
            labels = [1] if pitfall else draw.choices([COVERED, PARTIAL, CONTRADICTED], [0.45, 0.25, 0.3])
            pool = by_statement.get((number, labels[0]))
            if pool and draw.random() < (0.35 if pitfall else rate):
                chosen.append(draw.choice(pool))
        chosen += draw.sample(filler, min(len(filler), draw.randint(1, 6)))
        if draw.random() < STUFFED:
            chosen.append(self._stuffing(question))
        unique = list({id(u): u for u in chosen}.values())
        draw.shuffle(unique)
        return self._joined(question, unique)

    def piece(self, question: Question) -> Example:
        """One to three sentences of the question's answers, with two statements, shown ones first."""
        draw, units = self._random, self._units[question.id]
        showing = [u for u in units if u.shows] or units
        chosen = [draw.choice(showing), *draw.sample(units, min(len(units), draw.choice((0, 0, 1, 2))))]
        unique = list({id(u): u for u in chosen}.values())
        draw.shuffle(unique)
        made = self._joined(question, unique)
        shown = [s for s in made.statements if s.span]
        rest = [s for s in made.statements if not s.span]
        asked = [draw.choice(part) for part in (shown, rest) if part]
        return replace(made, statements=tuple(asked))

    def _stuffing(self, question: Question) -> Unit:
        """A sentence that names the points and makes none."""
        labels = [p.split(":")[0].rstrip(".") for p in question.points if len(p.split(":")[0].split()) <= 6]
        names = ", ".join(self._random.sample(labels, self._random.randint(0, len(labels)))) or question.text.rstrip(
            "?"
        )
        return Unit(self._random.choice(STUFFING).format(names), {}, -1)

    def _joined(self, question: Question, units: Sequence[Unit]) -> Example:
        text, shown = "", defaultdict(list)
        for unit in units:
            start = len(text) + 1 if text else 0
            text = f"{text} {unit.text}" if text else unit.text
            for number, (label, (a, b)) in unit.shows.items():
                shown[number].append((label, (start + a, start + b)))
        sources = {u.source for u in units if u.source >= 0}
        statements = []
        for number, base in enumerate(question.answers[0].statements):
            marks = shown.get(number)
            label = _settled([m[0] for m in marks], base.pitfall) if marks else (0 if base.pitfall else MISSING)
            if label == IGNORED:
                continue
            span = next((m[1] for m in marks if m[0] == label), None) if marks else None
            weight = self._weight(question, number, sources, marks)
            statements.append(Statement(base.text, label, base.pitfall, span, weight))
        return Example(text, tuple(statements), question.id, "composed")

    @staticmethod
    def _weight(question: Question, number: int, sources: set[int], marks: object) -> float:
        if marks:
            return 1.0
        silent = (0,) if question.answers[0].statements[number].pitfall else (MISSING,)
        doubtful = any(question.answers[s].statements[number].label not in silent for s in sources)
        return 0.4 if doubtful else 1.0

    def foreign(self, question: Question, count: int) -> list[Statement]:
        """Key points and pitfalls of other questions of the guide, which the answer does not show."""
        others = [q for q in self._guides[question.guide] if q.id != question.id]
        found = []
        for _ in range(count if others else 0):
            other = self._random.choice(others)
            found.append(Statement(self._random.choice(other.points), MISSING, False, None, 0.5))
        return found


def _settled(labels: list[int], pitfall: bool) -> int:
    kinds = set(labels)
    if pitfall:
        return 1
    if len(kinds) == 1:
        return labels[0]
    return COVERED if kinds == {COVERED, PARTIAL} else IGNORED


def _units(example: Example, source: int) -> Iterator[Unit]:
    """The answer's sentences; those that one quote spans stay together."""
    spans = sentence_spans(example.answer)
    shows = [(n, s.label, s.span) for n, s in enumerate(example.statements) if s.span]
    joined: list[list[int]] = []
    for start, end in spans:
        if joined and any(a < joined[-1][1] and b > start for _, _, (a, b) in shows):
            joined[-1][1] = end
        else:
            joined.append([start, end])
    for start, end in joined:
        inside = {
            n: (label, (max(a, start) - start, min(b, end) - start))
            for n, label, (a, b) in shows
            if a < end and b > start
        }
        yield Unit(example.answer[start:end], inside, source)


def read_lines(path: Path, use: str, splits: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows of an ASAG file with this use and, where given, one of these splits."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [r for r in rows if r.get("use") == use and (not splits or r.get("split") in splits)]


ASAG_LABELS = {
    "correct": COVERED,
    "Correct": COVERED,
    "partially_correct_incomplete": PARTIAL,
    "Partially correct": PARTIAL,
    "contradictory": CONTRADICTED,
    "irrelevant": MISSING,
    "non_domain": MISSING,
    "Incorrect": MISSING,
}
NLI_LABELS = {"entailment": COVERED, "neutral": MISSING, "contradiction": CONTRADICTED}


def asag_examples(rows: Iterable[dict[str, Any]], draw: random.Random | None = None) -> list[Example]:
    """Short answers: does the answer make the reference answer? Several references: the first, or one drawn."""
    found = []
    for row in rows:
        label = ASAG_LABELS.get(row["label"])
        if label is None:
            continue
        reference = draw.choice(row["reference"]) if draw else row["reference"][0]
        found.append(Example(row["answer"], (Statement(reference, label),), row["question_id"], "asag"))
    return found


def nli_examples(rows: Iterable[dict[str, Any]]) -> list[Example]:
    """Premises with all their hypotheses."""
    ordered = sorted(rows, key=lambda r: r["premise"])
    return [
        Example(premise, tuple(Statement(r["hypothesis"], NLI_LABELS[r["label"]]) for r in group), "", "nli")
        for premise, group in groupby(ordered, key=lambda r: r["premise"])
    ]
