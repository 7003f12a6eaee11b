from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interviewer.domain.display import clean, encodable, whole
from interviewer.domain.scorecard import Scorecard
from interviewer.reports.text import mapped, markdown_line, markdown_quote, short

from .pages import Reader

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ANYTHING = st.text(st.characters(codec=None), max_size=80)
NASTY = st.text(st.sampled_from(list("`*_[]()<>!#-+=~|\\&:/.\"' \t0123x\nwa")), max_size=60)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.com\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\done", "done"),
        ("\x1b]52;c;never ends, but is read", "52;c;never ends, but is read"),
        ("a\x00b\x08c\x7fd\x9be", "abcde"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("half \ud83d", "half \ufffd"),
        ("👩‍👩‍👧 می‌خواهم שלום", "👩‍👩‍👧 می‌خواهم שלום"),
        ("tab\there", "tab\there"),
    ],
)
def test_clean_leaves_words_and_takes_controls(said: str, shown: str) -> None:
    assert clean(said) == shown


@given(ANYTHING)
def test_clean_text_has_no_controls_and_can_be_encoded(text: str) -> None:
    shown = clean(text)
    assert all(c in "\n\t" or c.isprintable() or ord(c) > 0x9F for c in shown)
    assert clean(shown) == shown
    shown.encode()


def test_mapped_changes_every_text_and_nothing_else(card: Scorecard) -> None:
    loud = mapped(card, str.upper)
    assert loud.questions[0].points[0].quote == card.questions[0].points[0].quote.upper()
    assert loud.questions[0].answers[1] == card.questions[0].answers[1].upper()
    assert loud.questions[0].outcome is card.questions[0].outcome
    assert loud.score == card.score


def test_whole_joins_pairs_and_replaces_halves() -> None:
    assert whole("😀\ud83d\ude00\ud800b\udc00") == "😀😀\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a b", "a b"), ("  a\n b ", "a b"), ("alpha beta gamma", "alpha…"), ("x" * 20, "x" * 9 + "…")],
)
def test_short(text: str, expected: str) -> None:
    assert short(text, 10) == expected


@given(ANYTHING | NASTY)
def test_a_markdown_line_means_only_its_words(text: str) -> None:
    said = clean(text)
    tokens = MARKDOWN.parse(markdown_line(said))
    assert [t.type for t in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert {c.type for t in tokens for c in t.children or ()} <= {"text", "text_special"}
    assert "".join(c.content for t in tokens for c in t.children or ()) == " ".join(said.split())


@given(ANYTHING | NASTY)
def test_a_markdown_quote_cannot_be_left(text: str) -> None:
    page = MARKDOWN.render(f"{markdown_quote(clean(text))}\n\nafter\n")
    reader = Reader(page)
    assert {tag for tag, _ in reader.elements} <= {"blockquote", "p", "br"}
    assert page.endswith("</blockquote>\n<p>after</p>\n")


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com"])
def test_a_bare_address_does_not_become_a_link(text: str) -> None:
    assert text not in markdown_line(text)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("“ça” – 日本…", "utf-8", "“ça” – 日本…"),
        ("“ça” – 日本…", "latin-1", '"ça" - ??...'),
        ("“ça” – 日本…", "ascii", '"?a" - ??...'),
        ("“ça”", "no-such-encoding", '"?a"'),
    ],
)
def test_encodable(text: str, encoding: str, shown: str) -> None:
    assert encodable(text, encoding) == shown
