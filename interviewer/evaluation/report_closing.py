"""How the report of an evaluation ends: the outcome, why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from interviewer.domain.display import clean
from interviewer.domain.text import counted, listed
from interviewer.evaluation.report_terms import term
from interviewer.evaluation.report_words import (
    HEADLINES,
    MEASURED,
    NOTHING_RAN,
    bound,
    groups,
    margin,
    number,
    variant,
    violations_title,
)
from interviewer.evaluation.results import Difference, Outcome, Report, SuiteResult
from interviewer.reports.text import one_line

LIMITED = ("conduct", "retrieval")
LIMITS = "The limits are in the suite's file."


class Closing(NamedTuple):
    """How a report ends: the outcome in a word or two, what was found, and what to do next."""

    headline: str
    finding: str
    advice: str

    @property
    def sentence(self) -> str:
        """All of it, in one line that is safe to print."""
        return one_line(clean(f"{self.headline}: {self.finding} {self.advice}"))


def closing(report: Report, program: str = "interviewer") -> Closing:
    """The last line of a report."""
    if not report.results:
        return Closing(NOTHING_RAN, "no suite was found.", f"See what there is: {program} eval list")
    worst = report.outcome
    concerned = [r for r in report.results if r.outcome is worst]
    match worst:
        case Outcome.INVALID:
            return Closing(HEADLINES[worst], _problem(concerned), "Nothing was decided. Mend it and run again.")
        case Outcome.REGRESSION:
            kept = _blessed(concerned, program)
            advice = f"Look at what moved, or keep it if it is meant: {kept}" if kept else LIMITS
            return Closing(HEADLINES[worst], _regression(concerned), advice)
        case Outcome.INCONCLUSIVE:
            return _open(concerned, program)
        case Outcome.PASS:
            if not concerned:
                advice = f"Keep this run to compare with: {_blessed(report.results, program)}"
                return Closing(MEASURED, "it was not compared with a baseline.", advice)
            return Closing(HEADLINES[worst], "every measure stayed within its limit.", _after_pass(report, program))


def _after_pass(report: Report, program: str) -> str:
    warned = sum(len(r.warnings) for r in report.results)
    if warned:
        return f"But read the {'warning' if warned == 1 else f'{warned} warnings'} above."
    kept = _blessed(report.results, program)
    return f"To compare with this run from now on: {kept}" if kept else LIMITS


def _blessed(results: Sequence[SuiteResult], program: str) -> str:
    """The command that keeps these as baselines, and no others; "" where they have none, but limits of their own."""
    kept = [r for r in results if r.kind not in LIMITED]
    engines = {r.info.engine for r in kept}
    engine = engines.pop() if len(engines) == 1 else ""
    said = [f"{program} eval bless", *dict.fromkeys(r.info.suite for r in kept)]
    return (
        " ".join([*said, "--engine", engine] if engine and not engine.startswith("canary-") else said) if kept else ""
    )


def _problem(results: Sequence[SuiteResult]) -> str:
    found = [p for r in results for p in r.problems]
    more = f" (and {counted(len(found) - 1, 'more problem')})" if len(found) > 1 else ""
    return f"{one_line(found[0]).rstrip('.')}{more}." if found else "the run cannot be used."


def _regression(results: Sequence[SuiteResult]) -> str:
    """The losses, the worst first, then the violations of suites that were not judged by a loss."""
    lost = [d for r in results for d in r.differences if d.outcome is Outcome.REGRESSION]
    found = [loss(d) for d in sorted(lost, key=lambda d: -d.worse / (d.margin or 1e-9))]
    found += [_broken(r) for r in results if r.violations and not any(d in lost for d in r.differences)]
    return f"{'; '.join(found)}." if found else "a limit was passed."


def _broken(result: SuiteResult) -> str:
    kinds = [variant(group.variant) for group in groups(result.violations)]
    more = [f"{len(kinds) - 3} more"] if len(kinds) > 3 else []
    title = violations_title(result.kind)
    return f"{title[:1].lower()}{title[1:]}: {len(result.violations)} ({listed([*kinds[:3], *more])})"


def _open(results: Sequence[SuiteResult], program: str) -> Closing:
    unsure = [d for r in results for d in r.differences if d.outcome is Outcome.INCONCLUSIVE]
    if not unsure:
        return Closing(HEADLINES[Outcome.INCONCLUSIVE], "this run cannot tell.", f"See {program} eval power")
    worst = max(unsure, key=lambda d: d.detectable / (d.margin or 1e-9))
    finding = (
        f"{term(worst.name).running} may be worse by up to {number(bound(worst))} (limit {margin(worst)}); the "
        f"smallest loss this run could have found is {number(worst.detectable)}."
    )
    more = [d.cases_needed - d.n for d in unsure if d.cases_needed is not None and d.cases_needed > d.n]
    needed = f"About {max(more):,} more answers would settle it" if more else "More answers or repeats may settle it"
    return Closing(HEADLINES[Outcome.INCONCLUSIVE], finding, f"{needed}: {program} eval power")


def loss(difference: Difference) -> str:
    """ "agreement (QWK) fell by 0.051 (limit 0.03)"."""
    said = term(difference.name).move(difference.difference > 0)
    more = "" if difference.worse >= difference.margin else f", and {number(bound(difference))} can't be ruled out"
    return f"{said} by {number(abs(difference.difference))}{more} (limit {margin(difference)})"
