"""Suites: what is measured, on which cases, how often, and how much worse is too much.

A suite is a TOML file in evals/suites, or anywhere when it is named by its path:

    kind = "agreement"            # agreement, stability, metamorphic, injection, conduct or retrieval
    about = "one line"
    cases = "agreement"           # a folder in evals/cases, or a path from the suite's file
    repeats = 1                   # gradings of each answer
    most_ungraded = 0.02          # a larger share makes a run invalid
    [margins]                     # the loss that matters
    qwk = 0.03
    leniency = 0.10               # of a step of the band
    variance = 0.05               # of repeats, in squared steps
    violations = 0.02             # as a share of the changes that could be one
    [options]                     # what the kind makes its cases by
    [least]                       # conduct and retrieval: limits of measures, by name; also [most]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from interviewer.domain.errors import NotFoundError
from interviewer.domain.guide import Frozen
from interviewer.evaluation.cases import CasesError
from interviewer.evaluation.results import Measure
from interviewer.resources import resource_folder

Kind = Literal["agreement", "stability", "metamorphic", "injection", "conduct", "retrieval"]


class MarginsSet(Frozen):
    """The loss that matters, per metric; see gate. Changed answers have `violations` alone, others the rest."""

    qwk: float = Field(default=0.03, gt=0)
    leniency: float = Field(default=0.10, gt=0)
    variance: float = Field(default=0.05, gt=0)
    violations: float = Field(default=0.02, gt=0)


class Definition(Frozen):
    """A suite. `file` is where it was read."""

    name: str
    kind: Kind
    about: str = ""
    cases: str = "agreement"
    repeats: int = Field(default=1, ge=1)
    most_ungraded: float = Field(default=0.02, ge=0, le=1)
    margins: MarginsSet = Field(default_factory=MarginsSet)
    least: dict[str, float] = Field(default_factory=dict)
    most: dict[str, float] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    file: Path

    @property
    def cases_folder(self) -> Path:
        """Where its cases are."""
        beside = self.file.parent / self.cases
        return beside if beside.is_dir() else resource_folder("evals") / "cases" / self.cases

    def beyond(self, measures: Iterable[Measure]) -> tuple[str, ...]:
        """Which measures are beyond their limits, in words; one that is not there is, too."""
        found = {m.name: m.value for m in measures}
        said = []
        for limits, sign, word in ((self.least, 1, "at least"), (self.most, -1, "at most")):
            for name, limit in limits.items():
                value = found.get(name)
                if value is None:
                    said.append(f"{name} was not measured; it should be {word} {limit:g}.")
                elif sign * value < sign * limit:
                    said.append(f"{name} is {value:.3f}; it should be {word} {limit:g}.")
        return tuple(said)


def definitions() -> list[Definition]:
    """The suites that ship, in the order of their names. Raises CasesError."""
    return sorted(_in(resource_folder("evals") / "suites"), key=lambda d: d.name)


def definition(name: str) -> Definition:
    """A suite by its name, or by the path of its file. Raises NotFoundError and CasesError."""
    if name.endswith(".toml"):
        found = _read(Path(name))
        if found is None:
            raise CasesError(f"{name} says no kind.", 'Begin it with `kind = "agreement"`, or another.')
        return found
    known = definitions()
    for each in known:
        if each.name == name:
            return each
    raise NotFoundError(f"There is no suite {name!r}.", f"There are: {', '.join(d.name for d in known)}.")


def _in(folder: Path) -> Iterator[Definition]:
    for path in folder.glob("*.toml"):
        if found := _read(path):
            yield found


def _read(path: Path) -> Definition | None:
    """The suite of a file; None for one that holds data of a suite and says no kind."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasesError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CasesError(f"{path} is not TOML: {error}.") from None
    if "kind" not in data:
        _check_data(path, data)
        return None
    try:
        return Definition.model_validate({**data, "name": path.stem, "file": path})
    except ValidationError as error:
        first = error.errors()[0]
        raise CasesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None


def _check_data(path: Path, data: dict[str, Any]) -> None:
    """Raises CasesError where a file without a kind has fields of a suite: it would be passed over."""
    said = [name for name in data if name in Definition.model_fields and name not in ("name", "file")]
    if said:
        raise CasesError(
            f"{path} says no kind, and has {', '.join(said)} as suites do.",
            'Begin it with `kind = "agreement"`, or another; is it misspelt?',
        )
