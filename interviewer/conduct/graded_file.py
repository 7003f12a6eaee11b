"""The file that a batch is graded into: one writer at a time, grades kept byte for byte, a torn line cut off.

Lines that could not be graded are taken out when the file is opened again, so that they are tried again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from interviewer.domain.errors import InterviewerError
from interviewer.locking import try_lock

FIELDS = ("id", "status", "reason", "key_points", "pitfalls", "score", "band", "engine", "formula")
_BEGIN = b'{"id": '


@contextmanager
def reopened(path: Path) -> Iterator[tuple[IO[bytes], Counter[str | int]]]:
    """The file, to be written on at its end, and how many grades it has of each id.

    It is made if it is not there, and left untouched when anything in it is not a line of ours. What is no plain file,
    such as /dev/stdout, is only written to. Raises InterviewerError and OSError.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb", buffering=0) as stream:
            yield stream, Counter()
        return
    with _locked(path) as file:
        kept = path.with_name(f".{path.name}.grades-kept")
        if kept.exists():
            _take_back(file, kept)
        file.seek(0)
        grades, failed, end = _finished(file, path)
        file.truncate(end)
        if failed:
            _set_aside(file, failed, kept)
            _take_back(file, kept)
        file.seek(0, os.SEEK_END)
        yield file, Counter({each: count for each, count in grades.items() if each not in failed})


def write(file: IO[bytes], line: dict[str, Any]) -> None:
    """One line, out of this process before anything else happens; signs that UTF-8 cannot hold are escaped."""
    try:
        raw = json.dumps(line, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raw = json.dumps(line).encode()
    file.write(raw + b"\n")
    file.flush()


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """The file, for this process alone until it ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        if not try_lock(file.fileno()):
            raise InterviewerError(
                f"Another process is grading into {path} just now.", "Let it finish, or choose another --out."
            )
        yield file


def _set_aside(file: IO[bytes], failed: set[str | int], kept: Path) -> None:
    """Write the file without these ids beside it, whole or not at all."""
    unfinished = kept.with_name(f"{kept.name}.new")
    file.seek(0)
    with unfinished.open("wb") as copy:
        copy.writelines(raw for raw in file if json.loads(raw)["id"] not in failed)
        copy.flush()
        os.fsync(copy.fileno())
    unfinished.replace(kept)


def _take_back(file: IO[bytes], kept: Path) -> None:
    """Make the file what was set aside. A kill on the way leaves that there, and the next opening does this again."""
    file.seek(0)
    with kept.open("rb") as copy:
        shutil.copyfileobj(copy, file)
    file.truncate()
    file.flush()
    os.fsync(file.fileno())
    kept.unlink()


def _finished(file: IO[bytes], path: Path) -> tuple[Counter[str | int], set[str | int], int]:
    """How many grades the file has of each id, which ids have a failure, and where its last whole line ends.

    Which of several lines with one id has failed cannot be told, so all of them count as failed.
    """
    grades: Counter[str | int] = Counter()
    failed = set()
    end = 0
    for number, raw in enumerate(file, 1):
        if not raw.endswith(b"\n") and (raw.startswith(_BEGIN) or _BEGIN.startswith(raw)):
            break
        line = _ours(raw)
        if line is None:
            raise InterviewerError(
                f"{path} holds something else than grades (line {number}), so it was left as it is.",
                "Choose another file for --out.",
            )
        grades[line["id"]] += 1
        if line["status"] == "ungraded":
            failed.add(line["id"])
        end += len(raw)
    return grades, failed, end


def _ours(raw: bytes) -> dict[str, Any] | None:
    """The grade on a line; None when it holds anything else."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and all(field in line for field in FIELDS)
    return line if whole and isinstance(line["id"], str | int) else None
