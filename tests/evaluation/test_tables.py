"""From cases and rows to measures, tables, moves and warnings."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from interviewer.domain.grading import Verdict
from interviewer.evaluation import metrics
from interviewer.evaluation.answer_only import covered_guess, predicted
from interviewer.evaluation.cases import Case
from interviewer.evaluation.gate import compare, verdict
from interviewer.evaluation.gradings import gradings, overall, pairs, points
from interviewer.evaluation.moves import moves
from interviewer.evaluation.results import Measure, Outcome, Row, RunInfo, Table
from interviewer.evaluation.steadiness import facet_runs, stability_measures, variance_components
from interviewer.evaluation.tables import agreement_measures
from tests.evaluation.graded import AT, LETTERS, case, rating, row

SHARED = Path(__file__).resolve().parents[3] / "shared" / "answers" / "answers.jsonl"
NAMES = {verdict: letter for letter, verdict in LETTERS.items()}


def world(questions: int = 12, answers: int = 5, seed: int = 1) -> list[Case]:
    """Cases whose verdicts are drawn for each answer, two raters who mostly agree, and answers that say nothing."""
    draw = np.random.default_rng(seed)
    made = []
    for q in range(questions):
        for a in range(answers):
            skill = draw.random()
            verdicts = "".join("C" if x < skill else "P" if x < skill + 0.15 else "M" for x in draw.random(4))
            pitfall = bool(draw.random() < 0.4)
            name = f"q{q}-{a}"
            grade = float(np.clip(round(1 + 4 * verdicts.count("C") / 4), 1, 5))
            made.append(
                case(
                    name,
                    f"q{q}",
                    verdicts,
                    [pitfall],
                    overall=grade,
                    answer=" ".join(draw.choice(["alpha", "beta", "gamma", "delta"], 20)),
                    design="mixed" if a % 2 else "strong",
                    raters={
                        "ann": rating(name, verdicts, [pitfall], grade),
                        "bob": rating(name, noisy(verdicts, draw, 0.1), [pitfall], min(5.0, grade + draw.integers(2))),
                    },
                )
            )
    return made


def noisy(verdicts: str, draw: np.random.Generator, share: float) -> str:
    return "".join(str(draw.choice(list("CPM"))) if draw.random() < share else v for v in verdicts)


def letters(of: Case) -> str:
    return "".join(NAMES[v] for v in of.label.key_points)


def graded(cases: list[Case], errors: float = 0.2, repeats: int = 2, seed: int = 2) -> list[Row]:
    draw = np.random.default_rng(seed)
    return [
        row(c, noisy(letters(c), draw, errors), c.label.pitfalls, repeat=r, confidence=list(draw.uniform(0.5, 1, 4)))
        for c in cases
        for r in range(repeats)
    ]


def measures(cases: list[Case], rows: list[Row]) -> dict[str, Measure]:
    return {m.name: m for m in agreement_measures(cases, rows)[0]}


def tables(cases: list[Case], rows: list[Row]) -> dict[str, Table]:
    return {t.title: t for t in agreement_measures(cases, rows)[1]}


def test_rows_become_arrays_with_gaps_where_nothing_was_graded() -> None:
    cases = [case("a", "q", "CC", [True], overall=4.0), case("b", "q", "MM", [False])]
    rows = [row(cases[0], "CP", [True], repeat=1), row(cases[0], "", repeat=0), row(cases[1], "XM", variant="typos")]
    found = gradings(cases, rows)
    assert found.scores.tolist() == pytest.approx(np.array([[math.nan, 65.0], [math.nan, math.nan]]), nan_ok=True)
    assert found.human.tolist() == [4.0, 1.0]
    assert found.clusters == ["q", "q"]
    assert points(found).label.tolist() == [3, 3]
    assert points(found).engine.tolist() == [3, 2]


def test_of_two_rows_of_one_repeat_the_later_holds() -> None:
    one = case("a", "q", "CC")
    assert gradings([one], [row(one, "MM"), row(one, "CC")]).scores.tolist() == [[100.0]]


def test_a_rating_without_an_overall_grade_is_worth_its_verdicts() -> None:
    one = case("a", "q", "CM", [True])
    assert overall(one.question, one.label) == pytest.approx(float(metrics.steps(40.0)))


def test_measures_are_those_of_the_arrays() -> None:
    cases = world()
    rows = graded(cases)
    found, given = measures(cases, rows), gradings(cases, rows)
    assert found["qwk"].value == pytest.approx(metrics.qwk(given.human, given.steps).value)
    assert found["leniency"].value == pytest.approx(metrics.bias(given.human, given.steps).value)
    assert (found["qwk"].n, found["qwk"].clusters) == (60, 12)
    assert (found["point_kappa"].n, found["pitfall_kappa"].n) == (240, 60)
    assert found["pitfall_kappa"].value == 1.0
    assert found["human_qwk"].value == pytest.approx(metrics.human_agreement(given.ratings).value)
    for name, m in found.items():
        assert m.value is not None, name
        assert m.low is not None, name
        assert m.high is not None, name
        assert m.low <= m.value + 1e-9, name
        assert m.high >= m.value - 1e-9 or name == "calibration_error", name


def test_point_measures_by_hand() -> None:
    cases = [case("a", "q", "CM", overall=3.0), case("b", "r", "CM", overall=3.0)]
    rows = [row(cases[0], "CM", confidence=[0.9, 0.8]), row(cases[1], "MC", confidence=[0.6, 0.7])]
    found = measures(cases, rows)
    assert found["point_kappa"].value == 0.0
    assert found["concordance"].value == 0.5
    assert found["brier"].value == pytest.approx((0.01 + 0.04 + 0.36 + 0.49) / 4)
    assert found["calibration_error"].value == pytest.approx((0.1 + 0.2 + 0.6 + 0.7) / 4)
    assert found["pearson"].value is None
    assert found["pearson"].note


def test_concordance_ranks_by_verdict_and_then_by_confidence() -> None:
    one = case("a", "q", "CMPX")
    # The covered point is called missing, but with less confidence than the others: it is still ranked above them.
    close = row(one, "MMMM", confidence=[0.55, 0.9, 0.8, 0.95])
    assert measures([one], [close])["concordance"].value == 1.0
    wrong = row(one, "MPMM", confidence=[0.55, 0.9, 0.8, 0.95])
    assert measures([one], [wrong])["concordance"].value == pytest.approx(2 / 3)


def test_an_engine_that_grades_as_labelled_is_perfect_and_one_that_never_varies_is_worth_nothing() -> None:
    cases = world()
    right = measures(cases, [row(c, letters(c), c.label.pitfalls) for c in cases])
    assert right["point_kappa"].value == right["verdict_kappa"].value == right["point_ac2"].value == 1.0
    assert right["concordance"].value == 1.0
    flat = measures(cases, [row(c, "CCCC", [False]) for c in cases])
    assert flat["point_kappa"].value == pytest.approx(0.0)
    assert flat["concordance"].value == 0.5
    assert flat["qwk"].value == pytest.approx(0.0, abs=1e-9)
    assert flat["pearson"].value is None


def test_tables_count_every_grading() -> None:
    cases = world()
    found = tables(cases, graded(cases))
    assert found["Bands"].kind == "confusion"
    assert sum(int(n or 0) for r in found["Bands"].rows for n in r[1:] if not isinstance(n, str)) == 120
    assert found["Verdicts on key points"].columns == ("labelled", "covered", "partial", "missing", "contradicted")
    assert sum(n for r in found["Verdicts on key points"].rows for n in r[1:] if isinstance(n, int)) == 480
    assert [r[0] for r in found["By design"].rows] == ["mixed", "strong"]
    assert [r[1] for r in found["By design"].rows] == [24, 36]
    assert len(found["By question"].rows) == 12
    assert [r[0] for r in found["Raters"].rows] == ["ann and bob", "ann and the engine", "bob and the engine"]
    shares = {r[0]: r[1] for r in found["How often each verdict is given"].rows}
    assert shares["covered"] == pytest.approx(
        np.mean([v is Verdict.COVERED for c in cases for v in c.label.key_points])
    )


def test_labels_down_and_the_engine_across() -> None:
    one = case("a", "q", "CCMM", overall=2.0)
    found = tables([one], [row(one, "CCCC")])
    assert found["Bands"].rows[1] == ("2", 0, 0, 0, 0, 1)
    assert found["Verdicts on key points"].rows[2] == ("missing", 2, 0, 0, 0)


def test_nothing_graded_has_no_figures_and_says_so() -> None:
    cases = world(3, 2)
    found, made, _ = agreement_measures(cases, [row(c, "") for c in cases])
    engine = [m for m in found if m.name not in ("human_qwk", "answer_only_qwk")]
    assert all(m.value is None and m.note for m in engine)
    assert agreement_measures([], [])[1] == ()
    assert all("NaN" not in t.model_dump_json() for t in made)


def styled(questions: int = 14) -> list[Case]:
    """Cases of which the length of the answer says everything."""
    made = []
    for q in range(questions):
        for a, verdicts in enumerate(("MMMM", "MMMM", "CCCC", "CCCC")):
            words = "thorough detail matters here. " * (12 if verdicts == "CCCC" else 2)
            made.append(case(f"q{q}-{a}", f"q{q}", verdicts, answer=words))
    return made


def test_labels_that_style_predicts_are_warned_of_and_drawn_ones_are_not() -> None:
    cases = styled()
    found, _, warnings = agreement_measures(cases, graded(cases, errors=0.3))
    value = {m.name: m.value for m in found}
    assert value["answer_only_point_kappa"] == 1.0
    assert value["answer_only_qwk"] == pytest.approx(1.0, abs=0.05)
    assert len([w for w in warnings if "Style alone" in w]) == 2
    drawn = world(20, 6)
    assert not [w for w in agreement_measures(drawn, graded(drawn))[2] if "Style alone" in w]
    assert abs(measures(drawn, graded(drawn))["answer_only_point_kappa"].value or 0) < 0.2


def test_one_confidence_everywhere_and_few_questions_are_warned_of() -> None:
    cases = world(4)
    warnings = agreement_measures(cases, [row(c, letters(c), c.label.pitfalls) for c in cases])[2]
    assert any("same confidence" in w for w in warnings)
    assert any("only 4 questions" in w for w in warnings)


def test_a_guess_never_learns_from_answers_to_its_own_question() -> None:
    # Each question has words of its own that decide its labels: of no use for any other.
    answers = [f"{w}{q:02} " * 5 for q in range(12) for w in ("right", "wrong")]
    target = np.array([5.0, 1.0] * 12)
    clusters = [q for q in range(12) for _ in range(2)]
    assert abs(metrics.qwk(target, predicted(answers, target, clusters)).value) < 0.2
    assert np.isnan(predicted(["a", "b"], np.array([1.0, 2.0]), ["q", "q"])).all()
    assert np.isnan(covered_guess(["a"], np.array([1.0]), np.array([2.0]), ["q"])).all()


@pytest.mark.skipif(not SHARED.is_file(), reason="needs the designed answers in ../shared/answers")
def test_designed_answers_are_given_away_by_their_style() -> None:
    rows = [json.loads(line) for line in SHARED.read_text(encoding="utf-8").splitlines()]
    covered = np.array([sum(v == "covered" for v in r["key_points"]) for r in rows], float)
    count = np.array([len(r["key_points"]) for r in rows])
    guess = covered_guess([r["answer"] for r in rows], covered, count.astype(float), [r["question_id"] for r in rows])
    truth = np.array([v == "covered" for r in rows for v in r["key_points"]], int)
    assert metrics.kappa(truth, np.repeat(guess, count), 2).value > 0.5


def test_moves_say_how_far_and_which_statement_did_it() -> None:
    cases = [case("a", "q", "CCMM", [False]), case("b", "q", "CCCC", [False]), case("c", "q", "MMMM", [True])]
    before = [
        row(cases[0], "CCMM", [False], quote="as said"),
        row(cases[1], "CCCC", [False]),
        row(cases[2], "MMMM", [True]),
    ]
    now = [row(cases[0], "CMPM", [True], quote="now"), row(cases[1], "CPCC", [False]), row(cases[2], "MMMM", [False])]
    found = moves(cases, before, now)
    assert [m.item for m in found] == ["a", "b"]  # c scores 0 both times
    first = found[0]
    assert (first.labelled, first.before, first.now) == (50.0, 50.0, 27.5)
    assert [(p.id, p.before, p.now, p.labelled) for p in first.points] == [
        ("k2", "covered", "missing", "covered"),
        ("k3", "missing", "partial", "missing"),
        ("p1", "no", "committed", "no"),
    ]
    assert (first.points[0].quote_before, first.points[0].quote_now) == ("as said", "")
    assert [m.item for m in moves(cases, before, now, limit=1)] == ["a"]


def test_moves_of_repeats_are_means_and_say_how_many_repeats() -> None:
    one = case("a", "q", "CM")
    before = [row(one, "CM", repeat=r) for r in range(3)]
    now = [row(one, v, repeat=r) for r, v in enumerate(("CM", "MM", "MM"))]
    (move,) = moves([one], before, now)
    assert move.before == 50.0
    assert move.now == pytest.approx(50 / 3, abs=0.1)
    assert [(p.id, p.before, p.now) for p in move.points] == [("k1", "covered", "missing (2 of 3)")]
    assert moves([one], before, before) == []
    assert moves([one], before, [row(one, "", repeat=0)]) == []


def test_the_gate_takes_rows_and_pairs_them() -> None:
    cases = world()
    before = graded(cases)
    assert verdict(compare(pairs(cases, before, before))) is Outcome.PASS
    lenient = [row(c, "CCCC", [False], repeat=r) for c in cases for r in range(2)]
    worse = {d.name: d for d in compare(pairs(cases, before, lenient))}
    assert worse["leniency"].outcome is Outcome.REGRESSION
    assert worse["leniency"].difference > 0.5
    once = pairs(cases, before, [r for r in lenient if r.repeat == 0])
    assert once.now.shape == once.baseline.shape == (60, 1)


def test_stability_of_a_steady_and_of_a_noisy_engine() -> None:
    cases = world()
    steady = {m.name: m for m in stability_measures(cases, graded(cases, errors=0.0, repeats=3))[0]}
    assert steady["alpha"].value == pytest.approx(1.0)
    assert steady["icc"].value == pytest.approx(1.0)
    assert steady["all_equal"].value == steady["all_equal_verdicts"].value == 1.0
    assert steady["flips"].value == steady["sem"].value == steady["repeat_variance"].value == 0.0
    found, made, warnings = stability_measures(cases, graded(cases, errors=0.4, repeats=3))
    noisy_engine = {m.name: m.value or 0.0 for m in found}
    assert noisy_engine["alpha"] < 0.9
    assert noisy_engine["all_equal_verdicts"] < noisy_engine["all_equal"] < 1
    assert noisy_engine["sem"] == pytest.approx(math.sqrt(noisy_engine["repeat_variance"]))
    assert [t.title for t in made] == ["Where the variance of grades comes from", "Least steady answers"]
    shares = [r[2] for r in made[0].rows]
    assert sum(s for s in shares if isinstance(s, float)) == pytest.approx(1.0)
    assert warnings == ()


def test_one_repeat_says_nothing_of_stability() -> None:
    cases = world()
    found, made, warnings = stability_measures(cases, graded(cases, repeats=1))
    assert all(m.value is None and m.note for m in found)
    assert made == ()
    assert warnings


def test_components_tell_a_wording_from_noise() -> None:
    cases = world(20, 5)
    same = graded(cases, errors=0.1, repeats=2, seed=5)
    lenient = [row(c, letters(c).replace("M", "P"), c.label.pitfalls, repeat=r) for c in cases for r in range(2)]
    runs = [({"wording": "a"}, same), ({"wording": "b"}, lenient)]
    found = variance_components(cases, runs, ["wording"])
    assert list(found) == ["question", "answer", "wording", "answer x wording", "repeat"]
    assert found["wording"] > found["repeat"] * 0.5
    once = variance_components(cases, [(f, [r for r in rows if r.repeat == 0]) for f, rows in runs], ["wording"])
    assert list(once) == ["question", "answer", "wording", "repeat"]
    titles = [t.rows for t in stability_measures(cases, same, runs[1:])[1]]
    assert "wording" in [r[0] for r in titles[0]]


def test_runs_are_told_apart_by_prompt_and_model_where_they_can_be() -> None:
    def made(prompt: str, model: str) -> RunInfo:
        return RunInfo(suite="stability", engine="openai", model=model, parameters={"prompt": prompt}, at=AT)

    def levels(*others: RunInfo) -> list[dict[str, str]]:
        return [dict(each) for each, _ in facet_runs(made("a", "m"), [(info, ()) for info in others])]

    as_it_is = "as it is"
    assert levels(made("a", "m")) == []
    assert levels(made("b", "m")) == [{"wording": "b", "model": as_it_is}]
    assert levels(made("b", "m"), made("a", "n")) == [
        {"wording": "b", "model": as_it_is},
        {"wording": as_it_is, "model": "openai n"},
    ]
    assert levels(made("b", "n")) == [{"wording and model": "b openai n"}]
