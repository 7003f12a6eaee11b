"""What evaluation hands from part to part: what is graded, what came of it, what was measured, and the verdict.

Case ─ items ─▶ Item ─ run, ledger ─▶ Row ─ measure ─▶ Measure, Violation ─┐
                                 baseline's Rows ─ gate ─▶ Difference, Move ┴▶ SuiteResult ─▶ Report
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from interviewer.conduct.single import SingleGrade
from interviewer.domain.guide import Frozen, Question


class Item(Frozen):
    """What is graded, once a repeat. `variant` names how the answer was changed; "" as it was given.

    `id` is the case's, or "case/variant". `cluster` is the question: its answers are not independent of each other.
    `earlier` is what was said under the question before, where an answer is split over turns.
    """

    id: str
    case_id: str
    cluster: str
    question: Question
    answer: str
    variant: str = ""
    earlier: tuple[str, ...] = ()


class Row(Frozen):
    """One grading, as a ledger keeps it. `key` is the hash of all that it depends on.

    `prompt` is the digest under which the ledger keeps the prompt as it was sent; `raw` the replies, word for word.
    """

    key: str
    item: str
    case_id: str
    cluster: str
    variant: str = ""
    repeat: int = Field(default=0, ge=0)
    grade: SingleGrade
    prompt: str = ""
    raw: tuple[str, ...] = ()
    seconds: float = 0.0
    at: AwareDatetime


class RunInfo(Frozen):
    """What a run was: enough to see whether two can be compared."""

    suite: str
    engine: str
    model: str = ""
    parameters: dict[str, Any] = Field(default_factory=dict)
    cases: str = ""
    """The digest of its cases."""
    formula: str = ""
    version: str = ""
    at: AwareDatetime


class Measure(Frozen):
    """A figure with its 95 % interval. None where it is not defined, and `note` says why."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    clusters: int = 0
    note: str = ""


class Outcome(StrEnum):
    """What a comparison says."""

    PASS = "pass"  # noqa: S105 - no password
    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"


class ExitStatus(IntEnum):
    """What `interviewer eval` ends with."""

    PASS = 0
    REGRESSION = 1
    INCONCLUSIVE = 2
    INVALID = 3


class Difference(Frozen):
    """A metric, the baseline's beside now. `difference` = now - baseline, with its 95 % interval.

    `worse` is the loss, positive when now is worse; `p` its Holm-adjusted one-sided p value. `detectable` is the
    smallest loss that had a chance of 80 % to be found; `cases_needed` how many answers would settle what is open.
    """

    name: str
    baseline: float
    now: float
    difference: float
    low: float
    high: float
    margin: float
    worse: float
    p: float
    outcome: Outcome
    detectable: float
    cases_needed: int | None = None
    n: int = 0
    clusters: int = 0


class PointMove(Frozen):
    """One statement on which two gradings of an item differ. Verdicts as words; a pitfall's are "committed" or "no"."""

    id: str
    text: str
    labelled: str = ""
    before: str
    now: str
    quote_before: str = ""
    quote_now: str = ""


class Move(Frozen):
    """An item whose grade moved, with the statements that made it move. Scores 0..100, means over repeats."""

    item: str
    question: str
    answer: str
    labelled: float | None = None
    before: float
    now: float
    points: tuple[PointMove, ...] = ()


class Violation(Frozen):
    """A change of an answer that should have moved its grade otherwise. Scores 0..100."""

    item: str
    variant: str
    expected: str
    before: float
    now: float
    noise: float = 0.0
    detail: str = ""


class Table(Frozen):
    """A table of a report: figures by design, a confusion matrix, and the like."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]
    kind: str = "plain"
    """"plain" or "confusion" (labels down, the engine's across; the first column names the row)."""
    note: str = ""


class SuiteResult(Frozen):
    """What came of one suite. `outcome` is of the gate, where there is a baseline; `problems` make a run invalid."""

    info: RunInfo
    kind: str
    outcome: Outcome | None = None
    graded: int = 0
    ungraded: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    differences: tuple[Difference, ...] = ()
    violations: tuple[Violation, ...] = ()
    moves: tuple[Move, ...] = ()
    tables: tuple[Table, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    baseline: RunInfo | None = None
    seconds: float = 0.0


class Report(Frozen):
    """What one command found."""

    title: str
    at: AwareDatetime
    results: tuple[SuiteResult, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of its suites'; invalid when there is none."""
        worst = [o for o in _WORST_FIRST if any(r.outcome is o for r in self.results)]
        return worst[0] if worst else Outcome.PASS if self.results else Outcome.INVALID


_WORST_FIRST = (Outcome.INVALID, Outcome.REGRESSION, Outcome.INCONCLUSIVE, Outcome.PASS)
EXIT = {
    Outcome.PASS: ExitStatus.PASS,
    Outcome.REGRESSION: ExitStatus.REGRESSION,
    Outcome.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
    Outcome.INVALID: ExitStatus.INVALID,
}
