from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Category
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.state import Status
from interviewer.reports import words
from interviewer.reports.progress import Progress, as_html, as_json, as_markdown, as_terminal, progress
from interviewer.reports.text import mapped

from .pages import Reader, assert_sound
from .samples import CONFLICT, CONTAINERS, QUESTIONS, make_card, scored
from .test_terminal import printed

START = datetime(2026, 1, 5, tzinfo=UTC)


def formats(found: Progress) -> list[str]:
    markdown = Reader(MarkdownIt("commonmark").enable("table").render(as_markdown(found))).text
    return [Reader(as_html(found)).text, markdown, " ".join(printed(as_terminal(found), 10_000).split())]


def test_interviews_come_oldest_first_whatever_the_order(history: list[Scorecard]) -> None:
    found = progress(reversed(history))
    assert [s.interview_id for s in found.sittings] == ["card-0", "card-1", "card-2", "card-3", "card-4"]
    assert found == progress(history)


def test_an_interview_given_twice_counts_once(history: list[Scorecard]) -> None:
    assert progress([*history, history[0]]) == progress(history)


def test_an_interview_that_is_not_over_is_left_out(history: list[Scorecard]) -> None:
    going = make_card(interview_id="going", status=Status.ACTIVE, mode=Mode.ASSESS)
    found = progress([*history, going])
    assert found.unfinished == 1
    assert len(found.sittings) == 5
    assert "One more is not over yet and left out." in formats(found)[0]


def test_scores_mean_and_change(history: list[Scorecard]) -> None:
    found = progress(history)
    scores = [s.score for s in found.sittings]
    assert scores[0] == pytest.approx(31.2)
    assert found.mean == round(sum(s or 0 for s in scores) / 5, 1)
    assert found.change == round((scores[-1] or 0) - (scores[0] or 0), 1)


def test_a_category_that_did_not_count_leaves_a_gap(history: list[Scorecard]) -> None:
    trend = next(t for t in progress(history).categories if t.category is Category.PROBLEM_SOLVING)
    assert trend.scores == (50, 62, 70, None, 75)
    assert (trend.sittings, trend.latest, trend.change) == (4, 75, 25)


def test_weakest_questions_come_first_and_count_only_what_counts(history: list[Scorecard]) -> None:
    found = progress(history).questions
    assert found[0].question_id == "containers"
    assert [q.mean for q in found] == sorted(q.mean for q in found)
    assert next(q for q in found if q.question_id == "costs").times == 4


def test_a_skipped_question_counts_as_skipped() -> None:
    found = progress([make_card(questions=(CONFLICT,))])
    assert [(q.mean, q.times, q.skipped) for q in found.questions] == [(0, 1, 1)]
    assert found.points == ()


def test_a_strong_question_is_not_weak() -> None:
    assert progress([scored("a", START, {"roll-back": 90})]).questions == ()


def test_points_are_counted_over_the_answers() -> None:
    made = CONTAINERS.points[2].model_copy(update={"verdict": Verdict.COVERED})
    better = CONTAINERS.model_copy(update={"points": (*CONTAINERS.points[:2], made)})
    asked = (CONTAINERS, CONTAINERS, better)
    cards = [make_card(interview_id=str(n), questions=(question,)) for n, question in enumerate(asked)]
    kernel, cgroups = progress(cards).points
    assert (kernel.missed, kernel.times, kernel.opposite, kernel.latest) == (3, 3, 3, Verdict.CONTRADICTED)
    assert (cgroups.missed, cgroups.times, cgroups.opposite, cgroups.latest) == (2, 3, 0, Verdict.COVERED)


def test_cautions_name_what_differs(history: list[Scorecard]) -> None:
    assert progress(history).cautions == ()
    assert progress(history[:2]).cautions == ("2 interviews are too few to speak of a trend.",)
    others = [
        history[0],
        history[1].model_copy(update={"engine": "openai", "guide_revision": "f" * 64}),
        history[2].model_copy(update={"guide_id": "other", "mode": Mode.ASSESS}),
    ]
    assert progress(others).cautions == (
        "These interviews used different engines, guides, revisions of a guide and modes, "
        "so compare their scores with care.",
    )


def test_nothing_yet() -> None:
    found = progress([])
    assert (found.mean, found.change, found.sittings) == (None, None, ())
    assert all("No interview is over yet." in text for text in formats(found))
    assert_sound(as_html(found))


def test_interviews_without_a_score() -> None:
    found = progress([scored("a", START, {"costs": None}), scored("b", START + timedelta(1), {"costs": None})])
    assert found.mean is None
    assert all(words.NO_SCORE in text for text in formats(found))
    assert_sound(as_html(found))


def test_every_format_shows_what_a_reader_must_see(history: list[Scorecard]) -> None:
    found = progress(history)
    for text in formats(found):
        for must in (
            "5 interviews.",
            "Problem solving",
            "Points that most often go missing",
            "Shared kernel: all containers",
            "Not fully made in 5 of 5 answers. The opposite was said 5 times. Last time: said the opposite.",
            "Weakest questions",
            CONTAINERS.text,
            words.CAUTION_PROGRESS,
            "not a hiring decision",
        ):
            assert must in text, must


def test_json_is_the_progress_itself(history: list[Scorecard]) -> None:
    found = progress(history)
    assert Progress.model_validate_json(as_json(found)) == found


def test_the_page_is_sound_and_its_plot_has_words(history: list[Scorecard]) -> None:
    reader = assert_sound(as_html(progress(history)))
    assert [attrs.get("role") for tag, attrs in reader.elements if tag == "svg"].count("img") == 1
    assert {"title", "desc", "table", "time"} <= {tag for tag, _ in reader.elements}


@pytest.mark.parametrize("text", ["<script>x</script>", "\x1b[31m[bold]", "# h\n[l](x) | `", "x" * 40_000, "\ud83d"])
def test_no_text_breaks_a_report(history: list[Scorecard], text: str) -> None:
    found = mapped(progress(history), lambda old: text)
    assert_sound(as_html(found)).text.encode()
    page = Reader(MarkdownIt("commonmark").enable("table").render(as_markdown(found)))
    assert not {tag for tag, _ in page.elements} & {"a", "img", "script"}
    shown = printed(as_terminal(found), 40)
    assert "\x1b" not in shown
    assert max(len(line) for line in shown.split("\n")) <= 40
    as_json(found).encode()


@given(st.lists(st.dictionaries(st.sampled_from([q.id for q in QUESTIONS]), st.none() | st.floats(0, 100)), max_size=8))
def test_any_history_can_be_reported(rows: list[dict[str, float | None]]) -> None:
    cards = [scored(f"c{n}", START + timedelta(days=n), row) for n, row in enumerate(rows)]
    found = progress(cards)
    assert len(found.sittings) == len(cards)
    assert all(0 <= q.mean <= 100 for q in found.questions)
    assert all(0 < p.missed <= p.times for p in found.points)
    assert_sound(as_html(found))
    assert as_markdown(found)
