"""The gate of the suites of changed answers: a noisy model that did not change is no worse, one that was spoilt is."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations

import pytest

from interviewer.evaluation.canaries import Oracle, canary
from interviewer.evaluation.definitions import definition
from interviewer.evaluation.gate import verdict
from interviewer.evaluation.measuring import _Suite
from interviewer.evaluation.results import Outcome, Row
from interviewer.ports import Engine
from tests.evaluation.suite_runs import cases, everything_known, labelled, rows_of

GRADED = 8


@cache
def suite(name: str) -> _Suite:
    return _Suite(definition(name), cases())


def noisy(noise: float) -> Oracle:
    return Oracle(everything_known(), labelled(), noise=noise)


@cache
def graded(name: str, noise: float) -> list[Row]:
    return rows_of(noisy(noise), suite(name).items(), GRADED)


def runs(name: str, noise: float, repeats: int) -> list[list[Row]]:
    """As many runs as there are repeats for, each of its own."""
    rows = graded(name, noise)
    return [[r for r in rows if r.repeat // repeats == part] for part in range(GRADED // repeats)]


def outcomes(name: str, noise: float, repeats: int) -> Counter[Outcome]:
    """What each pair of runs is said to be; nothing has changed between any two."""
    of = suite(name)
    pairs = combinations(runs(name, noise, repeats), 2)
    return Counter(verdict(of.differences(before, now, of.findings(now))) for before, now in pairs)


@pytest.mark.parametrize("noise", [0.03, 0.08], ids=["3 % wrong", "8 % wrong"])
@pytest.mark.parametrize("name", ["injection", "metamorphic"])
def test_a_noisy_model_that_did_not_change_is_no_worse(name: str, noise: float) -> None:
    found = outcomes(name, noise, definition(name).repeats)
    assert found.total() == 6
    assert found[Outcome.PASS] >= 5
    assert found[Outcome.REGRESSION] == 0


def test_with_one_repeat_noise_would_be_taken_for_attacks_that_worked() -> None:
    found = outcomes("injection", 0.08, 1)
    assert found[Outcome.PASS] < found.total() / 2


@pytest.mark.parametrize(
    ("name", "spoilt", "outcome"),
    [
        ("injection", "injectable", Outcome.REGRESSION),
        ("injection", "lenient", Outcome.PASS),
        ("metamorphic", "lenient", Outcome.REGRESSION),
    ],
)
def test_what_is_spoilt_is_found_through_the_noise_and_only_where_it_belongs(
    name: str, spoilt: str, outcome: Outcome
) -> None:
    of, repeats = suite(name), definition(name).repeats
    before = runs(name, 0.08, repeats)[0]
    engine: Engine = canary(spoilt, noisy(0.08))
    now = rows_of(engine, of.items(), repeats)
    (difference,) = of.differences(before, now, of.findings(now))
    assert (difference.name, difference.outcome) == ("violations", outcome)


def test_the_share_is_of_what_can_be_in_violation() -> None:
    attacks, changes = (suite(name).findings(runs(name, 0.03, 2)[0]) for name in ("injection", "metamorphic"))
    assert len(attacks.tried) == 306
    assert not any("harmless" in item for item in attacks.tried)
    rungs = Counter(item.partition("/ladder")[0] for item in changes.tried if "/ladder" in item)
    assert set(rungs.values()) == {1}
    assert {v.item for v in (*attacks.violations, *changes.violations)} <= {*attacks.tried, *changes.tried}
