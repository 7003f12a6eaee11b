from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.channels.terminal_markdown import Look, MarkdownFlow, cells, cut

MARKED = Look(gutter="│ ", bullet="•", bold="<b>", italic="<i>", code="<c>", dim="<d>", reset="</>")
SAMPLE = """\
Thanks. You made **Warm wall** and came close on *soil*.

What I missed:

- Beans like a sheltered wall, so that `frost` cannot reach them early.
- Legumes leave nitrogen
  behind.

**A model answer**

> Beans stand by the **wall**: they like it warm.
>
> 1. Dig.
> 2. Sow.
>
> ```py
> grow(bed, 3 * 4)
> ```

Here's the next one.

**Question 2 of 8**

Why is 2 * 3 not 2**3, and what does snake_case_name mean?"""


def shown(text: str, width: int | None = None, look: Look = MARKED, by: int = 0) -> str:
    out: list[str] = []
    flow = MarkdownFlow(out.append, lambda: width, look)
    for start in range(0, len(text), by or len(text) or 1):
        flow.feed(text[start : start + (by or len(text))])
    flow.finish()
    return "".join(out)


def test_without_a_terminal_the_marks_go_and_the_structure_stays() -> None:
    assert shown(SAMPLE, look=Look()) == (
        "Thanks. You made Warm wall and came close on soil.\n\n"
        "What I missed:\n\n"
        "- Beans like a sheltered wall, so that frost cannot reach them early.\n"
        "- Legumes leave nitrogen behind.\n\n"
        "A model answer\n\n"
        "> Beans stand by the wall: they like it warm.\n>\n"
        "> 1. Dig.\n> 2. Sow.\n>\n>     grow(bed, 3 * 4)\n\n"
        "Here's the next one.\n\n"
        "Question 2 of 8\n\n"
        "Why is 2 * 3 not 2**3, and what does snake_case_name mean?\n"
    )


@pytest.mark.parametrize("by", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("width", [None, 30])
def test_how_it_was_cut_makes_no_difference(by: int, width: int | None) -> None:
    assert shown(SAMPLE, width, by=by) == shown(SAMPLE, width)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("a **bold word** here", "a <b>bold</> <b>word</> here\n"),
        ("**a `b` c**", "<b>a</> <b><c>b</> <b>c</>\n"),
        ("*so* and _so_", "<i>so</> and <i>so</>\n"),
        ("`a * b * c`", "<c>a</> <c>*</> <c>b</> <c>*</> <c>c</>\n"),
        ("``a ` b``", "<c>a</> <c>`</> <c>b</>\n"),
        ("2 * 3 * 4", "2 * 3 * 4\n"),
        ("2**10 and 3**4", "2**10 and 3**4\n"),
        ("an open **mark", "an open **mark\n"),
        ("def f(*args, **kwargs)", "def f(*args, **kwargs)\n"),
        (r"\*not\* this", "*not* this\n"),
        ("see [the page](https://a.b/c) now", "see the page <d>(https://a.b/c)</> now\n"),
        ("array[0] and [1]", "array[0] and [1]\n"),
        ("# Heading", "<b>Heading</>\n"),
        ("one  \ntwo\\\nthree\nfour", "one\ntwo\nthree four\n"),
        ("a\n\n\n\nb", "a\n\nb\n"),
        ("\n\na", "a\n"),
        ("- a\n  - b\n\n  more", "• a\n  • b\n\n  more\n"),
        ("a:\n> b\n> c\nd", "a:\n\n<d>│ </>b c\n\nd\n"),
        ("a\n\n---\n\nb", "a\n\n<d>---</>\n\nb\n"),
        ("| a | b |\n| - | - |", "| a | b |\n| - | - |\n"),
        ("```\nx  **y**\n\n  z\n```\nend", "    <c>x  **y**</>\n    \n    <c>  z</>\nend\n"),
        ("-5 degrees", "-5 degrees\n"),
        ("3.5 of them", "3.5 of them\n"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("by", [0, 1])
def test_marks(text: str, out: str, by: int) -> None:
    assert shown(text, by=by) == out


def test_words_appear_while_they_come() -> None:
    out: list[str] = []
    flow = MarkdownFlow(out.append, lambda: 80)
    flow.feed("All right, tha")
    assert "".join(out) == "All right,"
    flow.feed("nks. ")
    assert "".join(out) == "All right, thanks."


def test_an_open_mark_does_not_hold_words_back_for_ever() -> None:
    out: list[str] = []
    flow = MarkdownFlow(out.append, lambda: 80)
    flow.feed("an open **mark " + "and words " * 40)
    assert "**mark and words" in "".join(out)


def test_the_width_may_change_on_the_way() -> None:
    out: list[str] = []
    widths = iter([80] * 6 + [20] * 99)
    flow = MarkdownFlow(out.append, lambda: next(widths))
    flow.feed("one two three four five six seven eight nine ten eleven")
    flow.finish()
    assert "".join(out).splitlines() == ["one two three four five six", "seven eight nine ten", "eleven"]


@pytest.mark.parametrize("width", [16, 20, 40])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    prose = SAMPLE.replace("```py", "").replace("```", "")
    text = f"{prose}\n\nAn address: https://example.org/{'a' * 90}\n\n{'漢字' * 30}\n\n> {'x' * 70}"
    plain = Look(gutter="│ ", bullet="•")
    assert max(cells(line) for line in shown(text, width, plain).splitlines()) <= width


def test_long_words_lose_nothing() -> None:
    word = "".join(chr(97 + i % 26) for i in range(100))
    assert shown(f"see {word}.", 20, Look()).replace("\n", "") == f"see{word}."


@given(st.text("ab *_`>-#.1\n[](\\|漢", max_size=60), st.integers(1, 5), st.sampled_from([None, 8, 20]))
def test_any_text_is_shown_however_it_is_cut(text: str, by: int, width: int | None) -> None:
    letters = [c for c in shown(text, width) if c in "a漢"]
    assert letters == [c for c in text if c in "a漢"]
    assert shown(text, width, by=by).count("a") == text.count("a")


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("", 0)])
def test_cells(text: str, size: int) -> None:
    assert cells(text) == size


def test_cut() -> None:
    assert list(cut("abcdef", 2, 3)) == ["ab", "cde", "f"]
    assert list(cut("abc", 0, 2)) == ["", "ab", "c"]
