"""Grades many answers from a JSONL file: no line stops the rest, and what another run has graded is passed over.

A line in is {"id", "question", "key_points": [str], "pitfalls": [str], "answer"}, or "reference": [str] instead of
key_points, each a whole right answer, of which the best met counts. A line with a field that seems misspelt is not
graded, since without that field it would be another grade. A line out is as `output_line` makes it. The order is that
of the input, with what is tried again last. A line whose id cannot be read goes by its number, as "line:7".
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictStr, StringConstraints, ValidationError

from interviewer.conduct.single import SingleGrade, grade_answer
from interviewer.domain.display import whole
from interviewer.domain.guide import KeyPoint, Pitfall, Question
from interviewer.ports import Engine

SHOWN_OF_ERROR = 200
LIKE = 0.8

Words = Annotated[StrictStr, AfterValidator(whole)]
Statement = Annotated[Words, StringConstraints(pattern=r"\S")]
_PLAINLY = {
    "missing": "is missing",
    "string_type": "is not a text",
    "string_pattern_mismatch": "is empty",
    "list_type": "is not a list",
}


class AnswerLine(BaseModel):
    """One line to grade. Fields that it does not know are ignored, unless they are like one that is absent."""

    model_config = ConfigDict(extra="ignore")

    question: Statement
    answer: Words
    key_points: list[Statement] | None = None
    pitfalls: list[Statement] | None = None
    reference: list[Statement] | None = None

    def questions(self) -> list[Question]:
        """The question with its key points, or one for each reference answer."""
        if self.key_points:
            return [_question(self.question, self.key_points, self.pitfalls or [])]
        return [_question(self.question, [reference], self.pitfalls or []) for reference in self.reference or []]


@dataclass(frozen=True)
class Numbered:
    """A line of the input: its number, 1-based, its id, and what it holds or why it cannot be read."""

    number: int
    id: str | int
    line: AnswerLine | None
    problem: str = ""


def _question(text: str, key_points: list[str], pitfalls: list[str]) -> Question:
    return Question(
        id="question",
        text=text,
        line=1,
        key_points=tuple(KeyPoint(id=f"k{n}", text=t, line=1) for n, t in enumerate(key_points, 1)),
        pitfalls=tuple(Pitfall(id=f"p{n}", text=t, line=1) for n, t in enumerate(pitfalls, 1)),
    )


def read_lines(path: Path) -> Iterator[Numbered]:
    """The lines of a JSONL file. Raises OSError."""
    with path.open("rb") as file:
        yield from read_stream(file)


def read_stream(stream: Iterable[bytes]) -> Iterator[Numbered]:
    """The lines of JSONL that is open already; empty ones are passed over."""
    for number, raw in enumerate(stream, 1):
        if raw.strip():
            yield _read_line(number, raw)


def _read_line(number: int, raw: bytes) -> Numbered:
    known: str | int = f"line:{number}"
    try:
        data = json.loads(raw)
    except RecursionError:
        return Numbered(number, known, None, f"line {number} is nested too deep")
    except UnicodeDecodeError:
        return Numbered(number, known, None, f"line {number} is not UTF-8")
    except ValueError as error:
        return Numbered(number, known, None, f"line {number} is not JSON: {error}"[:SHOWN_OF_ERROR])
    if not isinstance(data, dict):
        return Numbered(number, known, None, f"line {number} is not a JSON object")
    given = data.get("id")
    if not isinstance(given, str | int) or isinstance(given, bool):
        wrong = "is not a text or a whole number" if "id" in data else "is missing"
        return Numbered(number, known, None, f"line {number}: id {wrong}")
    if meant := _misspelt(data):
        return Numbered(number, given, None, f"line {number}: {meant}"[:SHOWN_OF_ERROR])
    try:
        line = AnswerLine.model_validate(data)
    except ValidationError as error:
        return Numbered(number, given, None, f"line {number}: {_explained(error)}")
    if not line.questions():
        return Numbered(number, given, None, f"line {number} has neither key_points nor reference")
    return Numbered(number, given, line)


def _misspelt(data: dict[str, Any]) -> str:
    """What a field's name was probably to be; nothing where all that is known is there, or nothing is like it."""
    either = {"key_points", "reference"}
    told = data.keys() | (either if either & data.keys() else set())
    absent = AnswerLine.model_fields.keys() - told
    for name in sorted(data.keys() - AnswerLine.model_fields.keys()):
        if near := get_close_matches(name, sorted(absent), 1, LIKE):
            return f"{name} is no field of a line; did you mean {near[0]}?"
    return ""


def _explained(error: ValidationError) -> str:
    """What is wrong with a line's fields, in words, for the first three of them."""
    wrong = [(".".join(map(str, e["loc"])), _PLAINLY.get(e["type"], e["msg"].lower())) for e in error.errors()]
    return "; ".join(f"{where} {what}" for where, what in wrong[:3])


def still_to_grade(lines: Iterable[Numbered], done: Mapping[str | int, int]) -> list[Numbered]:
    """The lines that are not done, where `done` says how often each id is; an id that comes twice is graded twice."""
    left = Counter(done)
    waiting = []
    for line in lines:
        if left[line.id] > 0:
            left[line.id] -= 1
        else:
            waiting.append(line)
    return waiting


async def grade_lines(
    engine: Engine, lines: Iterable[Numbered], seconds: float, at_once: int = 1
) -> AsyncIterator[dict[str, Any]]:
    """One output line for each line, in order, with up to `at_once` being graded at any time.

    Raises EngineUnusable, with the lines before graded.
    """
    waiting = iter(lines)
    under_way: deque[asyncio.Task[dict[str, Any]]] = deque()
    try:
        while True:
            for line in islice(waiting, at_once - len(under_way)):
                under_way.append(asyncio.create_task(_grade_line(engine, line, seconds)))
            if not under_way:
                return
            yield await under_way[0]
            under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _grade_line(engine: Engine, each: Numbered, seconds: float) -> dict[str, Any]:
    if each.line is None:
        return _unread(each, engine.name)
    answer = each.line.answer
    grades = [await grade_answer(engine, q, answer, seconds) for q in each.line.questions()]
    return output_line(each.id, max(grades, key=lambda g: -1.0 if g.score is None else g.score), answer)


def output_line(line_id: str | int, grade: SingleGrade, answer: str) -> dict[str, Any]:
    """What is written for one answer. Quotes are verbatim, also where an engine has joined lines or changed case."""
    return {
        "id": line_id,
        "status": grade.status,
        "reason": grade.reason,
        "key_points": [
            {"verdict": f.verdict.value, "confidence": f.confidence, "quote": _as_said(f.quote, answer)}
            for f in grade.points
        ],
        "pitfalls": [
            {"committed": f.committed, "confidence": f.confidence, "quote": _as_said(f.quote, answer)}
            for f in grade.pitfalls
        ],
        "score": grade.score,
        "band": grade.band,
        "engine": grade.engine,
        "formula": grade.formula,
        "kind": grade.kind,
        "too_short": grade.too_short,
    }


def _unread(line: Numbered, engine: str) -> dict[str, Any]:
    return output_line(line.id, SingleGrade(status="ungraded", reason=line.problem, engine=engine), "")


def _as_said(quote: str, answer: str) -> str:
    """The stretch of an answer that a quote stands for."""
    if not quote or quote in answer:
        return quote
    found = re.search(r"\s+".join(map(re.escape, quote.split())), answer, re.IGNORECASE)
    return found[0] if found else quote
