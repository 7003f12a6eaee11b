"""The gate: what it must say for certain, and by simulation how often it is right (`python -m bench.gate` for more)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.gate import Edit, World, harm_of, outcomes, simulate
from interviewer.evaluation.gate import LENIENCY, QWK, VARIANCE, Margins, Pairs, compare, compare_shares, holm, verdict
from interviewer.evaluation.power import answers_needed, churn_of, power, prospect
from interviewer.evaluation.results import Difference, Outcome

NAN = math.nan
ROUNDS = 600


def pairs(world: World | None = None, edit: Edit | None = None, seed: int = 1) -> Pairs:
    return simulate(world or World(), edit or Edit(), np.random.default_rng(seed))


def changed(given: Pairs, now: np.ndarray) -> Pairs:
    return Pairs(given.human, given.baseline, now, given.clusters)


def found(given: Pairs, margins: Margins | None = None) -> dict[str, Difference]:
    return {d.name: d for d in compare(given, margins)}


def test_identical_gradings_pass_exactly() -> None:
    given = pairs()
    differences = compare(changed(given, given.baseline.copy()))
    assert verdict(differences) is Outcome.PASS
    assert [d.name for d in differences] == [QWK, LENIENCY, VARIANCE]
    for d in differences:
        assert (d.difference, d.low, d.high, d.worse, d.p, d.detectable) == (0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        assert d.baseline == d.now
        assert d.cases_needed is None
        assert (d.n, d.clusters) == (198, 33)


def test_identical_gradings_pass_with_one_question_and_different_ones_cannot() -> None:
    given = pairs(World(questions=1, answers=30))
    assert verdict(compare(changed(given, given.baseline))) is Outcome.PASS
    other = found(changed(given, np.clip(given.baseline + 0.5, 1, 5)))
    assert other[LENIENCY].outcome is Outcome.INCONCLUSIVE
    assert (other[LENIENCY].low, other[LENIENCY].high, other[LENIENCY].detectable) == (-4.0, 4.0, 4.0)
    assert other[LENIENCY].cases_needed is None
    assert other[LENIENCY].p == 1.0


def test_a_shift_of_every_grade_is_certain_and_counts_both_ways() -> None:
    given = pairs()
    for shift in (0.25, -0.25):
        d = found(changed(given, given.baseline + shift))[LENIENCY]
        assert d.outcome is Outcome.REGRESSION
        assert d.difference == pytest.approx(shift)
        assert d.now - d.baseline == pytest.approx(shift)
        assert d.worse == pytest.approx(0.25)
        assert d.p < 1e-6


def test_a_loss_that_is_sure_and_surely_smaller_than_the_margin_passes() -> None:
    given = pairs()
    d = found(changed(given, given.baseline + 0.05))[LENIENCY]
    assert d.p < 1e-6
    assert d.outcome is Outcome.PASS
    tight = found(changed(given, given.baseline + 0.05), Margins(leniency=0.04))[LENIENCY]
    assert tight.outcome is Outcome.REGRESSION


def test_a_gain_is_no_regression() -> None:
    given = pairs(World(answer_error=0.9))
    truth = np.repeat(given.human[:, None], 3, axis=1)
    d = found(changed(given, truth))
    assert d[QWK].difference > 0.1
    assert d[QWK].worse < 0
    assert d[QWK].outcome is Outcome.PASS
    assert d[VARIANCE].outcome is Outcome.PASS


def test_only_what_both_graded_and_somebody_labelled_counts() -> None:
    given = pairs()
    baseline, now, human = given.baseline.copy(), given.baseline.copy(), given.human.copy()
    now[0] = NAN
    baseline[1, 0] = NAN
    human[2] = NAN
    now[1, 0] = baseline[2, 0] = 77.0  # of no account: the other of the pair, or its label, is missing
    differences = compare(Pairs(human, baseline, now, given.clusters))
    assert verdict(differences) is Outcome.PASS
    assert differences[0].n == 196
    assert {d.difference for d in differences} == {0.0}


def test_single_gradings_have_no_repeat_variance() -> None:
    given = pairs(World(repeats=1))
    assert [d.name for d in compare(given)] == [QWK, LENIENCY]


def test_nothing_in_common_is_no_verdict() -> None:
    given = pairs()
    assert compare(changed(given, np.full_like(given.now, NAN))) == ()
    assert verdict(()) is Outcome.INVALID


def test_labels_and_grades_that_never_vary_leave_qwk_out() -> None:
    flat = np.full((12, 2), 3.0)
    given = Pairs(np.full(12, 3.0), flat, flat, list(range(12)))
    assert [d.name for d in compare(given)] == [LENIENCY, VARIANCE]


def test_what_is_open_says_what_it_would_take() -> None:
    given = pairs(World(questions=10), Edit(churn=0.5), seed=4)
    d = found(given)[QWK]
    assert d.outcome is Outcome.INCONCLUSIVE
    assert d.detectable > d.margin
    assert d.cases_needed is not None
    assert d.cases_needed > d.n
    # Twice the answers halve the squared error, so about half as many times more are needed.
    more = found(pairs(World(questions=d.cases_needed // 6), Edit(churn=0.5), seed=5))[QWK]
    assert more.detectable < 1.3 * d.margin


def test_the_interval_and_the_margin_decide_what_passes() -> None:
    for seed in range(40):
        for d in compare(pairs(World(questions=20), Edit(churn=0.3), seed)):
            worst = {QWK: -d.low, LENIENCY: max(-d.low, d.high), VARIANCE: d.high}[d.name]
            assert (d.outcome is Outcome.PASS) == (worst < d.margin)
            assert (d.outcome is Outcome.REGRESSION) == (worst >= d.margin and d.p <= 0.05)


def test_holm_is_the_textbooks_and_weights_share_the_level() -> None:
    assert holm([0.01, 0.04, 0.03], [1, 1, 1]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9], [1, 1]) == pytest.approx([1.0, 1.0])
    assert holm([0.02, 0.02, 0.5], [2, 1, 1]) == pytest.approx([0.04, 0.04, 0.5])
    assert holm([], []) == []


def test_a_share_that_rises_is_a_loss() -> None:
    clusters = {f"i{n}": n // 4 for n in range(120)}
    few, many = {f"i{n}" for n in range(0, 120, 40)}, {f"i{n}" for n in range(0, 120, 3)}
    (worse,) = compare_shares("violations", few, many, clusters, margin=0.02)
    assert (worse.baseline, worse.now, worse.n, worse.clusters) == (3 / 120, 40 / 120, 120, 30)
    assert worse.outcome is Outcome.REGRESSION
    (same,) = compare_shares("violations", few, few, clusters, margin=0.02)
    assert (same.outcome, same.difference, same.p) == (Outcome.PASS, 0.0, 1.0)
    (better,) = compare_shares("violations", many, few, clusters, margin=0.02)
    assert better.outcome is Outcome.PASS
    (one,) = compare_shares("violations", few, {*few, "i1"}, clusters, margin=0.02)
    assert one.outcome is Outcome.INCONCLUSIVE
    assert compare_shares("violations", set(), set(), {}, margin=0.02) == ()


def share(world: World, edit: Edit, outcome: Outcome, seed: int = 1) -> float:
    whole, _ = outcomes(world, edit, ROUNDS, seed)
    return whole[outcome] / ROUNDS


@pytest.mark.parametrize("edit", [Edit(), Edit(churn=0.25), Edit(churn=0.5), Edit(churn=0.25, shared=0.25)])
def test_false_alarms_are_rare_when_nothing_is_lost(edit: Edit) -> None:
    assert share(World(), edit, Outcome.REGRESSION) <= 0.06


def test_false_alarms_are_rare_with_few_questions() -> None:
    assert share(World(questions=8, answers=12), Edit(churn=0.25), Outcome.REGRESSION) <= 0.06


def test_most_edits_that_change_nothing_pass() -> None:
    assert share(World(), Edit(), Outcome.PASS) >= 0.9


@pytest.mark.parametrize("churn", [0.0, 0.25])
def test_a_loss_of_a_twentieth_of_qwk_is_found(churn: float) -> None:
    whole, named = outcomes(World(), Edit(churn=churn, harm=harm_of(0.05, World(), churn)), ROUNDS)
    assert whole[Outcome.REGRESSION] >= 0.8 * ROUNDS
    assert named[QWK] >= 0.8 * ROUNDS
    assert whole[Outcome.PASS] <= 0.02 * ROUNDS


@pytest.mark.parametrize("edit", [Edit(shift=0.25), Edit(shift=0.25, churn=0.25), Edit(shift=-0.25)])
def test_a_quarter_step_of_leniency_is_always_caught(edit: Edit) -> None:
    whole, named = outcomes(World(), edit, ROUNDS)
    assert whole[Outcome.REGRESSION] == ROUNDS
    assert named[LENIENCY] == ROUNDS


def test_a_quarter_step_of_leniency_never_passes_however_much_else_moves() -> None:
    whole, _ = outcomes(World(), Edit(shift=0.25, churn=0.5), ROUNDS)
    assert whole[Outcome.REGRESSION] >= 0.99 * ROUNDS
    assert whole[Outcome.PASS] == 0


def test_noise_is_found_by_the_repeat_variance() -> None:
    _, named = outcomes(World(), Edit(noise=0.4), 100)
    assert named[VARIANCE] == 100


@pytest.mark.parametrize("churn", [0.0, 0.3])
def test_the_error_is_foretold_from_a_baseline_alone(churn: float) -> None:
    world, edit = World(), Edit(churn=churn)
    given = [pairs(world, edit, seed) for seed in range(200)]
    spread: dict[str, list[float]] = {d.name: [] for d in compare(given[0])}
    for one in given:
        for d in compare(one):
            spread[d.name].append(d.difference)
    before = prospect(given[0].human, given[0].baseline, given[0].clusters, churn, together=0.0)
    assert before is not None
    for name, error in before.errors(198, 3).items():
        assert error == pytest.approx(np.std(spread[name]), rel=0.25), name


def test_power_grows_with_answers_and_repeats_and_agrees_with_the_simulation() -> None:
    given = pairs(World(questions=200))
    before = prospect(given.human, given.baseline, given.clusters, 0.25, together=0.0)
    assert before is not None
    table = {(p.answers, p.repeats): p for p in power(before) if p.name == QWK}
    assert table[400, 3].detectable < table[200, 3].detectable < table[200, 1].detectable
    assert table[400, 3].passes > table[200, 3].passes > table[200, 1].passes
    assert table[200, 3].detectable == pytest.approx(0.05, abs=0.006)
    needed = answers_needed(before, 0.05, 3)
    assert needed is not None
    assert 160 <= needed <= 260
    assert answers_needed(before, 0.05, 1, VARIANCE) is None
    assert answers_needed(before, 0.0, 3) is None


def test_a_grader_without_noise_or_churn_needs_no_power() -> None:
    given = pairs(World(noise=0.0))
    before = prospect(given.human, given.baseline, given.clusters, churn=0.0)
    assert before is not None
    assert {p.passes for p in power(before) if p.name == LENIENCY} == {1.0}


def test_too_little_foretells_nothing() -> None:
    assert prospect(np.array([3.0, 4.0]), np.array([[3.0], [4.0]]), ["q", "q"]) is None
    assert prospect(np.array([NAN]), np.array([[3.0]]), ["q"]) is None


def test_churn_is_measured_without_the_noise_and_the_shift() -> None:
    world = World(questions=200)
    assert churn_of(pairs(world, Edit(shift=0.3))) == pytest.approx(0.0, abs=0.12)
    assert churn_of(pairs(world, Edit(churn=0.4))) == pytest.approx(0.37, abs=0.05)
    assert math.isnan(churn_of(Pairs(np.array([3.0]), np.array([[3.0]]), np.array([[3.0]]), ["q"])))
