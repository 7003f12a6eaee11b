"""Pairs of gradings: shifts and verdicts net of what repeats alone differ by, and intervals of shares."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interviewer.conduct.single import SingleGrade
from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.evaluation.paired import Graded, Pair, Spread, average, graded, net_size, share, spread
from interviewer.evaluation.results import Row
from tests.evaluation.suite_runs import AT

C, P, M = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING


def grade(score: float, *verdicts: Verdict, committed: bool = False) -> SingleGrade:
    return SingleGrade(
        status="graded",
        points=tuple(PointFinding(id=f"k{n}", verdict=v) for n, v in enumerate(verdicts, 1)),
        pitfalls=(PitfallFinding(id="p1", committed=committed),),
        score=score,
        band=3,
        engine="e",
    )


def graded_as(*grades: SingleGrade, item: str = "i") -> Graded:
    return Graded(item, "q", grades)


def test_rows_are_gathered_by_item_and_failures_left_out() -> None:
    ungraded = SingleGrade(status="ungraded", reason="timeout", engine="e")
    rows = [
        Row(key=f"{item}{n}", item=item, case_id=item, cluster="q", repeat=n, grade=g, at=AT)
        for item, n, g in (("a", 1, grade(60)), ("a", 0, grade(40)), ("b", 0, ungraded))
    ]
    found = graded(rows)
    assert list(found) == ["a"]
    assert found["a"].scores == [40, 60]


def test_a_shift_is_in_steps() -> None:
    assert Pair(graded_as(grade(40)), graded_as(grade(62))).shift == pytest.approx(1)
    assert Pair(graded_as(grade(40), grade(62)), graded_as(grade(40))).shift == pytest.approx(-0.5)


def test_noise_is_what_repeats_give_a_shift() -> None:
    one = graded_as(grade(40), grade(62))
    assert spread([one]).steps == pytest.approx(math.sqrt(0.5))
    assert spread([one]).points == pytest.approx(math.sqrt(242))
    assert spread([graded_as(grade(40))]) == Spread(0, 0)
    pair = Pair(one, graded_as(grade(40)))
    assert pair.noise(1.0) == pytest.approx(math.sqrt(1.5))


def test_size_is_nothing_where_only_noise_moves_grades() -> None:
    rng = np.random.default_rng(1)

    def noisy(shift: float) -> list[Pair]:
        made = []
        for _ in range(600):
            scores = 50 + rng.normal(0, 6, 4)
            before = graded_as(grade(float(scores[0])), grade(float(scores[1])))
            made.append(Pair(before, graded_as(grade(float(scores[2] + shift)), grade(float(scores[3] + shift)))))
        return made

    def size(pairs: list[Pair]) -> float:
        return net_size(pairs, spread([g for p in pairs for g in (p.before, p.now)]).steps)

    assert size(noisy(0)) < 0.1
    assert size(noisy(11)) == pytest.approx(0.5, abs=0.06)
    assert net_size([], 1.0) == 0


def test_verdicts_that_change_are_counted_beyond_those_that_change_anyway() -> None:
    steady, other = graded_as(grade(50, C, M)), graded_as(grade(50, C, C))
    assert Pair(steady, steady).flips() == 0
    assert Pair(steady, other).flips() == pytest.approx(1 / 3)
    restless = graded_as(grade(50, C, M), grade(50, M, M))
    assert Pair(restless, restless).flips() == pytest.approx((0.5 - 1) / 3)


def test_verdicts_that_are_drawn_at_random_change_no_more_than_between_repeats() -> None:
    rng = np.random.default_rng(2)
    kinds = [C, P, M]

    def drawn() -> Graded:
        return graded_as(*(grade(50, *(kinds[i] for i in rng.integers(3, size=6))) for _ in range(3)))

    flips = [Pair(drawn(), drawn()).flips() for _ in range(400)]
    assert abs(float(np.mean(flips))) < 0.01


def test_what_turned_is_told_by_the_commonest_verdict() -> None:
    before = graded_as(grade(50, C, M), grade(50, C, M), grade(50, P, M))
    now = graded_as(grade(50, M, M, committed=True))
    assert Pair(before, now).turned() == ["k1 covered -> missing", "p1 no -> committed"]
    assert before.credit("k1") == pytest.approx((1 + 1 + 0.5) / 3)
    assert now.credit("p1") == 1
    assert now.credit("k9") == 0


def test_standing_earlier_pays_where_later_points_are_judged_worse() -> None:
    before = grade(50, C, C, P, P)
    turned = zip(("k4", "k3", "k2", "k1"), (C, C, P, P), strict=True)
    after = before.model_copy(update={"points": tuple(PointFinding(id=name, verdict=v) for name, v in turned)})
    assert Pair(graded_as(before), graded_as(after)).ahead() == pytest.approx(0.5)
    assert Pair(graded_as(before), graded_as(before)).ahead() is None


def test_a_share_of_none_or_all_is_not_certain() -> None:
    clusters = [f"q{n % 10}" for n in range(100)]
    none, every = share("x", [False] * 100, clusters), share("x", [True] * 100, clusters)
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(2.262**2 / (100 + 2.262**2), abs=1e-4)
    assert every.value == every.high == 1
    assert every.low == pytest.approx(1 - (none.high or 0))


def test_a_share_that_goes_with_the_question_is_less_sure() -> None:
    alike = [n // 10 < 5 for n in range(100)]
    mixed = [n % 2 == 0 for n in range(100)]
    questions = [f"q{n // 10}" for n in range(100)]
    sure, unsure = share("x", mixed, questions), share("x", alike, questions)
    assert sure.value == unsure.value == 0.5
    assert (unsure.high or 0) - (unsure.low or 0) > 2 * ((sure.high or 0) - (sure.low or 0))


def test_shares_of_a_clustered_sample_are_covered_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    true, hits = 0.1, 0
    for _ in range(400):
        chance = rng.beta(1, 9, size=30)
        flags = [bool(f) for p in chance for f in rng.random(8) < p]
        found = share("x", flags, [f"q{n // 8}" for n in range(240)])
        hits += (found.low or 0) <= true <= (found.high or 0)
    assert hits / 400 > 0.92


def test_nothing_to_average_is_told() -> None:
    assert average("x", [], []).value is None
    assert average("x", [], []).note == "nothing to measure"
    one = average("x", [1.0, 2.0], ["q", "q"])
    assert (one.value, one.low, one.high) == (1.5, None, None)
