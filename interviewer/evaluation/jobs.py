"""What a run has to do: every item and repeat of its shard, less what its ledger has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from interviewer.conduct.single import SingleGrade
from interviewer.domain.errors import SettingsError
from interviewer.evaluation.ledger import Label, Ledger, LedgerWriter
from interviewer.evaluation.results import Item, Row
from interviewer.evaluation.subjects import Fingerprint, Subject
from interviewer.ports import utc_now

Shard = tuple[int, int]


@dataclass(frozen=True)
class Job:
    """One grading to make. `labels` are all that it stands for; more may come while it is under way."""

    item: Item
    sent: Fingerprint
    key: str
    labels: list[Label] = field(default_factory=list)


def in_shard(item: Item, shard: Shard | None) -> bool:
    """Whether an item belongs to shard i of n, 1-based: by its id, so that it does whatever else there is."""
    if shard is None:
        return True
    number, count = shard
    return int.from_bytes(hashlib.sha256(item.id.encode()).digest()[:8]) % count == number - 1


def parse_shard(text: str) -> Shard:
    """The shard that "2/4" names. Raises SettingsError."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise SettingsError(f"{text!r} is no shard.", "Give it as 2/4: the second of four.")
    return int(number), int(count)


class Jobs:
    """The jobs of a run, found one by one, so that their prompts are not all held at once.

    Gradings that the ledger has become part of its latest run on the way (`found` counts them). Two that depend on the
    very same are made once, and so are the repeats of a deterministic engine. What one of `others` has is taken over.
    """

    def __init__(
        self,
        subject: Subject,
        items: Sequence[Item],
        repeats: int,
        ledger: Ledger,
        shard: Shard | None = None,
        others: Sequence[Ledger] = (),
    ) -> None:
        self.items = [item for item in items if in_shard(item, shard)]
        self.repeats = repeats
        self.total = len(self.items) * repeats
        self.found = 0
        self._subject = subject
        self._ledger = ledger
        self._others = others
        self._under_way: dict[str, Job] = {}

    def __iter__(self) -> Iterator[Job]:
        for item in self.items:
            sent = self._subject.fingerprint(item)
            for repeat in range(self.repeats):
                key = sent.key(0 if self._subject.deterministic else repeat)
                label = Label.of(item, repeat, key)
                if self._ledger.holds(key):
                    self._ledger.again(label)
                    self.found += 1
                elif self._taken_over(label, sent):
                    self.found += 1
                elif key in self._under_way:
                    self._under_way[key].labels.append(label)
                else:
                    self._under_way[key] = Job(item, sent, key, [label])
                    yield self._under_way[key]

    def _taken_over(self, label: Label, sent: Fingerprint) -> bool:
        """Whether another ledger has this grading, and this one now has it too."""
        other = next((each for each in self._others if each.holds(label.key)), None)
        if other is None or not isinstance(self._ledger, LedgerWriter):
            return False
        self._ledger.append(other.graded(label.key).model_copy(update=label._asdict()), sent)
        return True

    def done(self, job: Job, grade: SingleGrade, seconds: float, ledger: LedgerWriter) -> None:
        """Write what came of a job, for everything that it stands for."""
        del self._under_way[job.key]
        calls = tuple(call.model_copy(update={"text": ""}) for call in grade.calls)
        row = Row(
            **job.labels[0]._asdict(),
            grade=grade.model_copy(update={"calls": calls}),
            prompt=job.sent.prompt,
            raw=tuple(call.text for call in grade.calls if call.text),
            seconds=round(seconds, 4),
            at=utc_now(),
        )
        ledger.append(row, job.sent)
        for label in job.labels[1:]:
            if grade.status == "graded":
                ledger.again(label)
            else:
                ledger.append(row.model_copy(update=label._asdict()))
        self.found += len(job.labels) - 1

    def rows(self) -> Iterator[Row]:
        """The gradings of the run, by item in the order given and by repeat, one at a time from the ledger."""
        for item in self.items:
            for repeat in range(self.repeats):
                row = self._ledger.row(item.id, repeat)
                if row:
                    yield row.model_copy(update=Label.of(item, repeat, row.key)._asdict())
