"""The report of an evaluation as JUnit XML: a suite a suite, a case a metric and a kind of violation.

    regression    failure              violations of a suite that did not pass    failure
    invalid       error                inconclusive                               skipped, with what would settle it

The elements, their order and their attributes are those that both the schema of Apache Ant's task and that of Jenkins'
plug-in allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from interviewer.domain.display import clean
from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_closing import loss
from interviewer.evaluation.report_terms import term
from interviewer.evaluation.results import Difference, Outcome, Report, SuiteResult, Violation
from interviewer.reports.text import mapped, one_line

NOBODY = "localhost"
RUN = "the run"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Check(NamedTuple):
    """A test case: `kind` is "", failure, error or skipped; `message` is one line, `text` all that is known."""

    name: str
    kind: str = ""
    message: str = ""
    text: str = ""


def junit(report: Report) -> str:
    """The whole document."""
    readable = mapped(report, _allowed)
    root = Element("testsuites")
    for index, result in enumerate(readable.results):
        _suite(root, index, result, readable)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _allowed(text: str) -> str:
    """A text without what XML cannot hold, or what nobody should see."""
    return _NOT_XML.sub("", clean(text))


def _suite(root: Element, index: int, result: SuiteResult, report: Report) -> None:
    checks = list(_checks(result))
    kinds = [check.kind for check in checks]
    name = one_line(result.info.suite)
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": name,
            "package": f"interviewer.eval.{name}",
            "id": str(index),
            "timestamp": f"{report.at:%Y-%m-%dT%H:%M:%S}",
            "hostname": NOBODY,
            "tests": str(len(checks)),
            "failures": str(kinds.count("failure")),
            "errors": str(kinds.count("error")),
            "skipped": str(kinds.count("skipped")),
            "time": f"{result.seconds:.3f}",
        },
    )
    _properties(SubElement(suite, "properties"), result)
    for check in checks:
        case = SubElement(suite, "testcase", {"name": check.name, "classname": f"interviewer.eval.{name}", "time": "0"})
        if check.kind == "skipped":
            SubElement(case, "skipped", {"message": check.message})
        elif check.kind:
            SubElement(case, check.kind, {"message": check.message, "type": check.kind}).text = check.text
    SubElement(suite, "system-out").text = "\n".join(_all(result))
    SubElement(suite, "system-err").text = "\n".join(result.warnings)


def _properties(into: Element, result: SuiteResult) -> None:
    info = result.info
    known = {
        "engine": info.engine,
        "model": info.model,
        "cases": info.cases,
        "formula": info.formula,
        "version": info.version,
        "outcome": result.outcome.value if result.outcome else "",
        "graded": str(result.graded),
        "ungraded": str(result.ungraded),
        **{f"ungraded.{reason}": str(count) for reason, count in result.reasons.items()},
        **{f"measure.{m.name}": "" if m.value is None else repr(m.value) for m in result.measures},
    }
    for name, value in known.items():
        if value:
            SubElement(into, "property", {"name": _allowed(name), "value": _allowed(value)})


def _checks(result: SuiteResult) -> Iterator[Check]:
    invalid = "; ".join(result.problems) or ("the run is invalid" if result.outcome is Outcome.INVALID else "")
    yield Check(RUN, "error", one_line(invalid), "\n".join(result.problems)) if invalid else Check(RUN)
    for difference in result.differences:
        yield _metric(difference)
    failed = "" if result.outcome in (None, Outcome.PASS) else "failure"
    for group in words.groups(result.violations):
        title = f"{words.violations_title(result.kind)}: {len(group.violations)}"
        lines = [_broken(v) for v in group.violations]
        yield Check(words.variant(group.variant), failed, title, "\n".join(lines))


def _metric(each: Difference) -> Check:
    name, line = term(each.name).label, _line(each)
    match each.outcome:
        case Outcome.REGRESSION:
            return Check(name, "failure", loss(each), line)
        case Outcome.INCONCLUSIVE:
            return Check(name, "skipped", f"inconclusive: {line}")
        case Outcome.INVALID:
            return Check(name, "error", "no verdict", line)
        case Outcome.PASS:
            return Check(name)


def _broken(each: Violation) -> str:
    return f"{each.item}: {words.detail(each)}{f'. {each.detail}' if each.detail else ''}"


def _line(each: Difference) -> str:
    signed = words.is_signed(each.name)
    then, now = (words.number(v, signed=signed) for v in (each.baseline, each.now))
    change = words.number(each.difference, signed=True)
    interval = words.interval(each.low, each.high, signed=True)
    basis = words.basis(each)
    return (
        f"{term(each.name).label}: {then} → {now}, change {change} ({interval}), limit {words.limit(each)}, "
        f"{words.VERDICTS[each.outcome]}; {words.power_line(each)}{f'; {basis}' if basis else ''}"
    )


def _all(result: SuiteResult) -> Iterator[str]:
    """Everything else that the other forms say, a line each."""
    yield f"{words.run_line(result)} {words.baseline_line(result)}".rstrip()
    yield from (_line(each) for each in result.differences)
    for measure in result.measures:
        interval = words.interval(measure.low, measure.high, signed=words.is_signed(measure.name))
        known = (f"({interval})" if interval else "", words.basis(measure), measure.note)
        rest = "; ".join(part for part in known if part)
        yield f"{term(measure.name).label}: {words.value(measure)} {rest}".rstrip()
    yield from (_broken(each) for each in result.violations)
    for move in result.moves:
        aside = words.direction(move.before, move.now, move.labelled)
        yield f"{move.item}: {words.moved(move.before, move.now)}{f' ({aside})' if aside else ''}"
        for p in move.points:
            labelled = f" (raters: {p.labelled})" if p.labelled else ""
            yield f"  {p.id} {one_line(p.text)}: {words.turn(p)}{labelled}"
            yield from (f"    {when}: “{one_line(quote)}”" for when, quote in words.quotes(p))
    for table in result.tables:
        yield f"{one_line(table.title)}: {', '.join(map(one_line, table.columns))}"
        yield from (f"  {', '.join(row)}" for row in words.cells(table))
