"""Checks guide files: reads them, lints them alone, together and against recorded ids, and sums up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from interviewer.domain.guide import Guide
from interviewer.guides.diagnostics import Diagnostic, Severity
from interviewer.guides.files import Reading, read_guides
from interviewer.guides.lint import lint, lint_library
from interviewer.guides.lint_codes import CODES
from interviewer.guides.recorded_ids import FILE_NAME, Record, read_record, write_record
from interviewer.guides.report import placed, source_lines

IMPLIED_BY = {
    "L007": frozenset({"G101", "G106"})
}  # where there is no front matter, it goes without saying that there is no description


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, and all findings, file by file in the order of the lines."""

    readings: tuple[Reading, ...]
    findings: tuple[Diagnostic, ...]

    def exit_code(self, *, strict: bool = False) -> int:
        """0 nothing found, 1 something (a note only when strict), 2 a file that gave no guide."""
        if any(reading.guide is None for reading in self.readings):
            return 2
        return int(any(strict or finding.severity is not Severity.INFO for finding in self.findings))

    def record(self) -> Iterator[tuple[Path, int]]:
        """Write the ids of all guides without errors beside them. Raises OSError and ValueError.

        Gives the files written and how many guides each took in.
        """
        wrong = {finding.file for finding in self.findings if finding.severity is Severity.ERROR}
        sound = [r for r in self.readings if r.guide and str(r.path) not in wrong]
        for folder, readings in groupby(sorted(sound, key=lambda r: r.path.parent), key=lambda r: r.path.parent):
            guides = [reading.guide for reading in readings if reading.guide]
            yield write_record(folder, guides), len(guides)


def check_guides(paths: Sequence[Path], *, compare: bool = True) -> Checked:
    """Check these files and folders; `compare` them with the ids recorded beside them."""
    readings = read_guides(paths)
    records = _records(readings) if compare else {}
    found = [finding for reading in readings for finding in _of_one(reading, records)]
    found += lint_library([_named(r.guide, r.path) for r in readings if r.guide])
    found += [problem for problem in records.values() if isinstance(problem, Diagnostic)]
    order = {str(reading.path): number for number, reading in enumerate(readings)}
    found.sort(key=lambda finding: (order.get(finding.file, len(order)), finding.line, finding.column, finding.code))
    return Checked(tuple(readings), tuple(found))


def _of_one(reading: Reading, records: dict[Path, Record | Diagnostic]) -> Iterator[Diagnostic]:
    found = [*reading.diagnostics]
    if reading.guide:
        record = records.get(reading.path.parent)
        known = record.get(reading.guide.id) if isinstance(record, dict) else None
        found += lint(_named(reading.guide, reading.path), known, _misspelt(reading))
    said = {finding.code for finding in found}
    lines = source_lines(reading)
    yield from (placed(finding, lines) for finding in found if said.isdisjoint(IMPLIED_BY.get(finding.code, ())))


def _misspelt(reading: Reading) -> frozenset[int]:
    """The lines of difficulties that are written but not understood, which is said already."""
    return frozenset(finding.line for finding in reading.diagnostics if finding.code == "G303")


def _named(guide: Guide, path: Path) -> Guide:
    """The guide under its path, so that findings about it say where it is."""
    return guide.model_copy(update={"file": str(path)})


def _records(readings: Sequence[Reading]) -> dict[Path, Record | Diagnostic]:
    return {folder: _record_of(folder) for folder in {reading.path.parent for reading in readings if reading.guide}}


def _record_of(folder: Path) -> Record | Diagnostic:
    try:
        return read_record(folder)
    except (OSError, ValueError) as error:
        kind = CODES["L302"]
        reason = str(error).splitlines()[0]
        return replace(
            Diagnostic("L302", kind.severity, kind.message.format(reason=reason), kind.help, ""),
            file=str(folder / FILE_NAME),
        )
