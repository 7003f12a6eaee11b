"""The ledger of a suite and engine: one append-only JSONL file, at once cache, resume file, audit and offline replay.

    {"run": {...}}                                 a run begins: a RunInfo
    {"text": "3f..", "is": "You read ..."}         a text that many prompts share, once
    {"prompt": "a1..", "system": "3f..", "user": "Question ..."}
    {"row": {...}}                                 a grading: a Row
    {"again": {...}}                               a grading from further up is part of this run too: a Label
    {"batch": "batch_1", "keys": [...]}            gradings that were ordered
    {"collected": "batch_1"}                       their results are here, or will never be

Rows belong to the run whose header stands above them. A run that differs in nothing from the one before goes on with
it, so a killed run is finished by the next, and a run that finds everything graded writes nothing. Each line is out of
the process before anything else happens: `kill -9` loses what was under way and no more.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from interviewer.domain.errors import InterviewerError
from interviewer.domain.guide import Frozen
from interviewer.evaluation.results import Item, Row, RunInfo
from interviewer.evaluation.subjects import DIGEST_DIGITS, Fingerprint, hashed
from interviewer.locking import try_lock

log = logging.getLogger(__name__)

BEGIN = b'{"run":'


class LedgerError(InterviewerError):
    """A ledger that cannot be used: damaged, in use by another run, or of something else."""


class Label(NamedTuple):
    """Whose grading it is: what of a Row does not follow from its key."""

    key: str
    item: str
    case_id: str
    cluster: str
    variant: str
    repeat: int

    @classmethod
    def of(cls, item: Item, repeat: int, key: str) -> Label:
        """The label of one grading of an item."""
        return cls(key, item.id, item.case_id, item.cluster, item.variant, repeat)

    @classmethod
    def on(cls, row: Row) -> Label:
        """The label of a grading."""
        return cls(row.key, row.item, row.case_id, row.cluster, row.variant, row.repeat)

    @property
    def place(self) -> Place:
        """Where in a run it stands."""
        return self.item, self.repeat


Place = tuple[str, int]


class _RowLine(Frozen):
    row: Row


_ROW_LINE = TypeAdapter(_RowLine)


class Ledger:
    """A ledger that is read: what a run begins or finds again is put together in memory, and nothing is written.

    It is read once, a line at a time; of a grading only its place is kept. `repaired` is how many bytes of a torn last
    line were passed over, or cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs: list[RunInfo] = []
        self.repaired = 0
        self._graded: dict[str, int] = {}
        self._places: dict[Place, tuple[int, Label | None]] = {}
        self._texts: dict[str, int] = {}
        self._prompts: dict[str, int] = {}
        self._batches: dict[str, tuple[str, ...]] = {}
        self._end = 0
        self._file = self._opened()
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> RunInfo | None:
        """The latest run, if there is any."""
        return self.runs[-1] if self.runs else None

    @property
    def open_batches(self) -> dict[str, tuple[str, ...]]:
        """Batches that were ordered and not collected, with the keys of their gradings."""
        return dict(self._batches)

    def begin(self, info: RunInfo) -> None:
        """Begin a run, or go on with the latest one where that is the same but for its time."""
        if not self.same_run(info):
            self._put({"run": info.model_dump(mode="json", exclude_defaults=True)})
            self._take_run(info)

    def holds(self, key: str) -> bool:
        """Whether this has been graded, in any run."""
        return key in self._graded

    def stands(self, label: Label) -> bool:
        """Whether the latest run has this very grading, graded."""
        found = self._places.get(label.place)
        return found is not None and found[0] == self._graded.get(label.key)

    def again(self, label: Label) -> None:
        """Make a grading that is there part of the latest run. Raises KeyError."""
        offset = self._graded[label.key]
        if not self.stands(label):
            self._put({"again": label._asdict()})
            self._places[label.place] = offset, label

    def rows(self) -> Iterator[Row]:
        """The gradings of the latest run, by item and repeat, one at a time from the file."""
        for place in sorted(self._places):
            if found := self.row(*place):
                yield found

    def row(self, item: str, repeat: int) -> Row | None:
        """One grading of the latest run. Raises LedgerError when its line is damaged."""
        found = self._places.get((item, repeat))
        if found is None:
            return None
        offset, label = found
        row = self._row_at(offset)
        return row.model_copy(update=label._asdict()) if label else row

    def same_run(self, info: RunInfo) -> bool:
        """Whether this describes the latest run, whenever it was."""
        return self.info is not None and self.info.model_copy(update={"at": info.at}) == info

    def graded(self, key: str) -> Row:
        """A grading of any run, by its key. Raises KeyError, and LedgerError when its line is damaged."""
        return self._row_at(self._graded[key])

    def prompt(self, digest: str) -> tuple[str, str]:
        """The system and user text of a prompt, ("", "") of none. Raises KeyError."""
        if not digest:
            return "", ""
        line = self._line_at(self._prompts[digest])
        return self._line_at(self._texts[line["system"]])["is"], line["user"]

    def __len__(self) -> int:
        """How many gradings the latest run has."""
        return len(self._places)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _opened(self) -> IO[bytes]:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise LedgerError(f"The ledger {self.path} cannot be read: {error.strerror}.") from None

    def _put(self, line: dict[str, Any]) -> int:
        """Nothing: a ledger that is read is not written."""
        return self._end

    def _read(self) -> None:
        for number, raw in enumerate(self._file, 1):
            if number == 1 and not (raw.startswith(BEGIN) or BEGIN.startswith(raw)):
                raise LedgerError(f"{self.path} is no ledger.", "Name another file.")
            if raw.endswith(b"\n") and self._took(raw):
                self._end += len(raw)
                continue
            if self._file.read(1):
                raise LedgerError(f"{self.path}: line {number} is damaged.", "Restore the file, or begin a new one.")
            self.repaired = len(raw)
            return

    def _took(self, raw: bytes) -> bool:
        """Note what a line holds; False when it is damaged."""
        try:
            self._take(from_json(raw))
        except (ValueError, KeyError, TypeError):
            return False
        return True

    def _take(self, line: dict[str, Any]) -> None:
        match line:
            case {"row": row}:
                if row["grade"]["status"] == "graded":
                    self._graded[row["key"]] = self._end
                self._places[row["item"], row.get("repeat", 0)] = self._end, None
            case {"again": given}:
                label = Label(**given)
                self._places[label.place] = self._graded[label.key], label
            case {"prompt": digest}:
                self._prompts[digest] = self._end
            case {"text": digest}:
                self._texts[digest] = self._end
            case {"run": info}:
                self._take_run(RunInfo.model_validate(info))
            case {"batch": batch, "keys": keys}:
                self._batches[batch] = tuple(keys)
            case {"collected": batch}:
                self._batches.pop(batch, None)
            case _:
                raise ValueError

    def _take_run(self, info: RunInfo) -> None:
        self.runs.append(info)
        self._places = {}

    def _line_at(self, offset: int) -> dict[str, Any]:
        self._file.seek(offset)
        found: dict[str, Any] = from_json(self._file.readline())
        return found

    def _row_at(self, offset: int) -> Row:
        self._file.seek(offset)
        try:
            return _ROW_LINE.validate_json(self._file.readline()).row
        except ValidationError as error:
            first = error.errors()[0]
            raise LedgerError(
                f"{self.path}: a grading cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
                "It was written by another version; begin a new ledger.",
            ) from None


class LedgerWriter(Ledger):
    """A ledger that is written, by this process alone. A torn last line is cut off first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if self.repaired:
            log.warning("%s: the last line was torn, and %d bytes of it were cut off.", path, self.repaired)
            os.truncate(self._out, self._end)

    def append(self, row: Row, sent: Fingerprint | None = None) -> None:
        """Add a grading to the latest run, with its prompt where that is new. Raises LedgerError."""
        if sent and sent.prompt and sent.prompt not in self._prompts:
            self._append_prompt(sent.prompt, sent.system, sent.user)
        given = row.model_dump(mode="json", exclude_defaults=True)
        given["grade"]["formula"] = row.grade.formula  # what is the default today may not be when it is read
        offset = self._put({"row": given})
        if row.grade.status == "graded":
            self._graded[row.key] = offset
        self._places[row.item, row.repeat] = offset, None

    def ordered(self, batch: str, keys: Sequence[str]) -> None:
        """Note a batch that was submitted."""
        self._put({"batch": batch, "keys": list(keys)})
        self._batches[batch] = tuple(keys)

    def collected(self, batch: str) -> None:
        """Note that nothing more will come of a batch."""
        self._put({"collected": batch})
        self._batches.pop(batch, None)

    def close(self) -> None:
        """Have the system write everything to the disk, and let go."""
        os.fsync(self._out)
        os.close(self._out)
        super().close()

    def _append_prompt(self, digest: str, system: str, user: str) -> None:
        text = hashed(system)[:DIGEST_DIGITS]
        if text not in self._texts:
            self._texts[text] = self._put({"text": text, "is": system})
        self._prompts[digest] = self._put({"prompt": digest, "system": text, "user": user})

    def _opened(self) -> IO[bytes]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._out = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise LedgerError(f"The ledger {self.path} cannot be written: {error.strerror}.") from None
        if not try_lock(self._out):
            os.close(self._out)
            raise LedgerError(f"Another run is writing {self.path} just now.", "Let it finish, or use another ledger.")
        return super()._opened()

    def _put(self, line: dict[str, Any]) -> int:
        """Write a line at the end; where it begins."""
        begin, data = self._end, to_json(line) + b"\n"
        try:
            written = os.write(self._out, data)
        except OSError as error:
            raise LedgerError(f"The ledger {self.path} cannot be written: {error.strerror}.") from None
        if written < len(data):
            os.truncate(self._out, begin)  # or what is written next would stand behind half a line
            raise LedgerError(f"The ledger {self.path} cannot be written: the disk is full.")
        self._end += written
        return begin


def compact(source: Path, target: Path, info: RunInfo | None = None) -> int:
    """Write the latest run of a ledger, with its prompts, to a file of its own in place of any before: a baseline.

    Returns how many gradings it has. Raises LedgerError, also when the latest run is not the one that `info` describes.
    """
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with Ledger(source) as ledger, LedgerWriter(fresh) as out:
            if info and not ledger.same_run(info):
                raise LedgerError(f"The latest run in {source} is another.", "Run the suite again, without --offline.")
            _copy(ledger, out)
            count = len(out)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return count


def merge(target: Path, shards: Iterable[Path]) -> int:
    """Write the latest runs of some ledgers to another as one run, or add them to it; how many gradings it then has.

    Raises LedgerError when they are not of the same suite, engine, model, parameters, cases and version.
    """
    with ExitStack() as stack:
        ledgers = [stack.enter_context(Ledger(shard)) for shard in shards]
        for each in ledgers:  # before anything is written
            _of_one_run(target, ledgers[0], each)
        out = stack.enter_context(LedgerWriter(target))
        for each in ledgers:
            _of_one_run(target, out, each)
            _copy(each, out)
        return len(out)


def _of_one_run(target: Path, first: Ledger, other: Ledger) -> None:
    """Raises LedgerError when their latest runs differ, or the other has none."""
    if other.info is None:
        raise LedgerError(f"{other.path} has no run in it.")
    if first.info and not first.same_run(other.info):
        ours, theirs = first.info.model_dump(exclude={"at"}), other.info.model_dump()
        differing = ", ".join(name for name in ours if ours[name] != theirs[name])
        raise LedgerError(f"{other.path} is of another run than the rest of {target}: {differing} differ.")


def _copy(ledger: Ledger, out: LedgerWriter) -> None:
    """Add the latest run of a ledger to another, without what that has."""
    if ledger.info is None:
        raise LedgerError(f"{ledger.path} has no run in it.")
    if out.info is None:
        out.begin(ledger.info)
    for row in ledger.rows():
        if out.holds(row.key):
            out.again(Label.on(row))
        elif row.grade.status == "graded" or out.row(row.item, row.repeat) is None:
            out.append(row, Fingerprint("", *ledger.prompt(row.prompt)))
