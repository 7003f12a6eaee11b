"""Where evaluation keeps its ledgers and baselines, and what an engine's are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.domain.errors import NotFoundError, SettingsError
from interviewer.resources import resource_folder

if TYPE_CHECKING:
    from interviewer.evaluation.ledger import Ledger
    from interviewer.evaluation.subjects import Subject
    from interviewer.wiring import House

Home = Annotated[Path | None, typer.Option("--home", help="Where ledgers/ and baselines/ are.", metavar="FOLDER")]


@dataclass(frozen=True)
class Place:
    """A folder with `ledgers`, which a run writes, and `baselines`, which `bless` writes.

    In a checkout both are in its evals, to be committed; elsewhere they are in the user's data folder, and a baseline
    that ships is read where there is none.
    """

    home: Path

    @classmethod
    def of(cls, house: House, given: Path | None) -> Place:
        """The folder that was given, or the usual one."""
        if given:
            return cls(given)
        shipped = resource_folder("evals")
        in_checkout = (shipped.parent / "pyproject.toml").is_file()
        return cls(shipped if in_checkout else house.settings.data_dir / "evals")

    def ledger(self, suite: str, engine: str) -> Path:
        """The ledger of a suite and engine."""
        return self.home / "ledgers" / f"{suite}.{engine}.jsonl"

    def others(self, suite: str, engine: str) -> list[Path]:
        """The ledgers that other suites have for the engine: what they graded is not graded again."""
        own = self.ledger(suite, engine)
        return sorted(path for path in own.parent.glob(f"*.{engine}.jsonl") if path != own)

    def baseline(self, suite: str, engine: str) -> Path:
        """The baseline of a suite and engine, whether it is there or not."""
        own = self.home / "baselines" / f"{suite}.{engine}.jsonl"
        shipped = resource_folder("evals") / "baselines" / own.name
        return own if own.exists() or not shipped.exists() else shipped

    def without_suite(self, suites: Iterable[str], engine: str) -> list[Path]:
        """The baselines of an engine that are of none of these suites."""
        known, folders = set(suites), {self.home / "baselines", resource_folder("evals") / "baselines"}
        found = sorted(path for folder in folders for path in folder.glob(f"*.{engine}.jsonl"))
        return [path for path in found if path.name.removesuffix(f".{engine}.jsonl") not in known]


def spoilt(subject: Subject, canary: str | None) -> Subject:
    """The subject, or with a canary's name the same engine with its verdicts spoilt. Raises NotFoundError."""
    if canary is None:
        return subject
    from dataclasses import replace

    from interviewer.evaluation.canaries import canary as made

    parameters = {**subject.parameters, "canary": canary}
    return replace(subject, engine=made(canary, subject.engine), parameters=parameters, deterministic=False)


@contextmanager
def opened(path: Path, *, read_only: bool) -> Iterator[Ledger]:
    """A ledger to write, or to read. Raises LedgerError, and NotFoundError where there is none to read."""
    from interviewer.evaluation.ledger import Ledger, LedgerWriter

    if read_only and not path.exists():
        raise NotFoundError(f"There is no ledger {path}.", "Make one with `interviewer eval run`, without --offline.")
    with Ledger(path) if read_only else LedgerWriter(path) as ledger:
        yield ledger


@contextmanager
def opened_baseline(path: Path) -> Iterator[Ledger | None]:
    """A baseline, None where there is none. Raises LedgerError."""
    from interviewer.evaluation.ledger import Ledger

    if not path.exists():
        yield None
        return
    with Ledger(path) as ledger:
        if ledger.info is None:
            raise SettingsError(f"The baseline {path} is empty.", "Make it anew with `interviewer eval bless`.")
        yield ledger
