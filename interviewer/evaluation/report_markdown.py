"""The report of an evaluation as a comment on a pull request: the verdict and the figures, the rest to unfold.

Every text in it means only itself: no markup, link, image or HTML can come of a candidate's words, and nobody is
mentioned. What would make the comment longer than a forge takes is left out from the end, and it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from interviewer.domain.display import clean
from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_closing import closing
from interviewer.evaluation.report_terms import term
from interviewer.evaluation.results import Difference, Measure, Move, Outcome, Report, SuiteResult, Table
from interviewer.reports.text import mapped, markdown_line, one_line, short

LONGEST = 60_000
"""Bytes; GitHub takes 65 536 characters."""
MOST, QUOTE = 20, 240
ICONS = {Outcome.PASS: "✅", Outcome.REGRESSION: "❌", Outcome.INCONCLUSIVE: "❔", Outcome.INVALID: "⚠️"}
_REFERENCE = re.compile(r"(?<=[@#])(?=\w)")
Row = Sequence[str]


def markdown(report: Report, program: str = "interviewer") -> str:
    """The whole comment."""
    readable = mapped(report, clean)
    last = closing(readable, program)
    icon = "" if last.headline in (words.MEASURED, words.NOTHING_RAN) else f"{ICONS[report.outcome]} "
    parts = [
        f"### {icon}{_text(last.headline)}: {_text(last.finding)}",
        f"{_text(last.advice)}",
        f"<sub>{_text(readable.title)}, {report.at:%Y-%m-%d %H:%M %Z}</sub>",
    ]
    for result in readable.results:
        parts += _suite(result)
    return _fitting(parts)


def _fitting(parts: list[str]) -> str:
    """All parts, or as many from the beginning as there is room for."""
    left_out = "*The rest was left out: there is no room for it here.*"
    room = LONGEST - len(left_out)
    kept = []
    for part in parts:
        room -= len(part.encode()) + 2
        if room < 0:
            kept.append(left_out)
            break
        kept.append(part)
    return "\n\n".join(kept) + "\n"


def _suite(result: SuiteResult) -> Iterator[str]:
    name = one_line(result.info.suite)
    verdict = f" {ICONS[result.outcome]} {words.HEADLINES[result.outcome]}" if result.outcome else ""
    yield f"#### {_text(name[:1].upper() + name[1:])}{verdict}"
    yield _text(f"{words.run_line(result)} {words.baseline_line(result)}")
    yield from (f"> **Problem:** {_text(said)}" for said in result.problems)
    yield from (f"> **Warning:** {_text(said)}" for said in result.warnings)
    if result.differences:
        yield _differences(result.differences)
    if result.moves:
        yield _folded(f"Answers that moved most ({len(result.moves)})", _moves(result.moves))
    if result.violations:
        title = f"{words.violations_title(result.kind)}: {len(result.violations)}"
        yield _folded(title, _violations(result), unfolded=not result.differences)
    if result.measures:
        measures = _measures(result.measures)
        yield measures if not result.differences else _folded(f"Measures ({len(result.measures)})", measures)
    for table in result.tables:
        yield _folded(one_line(table.title), _table(table))


def _folded(title: str, body: str, *, unfolded: bool = False) -> str:
    return f"<details{' open' if unfolded else ''}><summary>{_text(title)}</summary>\n\n{body}\n\n</details>"


def _grid(heads: Row, rows: Sequence[Row], sides: str) -> str:
    """A table; `sides` has a letter a column, l or r. Its cells are Markdown already."""
    rule = ["---:" if side == "r" else ":---" for side in sides]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))


def _differences(found: Sequence[Difference]) -> str:
    rows = []
    for each in found:
        signed = words.is_signed(each.name)
        figures = (
            words.number(each.baseline, signed=signed),
            words.number(each.now, signed=signed),
            f"**{words.number(each.difference, signed=True)}**",
            words.interval(each.low, each.high, signed=True),
            words.limit(each),
        )
        verdict = f"{ICONS[each.outcome]} {words.VERDICTS[each.outcome]}"
        rows.append((_text(term(each.name).label), *figures, verdict))
    notes = [_text(f"{term(d.name).label}: {words.power_line(d)}; {words.basis(d)}.") for d in found]
    heads = ("", "Baseline", "Now", "Change", "95 % interval", "Limit", "")
    return f"{_grid(heads, rows, 'lrrrlrl')}\n\n<sub>{' '.join(notes)}</sub>"


def _moves(found: Sequence[Move]) -> str:
    lines = []
    for each in found[:MOST]:
        aside = words.direction(each.before, each.now, each.labelled)
        about = f" ({_text(aside)})" if aside else ""
        moved = words.moved(each.before, each.now)
        lines.append(f"- **{moved}**{about} {_text(each.item)}: {_text(short(each.question, QUOTE))}")
        for point in each.points:
            labelled = f" (raters: {_text(point.labelled)})" if point.labelled else ""
            lines.append(
                f"  - **{_text(words.turn(point))}**{labelled} {_text(point.id)} {_text(short(point.text, QUOTE))}"
            )
            lines += [f"    - {when}: “{_text(short(quote, QUOTE))}”" for when, quote in words.quotes(point)]
    return "\n".join([*lines, *_more(len(found))])


def _violations(result: SuiteResult) -> str:
    lines = []
    for group in words.groups(result.violations):
        lines.append(f"- **{_text(words.variant(group.variant))}: {len(group.violations)}**")
        for each in group.violations[:MOST]:
            detail = f". {_text(short(each.detail, QUOTE))}" if each.detail else ""
            lines.append(f"  - {_text(words.detail(each))}: {_text(each.item)}{detail}")
        lines += [f"  {line}" for line in _more(len(group.violations))]
    return "\n".join(lines)


def _more(count: int) -> list[str]:
    return [f"- and {count - MOST} more"] if count > MOST else []


def _measures(found: Sequence[Measure]) -> str:
    rows = [
        (
            _text(term(each.name).label),
            words.value(each),
            words.interval(each.low, each.high, signed=words.is_signed(each.name)) or words.NOT_AVAILABLE,
            _text(words.basis(each)),
            _text(each.note),
        )
        for each in found
    ]
    return _grid(("", "Value", "95 % interval", "n", ""), rows, "lrlll")


def _table(table: Table) -> str:
    rows = [[_text(cell) for cell in row] for row in words.cells(table)]
    kept = rows[: 5 * MOST]
    grid = _grid([_text(c) for c in table.columns], kept, "l" + "r" * (len(table.columns) - 1))
    more = f"\n\nand {len(rows) - len(kept)} more rows" if len(rows) > len(kept) else ""
    return f"{grid}{more}" + (f"\n\n<sub>{_text(table.note)}</sub>" if table.note else "")


def _text(said: str) -> str:
    """A text that means only itself, and mentions nobody and nothing."""
    return _REFERENCE.sub("&#8203;", markdown_line(said))
