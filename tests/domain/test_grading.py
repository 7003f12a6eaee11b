"""Scores, bands, quotes: the arithmetic of a grade, and what counts as said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.grading import (
    BAND_FLOORS,
    GradedPitfall,
    GradedPoint,
    Origin,
    PitfallFinding,
    PointFinding,
    Verdict,
    anchors,
    band,
    better,
    normalise,
    quoted_in,
    score,
    score_points,
    verify_pitfalls,
    verify_points,
)
from tests.factories import question

COVERED, PARTIAL, MISSING, CONTRADICTED = Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING, Verdict.CONTRADICTED
UNPROMPTED, EARLY, PROBED, HINTED = Origin.UNPROMPTED, Origin.EARLY, Origin.PROBED, Origin.HINTED


def points(*standing: tuple[Verdict, Origin]) -> list[GradedPoint]:
    return [GradedPoint(id=f"k{n}", verdict=v, origin=o) for n, (v, o) in enumerate(standing, 1)]


def pitfalls(count: int) -> list[GradedPitfall]:
    return [GradedPitfall(id=f"p{n}", committed=True) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("weights", "standing", "committed", "expected"),
    [
        ((1, 1), [(COVERED, UNPROMPTED), (COVERED, UNPROMPTED)], 0, 100),
        ((1, 1), [(COVERED, EARLY), (COVERED, UNPROMPTED)], 0, 100),
        ((1, 1), [(COVERED, PROBED), (COVERED, UNPROMPTED)], 0, 95),
        ((1, 1), [(COVERED, HINTED), (COVERED, UNPROMPTED)], 0, 80),
        ((1, 1), [(PARTIAL, UNPROMPTED), (MISSING, UNPROMPTED)], 0, 25),
        ((1, 1), [(PARTIAL, PROBED), (PARTIAL, HINTED)], 0, 37.5),
        ((1, 1), [(CONTRADICTED, UNPROMPTED), (COVERED, UNPROMPTED)], 0, 50),
        ((3, 1), [(COVERED, UNPROMPTED), (MISSING, UNPROMPTED)], 0, 75),
        ((1, 1), [(COVERED, UNPROMPTED), (COVERED, UNPROMPTED)], 1, 90),
        ((1, 1), [(COVERED, UNPROMPTED), (COVERED, UNPROMPTED)], 3, 70),
        ((1, 1), [(COVERED, UNPROMPTED), (COVERED, UNPROMPTED)], 5, 70),
        ((1, 1), [(MISSING, UNPROMPTED), (MISSING, UNPROMPTED)], 3, 0),
        ((1, 1), [], 0, 0),
    ],
)
def test_the_formula(
    weights: tuple[float, ...], standing: list[tuple[Verdict, Origin]], committed: int, expected: float
) -> None:
    asked = question(weights=weights, pitfalls=5)
    assert score(asked, points(*standing), pitfalls(committed)) == pytest.approx(expected)


def test_points_and_pitfalls_of_another_question_do_not_count() -> None:
    asked = question(weights=(1, 1), pitfalls=0)
    stray = GradedPoint(id="elsewhere", verdict=COVERED)
    assert score(asked, [*points((COVERED, UNPROMPTED)), stray], pitfalls(2)) == pytest.approx(50)


def test_nothing_to_score_against_is_an_error_and_no_zero() -> None:
    with pytest.raises(ValueError, match="no key points"):
        score(question(weights=()), [], [])


@given(
    st.lists(
        st.tuples(st.floats(0.1, 9), st.sampled_from(list(Verdict)), st.sampled_from(list(Origin))),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 5),
)
def test_a_score_is_on_the_scale_and_a_better_answer_never_earns_less(
    drawn: list[tuple[float, Verdict, Origin]], committed: int
) -> None:
    asked = question(weights=[w for w, _, _ in drawn], pitfalls=5)
    standing = points(*((v, o) for _, v, o in drawn))
    value = score(asked, standing, pitfalls(committed))
    assert 0 <= value <= 100 + 1e-9
    improved = [GradedPoint(id=standing[0].id, verdict=COVERED), *standing[1:]]
    assert score(asked, improved, pitfalls(committed)) >= value
    assert score(asked, standing, pitfalls(committed + 1)) <= value


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 1), (14.9, 1), (15, 2), (39.9, 2), (40, 3), (61.9, 3), (62, 4), (84.9, 4), (85, 5), (100, 5)],
)
def test_band_edges(value: float, expected: int) -> None:
    assert band(value) == expected


def test_every_band_has_an_anchor_in_the_questions_own_words() -> None:
    steps = anchors(question(weights=(1, 2, 1, 1)))
    assert len(steps) == len(BAND_FLOORS)
    assert "Statement 2" in steps[2], "the heaviest point stands for a middling answer"
    assert all(f"Statement {n}" in steps[4] for n in (1, 2, 3, 4))
    assert anchors(question(weights=())) == ()


def test_the_anchors_of_a_question_with_a_single_point_are_still_english() -> None:
    for step in anchors(question(weights=(1,))):
        assert "1 of the 1" not in step
        assert "all 1" not in step


SAID = "We “ship” on  Fridays —\nnever before it’s green: the data-base gets 99.9 % of reads."


@pytest.mark.parametrize(
    "quote",
    [
        'We "ship" on Fridays',
        "we “SHIP” on fridays",
        "Fridays - never before it's green",
        "on Fridays –\n\n never",
        "be\u200bfore it’s green",
        "da\u00adta-base",
        "data\u2011base",
        "the\u00a0data-base",
        "“Fridays”"[1:-1],
        '"never before it\'s green."',
        "99.9 % of reads",
        "...it's green...",
    ],
)
def test_a_quote_is_found_whatever_its_signs(quote: str) -> None:
    assert quoted_in(quote, SAID)


@pytest.mark.parametrize(
    "quote",
    ["", " ", ".", ",", "—", "“”", "...", "- -", "%", "?!", "hip", "base get", "Fridays never", "always before"],
)
def test_a_quote_that_was_not_said_is_not_found(quote: str) -> None:
    assert not quoted_in(quote, SAID)


def test_invisible_characters_in_the_answer_do_not_break_a_quote() -> None:
    assert quoted_in("roll back first", "I would ro\u200bll\u2060 back\ufeff first.")


def test_a_quote_may_run_over_two_messages() -> None:
    assert quoted_in("a queue with retries", "I would use a queue\nwith retries")


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=12), st.data())
def test_any_run_of_whole_words_is_a_quote(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    assert quoted_in(" ".join(words[start:end]), "  ".join(words).upper())


def test_a_verdict_without_its_quote_is_dropped_and_marked() -> None:
    found = [
        PointFinding(id="k1", verdict=COVERED, quote="a queue"),
        PointFinding(id="k2", verdict=COVERED, quote="a database"),
        PointFinding(id="k3", verdict=PARTIAL),
        PointFinding(id="k4", verdict=MISSING, quote="whatever"),
        PointFinding(id="k5", verdict=CONTRADICTED, quote="a queue with"),
    ]
    checked = verify_points(found, "I use a queue with retries.")
    assert [(f.verdict, f.unsupported) for f in checked] == [
        (COVERED, False),
        (MISSING, True),
        (MISSING, True),
        (MISSING, False),
        (CONTRADICTED, False),
    ]
    assert checked[1].quote == ""


def test_a_pitfall_without_its_quote_is_dropped_and_marked() -> None:
    found = [
        PitfallFinding(id="p1", committed=True, quote="no tests"),
        PitfallFinding(id="p2", committed=True, quote="no docs"),
        PitfallFinding(id="p3", committed=False),
    ]
    checked = verify_pitfalls(found, "There were no tests.")
    assert [(f.committed, f.unsupported) for f in checked] == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        (None, (MISSING, UNPROMPTED), "new"),
        ((MISSING, UNPROMPTED), (PARTIAL, PROBED), "new"),
        ((PARTIAL, UNPROMPTED), (COVERED, HINTED), "new"),
        ((COVERED, UNPROMPTED), (COVERED, PROBED), "old"),
        ((COVERED, HINTED), (PARTIAL, PROBED), "old"),
        ((COVERED, PROBED), (MISSING, PROBED), "old"),
        ((PARTIAL, UNPROMPTED), (CONTRADICTED, PROBED), "new"),
        ((COVERED, UNPROMPTED), (CONTRADICTED, PROBED), "old"),
        ((CONTRADICTED, UNPROMPTED), (MISSING, PROBED), "old"),
        ((CONTRADICTED, UNPROMPTED), (PARTIAL, PROBED), "new"),
    ],
)
def test_which_standing_of_a_point_holds(
    old: tuple[Verdict, Origin] | None, new: tuple[Verdict, Origin], holds: str
) -> None:
    before = GradedPoint(id="k1", verdict=old[0], origin=old[1]) if old else None
    after = GradedPoint(id="k1", verdict=new[0], origin=new[1])
    assert better(before, after) is (after if holds == "new" else before)


def test_a_score_is_rounded_down_so_that_it_never_seems_to_reach_the_next_band() -> None:
    assert [score_points(s) for s in (0.0, 14.99, 16.67, 84.999, 100.0)] == ["0", "14", "16", "84", "100"]
