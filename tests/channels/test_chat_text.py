"""Long texts in several posts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.channels.chat import Person, Place, interview_id_for
from interviewer.channels.chat_text import split

CODE = "```python\n" + "".join(f"line_{n} = {n}\n" for n in range(12)) + "```"


def test_what_fits_is_one_part() -> None:
    assert split("Hello.\n\n- one\n- two\n", 100) == ["Hello.\n\n- one\n- two"]
    assert split("", 100) == [""]
    assert split("\n\n", 100) == [""]


def test_it_is_cut_between_paragraphs() -> None:
    assert split("one one\n\ntwo two\n\nthree", 18) == ["one one\n\ntwo two", "three"]


def test_a_block_of_code_that_fits_stays_whole() -> None:
    parts = split(f"{'Words. ' * 20}\n{CODE}\nAfter.", len(CODE) + 20)
    assert CODE in parts[-1] or CODE in parts[-2]


def test_a_block_of_code_that_does_not_fit_is_closed_and_opened_again() -> None:
    parts = split(CODE, 80)
    assert len(parts) > 2
    assert all(p.startswith("```python\n") and p.endswith("\n```") and len(p) <= 80 for p in parts)
    inner = "\n".join(p.removeprefix("```python\n").removesuffix("\n```") for p in parts)
    assert inner == CODE.removeprefix("```python\n").removesuffix("\n```")


def test_code_in_a_quote_stays_in_it() -> None:
    quoted = "".join(f"> {line}\n" for line in CODE.splitlines())
    parts = split(quoted, 90)
    assert len(parts) > 2
    assert all(line.startswith("> ") for p in parts for line in p.splitlines())
    assert all(p.startswith("> ```python") and p.endswith("> ```") for p in parts)


def test_a_line_without_end_is_cut_between_words() -> None:
    parts = split("word " * 100, 33)
    assert {w for p in parts for w in p.split()} == {"word"}
    assert [len(p) for p in split("x" * 100, 33)] == [33, 33, 33, 1]


LINES = st.lists(
    st.sampled_from(
        ["", "A sentence of some words.", "- item", "> quoted", "```", "```sql", "~~~", "x" * 70, "ein Wort"]
    )
)


@settings(deadline=None)
@given(lines=LINES, limit=st.integers(40, 200))
def test_nothing_is_lost_and_no_part_is_too_long(lines: list[str], limit: int) -> None:
    text = "\n".join(lines)
    parts = split(text, limit)
    assert all(len(p) <= limit for p in parts)
    assert parts

    def letters(some: str) -> str:
        return re.sub(r"[`~>\s]|sql", "", some)

    assert letters("".join(parts)) == letters(text)


@settings(deadline=None)
@given(text=st.text(), limit=st.integers(20, 60))
def test_any_text_can_be_split(text: str, limit: int) -> None:
    assert all(len(p) <= limit for p in split(text, limit))


def test_people_and_places_are_stored_by_their_ids() -> None:
    for person in (
        Person(platform="slack", space="T1", user="U2"),
        Person(platform="discord", user="99"),
    ):
        assert Person.parse(person.id) == person
    for place in (
        Place(platform="slack", space="T1", channel="C1", thread="17.0001"),
        Place(platform="slack", space="T1", channel="C1"),
        Place(platform="slack", space="T1", direct=True),
        Place(platform="slack", space="T1", channel="D1", direct=True),
        Place(platform="discord", channel="5", direct=True),
    ):
        assert Place.parse(place.id) == place
    with pytest.raises(ValueError, match="unpack"):
        Place.parse("terminal")


def test_one_request_is_one_interview_id() -> None:
    assert interview_id_for("a") == interview_id_for("a") != interview_id_for("b")
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){2}", interview_id_for("a"))
