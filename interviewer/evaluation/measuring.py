"""A suite from its definition to its result: items graded through a ledger, measured, and held against a baseline.

measured   grade what the ledger lacks, and measure
replayed   measure what a ledger has, with no engine at all
    held       hold interviews or look things up, and go by limits; nothing of it is kept
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import NotFoundError
from interviewer.domain.guide import Frozen, Guide
from interviewer.evaluation import injection, metamorphic
from interviewer.evaluation.candidates import Player
from interviewer.evaluation.cases import CasesError, CaseSet
from interviewer.evaluation.conducted import Options as ConductOptions
from interviewer.evaluation.conducted import conduct
from interviewer.evaluation.definitions import Definition, Kind
from interviewer.evaluation.gate import Margins, compare, compare_shares, verdict
from interviewer.evaluation.gradings import gradings, pairs
from interviewer.evaluation.ledger import Ledger
from interviewer.evaluation.moves import moves
from interviewer.evaluation.paired import Findings
from interviewer.evaluation.perturb import unchanged
from interviewer.evaluation.power import Power, power, prospect
from interviewer.evaluation.quoted import load_any, read_quoted
from interviewer.evaluation.report_cases import Evidence
from interviewer.evaluation.results import Difference, Item, Outcome, Row, RunInfo, SuiteResult
from interviewer.evaluation.retrieval import Options as RetrievalOptions
from interviewer.evaluation.retrieval import retrieval
from interviewer.evaluation.run import RunOptions, run
from interviewer.evaluation.steadiness import FacetRun, facet_runs, stability_measures
from interviewer.evaluation.subjects import Subject
from interviewer.evaluation.tables import agreement_measures
from interviewer.ports import Retriever

GRADED_KINDS: tuple[Kind, ...] = ("agreement", "stability", "metamorphic", "injection")
CHANGED_KINDS: tuple[Kind, ...] = ("metamorphic", "injection")
"""Those that are compared by violations; the other graded ones by grades."""
VIOLATIONS = "violations"
T = TypeVar("T", bound=Frozen)


@dataclass(frozen=True)
class Measured:
    """What came of a suite, with what it can be looked into."""

    result: SuiteResult
    evidence: Evidence


@dataclass(frozen=True)
class Rooms:
    """What suites need that hold whole interviews or look things up. `player` is a model that plays candidates."""

    conductor: Conductor
    retriever: Retriever
    guides: Sequence[Guide]
    player: Player | None = None


@dataclass(frozen=True)
class _Suite:
    """A definition with its cases, and what to do with them."""

    definition: Definition
    cases: CaseSet

    @property
    def options(self) -> Any:
        match self.definition.kind:
            case "metamorphic":
                return _options(self.definition, metamorphic.Options)
            case "injection":
                return _options(self.definition, injection.Options)
            case _:
                return None

    def items(self) -> list[Item]:
        """What is graded."""
        match self.definition.kind:
            case "metamorphic":
                return metamorphic.items(self.cases, self.options)
            case "injection":
                return injection.items(self.cases, self.options)
            case _:
                return [unchanged(case) for case in self.cases.cases]

    def findings(self, rows: Sequence[Row], others: Sequence[FacetRun] = ()) -> Findings:
        """What the gradings show; `others` are runs with other prompts or models, for what makes grades vary."""
        match self.definition.kind:
            case "metamorphic":
                return metamorphic.measure(self.cases, rows, self.options)
            case "injection":
                return injection.measure(self.cases, rows, self.options)
            case "stability":
                measures, tables, warnings = stability_measures(self.cases.cases, rows, others)
            case _:
                measures, tables, warnings = agreement_measures(self.cases.cases, rows)
        return Findings(measures=measures, tables=tables, warnings=warnings)

    def differences(self, before: Sequence[Row], now: Sequence[Row], shown: Findings) -> tuple[Difference, ...]:
        """The paired comparison that suits the kind: of grades, or where answers were changed of violations alone.

        `shown` is what `now` shows. The few answers that are changed are too few to say anything of grades.
        """
        margins = self.definition.margins
        if self.definition.kind not in CHANGED_KINDS:
            return compare(
                pairs(self.cases.cases, before, now), Margins(margins.qwk, margins.leniency, margins.variance)
            )
        old = self.findings(before)
        first, second = ({v.item for v in each.violations} for each in (old, shown))
        tried = dict(sorted(old.tried.items() & shown.tried.items()))
        return compare_shares(VIOLATIONS, first, second, tried, margins.violations)


def suite_of(definition: Definition) -> CaseSet:
    """The cases of a suite. Raises CasesError."""
    if not definition.cases_folder.is_dir():
        raise CasesError(f"{definition.file}: there is no folder of cases {definition.cases!r}.")
    return load_any(definition.cases_folder)


def _options(definition: Definition, kind: type[T]) -> T:
    """The options of a suite. Raises CasesError for one that there is not, or that makes no sense."""
    try:
        return kind.model_validate(definition.options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("options", *first["loc"])))
        raise CasesError(f"{definition.file}: {where}: {first['msg']}.") from None


def parts_of(definition: Definition) -> tuple[list[Item], str]:
    """What a suite grades, and the digest of its cases. Raises CasesError and SettingsError."""
    suite = _Suite(definition, suite_of(definition))
    return suite.items(), suite.cases.digest


async def measured(
    definition: Definition, subject: Subject, ledger: Ledger, baseline: Ledger | None, options: RunOptions
) -> Measured:
    """Grade what the ledger lacks, measure, and compare with the baseline where there is one.

    With a ledger that is only read nothing is graded, and a run that lacks more than the suite allows is invalid.
    Raises EngineUnusable, LedgerError, CasesError and SettingsError.
    """
    suite = _Suite(definition, suite_of(definition))
    items = suite.items()
    info = subject.info(definition.name, suite.cases.digest)
    ran = await run(subject, items, definition.repeats, ledger, info, options)
    rows = list(ran.rows())
    lacking = ran.asked - len(rows)  # what is there as ungraded counts as such, once
    problems = []
    if lacking > definition.most_ungraded * ran.asked:
        problems.append(
            f"{lacking} of {ran.asked} gradings are not in the ledger, and none were made because it was only read."
        )
    return _assessed(suite, items, rows, ledger, baseline, problems, ran.seconds)


async def held(definition: Definition, subject: Subject, rooms: Rooms) -> Measured:
    """A suite of whole interviews, or of looking things up: nothing is kept of it, and its limits are its gate.

    Raises EngineUnusable, IndexUnavailable, CasesError and SettingsError.
    """
    info = subject.info(definition.name, suite_of(definition).digest)
    labelled = read_quoted(definition.cases_folder)
    if definition.kind == "conduct":
        rules = _options(definition, ConductOptions)
        result = await conduct(rooms.conductor, rooms.guides, labelled, info, rules, rooms.player)
    else:
        cuts = _options(definition, RetrievalOptions)
        result = await retrieval(rooms.retriever, rooms.guides, labelled, info, cuts)
    beyond = definition.beyond(result.measures)
    lost = _lost(definition, result.ungraded, result.graded + result.ungraded, "turns")
    problems = (*result.problems, *lost)
    outcome = Outcome.INVALID if problems else Outcome.REGRESSION if beyond else Outcome.PASS
    update = {"outcome": outcome, "warnings": (*beyond, *result.warnings), "problems": problems}
    return Measured(result.model_copy(update=update), Evidence())


def replayed(definition: Definition, ledger: Ledger, baseline: Ledger | None, also: Sequence[Ledger] = ()) -> Measured:
    """Measure what a ledger has, and compare it with the baseline where there is one. Raises CasesError.

    `also` are other runs of the suite, for how far prompts and models make grades vary.

    One of a run that was not finished, or of a shard, shows what it has, and is invalid.
    """
    suite = _Suite(definition, suite_of(definition))
    if also and definition.kind != "stability":
        raise CasesError(f"{definition.name} does not say what makes grades vary.", "Leave --also out.")
    for other in also:
        if other.info is None or other.info.cases != suite.cases.digest:
            raise CasesError(f"{other.path} is no run of the cases of {definition.name}.")
    items, rows = suite.items(), list(ledger.rows())
    problems = _unfinished(suite, items, rows, ledger, "its run was not finished.")
    return _assessed(suite, items, rows, ledger, baseline, problems, 0.0, also)


def _unfinished(suite: _Suite, items: Sequence[Item], rows: Sequence[Row], ledger: Ledger, why: str) -> list[str]:
    """That too much of the suite is not in a ledger, not even as ungraded, if so."""
    asked = {(item.id, repeat) for item in items for repeat in range(suite.definition.repeats)}
    lacking = len(asked - {(row.item, row.repeat) for row in rows})
    if not rows or lacking <= suite.definition.most_ungraded * len(asked):
        return []
    return [f"{lacking} of {len(asked)} gradings are not in {ledger.path.name}: {why}"]


def _baseline_problems(suite: _Suite, items: Sequence[Item], before: Sequence[Row], baseline: Ledger) -> list[str]:
    """Why nothing can be compared with a baseline, if so: what is not in it would not be missed."""
    if baseline.repaired:
        return [f"The last line of {baseline.path} is damaged: restore the file, or make it anew with eval bless."]
    if baseline.info is None or baseline.info.cases != suite.cases.digest:
        return []
    return _unfinished(suite, items, before, baseline, "restore the baseline, or make it anew with eval bless.")


def _assessed(
    suite: _Suite,
    items: Sequence[Item],
    rows: Sequence[Row],
    ledger: Ledger,
    baseline: Ledger | None,
    problems: list[str],
    seconds: float,
    also: Sequence[Ledger] = (),
) -> Measured:
    info = ledger.info
    assert info is not None
    before = list(baseline.rows()) if baseline else []
    problems += _problems(suite, info, rows, baseline.info if baseline else None)
    problems += _baseline_problems(suite, items, before, baseline) if baseline else []
    findings = suite.findings(rows, _others(suite, info, [*([baseline] if baseline else []), *also]))
    differences = suite.differences(before, rows, findings) if before and not problems else ()
    if baseline is not None and not (problems or differences):
        problems.append("Nothing of this run was graded in the baseline, so there is nothing to compare.")
    result = SuiteResult(
        info=info,
        kind=suite.definition.kind,
        outcome=_outcome(problems, differences, baseline is not None),
        graded=sum(row.grade.status == "graded" for row in rows),
        ungraded=sum(row.grade.status == "ungraded" for row in rows),
        reasons=Counter(row.grade.reason for row in rows if row.grade.status == "ungraded"),
        measures=findings.measures,
        differences=differences,
        violations=findings.violations,
        moves=tuple(moves(suite.cases.cases, before, rows)) if before else (),
        tables=findings.tables,
        warnings=findings.warnings,
        problems=tuple(problems),
        baseline=baseline.info if baseline else None,
        seconds=seconds,
    )
    return Measured(result, _evidence(suite, items, before, rows, ledger, baseline))


def _others(suite: _Suite, info: RunInfo, ledgers: Sequence[Ledger]) -> list[FacetRun]:
    """The runs that were made with other prompts or models, where a suite can make something of them."""
    if suite.definition.kind != "stability":
        return []
    return facet_runs(info, [(o.info, list(o.rows())) for o in ledgers if o.info and o.info.cases == info.cases])


def _problems(suite: _Suite, info: RunInfo, rows: Sequence[Row], baseline: RunInfo | None) -> list[str]:
    """Why nothing can be said of a run, if so."""
    found = []
    ungraded = sum(row.grade.status == "ungraded" for row in rows)
    if not rows:
        found.append("Nothing was graded.")
    found += _lost(suite.definition, ungraded, len(rows), "gradings")
    if info.cases != suite.cases.digest:
        found.append("The cases have changed since the run was made.")
    if baseline and baseline.cases != info.cases:
        found.append("The cases have changed since the baseline was made: make it anew with eval bless.")
    if baseline and baseline.formula != info.formula:
        found.append(f"The baseline's scores are by formula {baseline.formula}, these by {info.formula}.")
    return found


def _lost(definition: Definition, ungraded: int, count: int, what: str) -> list[str]:
    """That too much did not come out, if so: such a run says more of the endpoint than of the engine."""
    most = definition.most_ungraded
    if ungraded <= most * count:
        return []
    return [f"{ungraded} of {count} {what} did not come out; at most {most:.0%} may be missing."]


def _outcome(problems: Sequence[str], differences: Sequence[Difference], compared: bool) -> Outcome | None:
    if problems:
        return Outcome.INVALID
    return verdict(differences) if compared else None


def _evidence(
    suite: _Suite,
    items: Sequence[Item],
    before: Sequence[Row],
    now: Sequence[Row],
    ledger: Ledger,
    baseline: Ledger | None,
) -> Evidence:
    prompts = {row.prompt: ledger.prompt(row.prompt) for row in now if row.prompt}
    if baseline:
        prompts |= {r.prompt: baseline.prompt(r.prompt) for r in before if r.prompt and r.prompt not in prompts}
    return Evidence(
        items={item.id: item for item in items},
        cases={case.id: case for case in suite.cases.cases},
        baseline=_by_item(before),
        now=_by_item(now),
        prompts=prompts,
    )


def _by_item(rows: Sequence[Row]) -> dict[str, Sequence[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.item].append(row)
    return dict(found)


def powers(definition: Definition, ledger: Ledger) -> list[Power]:
    """What the gate could find, going by how a ledger's run was graded. Raises CasesError and NotFoundError."""
    if definition.kind in CHANGED_KINDS:
        raise NotFoundError(
            f"{definition.name} is compared by violations, and this says what can be found in grades.",
            "Name a suite of kind agreement or stability.",
        )
    cases = suite_of(definition).cases
    graded = gradings(cases, ledger.rows())
    ahead = prospect(graded.human, graded.steps, graded.clusters)
    if ahead is None:
        raise NotFoundError(f"{ledger.path} grades too little to say anything.", "Run the whole suite first.")
    margins = definition.margins
    return power(ahead, margins=Margins(margins.qwk, margins.leniency, margins.variance))
