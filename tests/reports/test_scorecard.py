from __future__ import annotations

from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from interviewer.domain.grading import Outcome
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.state import Status
from interviewer.reports import words
from interviewer.reports.scorecard import as_html, as_json, as_markdown, as_terminal
from interviewer.reports.text import mapped

from .pages import Reader, assert_sound
from .samples import QUESTIONS, make_card
from .test_terminal import printed

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</blockquote></details></style><h1>owned</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "# heading\n\n---\n\n- list\n1. one\n\n> out\n\n    code\n```\nfence",
    "[link](https://evil.example) ![image](https://evil.example/x.png) <https://evil.example>",
    "| a | b |\n| - | - |\n<!-- hidden -->",
    "\x1b[2J\x1b]0;title\x07\x9b31m\x00\x08 [bold red]markup[/bold red] [link=https://evil.example]x[/link]",
    "שלום \u202eevil\u202c مرحبا",
    "zero\u200bwidth\u200d\ufeff 👩‍👩‍👧 \ud83d \ufffe",
    "word " * 8_000,
    "x" * 40_000,
    "",
    "   ",
]


def plain(card: Scorecard, width: int = 10_000) -> str:
    """A terminal's words, without its line ends."""
    return " ".join(printed(as_terminal(card), width).split())


def words_of_markdown(card: Scorecard) -> str:
    return Reader(MarkdownIt("commonmark").enable("table").render(as_markdown(card))).text


def formats(card: Scorecard) -> list[str]:
    """The words of the card in every format for people."""
    return [Reader(as_html(card)).text, words_of_markdown(card), plain(card)]


def hostile(text: str) -> Scorecard:
    """A card in which every text is this one, ids apart."""
    card = make_card()
    spoilt = mapped(card, lambda old: text)
    questions = (q.model_copy(update={"id": old.id}) for q, old in zip(spoilt.questions, QUESTIONS, strict=True))
    advice = (a.model_copy(update={"question_id": q.id}) for a, q in zip(spoilt.advice, QUESTIONS, strict=False))
    return spoilt.model_copy(update={"questions": tuple(questions), "advice": tuple(advice)})


def test_every_format_shows_what_a_reader_must_see(card: Scorecard) -> None:
    for text in formats(card):
        for must in (
            "DevOps Engineer",
            "Practice interview, 12 March 2026, 34 minutes",
            "Developing",
            words.band_meaning(3),
            "5 questions graded, one skipped, one not graded and one not asked.",
            "What to work on next",
            "Problem solving",
            "Made",
            "Partly made",
            "Said the opposite",
            "Not made",
            "Pitfalls",
            "after a follow-up question",
            "after a hint",
            "made early, under another question",
            "the engine was unsure",
            "weight 2",
            "A model answer",
            "What Strong looks like here: makes nearly all 4 points",
            "The model did not answer within 60 seconds. This question does not count, for or against.",
            "Skipped, 0 of 100",
            "Nothing was shown here, so it counts as 0.",
            "Not asked",
            "For a reviewer",
            "None of them lowers the score.",
            "Worth a second look: the engine was unsure of 2 verdicts.",
            words.signal("steering"),
            words.provenance(card),
            words.CAUTION,
            words.intended_use(Mode.PRACTICE),
        ):
            assert must in text, must


def test_every_point_is_shown_with_its_quote(card: Scorecard) -> None:
    for text in formats(card):
        for question in card.questions:
            assert question.text in text
            for point in question.points:
                label, _, statement = point.text.partition(": ")
                assert f"{label}: {statement}" in text
                assert not point.quote or f"“{point.quote}”" in text
            for pitfall in question.pitfalls:
                assert f"{pitfall.text} “{pitfall.quote}”" in text


def test_an_assessment_that_is_over_shows_points_but_no_model_answer(assessed: Scorecard) -> None:
    for text in formats(assessed):
        assert "Assessment interview" in text
        assert "Reversibility: roll back" in text
        assert "model answer" not in text.lower()
        assert "Build once, test in layers" not in text
        assert words.intended_use(Mode.ASSESS) in text


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.PAUSED])
def test_an_assessment_that_is_not_over_shows_nothing(status: Status) -> None:
    card = make_card(mode=Mode.ASSESS, status=status)
    for text in [*formats(card), as_json(card)]:
        assert "Reversibility" not in text
        assert "Developing" not in text
        assert "50" not in text
    assert all(words.SEALED in text for text in formats(card))


def test_an_unfinished_practice_keeps_coming_questions_to_itself() -> None:
    card = make_card(status=Status.PAUSED)
    for text in formats(card):
        assert "The interview is paused" in text
        assert "one still to come" in text
        assert "passwords" not in text


def test_a_card_without_score_says_so() -> None:
    card = make_card(score=None, band=None, categories=(), advice=(), questions=(QUESTIONS[5], QUESTIONS[7]))
    for text in formats(card):
        assert words.NO_SCORE in text
        assert "0 of 100" not in text


def test_a_card_without_questions_is_a_page_too() -> None:
    card = make_card(score=None, band=None, categories=(), advice=(), questions=())
    assert_sound(as_html(card))
    assert as_markdown(card).startswith("# DevOps Engineer: scorecard")


def test_json_is_the_card_itself(card: Scorecard) -> None:
    assert Scorecard.model_validate_json(as_json(card)) == card


def test_json_escapes_controls_and_survives_half_a_pair() -> None:
    text = as_json(hostile("\x00\x1b[31m\ud83d"))
    assert "\x1b" not in text
    text.encode()
    assert Scorecard.model_validate_json(text).guide_title == "\x00\x1b[31m\ufffd"


def test_the_page_is_sound(card: Scorecard) -> None:
    reader = assert_sound(as_html(card))
    assert ("html", {"lang": "en"}) in reader.elements
    assert [tag for tag, _ in reader.elements].count("h1") == 1
    plots = [attrs for tag, attrs in reader.elements if tag == "svg" and attrs.get("role") == "img"]
    assert len(plots) == 4
    assert {"main", "header", "article", "section", "footer", "details", "table", "title", "desc"} <= {
        tag for tag, _ in reader.elements
    }


def test_headings_never_skip_a_level(card: Scorecard) -> None:
    levels = [int(tag[1]) for tag, _ in Reader(as_html(card)).elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_long_answers_are_folded_and_printed_open(card: Scorecard) -> None:
    reader = Reader(as_html(card))
    assert "details::details-content" in reader.style
    assert "@page" in reader.style
    assert "prefers-color-scheme: dark" in reader.style
    assert QUESTIONS[0].answers[1] in reader.text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_the_page(text: str) -> None:
    page = as_html(hostile(text))
    reader = assert_sound(page)
    assert [tag for tag, _ in reader.elements].count("h1") == 1
    assert text != "{{ 7 * 7 }}{% raw %}" or text in reader.text
    page.encode()
    assert "\x00" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_breaks_the_markdown(text: str) -> None:
    markdown = as_markdown(hostile(text))
    reader = Reader(MarkdownIt("commonmark").enable("table").render(markdown))
    assert not {tag for tag, _ in reader.elements} & {"a", "img", "script"}
    known = as_markdown(hostile("word"))
    headings = [
        [
            tag
            for tag, _ in Reader(MarkdownIt("commonmark").enable("table").render(m)).elements
            if tag in ("h1", "h2", "h3")
        ]
        for m in (markdown, known)
    ]
    assert headings[0].count("h1") == 1
    assert headings[0].count("h3") == headings[1].count("h3")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_reaches_the_terminal_as_a_command(text: str, encoding: str) -> None:
    text = text[:2_000]
    shown = printed(as_terminal(hostile(text)), 40, encoding)
    assert "\x1b" not in shown
    assert all(c == "\n" or c.isprintable() or c in "\u200b\u200d\ufeff" for c in shown)
    assert "[bold red]" in " ".join(shown.split()) or "[bold red]" not in text


def test_a_quote_of_any_length_is_cut(card: Scorecard) -> None:
    points = tuple(p.model_copy(update={"quote": "word " * 8_000}) for p in QUESTIONS[0].points)
    question = QUESTIONS[0].model_copy(update={"points": points, "answers": ()})
    for text in formats(make_card(questions=(question,))):
        assert len(text) < 6_000
        assert "word…”" in text


@pytest.mark.parametrize("width", [40, 120])
def test_no_line_passes_the_width(card: Scorecard, width: int) -> None:
    assert max(len(line) for line in printed(as_terminal(card), width).split("\n")) <= width


def test_the_terminal_has_colours_only_where_wanted(card: Scorecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[36m" in printed(as_terminal(card), 80, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" not in printed(as_terminal(card), 80, colour=True)


def test_the_sample_has_every_outcome(card: Scorecard) -> None:
    assert {q.outcome for q in card.questions} == set(Outcome)
