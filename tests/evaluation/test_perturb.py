"""Changes of an answer are named, seeded and pure, and change only what they say."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.grading import Verdict, normalise
from interviewer.domain.text import words
from interviewer.evaluation.cases import Case, CasesError, Rating
from interviewer.evaluation.metamorphic import Options, items, variants
from interviewer.evaluation.perturb import (
    CHANGES,
    Change,
    Expected,
    Variant,
    decomposed,
    halves,
    harmless,
    keywords,
    typography,
    typos,
    without,
)
from interviewer.evaluation.rewritten import Rewriting, fitting, rewritings
from interviewer.evaluation.suites import suite
from tests.evaluation.suite_runs import cases

BY_NAME = {change.name: change for change in CHANGES}
STORED = fitting(cases().cases, rewritings())
PAIRS = [pytest.param(case, rewriting, id=case.id) for case, rewriting in STORED]
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=300)


def made(change: Change | str, case: Case, rewriting: Rewriting | None) -> list[Variant]:
    return list((BY_NAME[change] if isinstance(change, str) else change).variants(case, rewriting))


def unlike(case: Case, label: Rating) -> list[str]:
    """The statements on which a label differs from the case's."""
    points = zip(case.question.key_points, case.label.key_points, label.key_points, strict=True)
    pitfalls = zip(case.question.pitfalls, case.label.pitfalls, label.pitfalls, strict=True)
    return [k.id for k, a, b in points if a != b] + [p.id for p, x, y in pitfalls if x != y]


def test_there_are_enough_stored_answers_and_every_guide_has_some() -> None:
    assert len(STORED) >= 20
    assert len(Counter(case.guide for case, _ in STORED)) == 6
    assert all(r.paraphrases and r.concise and r.dialect and r.dialect_of and r.model_style for _, r in STORED)
    assert all(len(r.shows) >= 2 and r.negation for _, r in STORED)
    assert sum(r.pitfall is not None for _, r in STORED) >= 20


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.name)
def test_the_same_case_and_seed_give_the_same_variants(change: Change) -> None:
    for case, rewriting in STORED:
        assert made(change, case, rewriting) == made(change, case, rewriting)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.name)
def test_a_change_leaves_the_statements_as_they_are(change: Change) -> None:
    for case, variant in ((c, v) for c, rewriting in STORED for v in made(change, c, rewriting)):
        asked = variant.item.question
        assert len(asked.key_points) == len(case.question.key_points)
        assert {k.id: k.text for k in asked.key_points} == {k.id: k.text for k in case.question.key_points}
        assert asked.pitfalls == case.question.pitfalls
        assert asked.text == case.question.text
        assert variant.item.case_id == case.id
        assert variant.item.variant
        if change.name != "order of key points":
            assert asked == case.question


@pytest.mark.parametrize(("case", "rewriting"), PAIRS)
def test_what_must_not_move_a_grade_changes_no_verdict(case: Case, rewriting: Rewriting) -> None:
    for change in (c for c in CHANGES if c.expected is Expected.SAME):
        for variant in made(change, case, rewriting):
            truth = dict(zip((k.text for k in case.question.key_points), case.label.key_points, strict=True))
            held = zip((k.text for k in variant.item.question.key_points), variant.label.key_points, strict=True)
            assert dict(held) == truth
            assert variant.label.pitfalls == case.label.pitfalls


@pytest.mark.parametrize(("case", "rewriting"), PAIRS)
def test_a_point_deleted_negated_or_a_pitfall_added_changes_one_verdict(case: Case, rewriting: Rewriting) -> None:
    for name, verdict in (("point deleted", Verdict.MISSING), ("point negated", Verdict.CONTRADICTED)):
        for variant in made(name, case, rewriting):
            assert unlike(case, variant.label) == [variant.target]
            assert variant.label.key_points[int(variant.target[1:]) - 1] is verdict
            assert rewriting.shows[variant.target] not in variant.item.answer
    for variant in made("pitfall added", case, rewriting):
        assert unlike(case, variant.label) == [variant.target]
        assert variant.item.answer.startswith(case.answer)


@pytest.mark.parametrize(("case", "rewriting"), PAIRS)
def test_a_ladder_adds_one_point_a_rung_and_ends_below_the_answer(case: Case, rewriting: Rewriting) -> None:
    rungs = made("ladder", case, rewriting)
    assert len(rungs) == len(rewriting.shows)
    shown = [sum(v is Verdict.COVERED for v in r.label.key_points) for r in rungs]
    whole = sum(v is Verdict.COVERED for v in case.label.key_points)
    assert shown == list(range(whole - len(rungs), whole))
    lengths = [len(r.item.answer) for r in rungs]
    assert lengths == sorted(lengths)
    assert lengths[-1] < len(case.answer)


@pytest.mark.parametrize(("case", "rewriting"), PAIRS)
def test_a_split_or_turned_answer_keeps_every_word(case: Case, rewriting: Rewriting) -> None:
    (turned,) = made("order of thoughts", case, rewriting)
    (split,) = made("split over turns", case, rewriting)
    assert Counter(words(turned.item.answer)) == Counter(words(case.answer))
    assert words(" ".join((*split.item.earlier, split.item.answer))) == words(case.answer)
    assert split.item.earlier
    assert split.item.answer.startswith(rewriting.turn)
    assert turned.item.answer != case.answer


@pytest.mark.parametrize(("case", "rewriting"), PAIRS)
def test_a_changed_case_is_only_another_case(case: Case, rewriting: Rewriting) -> None:
    (lower,), (upper,) = made("lower case", case, rewriting), made("upper case", case, rewriting)
    assert lower.item.answer.casefold() == upper.item.answer.casefold() == case.answer.casefold()
    assert lower.item.answer != case.answer
    assert upper.item.answer != case.answer


@given(TEXT)
def test_typography_and_code_points_read_the_same(text: str) -> None:
    plain = " ".join(words(normalise(text)))
    assert " ".join(words(normalise(decomposed(text)))) == plain
    assert " ".join(words(normalise(typography(text)))).replace("...", "…") == plain.replace("...", "…")


def test_code_points_differ_and_compose_back() -> None:
    assert decomposed("A café, first floor") == "A cafe\u0301, \ufb01rst \ufb02oor"
    assert unicodedata.normalize("NFKC", decomposed("A café, first floor")) == "A café, first floor"
    assert typography('It\'s "so" - 5 ms...') == "It’s “so” ‑ 5\u00a0ms…"


@given(TEXT, st.integers())
def test_typos_keep_the_number_of_words_and_their_ends(text: str, seed: int) -> None:
    changed = typos(text, random.Random(seed))
    assert changed == typos(text, random.Random(seed))
    before, after = text.split(" "), changed.split(" ")
    assert len(before) == len(after)
    assert all(len(a) in (len(b), *range(len(b) // 2, len(b))) for b, a in zip(before, after, strict=True))


def test_typos_are_some_and_not_many() -> None:
    answers = [case.answer for case, _ in STORED]
    changed = [typos(answer, random.Random(1)) for answer in answers]
    pairs = [
        (a, b) for old, new in zip(answers, changed, strict=True) for a, b in zip(old.split(), new.split(), strict=True)
    ]
    assert 1 / 20 < sum(a != b for a, b in pairs) / len(pairs) < 1 / 8
    assert all(a[0] == b[0] for a, b in pairs)
    assert all(a == b for a, b in pairs if any(c.isdigit() for c in a))


@given(st.integers(1, 300), st.integers())
def test_harmless_words_are_as_many_as_asked_for(count: int, seed: int) -> None:
    said = harmless(count, random.Random(seed))
    longest = max(len(words(line)) for line in suite("harmless")["say"])
    assert count <= len(words(said)) <= count + longest


def test_harmless_sentences_share_no_telling_word_with_any_statement() -> None:
    told = {w for case, _ in STORED for k in case.question.key_points for w in words(k.text) if len(w) > 7}
    said = {w for line in suite("harmless")["say"] for w in words(line)}
    assert len(said & told) <= 5


def test_halves_without_a_marked_place_are_cut_between_sentences() -> None:
    assert halves("One is here. Two is there. Three.") == ("One is here. Two is there.", "Three.")
    assert halves("Only one") == ("Only one", "")


def test_keywords_name_what_is_told_and_not_what_is_asked() -> None:
    case = STORED[0][0]
    said = keywords(case.question).split(", ")
    assert len(said) == len(set(said)) > 20
    assert not set(said) & {"charged", "payment", "customer"}


def test_a_passage_goes_without_a_trace() -> None:
    assert without("One. Two. Three.", ["Two."]) == "One. Three."
    assert without("One.\n\nTwo. Three.", ["Two."]) == "One.\n\nThree."


def test_names_and_paraphrases_are_variants_of_their_own() -> None:
    ids = [item.id for item in items(cases())]
    assert len(ids) == len(set(ids))
    assert len([i for i in ids if "/name/" in i]) == 3 * len(STORED)
    assert {v.change for v in variants(cases())} == set(BY_NAME)


def test_only_the_chosen_changes_are_made() -> None:
    chosen = variants(cases(), Options(changes=("empty", "typos")))
    assert Counter(v.change for v in chosen) == {"empty": len(STORED), "typos": len(STORED)}
    with pytest.raises(Exception, match="There is no change 'mistakes'"):
        variants(cases(), Options(changes=("mistakes",)))


def test_a_rewriting_that_no_longer_fits_is_told() -> None:
    case, rewriting = STORED[0]
    other = case.model_copy(update={"answer": "Something else altogether."})
    with pytest.raises(CasesError, match="does not fit: 'Stripe, yes,' is there 0 times"):
        fitting([other], {case.id: rewriting})
    uncovered = case.label.model_copy(update={"key_points": (Verdict.MISSING,) * len(case.label.key_points)})
    with pytest.raises(CasesError, match="k3 is not covered"):
        fitting([case.model_copy(update={"label": uncovered})], {case.id: rewriting})
