"""Findings as text like a compiler's, as JSON, and as annotations that GitHub shows beside the lines."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

from interviewer.guides.diagnostics import Diagnostic, Severity
from interviewer.guides.files import Reading

CLIP = 140  # characters of a source line that are shown
MARK_REACH = 30  # lines in which what a finding is about is looked for
NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

Paint = Callable[[str, str], str]  # text and a style's name -> text for the terminal


def plain(text: str, style: str) -> str:
    """A Paint that does nothing."""
    return text


def text_report(readings: Sequence[Reading], findings: Sequence[Diagnostic], paint: Paint = plain) -> Iterator[str]:
    """Each finding with its source line and a caret, then a line that sums up."""
    sources = {str(reading.path): source_lines(reading) for reading in readings}
    for finding in findings:
        yield from _finding_lines(finding, sources.get(finding.file, []), paint)
    yield summary(readings, findings)


def json_report(readings: Sequence[Reading], findings: Sequence[Diagnostic]) -> Iterator[str]:
    """One JSON object: how many guides were checked and what was found."""
    counts = Counter(finding.severity for finding in findings)
    yield json.dumps(
        {
            "checked": len(readings),
            "unreadable": sum(reading.guide is None for reading in readings),
            **{f"{noun}s": counts[severity] for severity, noun in NOUNS.items()},
            "findings": [_fields(finding) for finding in findings],
        }
    )


def github_report(readings: Sequence[Reading], findings: Sequence[Diagnostic]) -> Iterator[str]:
    """Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions."""
    for finding in findings:
        kind = "notice" if finding.severity is Severity.INFO else finding.severity.value
        place = f"file={_property(finding.file)},line={finding.line},col={finding.column},title={finding.code}"
        yield f"::{kind} {place}::{_escaped(f'{finding.message} {finding.help}')}"


def _fields(finding: Diagnostic) -> dict[str, object]:
    return {name: value for name, value in asdict(finding).items() if name != "mark"}


def summary(readings: Sequence[Reading], findings: Sequence[Diagnostic]) -> str:
    """How many guides, and how many findings of each kind."""
    counts = Counter(finding.severity for finding in findings)
    found = [_counted(counts[severity], noun) for severity, noun in NOUNS.items() if counts[severity]]
    unreadable = sum(reading.guide is None for reading in readings)
    checked = _counted(len(readings) - unreadable, "guide") + " checked"
    lost = f", {unreadable} not readable" if unreadable else ""
    return f"{checked}{lost}: {', '.join(found) or 'nothing found'}."


def source_lines(reading: Reading) -> list[str]:
    """The lines of a guide's file, as the parser counts them."""
    text = reading.data.decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def placed(finding: Diagnostic, lines: Sequence[str]) -> Diagnostic:
    """A finding moved to the text that it is about, or to where its line's text begins."""
    if finding.column > 1 or not 1 <= finding.line <= len(lines):
        return finding
    line = lines[finding.line - 1]
    found = _found(finding, lines) or (finding.line, len(line) - len(line.lstrip()))
    return replace(finding, line=found[0], column=found[1] + 1)


def _found(finding: Diagnostic, lines: Sequence[str]) -> tuple[int, int] | None:
    """Line and offset at which a finding's mark, or its beginning where that is wrapped, first stands."""
    for mark in dict.fromkeys((finding.mark, " ".join(finding.mark.split()[:4]))):
        for number in range(finding.line, min(finding.line + MARK_REACH, len(lines) + 1)):
            if mark and (offset := lines[number - 1].find(mark)) >= 0:
                return number, offset
    return None


def _finding_lines(finding: Diagnostic, source: Sequence[str], paint: Paint) -> Iterator[str]:
    noun = NOUNS[finding.severity]
    place = f"{visible(finding.file)}:{finding.line}:{finding.column}:"
    yield f"{paint(place, 'bold')} {paint(f'{noun}[{finding.code}]', noun)}: {visible(finding.message)}"
    margin = " " * len(number := f"{finding.line:5}")
    if 1 <= finding.line <= len(source) and source[finding.line - 1].strip():
        shown, offset = _clipped(source[finding.line - 1], finding.column - 1)
        yield f"{paint(f'{number} |', 'dim')} {shown}"
        yield f"{paint(f'{margin} |', 'dim')} {' ' * offset}{paint('^', noun)}"
    yield f"{paint(f'{margin} =', 'dim')} help: {visible(finding.help)}"


def _clipped(line: str, column: int) -> tuple[str, int]:
    """A part of a line that holds this column, and how many cells lie before it."""
    start = max(0, column - CLIP // 2) if column > CLIP - 20 else 0
    part = visible(line[start : start + CLIP])
    front, back = "…" if start else "", "…" if len(line) > start + CLIP else ""
    before = front + visible(line[start : start + column - start])
    return f"{front}{part}{back}", sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in before)


def visible(text: str) -> str:
    """Text without anything that could steer a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
