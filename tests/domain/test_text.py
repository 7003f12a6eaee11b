"""Sentences, words, stems and lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.text import content_stems, counted, listed, sentences, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("“Stop.” He left.", ["“Stop.”", "He left."]),
        ("A list, e.g. of names. Then more.", ["A list, e.g. of names.", "Then more."]),
        ("Dr. Meyer came. J. Doe left.", ["Dr. Meyer came.", "J. Doe left."]),
        ("It took 99.9 percent. Fine", ["It took 99.9 percent.", "Fine"]),
        ("first\nsecond\n\nthird", ["first", "second", "third"]),
        ("We use tools, etc.\nThen rest.", ["We use tools, etc.", "Then rest."]),
        ("これは文です。 次。", ["これは文です。", "次。"]),
        ("No end", ["No end"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text())
def test_sentences_lose_no_word(text: str) -> None:
    assert words(" ".join(sentences(text))) == words(" ".join(text.split()))


def test_words_are_folded_and_keep_their_apostrophes() -> None:
    assert words("Don't STOP—it’s 3 o'clock!") == ["don't", "stop", "it’s", "3", "o'clock"]


@pytest.mark.parametrize(
    ("one", "other"), [("retraining", "retrained"), ("queries", "queried"), ("deployments", "deployment")]
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize("word", ["does", "red", "being", "ties"])
def test_short_words_stay_whole(word: str) -> None:
    assert stem(word) == word


def test_stopwords_carry_no_meaning() -> None:
    assert content_stems("What would you do with the indexes, and why?") == ["index"]


def test_listed() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_counted() -> None:
    assert [counted(n, "question") for n in (0, 1, 2)] == ["0 questions", "one question", "2 questions"]
