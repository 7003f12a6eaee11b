"""Changes of an answer that must not move its grade, and changes that must: the suite of kind "metamorphic".

    kind = "metamorphic"
    cases = "../answers"              # labelled answers
    repeats = 2                       # gradings of each; what repeats alone differ by is taken off
    [options]
    rewritten = "metamorphic"         # stored rewritings, in evals/suites; only cases that have one are changed
    changes = ["typos", "name"]       # by default all of perturb.CHANGES
    seed = 1
    tolerance = 0.5                   # of a step: what an invariant change may move a grade by
    verdicts = 0.25                   # the share of an answer's verdicts that it may change
    gain = 0.25                       # of a step: what a change may gain that must not gain

A variant is a violation when its grade does what it must not by more than the tolerance and twice its noise (see
paired); an invariant one also when more verdicts change than may, beyond those that change between repeats. Changes
that must lower a grade are judged by the statement that they are about: the point that was deleted or negated must
lose its credit, the pitfall that was added must be found, and the grade must not rise. What an engine did not credit
before cannot be lost: such variants show nothing and are left out of the share of violations, in which a whole ladder
counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import Field

from interviewer.domain.errors import SettingsError
from interviewer.domain.guide import Frozen
from interviewer.evaluation.cases import CaseSet
from interviewer.evaluation.paired import (
    BEYOND_NOISE,
    Cells,
    Findings,
    Graded,
    Pair,
    Spread,
    average,
    graded,
    net_size,
    one_repeat,
    share,
    spread,
)
from interviewer.evaluation.perturb import CHANGES, Change, Expected, Variant, unchanged
from interviewer.evaluation.results import Item, Measure, Row, Table, Violation
from interviewer.evaluation.rewritten import fitting, rewritings

CREDITED = 0.5
LEAST_LOSS = 0.25
REORDERED = "order of key points"
LOWEST = 1.0
"""The lowest grade, in steps: nothing earned."""
SHIFT, VIOLATIONS, FLIPS = "shift", "violations", "verdicts changed"


class Options(Frozen):
    """What a suite's file may say; see the module."""

    rewritten: str = "metamorphic"
    changes: tuple[str, ...] = ()
    seed: int = 1
    tolerance: float = Field(default=0.5, ge=0)
    verdicts: float = Field(default=0.25, ge=0, le=1)
    gain: float = Field(default=0.25, ge=0)

    def chosen(self) -> tuple[Change, ...]:
        """The changes that are made. Raises SettingsError for one that there is not."""
        known = {change.name: change for change in CHANGES}
        for name in self.changes:
            if name not in known:
                raise SettingsError(f"There is no change {name!r}.", f"There are: {', '.join(known)}.")
        return tuple(known[name] for name in self.changes) or CHANGES


def variants(cases: CaseSet, options: Options | None = None) -> list[Variant]:
    """Every change of every case that has a stored rewriting. Raises CasesError where one does not fit any more."""
    options = options or Options()
    chosen, stored = options.chosen(), rewritings(options.rewritten)
    return [
        variant
        for case, rewriting in fitting(cases.cases, stored)
        for change in chosen
        for variant in change.variants(case, rewriting, options.seed)
    ]


def items(cases: CaseSet, options: Options | None = None) -> list[Item]:
    """The answers as given, each once, and as changed."""
    made = variants(cases, options)
    changed = {v.item.case_id for v in made}
    return [*(unchanged(c) for c in cases.cases if c.id in changed), *(v.item for v in made)]


class _Shown(Frozen):
    """What one variant showed: its shift in steps, the violation if it is one, and whether it could be one at all."""

    variant: Variant
    shift: float
    flips: float = 0.0
    violation: Violation | None = None
    tells: bool = True


@dataclass(frozen=True, slots=True)
class _Judge:
    """What is known of all items, and by what measure a variant is a violation."""

    known: Mapping[str, Graded]
    within: Spread
    options: Options

    def pair(self, variant: Variant) -> Pair | None:
        """The answer as given and as changed, where both were graded."""
        before, now = self.known.get(variant.item.case_id), self.known.get(variant.item.id)
        return Pair(before, now) if before and now else None

    def shown(self, variant: Variant) -> _Shown | None:
        """What a variant showed; None where it, or the answer as given, was not graded."""
        pair = self.pair(variant)
        if pair is None:
            return None
        shift = pair.now.steps - LOWEST if variant.expected is Expected.NOTHING else pair.shift
        noise = BEYOND_NOISE * pair.noise(self.within.steps)
        broken, tells = self._broken(variant, pair, shift, noise)
        return _Shown(
            variant=variant,
            shift=shift,
            flips=pair.flips() if variant.expected is Expected.SAME else 0.0,
            violation=self._violation(variant, pair, broken) if broken is not None else None,
            tells=tells,
        )

    def ladder(self, rungs: Sequence[Variant]) -> _Shown | None:
        """A whole ladder, from no point to the answer as given: it must rise, and never fall."""
        steps_up = [self.known[v.item.id] for v in rungs if v.item.id in self.known]
        top = self.known.get(rungs[0].item.case_id)
        if top is None or len(steps_up) < len(rungs):
            return None
        steps_up.append(top)
        pairs = [Pair(low, high) for low, high in pairwise(steps_up)]
        whole = Pair(top, steps_up[0])
        fell = [p for p in pairs if -p.shift > self.options.gain + BEYOND_NOISE * p.noise(self.within.steps)]
        tells = max(top.credit(v.target) for v in rungs) >= CREDITED
        if fell:
            worst = max(fell, key=lambda p: -p.shift)
            detail = f"one point more, and {worst.before.score:.1f} becomes {worst.now.score:.1f}"
            return _Shown(variant=rungs[0], shift=whole.shift, violation=self._violation(rungs[0], whole, detail))
        flat = (
            self._violation(rungs[0], whole, "as much without any of the points")
            if tells and whole.shift >= 0
            else None
        )
        return _Shown(variant=rungs[0], shift=whole.shift, violation=flat, tells=tells)

    def _broken(self, variant: Variant, pair: Pair, shift: float, noise: float) -> tuple[str | None, bool]:
        """What is told of a violation, None where there is none; and whether the variant can tell anything."""
        if variant.expected is Expected.SAME:
            moved = abs(shift) > self.options.tolerance + noise or pair.flips() > self.options.verdicts
            return ("; ".join(pair.turned()) if moved else None), True
        if shift > self.options.gain + noise:
            return "; ".join(pair.turned()), True
        if variant.expected is not Expected.FALLS:
            return None, True
        before, now = pair.before.credit(variant.target), pair.now.credit(variant.target)
        if variant.target.startswith("p"):
            tells = before < CREDITED
            return (f"{variant.target} is not found" if tells and now < CREDITED else None), tells
        tells = before >= CREDITED
        return (f"{variant.target} keeps its credit" if tells and before - now < LEAST_LOSS else None), tells

    def _violation(self, variant: Variant, pair: Pair, detail: str) -> Violation:
        return Violation(
            item=variant.item.id,
            variant=variant.change,
            expected=variant.expected.value,
            before=0.0 if variant.expected is Expected.NOTHING else round(pair.before.score, 1),
            now=round(pair.now.score, 1),
            noise=round(pair.noise(self.within.points), 1),
            detail=detail,
        )


def measure(cases: CaseSet, rows: Iterable[Row], options: Options | None = None) -> Findings:
    """Per change: its mean shift, the share of violations and of verdicts that changed, each with its interval."""
    options = options or Options()
    made, known = variants(cases, options), graded(rows)
    judge = _Judge(known, spread(known.values()), options)
    shown = _all_shown(made, judge)
    missing = sum(v.item.id not in known for v in made)
    pairs = {name: [p for s in some if (p := judge.pair(s.variant))] for name, some in shown.items()}
    return Findings(
        measures=(
            *(m for name in shown for m in _measures(name, shown[name])),
            *_position(shown, judge),
            *_overall(shown),
        ),
        violations=tuple(s.violation for some in shown.values() for s in some if s.violation),
        tables=tuple(t for t in (_same(shown, pairs, judge.within), _moving(shown), _persons(shown)) if t.rows),
        warnings=tuple(w for w in (one_repeat(known.values()), _ungraded(missing, len(made))) if w),
        tried={s.variant.item.id: s.variant.item.cluster for some in shown.values() for s in some if s.tells},
    )


def _all_shown(made: Sequence[Variant], judge: _Judge) -> dict[str, list[_Shown]]:
    """By change, in the order of the changes; a ladder is one."""
    found: dict[str, list[_Shown]] = {v.change: [] for v in made}
    ladders: dict[str, list[Variant]] = defaultdict(list)
    for variant in made:
        if variant.expected is Expected.LADDER:
            ladders[variant.item.case_id].append(variant)
        elif one := judge.shown(variant):
            found[variant.change].append(one)
    for rungs in ladders.values():
        if one := judge.ladder(rungs):
            found[rungs[0].change].append(one)
    return {change: some for change, some in found.items() if some}


def _measures(name: str, shown: Sequence[_Shown]) -> list[Measure]:
    telling = [s for s in shown if s.tells]
    found = [
        average(f"{name}: {SHIFT}", [s.shift for s in shown], _clusters(shown)),
        share(f"{name}: {VIOLATIONS}", [s.violation is not None for s in telling], _clusters(telling)),
    ]
    if _same_expected(shown):
        found.append(average(f"{name}: {FLIPS}", [s.flips for s in shown], _clusters(shown)))
    return found


def _position(shown: Mapping[str, list[_Shown]], judge: _Judge) -> Iterator[Measure]:
    """What a key point earns more, as a share of a point, for standing earlier in the question."""
    moved = [(s, p.ahead()) for s in shown.get(REORDERED, []) if (p := judge.pair(s.variant))]
    gains = [(s, gain) for s, gain in moved if gain is not None]
    if gains:
        yield average("gain of standing earlier", [gain for _, gain in gains], _clusters([s for s, _ in gains]))


def _clusters(shown: Sequence[_Shown]) -> list[str]:
    return [s.variant.item.cluster for s in shown]


def _same_expected(shown: Sequence[_Shown]) -> bool:
    return shown[0].variant.expected is Expected.SAME


def _overall(shown: Mapping[str, list[_Shown]]) -> Iterator[Measure]:
    """The share of violations among invariant changes, among those that must move a grade, and among all."""
    every = [s for some in shown.values() for s in some if s.tells]
    same = [s for s in every if _same_expected([s])]
    moving = [s for s in every if not _same_expected([s])]
    for name, some in (("invariance violations", same), ("direction violations", moving), ("violation rate", every)):
        if some:
            yield share(name, [s.violation is not None for s in some], _clusters(some))


def _same(shown: Mapping[str, list[_Shown]], pairs: Mapping[str, list[Pair]], within: Spread) -> Table:
    rows: list[Cells] = []
    for name, some in shown.items():
        if _same_expected(some):
            shift, broken, flips = _measures(name, some)
            size = net_size(pairs[name], within.steps)
            rows.append((name, shift.n, shift.value, shift.low, shift.high, size, flips.value, broken.value))
    return Table(
        title="Changes that must not move a grade",
        columns=("change", "answers", "shift", "from", "to", "size", "verdicts changed", "violations"),
        rows=tuple(rows),
        note="Shift and size in steps of the band: the mean, and the root mean square less what repeats differ by."
        " Verdicts changed: share of statements, less that between repeats.",
    )


def _moving(shown: Mapping[str, list[_Shown]]) -> Table:
    rows: list[Cells] = []
    for name, some in shown.items():
        if not _same_expected(some):
            shift, broken = _measures(name, some)
            expected = some[0].variant.expected.value
            rows.append((name, expected, shift.n, broken.n, shift.value, shift.low, shift.high, broken.value))
    return Table(
        title="Changes that must move a grade, or must not raise it",
        columns=("change", "expected", "answers", "could tell", "shift", "from", "to", "violations"),
        rows=tuple(rows),
        note="Shift in steps: of what must earn nothing, above the lowest grade; of a ladder, with none of its points."
        " Could tell: the engine had credited what was taken away, or not seen the pitfall before it was there.",
    )


def _persons(shown: Mapping[str, list[_Shown]]) -> Table:
    """The shift for each name and gender that an answer was given with."""
    groups: dict[str, list[_Shown]] = defaultdict(list)
    for change in ("name", "gender"):
        for each in shown.get(change, []):
            groups[each.variant.item.variant.partition("/")[2]].append(each)
    rows: list[Cells] = []
    for who, some in groups.items():
        found = average(who, [s.shift for s in some], _clusters(some))
        rows.append((who, found.n, found.value, found.low, found.high))
    columns = ("said by", "answers", "shift", "from", "to")
    return Table(title="Who says it", columns=columns, rows=tuple(sorted(rows, key=str)), note="Shift in steps.")


def _ungraded(missing: int, count: int) -> str | None:
    return f"{missing} of {count} changed answers were not graded and are left out." if missing else None
