"""Grades many answers from a JSONL file into another: resumable, and no line stops the rest.

A line in is {"id", "question", "key_points": [str], "pitfalls": [str], "answer"}, or "reference": [str] instead of
key_points, each a whole right answer, of which the best met counts. A line out is as `output_line` makes it. The order
is that of the input; what an earlier run has written is kept, and a line that it left torn is written again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictStr, ValidationError

from interviewer.conduct.single import SingleGrade, grade_answer
from interviewer.domain.grading import FORMULA
from interviewer.domain.guide import KeyPoint, Pitfall, Question
from interviewer.ports import Engine


class AnswerLine(BaseModel):
    """One line to grade. Fields that it does not know are ignored."""

    model_config = ConfigDict(extra="ignore")

    id: StrictStr | int
    question: StrictStr
    answer: StrictStr
    key_points: list[StrictStr] | None = None
    pitfalls: list[StrictStr] = []
    reference: list[StrictStr] | None = None

    def questions(self) -> list[Question]:
        """The question with its key points, or one for each reference answer."""
        if self.key_points is not None:
            return [_question(self.question, self.key_points, self.pitfalls)]
        return [_question(self.question, [reference], self.pitfalls) for reference in self.reference or []]


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
    """The lines of a JSONL file; empty ones are passed over. Raises OSError."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _read_line(number, raw)


def _read_line(number: int, raw: bytes) -> Numbered:
    fallback = f"line:{number}"
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Numbered(number, fallback, None, f"line {number} is not JSON: {error}")
    if not isinstance(data, dict):
        return Numbered(number, fallback, None, f"line {number} is not a JSON object")
    given = data.get("id")
    known = given if isinstance(given, str | int) and not isinstance(given, bool) else fallback
    try:
        line = AnswerLine.model_validate(data)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()[:3])
        return Numbered(number, known, None, f"line {number}: {wrong}")
    if not line.key_points and not line.reference:
        return Numbered(number, known, None, f"line {number} has neither key_points nor reference")
    return Numbered(number, known, line)


def finished(path: Path) -> set[str | int]:
    """Ids that an output file has already. A last line that was torn is cut off, so that it is written again."""
    if not path.exists():
        return set()
    kept, ids = 0, set()
    with path.open("rb+") as file:
        for raw in file:
            try:
                ids.add(json.loads(raw)["id"])
            except (ValueError, KeyError, TypeError):
                break
            if not raw.endswith(b"\n"):
                ids.discard(json.loads(raw)["id"])
                break
            kept += len(raw)
        file.truncate(kept)
    return ids


async def grade_lines(engine: Engine, lines: Iterator[Numbered], seconds: float) -> AsyncIterator[dict[str, Any]]:
    """One output line for each line, in order."""
    for each in lines:
        if each.line is None:
            yield _line(each.id, {"status": "ungraded", "reason": each.problem, "engine": engine.name})
            continue
        grades = [await grade_answer(engine, q, each.line.answer, seconds) for q in each.line.questions()]
        yield output_line(each.id, max(grades, key=lambda g: -1.0 if g.score is None else g.score))


def output_line(line_id: str | int, grade: SingleGrade) -> dict[str, Any]:
    """What is written for one answer."""
    return _line(
        line_id,
        {
            "status": grade.status,
            "reason": grade.reason,
            "key_points": [
                {"verdict": f.verdict.value, "confidence": f.confidence, "quote": f.quote} for f in grade.points
            ],
            "pitfalls": [
                {"committed": f.committed, "confidence": f.confidence, "quote": f.quote} for f in grade.pitfalls
            ],
            "score": grade.score,
            "band": grade.band,
            "engine": grade.engine,
            "formula": grade.formula,
        },
    )


def _line(line_id: str | int, values: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "status": "ungraded",
        "reason": "",
        "key_points": [],
        "pitfalls": [],
        "score": None,
        "band": None,
    }
    return {"id": line_id, **empty, "formula": FORMULA, **values}
