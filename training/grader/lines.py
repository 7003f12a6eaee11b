"""Sentences put into answers: those that must change no verdict, and those that deny a key point.

What the grader is to leave out, or to read over, comes from `talk.txt`, from the attacks that are promised to gain
nothing, from steering answers, from everyday sentences, and from answers to questions of other guides.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from interviewer.domain.text import sentences
from interviewer.evaluation.attacks import ANSWER, attacks
from training.grader.data import CONTRADICTED, MISSING, Composer, Example, Question, sentence_spans

HERE = Path(__file__).resolve().parent
MERGED = 0.3
"""How often a line that ends without a stop runs into the next sentence instead of standing alone."""
SOURCES = {"talk": 0.35, "attacks": 0.1, "steering": 0.2, "everyday": 0.15, "elsewhere": 0.2}
STEERING_WEIGHT, UNTELLING_WEIGHT, LIKELY_WEIGHT = 0.4, 0.25, 0.5


def kept_lines(name: str) -> list[str]:
    """The lines of a file beside this one, without its comments."""
    read = (HERE / name).read_text("utf-8").splitlines()
    return [line for line in read if line and not line.startswith("# ")]


def attack_lines() -> list[str]:
    """The sentences of the attacks that stand as they are: in no code, and none of the guide's own words."""
    plain = [a for a in attacks() if not (a.honest or a.code or a.times)]
    bare = [a.text.replace(ANSWER, " ").replace("{question}", "").replace("{{", "{").replace("}}", "}") for a in plain]
    return [s for text in bare for s in sentences(text)]


def put_in(
    example: Example, line: str, draw: random.Random, merged: bool = False, shows: tuple[int, int] | None = None
) -> Example:
    """The example with a line between two of its sentences. `shows`: a statement's number and its label by the line."""
    text = example.answer
    marks = [s.span for s in example.statements if s.span]
    places = [0, *(end for _, end in sentence_spans(text))]
    place = draw.choice([p for p in places if not any(a < p < b for a, b in marks)])
    before, after = text[:place].rstrip(), text[place:].lstrip()
    lead = "" if not before else " " if before[-1] in ".!?" else "\n"
    tail = "" if not after else " " if merged or line[-1] in ".!?" else "\n"
    start = len(before) + len(lead)
    moved = start + len(line) + len(tail) - (len(text) - len(after))
    statements = []
    for number, statement in enumerate(example.statements):
        if statement.span and statement.span[0] >= place:
            a, b = statement.span
            statement = replace(statement, span=(a + moved, b + moved))  # noqa: PLW2901
        if shows and shows[0] == number:
            statement = replace(statement, label=shows[1], span=(start, start + len(line)), weight=1.0)  # noqa: PLW2901
        statements.append(statement)
    return replace(example, answer=f"{before}{lead}{line}{tail}{after}", statements=tuple(statements))


def telling(example: Example) -> list[tuple[float, float]]:
    """Of each sentence of a short answer: 0, since it does not only talk, and how much that label weighs.

    That is known where it shows something, and likely where the whole answer does; of everyday sentences nothing is.
    """
    known = example.design != "nli" and any(s.label != MISSING for s in example.statements)
    rows = []
    for start, end in (spans := sentence_spans(example.answer)):
        shows = any(s.span and s.span[0] < end and s.span[1] > start for s in example.statements)
        likely = known and not any(s.span for s in example.statements)
        rows.append((0.0, 1.0 if shows or (likely and len(spans) == 1) else LIKELY_WEIGHT * likely))
    return rows


class Lines:
    """Everything that may be put into the answers to these questions. `everyday`: sentences about nothing asked."""

    def __init__(self, questions: Sequence[Question], everyday: Sequence[str], seed: int) -> None:
        self._random = random.Random(seed)
        self._questions = questions
        self._composer = Composer(questions, seed + 1)
        self._guide = {q.id: q.guide for q in questions}
        self._elsewhere: list[tuple[str, str]] = []
        self._pools = {"talk": kept_lines("talk.txt"), "attacks": attack_lines(), "everyday": list(everyday)}
        self._pools["steering"] = []
        self._telling: dict[str, bool] = {}
        for question in questions:
            for answer in question.answers:
                self._sort(question.guide, answer)
        self._talk = {line for name in ("talk", "attacks", "everyday") for line in self._pools[name]}
        self._steering = set(self._pools["steering"])
        self._denials = defaultdict(list)
        for line in kept_lines("denials.txt"):
            label, _, denial = line.partition(" | ")
            self._denials[label].append(denial)

    def _sort(self, guide: str, answer: Example) -> None:
        for start, end in sentence_spans(answer.answer):
            text = answer.answer[start:end]
            shows = any(s.span and s.span[0] < end and s.span[1] > start for s in answer.statements)
            self._telling[text] = self._telling.get(text, False) or shows
            if answer.design != "adversarial":
                self._elsewhere.append((guide, text))
            elif not shows:
                self._pools["steering"].append(text)

    def disturbed(self, example: Example) -> Example:
        """The example with one to three lines in it that must change nothing."""
        draw = self._random
        for _ in range(draw.choices((1, 2, 3), (0.6, 0.3, 0.1))[0]):
            example = put_in(example, self._line(self._guide[example.group]), draw, draw.random() < MERGED)
        return example

    def _line(self, guide: str) -> str:
        there = {name: share for name, share in SOURCES.items() if self._pools.get(name, self._elsewhere)}
        source = self._random.choices(list(there), list(there.values()))[0]
        if source != "elsewhere":
            return self._random.choice(self._pools[source])
        while True:
            other, line = self._random.choice(self._elsewhere)
            if other != guide:
                return line

    def denying(self, size: int) -> Iterator[list[Example]]:
        """Batches of answers in which one to three key points are denied."""
        draw = self._random
        able = [q for q in self._questions if any(self._denials_of(p) for p in q.points)]
        while True:
            batch = []
            for _ in range(size):
                question = draw.choice(able)
                made = self._composer.compose(question) if draw.random() < 0.7 else draw.choice(question.answers)
                for _ in range(draw.randint(1, 3)):
                    made = self._denied(made)
                batch.append(made)
            yield batch

    def _denials_of(self, point: str) -> list[str]:
        return self._denials.get(point.partition(":")[0], [])

    def _denied(self, example: Example) -> Example:
        able = [
            (number, line)
            for number, s in enumerate(example.statements)
            if not s.pitfall and s.label == MISSING
            for line in self._denials_of(s.text)
        ]
        if not able:
            return example
        number, line = self._random.choice(able)
        return put_in(example, line, self._random, shows=(number, CONTRADICTED))

    def talking(self, example: Example) -> list[tuple[float, float]]:
        """Of each sentence: whether it only talks, 1 or 0, and how much that label weighs; 0 where it is not known."""
        rows = []
        for start, end in sentence_spans(example.answer):
            text = example.answer[start:end]
            if any(s.span and s.span[0] < end and s.span[1] > start for s in example.statements):
                rows.append((0.0, 1.0))
            elif text in self._talk:
                rows.append((1.0, 1.0))
            elif text in self._steering:
                rows.append((1.0, STEERING_WEIGHT))
            elif text in self._telling:
                rows.append((0.0, 1.0 if self._telling[text] else UNTELLING_WEIGHT))
            else:
                rows.append((0.0, 0.0))
        return rows
