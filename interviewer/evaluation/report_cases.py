"""The gradings behind a report, arranged for reading case by case: verdicts then and now, quotes in place, prompts.

Everything here is for one suite. Texts of candidates and models come out as they are, apart from characters that nobody
can see, which are named; whoever puts them on a page escapes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from interviewer.domain.grading import PitfallFinding, PointFinding
from interviewer.evaluation.cases import Case
from interviewer.evaluation.gradings import earned
from interviewer.evaluation.report_prompts import Frame, Prompts, Sent
from interviewer.evaluation.report_quotes import Piece, Quote, painted, revealed
from interviewer.evaluation.report_words import NOT_AVAILABLE, reason
from interviewer.evaluation.results import Item, Row, SuiteResult

MOST = 1000
LEAST_MOVE = 0.05
COMMITTED, NOT_COMMITTED = "committed", "no"
LABELS_OF_ANOTHER = "What raters said is of the answer before it was changed."


@dataclass(frozen=True)
class Evidence:
    """What a suite's report can be looked into with, by item id; `prompts` are (system, user) by a row's digest."""

    items: MutableMapping[str, Item] = field(default_factory=dict)
    cases: MutableMapping[str, Case] = field(default_factory=dict)
    baseline: MutableMapping[str, Sequence[Row]] = field(default_factory=dict)
    now: MutableMapping[str, Sequence[Row]] = field(default_factory=dict)
    prompts: MutableMapping[str, Sent] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        items: Iterable[Item],
        cases: Iterable[Case],
        baseline: Iterable[Row],
        now: Iterable[Row],
        prompt: Callable[[str], Sent],
    ) -> Evidence:
        """Everything about these items. `prompt` gives a prompt by its digest; KeyError where it is not kept."""
        known, labelled = {item.id: item for item in items}, {case.id: case for case in cases}
        then, latest = _by_item(baseline, known), _by_item(now, known)
        prompts = {}
        for row in (row for rows in (*then.values(), *latest.values()) for row in rows):
            if row.prompt and row.prompt not in prompts:
                with suppress(KeyError):
                    prompts[row.prompt] = prompt(row.prompt)
        own = {name: labelled[item.case_id] for name, item in known.items() if item.case_id in labelled}
        return cls(known, own, then, latest, prompts)


def _by_item(rows: Iterable[Row], items: Mapping[str, Item]) -> dict[str, Sequence[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.item in items:
            found.setdefault(row.item, []).append(row)
    return dict(found)


class Said(NamedTuple):
    """A verdict: as it is read, such as "covered 2, partial 1" of three repeats, and the commonest, or ""."""

    text: str = NOT_AVAILABLE
    kind: str = ""


class Statement(NamedTuple):
    """A key point or pitfall with what was said of it."""

    id: str
    text: str
    pitfall: bool
    labelled: Said
    before: Said
    now: Said
    lost: tuple[tuple[str, str], ...]
    """Quotes that are not in the answer: when ("now" or "baseline"), and the words."""

    @property
    def changed(self) -> bool:
        """Whether its verdict is another than before."""
        return bool(self.before.kind and self.now.kind) and self.before != self.now

    @property
    def off(self) -> bool:
        """Whether its verdict now is not the label."""
        return bool(self.labelled.kind and self.now.kind) and self.labelled.kind != self.now.kind


class Reply(NamedTuple):
    """What came back, word for word. `same` names an earlier reply that reads the same, and `text` is "" then."""

    heading: str
    text: str
    same: str = ""


class CaseView(NamedTuple):
    """One item as it is read. Scores are means over the repeats that were graded."""

    anchor: str
    id: str
    about: str
    said: tuple[Piece, ...]
    labelled: float | None
    overall: float | None
    before: float | None
    now: float | None
    statements: tuple[Statement, ...]
    remarks: tuple[str, ...]
    replies: tuple[Reply, ...]
    prompt: str
    frame: Frame | None
    tags: tuple[str, ...]


class AskedView(NamedTuple):
    """The cases of one question."""

    anchor: str
    question: str
    cases: tuple[CaseView, ...]


class Drilldown(NamedTuple):
    """All cases of a suite. `left_out` more are in the ledger only; `anchors` are by item id; `tags` are counted."""

    asked: tuple[AskedView, ...]
    prompts: Prompts
    anchors: Mapping[str, str]
    tags: Mapping[str, int]
    shown: int
    left_out: int

    def reveal(self, text: str) -> str:
        """A text with what nobody can see named."""
        return revealed(text)


def drilldown(result: SuiteResult, evidence: Evidence, prefix: str) -> Drilldown:
    """The cases of a suite by question, in the order of its items; anchors begin with `prefix`."""
    violated = {v.item for v in result.violations}
    names = _chosen(evidence, violated)
    sent = {name: found for name in names if (found := _sent(name, evidence))}
    prompts = Prompts({name: (evidence.items[name].cluster, each) for name, each in sent.items()}, prefix)
    clusters: dict[str, list[CaseView]] = {}
    for index, name in enumerate(names, 1):
        case = _case(f"{prefix}c{index}", name, evidence, prompts, violated)
        clusters.setdefault(evidence.items[name].cluster, []).append(case)
    asked = []
    for index, cases in enumerate(clusters.values(), 1):
        question = evidence.items[cases[0].id].question.text
        asked.append(AskedView(f"{prefix}q{index}", revealed(question), tuple(cases)))
    tags = Counter(tag for each in asked for case in each.cases for tag in case.tags)
    anchors = {case.id: case.anchor for each in asked for case in each.cases}
    return Drilldown(tuple(asked), prompts, anchors, tags, len(names), len(evidence.items) - len(names))


def _chosen(evidence: Evidence, violated: set[str]) -> list[str]:
    """The items to show: all, or where there are too many, those that moved, broke a rule or failed."""
    if len(evidence.items) <= MOST:
        return list(evidence.items)

    def weight(name: str) -> tuple[bool, float]:
        before, now = _mean(evidence.baseline.get(name, ())), _mean(evidence.now.get(name, ()))
        return name in violated, abs(now - before) if before is not None and now is not None else 100.0 * (now is None)

    kept = set(sorted(evidence.items, key=weight, reverse=True)[:MOST])
    return [name for name in evidence.items if name in kept]


def _sent(name: str, evidence: Evidence) -> Sent | None:
    rows = [*evidence.now.get(name, ()), *evidence.baseline.get(name, ())]
    return next((evidence.prompts[r.prompt] for r in rows if r.prompt in evidence.prompts), None)


def _case(anchor: str, name: str, evidence: Evidence, prompts: Prompts, violated: set[str]) -> CaseView:
    item, case = evidence.items[name], evidence.cases.get(name)
    before, now = evidence.baseline.get(name, ()), evidence.now.get(name, ())
    said = "\n".join((*item.earlier, item.answer))
    quotes = [*_quotes(now, "now"), *_quotes(before, "baseline")]
    pieces, lost = painted(said, quotes)
    statements = tuple(_statements(item, case, before, now, lost))
    about = [LABELS_OF_ANOTHER] if case and item.variant else []
    means = _mean(before), _mean(now)
    return CaseView(
        anchor=anchor,
        id=name,
        about=", ".join(p for p in (item.variant, case.design if case else "", case.manner if case else "") if p),
        said=pieces,
        labelled=earned(case.question, case.label) if case and not item.variant else None,
        overall=case.label.overall if case else None,
        before=means[0],
        now=means[1],
        statements=statements,
        remarks=(*_remarks(before, "baseline"), *_remarks(now, "now"), *about),
        replies=tuple(_replies(before, now)),
        prompt=revealed(prompts.own(name)),
        frame=prompts.frame(name),
        tags=tuple(_tags(item, means, statements, now, violated)),
    )


def _quotes(rows: Sequence[Row], when: str) -> Iterator[Quote]:
    for row in rows:
        for found in _findings(row):
            if found.quote.strip():
                yield Quote(found.id, when, found.quote)


def _statements(
    item: Item, case: Case | None, before: Sequence[Row], now: Sequence[Row], lost: Sequence[Quote]
) -> Iterator[Statement]:
    labels: list[str] = [*case.label.key_points, *map(_committed, case.label.pitfalls)] if case else []
    then, latest = _verdicts(before), _verdicts(now)
    points = len(item.question.key_points)
    for index, each in enumerate((*item.question.key_points, *item.question.pitfalls)):
        yield Statement(
            id=each.id,
            text=revealed(each.text),
            pitfall=index >= points,
            labelled=Said(str(labels[index]), str(labels[index])) if index < len(labels) else Said(),
            before=then.get(each.id, Said()),
            now=latest.get(each.id, Said()),
            lost=tuple((q.when, revealed(q.text)) for q in lost if q.id == each.id),
        )


def _findings(row: Row) -> tuple[PointFinding | PitfallFinding, ...]:
    return (*row.grade.points, *row.grade.pitfalls)


def _verdicts(rows: Sequence[Row]) -> dict[str, Said]:
    """What the repeats said, by statement, the commonest first."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for found in _findings(row):
            counts.setdefault(found.id, Counter())[_verdict(found)] += 1
    return {name: _counted(count) for name, count in counts.items()}


def _verdict(found: PointFinding | PitfallFinding) -> str:
    return found.verdict.value if isinstance(found, PointFinding) else _committed(found.committed)


def _committed(committed: bool) -> str:
    return COMMITTED if committed else NOT_COMMITTED


def _counted(count: Counter[str]) -> Said:
    commonest = count.most_common()
    kind = commonest[0][0]
    return Said(kind if len(commonest) == 1 else ", ".join(f"{v} {n}" for v, n in commonest), kind)


def _remarks(rows: Sequence[Row], when: str) -> Iterator[str]:
    """What else there is to know of gradings: why there is none, signs of cheating, quotes that were not there."""
    for row in rows:
        if row.grade.status == "ungraded":
            yield f"{when}: not graded, {reason(row.grade.reason)}"
    said = Counter(s for row in rows for s in row.grade.signals)
    unsupported = {f.id for row in rows for f in _findings(row) if f.unsupported}
    if said:
        yield f"{when}: noted {', '.join(sorted(said))}"
    if unsupported:
        yield f"{when}: dropped for want of a quote in the answer: {', '.join(sorted(unsupported))}"


def _replies(before: Sequence[Row], now: Sequence[Row]) -> Iterator[Reply]:
    seen: dict[str, str] = {}
    for when, rows in (("Now", now), ("Baseline", before)):
        for row in rows:
            for index, text in enumerate(row.raw, 1):
                which = f", repeat {row.repeat + 1}" if len(rows) > 1 else ""
                heading = f"{when}{which}{f', reply {index}' if len(row.raw) > 1 else ''}"
                same = seen.get(text, "")
                yield Reply(heading, "" if same else revealed(text), same)
                seen.setdefault(text, heading)


def _tags(
    item: Item,
    means: tuple[float | None, float | None],
    statements: Sequence[Statement],
    now: Sequence[Row],
    violated: set[str],
) -> Iterator[str]:
    before, latest = means
    shifted = before is not None and latest is not None and abs(latest - before) > LEAST_MOVE
    if shifted or any(s.changed for s in statements):
        yield "moved"
    if not item.variant and any(s.off for s in statements):
        yield "off"
    if any(row.grade.status == "ungraded" for row in now):
        yield "ungraded"
    if item.id in violated:
        yield "violation"


def _mean(rows: Sequence[Row]) -> float | None:
    scores = [row.grade.score for row in rows if row.grade.score is not None]
    return fmean(scores) if scores else None
