"""Measures and tables of the agreement suite, from cases and rows."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from interviewer.evaluation import calibration, metrics, reliability
from interviewer.evaluation.answer_only import covered_guess, predicted
from interviewer.evaluation.cases import Case
from interviewer.evaluation.figures import MISSING, Array, Codes, Figure
from interviewer.evaluation.gradings import COVERED, VERDICTS, Gradings, Statements, gradings, pitfalls, points
from interviewer.evaluation.intervals import bootstrap
from interviewer.evaluation.results import Measure, Row, Table

BANDS = 5
NEAR = 0.10
FEW_QUESTIONS = 10
_BAND_NAMES = tuple(str(band) for band in range(1, BANDS + 1))
_VERDICT_NAMES = tuple(verdict.value for verdict in reversed(VERDICTS))
Cells = tuple[str | float | int | None, ...]


def agreement_measures(
    cases: Sequence[Case], rows: Iterable[Row]
) -> tuple[tuple[Measure, ...], tuple[Table, ...], tuple[str, ...]]:
    """How well the engine agrees with the labels: measures with 95 % intervals, tables, and warnings.

    Of the cases' own answers (variant ""). Every answer weighs the same; each of its repeats is a grading of its own.
    Intervals are by drawing whole questions (intervals.bootstrap). What was not graded is left out.
    """
    graded = gradings(cases, rows)
    said, wrong = points(graded), pitfalls(graded)
    style = _style_alone(graded, said)
    found = [*_of_grades(graded), *_of_statements(said, wrong), *_of_raters(graded), *_of_confidence(said), *style]
    made = [
        _bands(graded),
        _verdicts(said),
        _marginals(said, wrong),
        _by_design(graded),
        _by_question(graded),
        _between_raters(graded),
        _confidences(said),
    ]
    return tuple(found), tuple(t for t in made if t.rows), tuple(_warnings(graded, said, found))


def measure(name: str, figure: Figure, clusters: Sequence[Hashable], n: int | None = None, note: str = "") -> Measure:
    """A figure with its interval by drawing whole questions; None where it is undefined, and `note` says why."""
    value = figure.value
    low, high = bootstrap(figure, clusters)
    counted = {clusters[int(row)] for row in np.flatnonzero(figure.parts.any(axis=1))}
    return Measure(
        name=name,
        value=number(value),
        low=number(low),
        high=number(high),
        n=figure.n if n is None else n,
        clusters=len(counted),
        note=note if math.isnan(value) else "",
    )


def number(value: float) -> float | None:
    """A number, or None where there is none."""
    return float(value) if math.isfinite(value) else None


def banded(steps: npt.ArrayLike) -> Array:
    """Grades in steps as bands 1..5, halves up; NaN stays NaN."""
    return np.asarray(np.floor(np.asarray(steps, float) + 0.5), float)


def _of_grades(graded: Gradings) -> list[Measure]:
    human, machine = graded.human, graded.steps
    bands, labels = banded(machine), banded(human)
    flat = "labels, grades or both do not vary"
    made = [
        ("qwk", metrics.qwk(human, machine), flat),
        ("leniency", metrics.bias(human, machine), ""),
        ("exact_agreement", metrics.agreement(labels, bands), ""),
        ("adjacent_agreement", metrics.agreement(labels, bands, within=1), ""),
        ("pearson", metrics.pearson(human, machine), flat),
        ("smd", metrics.standardized_mean_difference(human, machine), "labels do not vary"),
    ]
    return [measure(name, figure, graded.clusters, note=note or "nothing was graded") for name, figure, note in made]


def _of_statements(said: Statements, wrong: Statements) -> list[Measure]:
    one = "every verdict and label is the same"
    ordered, begins = _concordance(said), _begins(said)
    mixed = round(float(said.weight[begins][ordered.parts.any(axis=1)].sum()))
    return [
        measure("point_kappa", _covered_kappa(said), said.clusters, said.count, one),
        measure("verdict_kappa", _kappa(said, len(VERDICTS)), said.clusters, said.count, one),
        measure("point_ac2", _gwet(said, len(VERDICTS)), said.clusters, said.count, "no key point was judged"),
        measure("concordance", ordered, [said.clusters[row] for row in begins], mixed, "no answer has both kinds"),
        measure("pitfall_kappa", _kappa(wrong, 2), wrong.clusters, wrong.count, one),
        measure("pitfall_ac2", _gwet(wrong, 2), wrong.clusters, wrong.count, "no pitfall was judged"),
    ]


def _of_raters(graded: Gradings) -> list[Measure]:
    ratings, alone = graded.ratings, "no answer has two ratings"
    made = [
        ("human_qwk", metrics.human_agreement(ratings)),
        ("degradation", metrics.degradation(ratings, graded.steps)),
        ("prmse", reliability.prmse(graded.steps, ratings)),
    ]
    return [measure(name, figure, graded.clusters, note=alone) for name, figure in made]


def _of_confidence(said: Statements) -> list[Measure]:
    right = np.where(said.engine >= 0, said.engine == said.label, np.nan)
    made = [
        ("calibration_error", calibration.expected_calibration_error(said.confidence, right)),
        ("brier", calibration.brier(said.confidence, right)),
    ]
    none = "no key point was judged"
    return [measure(n, f.weighted(said.weight), said.clusters, said.count, none) for n, f in made]


def _style_alone(graded: Gradings, said: Statements) -> list[Measure]:
    """Agreement of a guess that reads the answers alone, for scale."""
    clusters, answers = graded.clusters, [case.answer for case in graded.cases]
    grade = predicted(answers, graded.human, clusters)
    labels = [case.label.key_points for case in graded.cases]
    count = np.array([len(v) for v in labels], float)
    covered = np.array([sum(v is VERDICTS[COVERED] for v in given) for given in labels], float)
    guess = covered_guess(answers, covered, count, clusters)
    chosen = np.where(np.isnan(guess), MISSING, guess).astype(int)[said.case]
    kappa = metrics.kappa(_covered(said.label), chosen, 2).weighted(said.weight)
    few = "fewer than two questions"
    return [
        measure("answer_only_qwk", metrics.qwk(graded.human, grade), clusters, note=few),
        measure("answer_only_point_kappa", kappa, said.clusters, said.count, few),
    ]


def _warnings(graded: Gradings, said: Statements, found: Sequence[Measure]) -> list[str]:
    value = {m.name: m.value for m in found}
    given = []
    for guess, engine, what in (
        ("answer_only_point_kappa", "point_kappa", "which points are covered (kappa)"),
        ("answer_only_qwk", "qwk", "the grade (QWK)"),
    ):
        style, reached = value.get(guess), value.get(engine)
        if style is not None and reached is not None and style > reached - NEAR:
            given.append(
                f"Style alone predicts the labels: a guess from length and words, which reads no key point, reaches"
                f" {style:.2f} on {what}, the engine {reached:.2f}. Go by concordance within an answer and by design."
            )
    questions = len(set(graded.clusters))
    if 0 < questions < FEW_QUESTIONS:
        given.append(f"Answers to only {questions} questions: intervals by drawing questions are too narrow below ten.")
    known = said.confidence[~np.isnan(said.confidence)]
    if len(known) and (known == known[0]).all():
        given.append("The engine says the same confidence everywhere: calibration says no more than how often it errs.")
    return given


def _kappa(given: Statements, classes: int) -> Figure:
    return metrics.kappa(given.label, given.engine, classes).weighted(given.weight)


def _covered_kappa(said: Statements) -> Figure:
    return metrics.kappa(_covered(said.label), _covered(said.engine), 2).weighted(said.weight)


def _covered(codes: Codes) -> Codes:
    """1 for covered, 0 for any other verdict."""
    return np.where(codes == MISSING, MISSING, codes == COVERED).astype(np.int64)


def _gwet(given: Statements, classes: int) -> Figure:
    both = np.column_stack([given.label, given.engine])
    return metrics.gwet(both, classes, "quadratic" if classes > 2 else "identity").weighted(given.weight)


def _concordance(said: Statements) -> Figure:
    figure = metrics.concordance(said.by_grading(said.label == COVERED), said.by_grading(said.coveredness))
    return figure.weighted(said.weight[_begins(said)])


def _begins(given: Statements) -> Codes:
    """The row of each grading's first statement."""
    return np.unique(given.grading, return_index=True)[1].astype(np.int64)


def _confusion(title: str, names: Sequence[str], label: Codes, engine: Codes, note: str) -> Table:
    counts = np.zeros((len(names), len(names)), int)
    there = (label >= 0) & (engine >= 0)
    np.add.at(counts, (label[there], engine[there]), 1)
    rows = tuple((name, *map(int, row)) for name, row in zip(names, counts, strict=True)) if there.any() else ()
    return Table(title=title, columns=("labelled", *names), rows=rows, kind="confusion", note=note)


def _bands(graded: Gradings) -> Table:
    bands = banded(graded.steps)
    labels = np.broadcast_to(banded(graded.human)[:, None], bands.shape)
    engine = np.where(np.isnan(bands), 0, bands).astype(np.int64).ravel() - 1
    return _confusion("Bands", _BAND_NAMES, labels.astype(np.int64).ravel() - 1, engine, "Gradings, by band.")


def _verdicts(said: Statements) -> Table:
    best = len(VERDICTS) - 1
    engine = np.where(said.engine == MISSING, MISSING, best - said.engine)
    return _confusion("Verdicts on key points", _VERDICT_NAMES, best - said.label, engine, "Gradings, by verdict.")


def _marginals(said: Statements, wrong: Statements) -> Table:
    rows: list[Cells] = []
    for given, classes, names in (
        (said, len(VERDICTS), tuple(v.value for v in VERDICTS)),
        (wrong, 2, ("no pitfall", "pitfall committed")),
    ):
        label, engine = metrics.marginals(given.label, classes), metrics.marginals(given.engine, classes)
        shares = zip(names, label, engine, strict=True)
        rows += [(name, number(a), number(b)) for name, a, b in reversed(list(shares)) if len(given.label)]
    return Table(
        title="How often each verdict is given",
        columns=("verdict", "labelled", "engine"),
        rows=tuple(rows),
        note="Shares. Kappa suffers where one verdict is nearly all there is; AC2 does not.",
    )


def _by_design(graded: Gradings) -> Table:
    rows: list[Cells] = []
    for design, places in sorted(_places(case.design for case in graded.cases).items()):
        part = graded.only(places)
        said = points(part)
        rows.append((design or "(none)", *_summary(part), number(_concordance(said).value)))
    return Table(
        title="By design",
        columns=("design", "answers", "labelled", "engine", "leniency", "exact", "points (kappa)", "concordance"),
        rows=tuple(rows),
        note="Grades in steps, 1 to 5.",
    )


def _by_question(graded: Gradings) -> Table:
    rows: list[Cells] = []
    for question, places in _places(graded.clusters).items():
        rows.append((question, *_summary(graded.only(places))))
    return Table(
        title="By question",
        columns=("question", "answers", "labelled", "engine", "leniency", "exact", "points (kappa)"),
        rows=tuple(sorted(rows, key=_lowest_last)),
        note="The question with the least agreement on key points first.",
    )


def _places(names: Iterable[str]) -> dict[str, list[int]]:
    """Where each name is, in the order of their first places."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name, []).append(place)
    return found


def _lowest_last(row: Cells) -> float:
    return row[-1] if isinstance(row[-1], float) else math.inf


def _summary(part: Gradings) -> Cells:
    """Answers graded, mean label, mean grade, leniency, exact agreement, kappa of covered or not."""
    human, machine = part.human, part.steps
    off = metrics.bias(human, machine)
    graded = ~np.isnan(machine).all(axis=1)
    labelled = float(human[graded].mean()) if graded.any() else math.nan
    exact = metrics.agreement(banded(human), banded(machine)).value
    kappa = _covered_kappa(points(part)).value
    return off.n, *(number(x) for x in (labelled, labelled + off.value, off.value, exact, kappa))


def _between_raters(graded: Gradings) -> Table:
    names, ratings = graded.raters, graded.ratings
    rows: list[Cells] = []
    for a, first in enumerate(names):
        for b, second in enumerate(names[a + 1 :], a + 1):
            agreed = metrics.qwk(ratings[:, a], ratings[:, b])
            if agreed.n:
                alike = number(_rated_alike(graded, first, second))
                rows.append((f"{first} and {second}", agreed.n, number(agreed.value), alike))
        engine = metrics.qwk(ratings[:, a], graded.steps)
        alike = number(_covered_kappa(points(graded, first)).value)
        rows.append((f"{first} and the engine", engine.n, number(engine.value), alike))
    columns = ("pair", "answers", "grade (QWK)", "points (kappa)")
    return Table(title="Raters", columns=columns, rows=tuple(rows))


def _rated_alike(graded: Gradings, first: str, second: str) -> float:
    """Kappa of two raters on whether key points are covered."""
    pairs = [
        (a is VERDICTS[COVERED], b is VERDICTS[COVERED])
        for case in graded.cases
        if first in case.ratings and second in case.ratings
        for a, b in zip(case.ratings[first].key_points, case.ratings[second].key_points, strict=True)
    ]
    both = np.array(pairs, int).reshape(len(pairs), 2)
    return metrics.kappa(both[:, 0], both[:, 1], 2).value


def _confidences(said: Statements) -> Table:
    right = np.where(said.engine >= 0, said.engine == said.label, np.nan)
    curve = calibration.reliability_curve(said.confidence, right)
    return Table(
        title="Confidence in verdicts on key points",
        columns=("from", "to", "verdicts", "mean confidence", "right"),
        rows=tuple(curve),
    )
