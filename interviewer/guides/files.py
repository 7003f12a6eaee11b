"""Reads guide files from disk: finds them in folders, and says in plain words why one cannot be read."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from interviewer.domain.guide import Guide
from interviewer.guides.cache import GuideCache, parse
from interviewer.guides.diagnostics import Code, Diagnostic, Severity

MAX_BYTES = 64 * 1024 * 1024  # what is read at all; the parser's own limit is far below, and its message better
NOT_GUIDES = frozenset({"readme.md"})

CODES: dict[str, Code] = {
    "F001": Code(Severity.ERROR, "There is no such file or folder.", "Check the path."),
    "F002": Code(Severity.ERROR, "This is a link to a file that is not there.", "Mend or remove the link."),
    "F003": Code(Severity.ERROR, "This may not be read: permission denied.", "Allow reading it, e.g. `chmod u+r`."),
    "F004": Code(Severity.ERROR, "This is a folder, not a guide.", "Name a guide in it."),
    "F005": Code(
        Severity.ERROR,
        "There is no guide in this folder.",
        "Put Markdown files (*.md) in it; `interviewer guide new` makes one.",
    ),
    "F006": Code(Severity.ERROR, "This cannot be read: {reason}.", "Check the file and its disk."),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one file: its guide, or None and the reasons. `data` is b"" when it could not be read."""

    path: Path
    guide: Guide | None
    diagnostics: tuple[Diagnostic, ...] = ()
    data: bytes = b""


def read_guide(path: Path, cache: GuideCache | None = None) -> Reading:
    """The guide in this file; whatever is wrong with it is in the diagnostics. Never raises."""
    try:
        data = _bytes_of(path)
    except (OSError, ValueError) as error:
        return Reading(path, None, (file_problem(path, error),))
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    compiled = cache.compiled(data, name) if cache else parse(data, name)
    return Reading(path, compiled.guide, tuple(replace(d, file=str(path)) for d in compiled.diagnostics), data)


def read_guides(paths: Sequence[Path], cache: GuideCache | None = None) -> list[Reading]:
    """The guides in these files and folders, in order, each file once however often it is named."""
    readings: dict[Path, Reading] = {}
    for path in paths:
        files = guide_files(path)
        if not files:
            readings[path] = Reading(path, None, (problem("F005", str(path)),))
        for file in files:
            if file not in readings:
                readings[file] = read_guide(file, cache)
    return list(readings.values())


def guide_files(path: Path) -> list[Path]:
    """The path itself, or of a folder the guides in it and its folders, sorted.

    Hidden files and README.md are passed over. A linked folder is followed, once.
    """
    return sorted(_walk(path)) if is_folder(path) else [path]


def is_folder(path: Path) -> bool:
    """Whether this is a folder, so far as one may know."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def problem(code: str, file: str, **details: object) -> Diagnostic:
    """A finding about a file as a whole."""
    kind = CODES[code]
    return Diagnostic(code, kind.severity, kind.message.format(**details), kind.help, file)


def file_problem(path: Path, error: Exception) -> Diagnostic:
    """The finding that says why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return problem("F002" if path.is_symlink() else "F001", str(path))
    if isinstance(error, PermissionError):
        return problem("F003", str(path))
    if isinstance(error, IsADirectoryError):
        return problem("F004", str(path))
    return problem("F006", str(path), reason=getattr(error, "strerror", None) or str(error))


def _bytes_of(path: Path) -> bytes:
    if is_folder(path):
        raise IsADirectoryError(path)
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _walk(folder: Path) -> Iterator[Path]:
    waiting, seen = [folder], set[tuple[int, int]]()
    while waiting:
        here = waiting.pop()
        try:
            status = here.stat()
            entries = [] if (status.st_dev, status.st_ino) in seen else list(here.iterdir())
        except OSError:
            yield here
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if is_folder(entry):
                waiting.append(entry)
            elif _looks_like_a_guide(entry):
                yield entry


def _looks_like_a_guide(path: Path) -> bool:
    if path.suffix.lower() != ".md" or path.name.lower() in NOT_GUIDES:
        return False
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True  # a broken link or the like: reading it says what is wrong
