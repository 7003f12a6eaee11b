"""The file that a batch is graded into: one writer at a time, finished lines kept byte for byte, a torn one cut off."""

from __future__ import annotations

import json
import os
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
    """The file, to be written on at its end, and how often it has each id already.

    It is made if it is not there, and left untouched when anything in it is not a line of ours. What is no plain file,
    such as /dev/stdout, is only written to. Raises InterviewerError and OSError.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb", buffering=0) as stream:
            yield stream, Counter()
        return
    with _locked(path) as file:
        ids, end = _finished(file, path)
        file.truncate(end)
        file.seek(end)
        yield file, ids


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


def _finished(file: IO[bytes], path: Path) -> tuple[Counter[str | int], int]:
    """How often the file has each id, and where its last whole line ends."""
    ids: Counter[str | int] = Counter()
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
        ids[line["id"]] += 1
        end += len(raw)
    return ids, end


def _ours(raw: bytes) -> dict[str, Any] | None:
    """The grade on a line; None when it holds anything else."""
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(line, dict) and all(field in line for field in FIELDS)
    return line if whole and isinstance(line["id"], str | int) else None
