"""What the reports of an evaluation say, in plain English: one place, so that every form says the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from interviewer.domain.reasons import why
from interviewer.domain.text import counted, listed
from interviewer.evaluation.report_terms import EITHER, HIGHER, term
from interviewer.evaluation.results import (
    Difference,
    Measure,
    Outcome,
    PointMove,
    RunInfo,
    SuiteResult,
    Table,
    Violation,
)
from interviewer.reports.text import one_line, short
from interviewer.reports.words import short_day

NOT_AVAILABLE = "n/a"
HEADLINES = {
    Outcome.PASS: "No worse",
    Outcome.REGRESSION: "Regression",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.INVALID: "Invalid run",
}
VERDICTS = {
    Outcome.PASS: "no worse",
    Outcome.REGRESSION: "worse",
    Outcome.INCONCLUSIVE: "can't tell",
    Outcome.INVALID: "no verdict",
}
VIOLATIONS = {
    "metamorphic": "Changed answers with an unexpected grade",
    "injection": "Attacks that raised a grade",
    "conduct": "Rules broken in interviews",
}
MEASURED = "Measured"
NOTHING_RAN = "Nothing ran"


class Group(NamedTuple):
    """Violations by one kind of change, the largest first."""

    variant: str
    violations: tuple[Violation, ...]


def number(value: float | int | None, *, signed: bool = False, places: int | None = None) -> str:
    """A figure: `places` decimals, else three under ten and one above; integers whole; "n/a" for what is no number."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOT_AVAILABLE
    if isinstance(value, int):
        text = f"{abs(value):,}"
    else:
        size = abs(value)
        places = (3 if size < 10 else 1) if places is None else places
        text = f"{size:,.{places}f}"
    nought = not any(c in "123456789" for c in text)
    if value < 0 and not nought:
        return f"−{text}"
    return f"+{text}" if signed and not nought else text


def points(score: float | None) -> str:
    """A score on 0..100, with a decimal where it has one."""
    return NOT_AVAILABLE if score is None else f"{score:.1f}".removesuffix(".0")


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """ "0.746 to 0.813", or "" where there is none."""
    if low is None or high is None:
        return ""
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def p_value(p: float) -> str:
    """A p value as journals write it."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def is_signed(name: str) -> bool:
    """Whether a measure lies on either side of nought, so that its figures are read with their sign."""
    return term(name).worse == EITHER


def value(measure: Measure) -> str:
    """A measure's figure."""
    return number(measure.value, signed=is_signed(measure.name))


def cells(table: Table) -> list[tuple[str, ...]]:
    """The rows of a table as they are read: figures of one column have as many decimals as each other."""
    columns = zip(*table.rows, strict=True) if table.rows else ()
    return list(zip(*(_column(c) for c in columns), strict=True))


def _column(content: Sequence[str | float | int | None]) -> list[str]:
    large = any(isinstance(c, float) and abs(c) >= 10 for c in content)
    return [one_line(c) if isinstance(c, str) else number(c, places=1 if large else None) for c in content]


def power_line(difference: Difference) -> str:
    """What a comparison could have found, and what would settle it."""
    needed = difference.cases_needed
    settle = f"; about {needed:,} answers in all would settle it" if needed else ""
    return f"p {p_value(difference.p)}, smallest loss it could find {number(difference.detectable)}{settle}"


def basis(measure: Measure | Difference) -> str:
    """ "504 answers to 84 questions", "504", or ""."""
    if not measure.n:
        return ""
    return f"{measure.n:,} in {counted(measure.clusters, 'question')}" if measure.clusters else f"{measure.n:,}"


def limit(difference: Difference) -> str:
    """A difference beyond which now is worse: "−0.03", "±0.1" or "+0.01"."""
    worse = side(difference)
    sign = "±" if worse == EITHER else "+" if worse == HIGHER else "−"
    return f"{sign}{margin(difference)}"


def margin(difference: Difference) -> str:
    """A limit as it was set, "0.03"."""
    return f"{difference.margin:.4g}"


def side(difference: Difference) -> str:
    """On which side of nought a difference is worse; what is known of the metric, else what its own loss says."""
    known = term(difference.name).worse
    if known:
        return known
    return HIGHER if difference.worse * difference.difference > 0 else "lower"


def bound(difference: Difference) -> float:
    """The largest loss that the interval leaves possible; 0 or more."""
    worse = side(difference)
    losses = {"lower": -difference.low, HIGHER: difference.high, EITHER: max(-difference.low, difference.high)}
    return max(0.0, losses[worse])


def run_line(result: SuiteResult) -> str:
    """What ran: engine, model, how many gradings, how many failed and why, how long."""
    who = ", ".join(one_line(p) for p in (result.info.engine, result.info.model) if p)
    parts = [f"{result.graded:,} graded"]
    if result.ungraded:
        reasons = ", ".join(f"{one_line(r)} {n:,}" for r, n in sorted(result.reasons.items(), key=lambda x: -x[1]))
        parts.append(f"{result.ungraded:,} not graded{f' ({reasons})' if reasons else ''}")
    took = f", {seconds(result.seconds)}" if result.seconds else ""
    return f"{who}: {', '.join(parts)}{took}."


def seconds(value: float) -> str:
    """ "61 s", "0.4 s", "12 min"."""
    if value < 10:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def baseline_line(result: SuiteResult) -> str:
    """What it is compared with, and in what the two runs differ beside the prompt; "" without a baseline."""
    then = result.baseline
    if then is None:
        return ""
    changed = [f"{name} was {old}" for name, old, new in _facts(then, result.info) if old != new]
    more = f" Besides, {listed(changed)}." if changed else ""
    return f"Compared with the baseline of {short_day(then.at)}.{more}{_unread(result.info)}"


def _unread(now: RunInfo) -> str:
    """That a changed prompt could not show, where the engine is sent none: a run by prompts has their digest."""
    if "prompt" in now.parameters:
        return ""
    return f" The {one_line(now.engine)} engine reads no prompts; to measure a changed prompt: --engine openai."


def _facts(then: RunInfo, now: RunInfo) -> list[tuple[str, str, str]]:
    facts = [(n, str(getattr(then, n)), str(getattr(now, n))) for n in ("engine", "model", "formula")]
    for name in sorted(then.parameters.keys() | now.parameters.keys()):
        old, new = (one_line(str(run.parameters.get(name, "not set"))) for run in (then, now))
        facts.append((name.replace("_", " "), old, new))
    return facts


def reason(code: str) -> str:
    """Why something was not graded, as a sentence part."""
    return one_line(why(code)).rstrip(".") or one_line(code)


def groups(violations: Iterable[Violation]) -> list[Group]:
    """Violations by kind of change, the most frequent first."""
    kinds: dict[str, list[Violation]] = {}
    for each in violations:
        kinds.setdefault(each.variant, []).append(each)
    found = [Group(kind, tuple(sorted(each, key=lambda v: -abs(v.now - v.before)))) for kind, each in kinds.items()]
    return sorted(found, key=lambda g: (-len(g.violations), g.variant))


def violations_title(kind: str) -> str:
    """What the violations of a kind of suite are."""
    return VIOLATIONS.get(kind, "Violations")


def variant(name: str) -> str:
    """A kind of change as it is read."""
    return one_line(name).replace("_", " ").replace("-", " ") or "as given"


def label(text: str) -> str:
    """The name of a statement that is written "Name: what it says", else its beginning."""
    name, colon, _ = one_line(text).partition(":")
    return name if colon and len(name) <= 40 else short(text, 60)


def turn(point: PointMove) -> str:
    """ "covered → partial"; where the commonest verdict of the repeats stayed, that it did."""
    return (
        f"{point.before} → {point.now}" if point.before != point.now else f"{point.now}, in other repeats than before"
    )


def quotes(point: PointMove) -> list[tuple[str, str]]:
    """The quotes of a point that moved, each with when it was given; one where both are the same."""
    given = {"now": point.quote_now, "before": point.quote_before}
    if point.quote_now == point.quote_before:
        del given["before"]
    return [(when, quote) for when, quote in given.items() if quote]


def direction(before: float, now: float, labelled: float | None) -> str:
    """ "raters 63.3, further from them now", or "" where nobody rated it."""
    if labelled is None:
        return ""
    then, latest = abs(before - labelled), abs(now - labelled)
    where = "as far from them" if abs(latest - then) < 0.05 else "nearer now" if latest < then else "further off now"
    return f"raters {points(labelled)}, {where}"


def moved(before: float, now: float) -> str:
    """ "62 → 25"."""
    return f"{points(before)} → {points(now)}"


def detail(violation: Violation) -> str:
    """ "58.3 instead of 41.7, expected no change (repeats alone differ by 4.2)"."""
    noise = f" (repeats alone differ by {points(violation.noise)})" if violation.noise else ""
    return f"{moved(violation.before, violation.now)}, expected {one_line(violation.expected)}{noise}"
