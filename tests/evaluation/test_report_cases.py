from __future__ import annotations

import pytest

from interviewer.domain.grading import Verdict
from interviewer.evaluation import report_cases
from interviewer.evaluation.report_cases import Evidence, drilldown
from interviewer.evaluation.report_prompts import GAP, Prompts, changes, shared_ends
from interviewer.evaluation.report_quotes import Piece, Quote, painted, revealed
from interviewer.evaluation.results import Row

from .report_samples import REGRESSED, VIOLATIONS, agreement, evidence


def regraded(row: Row, verdict: Verdict, quote: str = "") -> Row:
    """A row in which the first point has this verdict."""
    first = row.grade.points[0].model_copy(update={"verdict": verdict, "quote": quote})
    return row.model_copy(update={"grade": row.grade.model_copy(update={"points": (first, *row.grade.points[1:])})})


def one(found: Evidence) -> tuple[str, Evidence]:
    """The first item alone."""
    name = next(iter(found.items))
    pick = {name: found.items[name]}
    return name, Evidence(pick, found.cases, found.baseline, found.now, found.prompts)


def test_cases_stand_under_their_questions_in_order() -> None:
    found = evidence(12)
    view = drilldown(agreement(found=found), found, "s1")
    assert [len(asked.cases) for asked in view.asked] == [6, 6]
    assert [case.id for asked in view.asked for case in asked.cases] == list(found.items)
    assert view.anchors[next(iter(found.items))] == "s1c1"


def test_verdicts_of_repeats_are_counted_and_the_commonest_is_first() -> None:
    name, found = one(evidence(1, 3))
    row = found.now[name][0]
    rows = [regraded(row, Verdict.PARTIAL), regraded(row, Verdict.COVERED, "I"), regraded(row, Verdict.COVERED, "I")]
    found.now[name] = rows
    case = drilldown(agreement(), found, "s").asked[0].cases[0]
    assert case.statements[0].now.text == "covered 2, partial 1"
    assert case.statements[0].now.kind == "covered"


def test_tags_say_what_a_case_is() -> None:
    name, found = one(evidence(1))
    label = found.cases[name].label.key_points[0]
    other = next(v for v in Verdict if v is not label)
    found.baseline[name] = [regraded(found.baseline[name][0], label)]
    found.now[name] = [regraded(found.baseline[name][0], label)]
    still = drilldown(agreement(), found, "s").asked[0].cases[0]
    assert "moved" not in still.tags
    found.now[name] = [regraded(found.now[name][0], other)]
    violation = VIOLATIONS[0].model_copy(update={"item": name})
    moved = drilldown(agreement(violations=(violation,)), found, "s")
    assert set(moved.asked[0].cases[0].tags) == {"moved", "off", "violation"}
    assert moved.tags == {"moved": 1, "off": 1, "violation": 1}


def test_labels_of_a_changed_answer_are_said_to_be_of_the_one_before() -> None:
    name, found = one(evidence(1))
    found.items[name] = found.items[name].model_copy(update={"variant": "typos"})
    found.now[name] = [regraded(found.now[name][0], v) for v in Verdict]
    case = drilldown(agreement(), found, "s").asked[0].cases[0]
    assert case.remarks == (report_cases.LABELS_OF_ANOTHER,)
    assert case.labelled is None
    assert "off" not in case.tags


def test_evidence_is_put_together_from_what_a_run_has() -> None:
    found = evidence(12)
    first, *_ = found.items
    cases = [c.model_copy(update={"id": found.items[n].case_id}) for n, c in found.cases.items()]
    then = [row for rows in found.baseline.values() for row in rows]
    now = [row for rows in found.now.values() for row in rows]
    kept = {now[0].prompt: found.prompts[now[0].prompt]}
    made = Evidence.of([found.items[first]], cases, then, now, kept.__getitem__)
    assert made.baseline == {first: found.baseline[first]}
    assert made.now == {first: found.now[first]}
    assert made.cases == {first: found.cases[first]}
    assert made.prompts == kept


def test_without_a_baseline_nothing_moved() -> None:
    found = evidence(12)
    found.baseline.clear()
    view = drilldown(agreement(), found, "s")
    case = view.asked[0].cases[0]
    assert case.before is None
    assert case.statements[0].before.text == "n/a"
    assert "moved" not in view.tags


def test_of_too_many_cases_those_that_matter_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_cases, "MOST", 5)
    found = evidence(60)
    broken = list(found.items)[-1]
    found.now[broken] = found.baseline[broken]
    view = drilldown(agreement(violations=(VIOLATIONS[0].model_copy(update={"item": broken}),)), found, "s")
    assert (view.shown, view.left_out) == (5, 55)
    assert broken in view.anchors
    ungraded = [n for n, rows in found.now.items() if rows[0].grade.score is None]
    assert set(ungraded) <= set(view.anchors)


def test_a_reply_that_reads_the_same_is_not_repeated() -> None:
    name, found = one(evidence(1, 2))
    found.now[name] = [r.model_copy(update={"raw": ("same", "other")}) for r in found.now[name]]
    found.baseline[name] = []
    replies = drilldown(agreement(), found, "s").asked[0].cases[0].replies
    assert [(r.text, r.same) for r in replies] == [
        ("same", ""),
        ("other", ""),
        ("", "Now, repeat 1, reply 1"),
        ("", "Now, repeat 1, reply 2"),
    ]


def test_earlier_words_and_quotes_in_them_are_shown() -> None:
    name, found = one(evidence(1))
    found.items[name] = found.items[name].model_copy(update={"earlier": ("Said before.",), "answer": "And now."})
    found.now[name] = [regraded(found.now[name][0], Verdict.COVERED, "Said before")]
    case = drilldown(agreement(), found, "s").asked[0].cases[0]
    assert case.said[0] == Piece("Said before", "now", "k1")
    assert "".join(p.text for p in case.said) == "Said before.\nAnd now."


def test_quotes_are_found_and_the_text_stays_whole() -> None:
    said = "We check the data first, then train."
    pieces, lost = painted(said, [Quote("k1", "now", "check the data"), Quote("k2", "baseline", "then train")])
    assert pieces == (
        Piece("We "),
        Piece("check the data", "now", "k1"),
        Piece(" first, "),
        Piece("then train", "baseline", "k2"),
        Piece("."),
    )
    assert lost == []


def test_overlapping_quotes_keep_both_points() -> None:
    pieces, _ = painted("one two three", [Quote("k1", "now", "one two"), Quote("k2", "baseline", "two three")])
    assert pieces == (Piece("one ", "now"), Piece("two", "now", "k1"), Piece(" three", "baseline", "k2"))


def test_the_same_words_can_show_several_points() -> None:
    pieces, _ = painted("all of it", [Quote("k1", "now", "all of it"), Quote("k3", "now", "all of it")])
    assert pieces == (Piece("all of it", "now", "k1 k3"),)


@pytest.mark.parametrize(
    ("said", "quote", "marked"),
    [
        ("He said “don’t panic”.", "HE SAID \"DON'T panic", "He said “don’t panic"),
        ("a  long\n\tgap here", "long gap", "long\n\tgap"),
        ("x \ufb01ne y", "fine", "\ufb01ne"),
        ("zero\u200bwidth", "zerowidth", "zero⟨U+200B⟩width"),
    ],
)
def test_a_quote_is_found_as_the_product_compares_it(said: str, quote: str, marked: str) -> None:
    pieces, lost = painted(said, [Quote("k1", "now", quote)])
    assert lost == []
    assert next(p.text for p in pieces if p.when) == marked


def test_a_quote_that_is_not_there_is_said_to_be() -> None:
    pieces, lost = painted("something else", [Quote("k1", "now", "made up")])
    assert pieces == (Piece("something else"),)
    assert lost == [Quote("k1", "now", "made up")]


@pytest.mark.parametrize("said", ["", "  ", "quote"])
def test_an_empty_answer_or_quote_breaks_nothing(said: str) -> None:
    pieces, _ = painted(said, [Quote("k1", "now", "quote"), Quote("k2", "now", "…")])
    assert "".join(p.text for p in pieces) == said


def test_what_nobody_sees_is_named_and_the_rest_stays() -> None:
    assert revealed("a\r\nb\rc\td\u200de é \U0001f600") == "a\nb\nc\td\u200de é \U0001f600"
    assert revealed("\x1b[0m\u202e\ufeff\ud800") == "⟨U+001B⟩[0m⟨U+202E⟩⟨U+FEFF⟩⟨U+D800⟩"


@pytest.mark.parametrize(
    ("texts", "ends"),
    [
        (["a b x c", "a b y z c"], (2, 1)),
        (["a b c"], (0, 0)),
        (["a b c", "a b c"], (3, 0)),
        (["a a", "a a a"], (2, 0)),
        (["x", "y"], (0, 0)),
    ],
)
def test_what_texts_share(texts: list[str], ends: tuple[int, int]) -> None:
    assert shared_ends([t.split() for t in texts]) == ends


def test_prompts_are_put_together_again_from_their_parts() -> None:
    sent = {f"i{n}": ("q1", ("system", f"Question?\nPoints\n{text}\nform")) for n, text in enumerate(["one", "two\n2"])}
    sent["i9"] = ("q2", ("other system", "Alone\nform"))
    prompts = Prompts(sent, "s")
    for name, (_, (system, user)) in sent.items():
        frame = prompts.frame(name)
        assert frame is not None
        parts = [p for p in (frame.head, prompts.own(name), frame.tail) if p]
        assert "\n".join(parts) == user
        assert prompts.systems[system] == frame.system
    assert prompts.own("i0") == "one"
    assert len(prompts.frames) == 2


def test_what_an_edit_changed_leaves_out_what_differs_from_answer_to_answer() -> None:
    before = [("Judge kindly.\nSame.", f"Question\n{word}\nThe form") for word in ("one", "two")]
    now = [("Judge strictly.\nSame.", f"Question\n{word}\nThe new form") for word in ("uno", "due")]
    found = changes(before, now)
    assert [c.kind for c in found] == ["gone", "new", "same", "gap", "same", "gone", "new"]
    assert found[0].pieces == (("Judge ", False), ("kindly", True), (".", False))
    assert ("new ", True) in found[-1].pieces
    shown = " ".join(text for change in found for text, _ in change.pieces)
    assert all(word not in shown for word in ("one", "uno", "two", "due"))
    assert found[4].pieces == ((GAP, False),)


def test_nothing_changed() -> None:
    assert changes([("s", "a\n1"), ("s", "a\n2")], [("s", "a\n3"), ("s", "a\n4")]) == []


def test_added_and_removed_lines() -> None:
    found = changes([("a\nb", "u")], [("a\nx\ny\nb", "u")])
    assert [(c.kind, c.pieces[0][0]) for c in found if c.kind != "same"] == [("new", "x"), ("new", "y")]


def test_a_regression_comes_with_its_cases() -> None:
    found = evidence(24)
    view = drilldown(agreement(REGRESSED, found), found, "s1")
    shifted = [c for asked in view.asked for c in asked.cases if "moved" in c.tags]
    assert len(shifted) == view.tags["moved"] > 5
