"""Labelled answers in other words, reviewed and stored: evals/suites/metamorphic, whose README says what must hold."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Frozen
from interviewer.evaluation.cases import Case, CasesError
from interviewer.resources import resource_folder


class Said(Frozen):
    """Words about one statement, "k1" for the first key point or "p1" for the first pitfall."""

    statement: str = Field(pattern=r"^[kp]\d+$")
    say: str = Field(min_length=1)


class Rewriting(Frozen):
    """What is stored of one answer. `case` is its case's id, `turn` where a new thought begins ("break" in the file).

    `shows` maps a covered key point to the very words of the answer without which it is missing. `negation` is said in
    place of such words, and contradicts the point. `pitfall` is a last sentence that commits one.
    """

    case: str
    turn: str = Field(alias="break", min_length=1)
    paraphrases: tuple[str, ...] = ()
    concise: str = ""
    dialect_of: str = ""
    dialect: str = ""
    model_style: str = ""
    pitfall: Said | None = None
    negation: Said | None = None
    shows: dict[str, str] = Field(default_factory=dict)


class _File(Frozen):
    written_by: str
    answer: tuple[Rewriting, ...]


def rewritings(folder: str | Path = "metamorphic") -> dict[str, Rewriting]:
    """Every stored rewriting of a folder in evals/suites, or of a path, by its case's id. Raises CasesError."""
    path = resource_folder("evals") / "suites" / folder
    return {one.case: one for file in sorted(path.glob("*.toml")) for one in _read(file).answer}


def fitting(cases: Iterable[Case], stored: dict[str, Rewriting]) -> list[tuple[Case, Rewriting]]:
    """The cases that have a rewriting, with it. Raises CasesError where one does not fit its answer any more."""
    found = [(case, stored[case.id]) for case in cases if case.id in stored]
    for case, rewriting in found:
        if wrong := _misfit(case, rewriting):
            raise CasesError(f"The stored rewriting of {case.id} does not fit: {wrong}.", "Was the answer changed?")
    return found


def _misfit(case: Case, rewriting: Rewriting) -> str:
    """What is wrong with a rewriting, "" for nothing."""
    points = {k.id: v for k, v in zip(case.question.key_points, case.label.key_points, strict=True)}
    pitfalls = {p.id: c for p, c in zip(case.question.pitfalls, case.label.pitfalls, strict=True)}
    for words in (rewriting.turn, *rewriting.shows.values()):
        if case.answer.count(words) != 1:
            return f"{words!r} is there {case.answer.count(words)} times"
    for statement in rewriting.shows:
        if points.get(statement) is not Verdict.COVERED:
            return f"{statement} is not covered"
    if rewriting.negation and rewriting.negation.statement not in rewriting.shows:
        return f"no words of {rewriting.negation.statement} are known"
    if rewriting.pitfall and pitfalls.get(rewriting.pitfall.statement) is not False:
        return f"{rewriting.pitfall.statement} is no pitfall that was avoided"
    return ""


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CasesError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CasesError(f"{path} is not TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise CasesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
