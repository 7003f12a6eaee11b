from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest

from interviewer.evaluation.report_cases import Evidence
from interviewer.evaluation.report_html import page
from interviewer.evaluation.results import Outcome
from tests.reports.pages import Reader, assert_sound

from .report_samples import NASTY, REGRESSED, agreement, evidence, info, metamorphic, report


@pytest.fixture(scope="module")
def found() -> Evidence:
    return evidence(24, 2)


@pytest.fixture(scope="module")
def whole(found: Evidence) -> str:
    return page(report(agreement(REGRESSED, found), metamorphic()), [found])


def test_the_page_is_sound_and_loads_nothing(whole: str) -> None:
    reader = assert_sound(whole)
    policies = [a["content"] or "" for t, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    digest = b64encode(sha256(reader.style.encode()).digest()).decode()
    assert policies[0] == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


def test_the_title_and_the_banner_say_the_outcome(whole: str) -> None:
    assert "<title>Check of prompts/assess.md.j2: Regression</title>" in whole
    assert '<section class="verdict regression"' in whole
    assert '<section class="verdict measured"' in page(report(agreement((), outcome=None, baseline=None)))


def test_a_row_a_metric_with_its_picture(whole: str) -> None:
    table = whole[whole.index('<table class="stack forest"') :].partition("</table>")[0]
    assert table.count("<circle") == 3
    assert table.count('class="bad"') == 4
    assert "−0.082 to −0.040" in table


def test_a_picture_is_hidden_from_readers_and_its_figures_are_not(whole: str) -> None:
    for tag, attrs in Reader(whole).elements:
        if tag == "svg" and "plot" in (attrs.get("class") or ""):
            assert attrs["aria-hidden"] == "true"
    assert '<th role="columnheader" scope="col" class="number">Baseline</th>' in whole


def test_the_prompts_change_is_shown_word_by_word(whole: str) -> None:
    diff = whole[whole.index('<div class="diff"') :].partition("</details>")[0]
    assert "<del>may</del>" in diff
    assert "<ins>must</ins>" in diff
    assert diff.count('class="gone"') == diff.count('class="new"') == 1


def test_the_same_prompt_is_said_to_be_the_same(found: Evidence) -> None:
    same = Evidence(found.items, found.cases, found.baseline, found.baseline, found.prompts)
    assert "The prompt is the same as the baseline's." in page(report(agreement()), [same])


def test_every_case_can_be_unfolded_and_moves_point_at_theirs(whole: str, found: Evidence) -> None:
    assert whole.count('<details class="case ') == len(found.items)
    anchors = dict(
        re.findall(r'<details class="case [^"]*" id="(s1c\d+)">\n<summary>.*?<bdi class="id">(.*?)</bdi>', whole)
    )
    linked = re.findall(r'<a href="#(s1c\d+)"><bdi>(.*?)</bdi></a>', whole)
    assert len(linked) == 5
    assert all(anchors[anchor] == item for anchor, item in linked)


def test_a_case_has_question_answer_labels_verdicts_prompt_and_reply(whole: str, found: Evidence) -> None:
    name, item = next(iter(found.items.items()))
    start = whole.index(f'<bdi class="id">{name}</bdi>')
    case = whole[start : whole.index('<details class="case ', start)]
    shown = Reader(f"<details><summary>{case.strip()}").text
    assert item.question.text in Reader(whole).text
    assert item.answer in re.sub("<sup>.*?</sup>|<[^>]*>", "", unescape(case))
    for statement in (*item.question.key_points, *item.question.pitfalls):
        assert statement.text in shown
    assert "<mark" in case
    assert "TOKEN is" in shown
    assert found.now[name][0].raw[0] in shown
    assert "Now, repeat 1" in shown


def test_a_prompt_is_whole_when_put_together(whole: str, found: Evidence) -> None:
    reader = Reader(whole).text
    system = found.prompts[next(iter(found.now.values()))[0].prompt][0]
    assert " ".join(system.split()) in reader
    assert reader.count(" ".join(system.split())) == 1


def test_only_what_there_is_can_be_chosen(whole: str, found: Evidence) -> None:
    assert 'class="f-moved"' in whole
    assert 'class="f-ungraded"' in whole
    assert 'class="f-violation"' not in whole
    for tag in ("moved", "off", "ungraded"):
        shown = len(re.findall(rf'<details class="case [^"]*\b{tag}\b', whole))
        assert re.search(rf'class="f-{tag}"> [a-z ]+ \({shown}\)', whole)


def test_what_was_not_graded_says_why(whole: str) -> None:
    assert "now: not graded, refused" in whole


def test_untrusted_text_everywhere_stays_text(found: Evidence) -> None:
    name, item = next(iter(found.items.items()))
    question = item.question.model_copy(update={"text": NASTY})
    rows = [r.model_copy(update={"raw": (NASTY,)}) for r in found.now[name]]
    nasty = Evidence(
        {name: item.model_copy(update={"answer": NASTY, "question": question})},
        {},
        {},
        {name: rows},
        {rows[0].prompt: (NASTY, NASTY)},
    )
    result = agreement(REGRESSED, info=info(NASTY), moves=())
    text = page(report(result, title=NASTY), [nasty])
    assert_sound(text)
    assert "⟨U+202E⟩" in text
    assert "⟨U+0000⟩" in text
    assert "⟨U+E0041⟩" in text
    assert "\u202e" not in text
    text.encode("utf-8")


def test_an_invalid_run_shows_its_problems() -> None:
    text = page(report(agreement((), outcome=Outcome.INVALID, problems=("The cases changed.",))))
    assert '<p class="callout invalid"><strong>Problem:</strong> The cases changed.</p>' in text
    assert_sound(text)


def test_a_confusion_matrix_has_shares_of_its_rows(whole: str) -> None:
    table = whole[whole.index('<table class="matrix"') :].partition("</table>")[0]
    assert '<td class="h7 same"><strong>812</strong><span class="share">74 %</span></td>' in table
    assert table.count("same") == 4


def test_without_gradings_there_is_no_case_by_case_part() -> None:
    assert "Case by case" not in page(report(agreement()))
    assert "Case by case" not in page(report(agreement()), [Evidence()])


def test_two_runs_of_one_suite_have_their_own_cases() -> None:
    one, other = evidence(6, 1), evidence(6, 1)
    name = next(iter(other.items))
    other.now[name] = [r.model_copy(update={"raw": ("Said by the other.",)}) for r in other.now[name]]
    text = page(report(agreement(), agreement()), [one, other])
    first, second = text.split('id="s2')[0], text.split('id="s2', 1)[1]
    assert "Said by the other." not in first
    assert "Said by the other." in second
