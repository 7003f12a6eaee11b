"""Measures and tables of repeated gradings: how far the same answer gets the same grade, and what makes it vary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from interviewer.evaluation import reliability
from interviewer.evaluation.cases import Case
from interviewer.evaluation.figures import Array, Codes
from interviewer.evaluation.gradings import Gradings, gradings
from interviewer.evaluation.results import Measure, Row, RunInfo, Table
from interviewer.evaluation.tables import banded, measure, number

LEAST_STEADY = 10
AS_IT_IS = "as it is"
WORDING, MODEL, BOTH = "wording", "model", "wording and model"
FacetRun = tuple[Mapping[str, str], Sequence[Row]]
"""A run, and under which level of each facet it was made: {"wording": "terse", "model": "small"}."""


def stability_measures(
    cases: Sequence[Case], rows: Iterable[Row], others: Sequence[FacetRun] = ()
) -> tuple[tuple[Measure, ...], tuple[Table, ...], tuple[str, ...]]:
    """How steady repeats are: measures with 95 % intervals, tables, and warnings. Of the cases' own answers.

    `others` are runs of the same cases under other wordings or models, for the components of variance; `rows` has the
    level AS_IT_IS of each facet.
    """
    given = list(rows)
    graded = gradings(cases, given)
    steps, alone = graded.steps, "no answer was graded twice"
    bands = banded(steps)
    same = "all grades are the same, or none was graded twice"
    made = [
        ("alpha", reliability.krippendorff_alpha(bands, "ordinal"), same),
        ("icc", reliability.icc(steps), same),
        ("all_equal", reliability.all_equal(bands), alone),
        ("all_equal_verdicts", reliability.all_equal(_as_a_whole(graded)), alone),
        ("flips", reliability.flips(steps), alone),
        ("sem", reliability.standard_error_of_measurement(steps), alone),
        ("repeat_variance", reliability.repeat_variance(steps), alone),
    ]
    facets = sorted({facet for levels, _ in others for facet in levels})
    runs: list[FacetRun] = [(dict.fromkeys(facets, AS_IT_IS), given), *others]
    tables = [_components(cases, runs, facets), _least_steady(graded)]
    warnings = [] if steps.shape[1] > 1 else ["Each answer was graded once: nothing can be said of repeats."]
    return (
        tuple(measure(name, figure, graded.clusters, note=note) for name, figure, note in made),
        tuple(t for t in tables if t.rows),
        tuple(warnings),
    )


def facet_runs(own: RunInfo, others: Iterable[tuple[RunInfo, Sequence[Row]]]) -> list[FacetRun]:
    """Those of `others` that were made with another prompt or model than `own`, with their levels.

    Where in all of them both are others, and no two runs share one of the two, they cannot be told apart: one facet.
    """
    kept = [(info, rows) for info, rows in others if _made_with(info) != _made_with(own)]
    made = {_made_with(own), *(_made_with(info) for info, _ in kept)}
    wordings, models = zip(*made, strict=True)
    together = len(set(wordings)) == len(set(models)) == len(made)
    found: list[FacetRun] = []
    for info, rows in kept:
        wording, model = (
            AS_IT_IS if level == mine else level for level, mine in zip(_made_with(info), _made_with(own), strict=True)
        )
        found.append(({BOTH: f"{wording} {model}"} if together else {WORDING: wording, MODEL: model}, rows))
    return found


def _made_with(info: RunInfo) -> tuple[str, str]:
    return str(info.parameters.get("prompt", "")), f"{info.engine} {info.model}".strip()


def variance_components(
    cases: Sequence[Case], runs: Sequence[FacetRun], facets: Sequence[str] = ()
) -> dict[str, float]:
    """The components of variance of grades, in squared steps: question, answer, each facet, and repeat.

    With facets, also how far each moves single answers ("answer x wording"), where repeats allow to tell that from
    noise; where they do not it is part of "repeat". See reliability.variance_components.
    """
    values, factors = _long(cases, runs, facets)
    varied = [facet for facet in facets if len(np.unique(factors[facet])) > 1]
    main = {name: factors[name] for name in ("question", "answer", *varied)}
    crossed = {f"answer x {facet}": _together(factors["answer"], factors[facet]) for facet in varied}
    found = reliability.variance_components(values, {**main, **crossed})
    unknown = any(math.isnan(v) for v in found.values())
    return reliability.variance_components(values, main) if unknown and crossed else found


def _long(cases: Sequence[Case], runs: Sequence[FacetRun], facets: Sequence[str]) -> tuple[Array, dict[str, Codes]]:
    """Every grading's grade in steps, and the level of each factor as a code."""
    columns: dict[str, list[str]] = {name: [] for name in ("question", "answer", *facets)}
    values: list[float] = []
    for levels, rows in runs:
        graded = gradings(cases, rows)
        for case, steps in zip(cases, graded.steps, strict=True):
            there = steps[~np.isnan(steps)]
            values.extend(there)
            columns["question"] += [case.cluster] * len(there)
            columns["answer"] += [case.id] * len(there)
            for facet in facets:
                columns[facet] += [levels.get(facet, "")] * len(there)
    return np.array(values, float), {
        name: np.unique(np.array(c, str), return_inverse=True)[1].astype(np.int64) for name, c in columns.items()
    }


def _together(first: Codes, second: Codes) -> Codes:
    """A code for each combination of two codes."""
    return np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)[1].astype(np.int64)


def _as_a_whole(graded: Gradings) -> Array:
    """A code for all verdicts of a grading together, (cases, repeats), NaN where there is none."""
    codes: dict[tuple[object, ...], int] = {}
    found = np.full(graded.scores.shape, np.nan)
    for case, repeats in enumerate(graded.grades):
        for repeat, grade in enumerate(repeats):
            if grade is not None:
                whole = (*((f.id, f.verdict) for f in grade.points), *((f.id, f.committed) for f in grade.pitfalls))
                found[case, repeat] = codes.setdefault(whole, len(codes))
    return found


def _components(cases: Sequence[Case], runs: Sequence[FacetRun], facets: Sequence[str]) -> Table:
    found = variance_components(cases, runs, facets)
    total = sum(found.values())
    rows = tuple((name, number(value), number(value / total) if total > 0 else None) for name, value in found.items())
    return Table(
        title="Where the variance of grades comes from",
        columns=("component", "variance", "share"),
        rows=() if any(math.isnan(value) for value in found.values()) else rows,
        note="In squared steps, by analysis of variance; estimates below 0 are given as 0.",
    )


def _least_steady(graded: Gradings) -> Table:
    spread = np.sqrt(reliability.variances(graded.steps))
    order = [int(i) for i in np.argsort(-np.nan_to_num(spread), kind="stable") if spread[i] > 0][:LEAST_STEADY]
    scores = graded.scores
    rows = tuple(
        (
            graded.cases[i].id,
            graded.cases[i].cluster,
            float(np.nanmin(scores[i])),
            float(np.nanmax(scores[i])),
            float(spread[i]),
        )
        for i in order
    )
    return Table(
        title="Least steady answers",
        columns=("answer", "question", "lowest score", "highest score", "standard deviation (steps)"),
        rows=rows,
    )
