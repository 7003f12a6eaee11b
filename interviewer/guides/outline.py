"""A guide as a short text to read: its questions, and on demand what a good answer contains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from interviewer.domain.guide import Guide, Item, KeyPoint, Question
from interviewer.guides.report import Paint, plain, visible

_INDENT = re.compile(r" *(?:\d+\. |- )?")


def outline(
    guide: Guide, *, points: bool = False, answers: bool = False, paint: Paint = plain, width: int = 0
) -> Iterator[str]:
    """The lines of a guide, its questions numbered and under their categories; wrapped to a width unless it is 0."""
    for line in _lines(guide, points=points, answers=answers, paint=paint):
        yield from _wrapped(line, width) if width else (line,)


def _wrapped(line: str, width: int) -> list[str]:
    start = _INDENT.match(line)
    indent = " " * (start.end() if start else 0)
    return wrap(line, max(width, 40), subsequent_indent=indent, break_on_hyphens=False) or [""]


def _lines(guide: Guide, *, points: bool, answers: bool, paint: Paint) -> Iterator[str]:
    yield f"{paint(visible(guide.title), 'bold')}  {paint(guide.id, 'dim')}"
    if guide.description:
        yield visible(guide.description)
    if guide.tags:
        yield paint(f"Tags: {visible(', '.join(guide.tags))}", "dim")
    numbered = enumerate(guide.questions, start=1)
    for category, questions in groupby(numbered, key=lambda pair: pair[1].category):
        yield from ("", paint(category.value.capitalize(), "bold"))
        for number, question in questions:
            yield from _question(number, question, points=points, answers=answers, paint=paint)


def _question(number: int, question: Question, *, points: bool, answers: bool, paint: Paint) -> Iterator[str]:
    details = " ".join(filter(None, [question.difficulty and f"({question.difficulty})", f"#{question.id}"]))
    yield f"{number:3}. {visible(question.text)}  {paint(details, 'dim')}"
    if answers and question.answer:
        yield from _answer(question.answer, paint)
    if points:
        yield from _key_points(question.key_points, paint)
        yield from _items("Pitfalls", question.pitfalls, paint)
        yield from _items("Follow-ups", question.follow_ups, paint)


def _answer(answer: str, paint: Paint) -> Iterator[str]:
    yield paint("     Answer", "dim")
    yield from (f"       {visible(line)}" if line.strip() else "" for line in answer.splitlines())


def _key_points(points: tuple[KeyPoint, ...], paint: Paint) -> Iterator[str]:
    """Like other items, with what their author has set: weight, probe and hint."""
    if points:
        yield paint("     Key points", "dim")
    for point in points:
        weight = paint(f"  (weight {point.weight:g})", "dim") if point.weight != 1 else ""
        yield f"       - {visible(point.text)}{weight}"
        aims = (("Probe", point.probe), ("Hint", point.hint))
        yield from (f"         - {name}: {visible(aim)}" for name, aim in aims if aim)


def _items(name: str, items: tuple[Item, ...], paint: Paint) -> Iterator[str]:
    if items:
        yield paint(f"     {name}", "dim")
        yield from (f"       - {visible(item.text)}" for item in items)
