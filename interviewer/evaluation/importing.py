"""Other people's labelled answers as a case set: a recipe says which field of a JSONL or CSV file is what.

A recipe is a TOML file (evals/recipes). A field is named by its path: "answer", "reference.0" (the first of a list),
"rubric.*.text" (of every one); "=words" stands for those words themselves. In a CSV file a cell that holds several
things has them apart by `separator`; where one thing is wanted, such as an answer, it is the whole cell.

    about = "where it comes from, under which licence"
    id = "id"
    question = "question"
    question_id = "question_id"      # may be left out: then questions are told apart by their words
    answer = "answer"
    key_points = "reference.0"
    [where]                          # only lines whose field holds one of these
    split = ["UA"]
    [raters.human]
    verdict = "label"                # one for all key points, or a list of one each
    verdicts = { correct = "covered", incorrect = "missing" }
    overall = "score"
    scale = [0, 1]                   # what stands for 1 and for 5; a path may stand for a number
    [raters.grader]
    each = "scores_raters"           # a list: grader-1, grader-2, ...; "" is then the path of its own value
    verdict = ""
    cuts = { covered = 0.8, partial = 0.3 }   # from which share of the scale on; below them missing
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Frozen
from interviewer.evaluation.cases import Answered, AskedQuestion, CasesError, Rating

Record = Mapping[str, Any]
T = TypeVar("T", bound=Frozen)


class RaterRecipe(Frozen):
    """Where a rater's word is found, and what it means."""

    each: str | None = None
    verdict: str
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    cuts: dict[Verdict, float] = Field(default_factory=dict)
    overall: str | None = None
    scale: tuple[float | str, float | str] = (1, 5)


class Recipe(Frozen):
    """Which field is what; see the module."""

    about: str
    id: str = "id"
    question: str = "question"
    question_id: str = ""
    answer: str = "answer"
    design: str = ""
    key_points: str
    pitfalls: str = ""
    separator: str = "|"
    where: dict[str, tuple[str | int | float | bool, ...]] = Field(default_factory=dict)
    raters: dict[str, RaterRecipe]


class _Cell(list[str]):
    """A cell of a CSV file that may hold several things; `text` is all of it."""

    def __init__(self, text: str, separator: str) -> None:
        super().__init__(part.strip() for part in text.split(separator))
        self.text = text


def read_recipe(path: Path) -> Recipe:
    """A recipe. Raises CasesError."""
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CasesError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CasesError(f"{path} is not TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise CasesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def records(path: Path, recipe: Recipe) -> Iterator[tuple[str, Record]]:
    """The records of a .csv or a JSONL file, each with where it stands. Raises CasesError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                for row in (reader := csv.DictReader(file)):
                    yield f"{path}:{reader.line_num}", _cells(row, recipe.separator)
                return
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", json.loads(line)
    except OSError as error:
        raise CasesError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, csv.Error) as error:
        raise CasesError(f"{path} cannot be read: {error}.") from None


def _cells(row: Mapping[str | None, Any], separator: str) -> Record:
    cells = {name: text for name, text in row.items() if name and isinstance(text, str)}
    return {n: _Cell(t, separator) if separator in t else t for n, t in cells.items()}


def import_cases(recipe: Recipe, source: Path, folder: Path, limit: int | None = None) -> int:
    """Write the case set that a recipe makes of a file into a new folder; how many answers it has.

    Raises CasesError with the file's line.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CasesError(f"{folder} is there already.", "Choose a new folder, or delete that one first.")
    questions: dict[tuple[str, tuple[str, ...], tuple[str, ...]], AskedQuestion] = {}
    answers: dict[str, Answered] = {}
    ratings: dict[str, list[Rating]] = {}
    for where, record in records(source, recipe):
        if limit is not None and len(answers) >= limit:
            break
        if any(_found(record, path, where) not in allowed for path, allowed in recipe.where.items()):
            continue
        question = _question(record, recipe, where, questions)
        answer = _made(
            Answered,
            where,
            id=_text(record, recipe.id, where),
            question_id=question.id,
            answer=_text(record, recipe.answer, where),
            design=_text(record, recipe.design or "=", where),
        )
        if answers.setdefault(answer.id, answer) is not answer:
            raise CasesError(f"{where}: {answer.id} is there twice.", "Name another field as the recipe's id.")
        for name, rating in _ratings(record, recipe, where, answer.id, question):
            ratings.setdefault(name, []).append(rating)
    if not answers:
        raise CasesError(f"The recipe takes no line of {source}.", "Look at its [where].")
    _write(folder / "questions.jsonl", list(questions.values()))
    _write(folder / "answers.jsonl", list(answers.values()))
    for name, rated in ratings.items():
        _write(folder / "ratings" / f"{name}.jsonl", rated)
    return len(answers)


def _question(record: Record, recipe: Recipe, where: str, known: dict[Any, AskedQuestion]) -> AskedQuestion:
    """The question of a record. One id with other statements is another question."""
    text, points = _text(record, recipe.question, where), _texts(record, recipe.key_points, where)
    pitfalls = _texts(record, recipe.pitfalls, where) if recipe.pitfalls else ()
    name = _text(record, recipe.question_id, where) if recipe.question_id else ""
    key = (name or text, points, pitfalls)
    if key not in known:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:8]
        taken = {q.id for q in known.values()}
        fresh = name if name and name not in taken else f"{name or 'q'}-{digest}"
        known[key] = _made(AskedQuestion, where, id=fresh, text=text, key_points=points, pitfalls=pitfalls)
    return known[key]


def _ratings(
    record: Record, recipe: Recipe, where: str, answer_id: str, question: AskedQuestion
) -> Iterator[tuple[str, Rating]]:
    for name, rater in recipe.raters.items():
        if rater.each is None:
            yield name, _rating(record, record, rater, where, answer_id, question)
        else:
            for number, value in enumerate(_several(_found(record, rater.each, where)), 1):
                yield f"{name}-{number}", _rating(value, record, rater, where, answer_id, question)


def _rating(
    source: Any, record: Record, rater: RaterRecipe, where: str, answer_id: str, question: AskedQuestion
) -> Rating:
    said = _found(source, rater.verdict, where)
    low, high = (_number(record, end, where) if isinstance(end, str) else end for end in rater.scale)
    if low == high:
        raise CasesError(f"{where}: the scale begins and ends with {low:g}.")
    verdicts = [_verdict(v, rater, (low, high), where) for v in _several(said)]
    if len(verdicts) == 1:
        verdicts *= len(question.key_points)
    overall = None
    if rater.overall is not None:
        overall = 1 + 4 * min(1.0, max(0.0, (_number(source, rater.overall, where) - low) / (high - low)))
    if len(verdicts) != len(question.key_points):
        raise CasesError(f"{where}: {len(verdicts)} verdicts for {len(question.key_points)} key points.")
    pitfalls = (False,) * len(question.pitfalls)
    return _made(Rating, where, id=answer_id, key_points=tuple(verdicts), pitfalls=pitfalls, overall=overall)


def _verdict(value: Any, rater: RaterRecipe, scale: tuple[float, float], where: str) -> Verdict:
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if word in rater.verdicts:
        return rater.verdicts[word]
    if rater.cuts:
        share = (_as_number(value, rater.verdict, where) - scale[0]) / (scale[1] - scale[0])
        reached = [v for v, least in sorted(rater.cuts.items(), key=lambda cut: -cut[1]) if share >= least]
        return reached[0] if reached else Verdict.MISSING
    raise CasesError(f"{where}: the recipe does not say what {word!r} means.", f"It knows {', '.join(rater.verdicts)}.")


def _found(source: Any, path: str, where: str) -> Any:
    """What a path leads to. Raises CasesError."""
    if path.startswith("="):
        return path[1:]
    for n, part in enumerate(parts := [p for p in path.split(".") if p]):
        if part == "*":
            if not isinstance(source, list):
                raise CasesError(f"{where}: {path} is no list.")
            return [_found(each, ".".join(parts[n + 1 :]), where) for each in source]
        try:
            source = source[int(part)] if isinstance(source, Sequence) and not isinstance(source, str) else source[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise CasesError(f"{where}: there is no {path}.") from None
    return source


def _text(record: Record, path: str, where: str) -> str:
    found = _found(record, path, where)
    return (found.text if isinstance(found, _Cell) else str(found)).strip()


def _texts(record: Record, path: str, where: str) -> tuple[str, ...]:
    return tuple(str(each).strip() for each in _several(_found(record, path, where)))


def _several(found: Any) -> list[Any]:
    """What was found, as a list: one thing is a list of one."""
    return found if isinstance(found, list) else [found]


def _number(source: Any, path: str, where: str) -> float:
    return _as_number(_found(source, path, where), path, where)


def _as_number(value: Any, path: str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise CasesError(f"{where}: {path or 'the value'} is no number: {value!r}.")
    return number


def _made(kind: type[T], where: str, **fields: Any) -> T:
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise CasesError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _write(path: Path, lines: Sequence[Frozen]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.model_dump_json()}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise CasesError(f"{path} cannot be written: {error.strerror}.") from None
