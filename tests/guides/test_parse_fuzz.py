"""No input makes the guide parser raise, loop or give an invalid guide."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewer.guides.parse import MAX_BYTES, ParsedGuide, parse_guide

ONCE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LABELS = st.sampled_from(
    ["Answer", "Key Points", "Pitfalls", "Follow-up", "Example 1", "Scenario", "Hint", "Probe", "Difficulty"]
)
TOPICS = st.sampled_from(["Question", "Step 2", "Gas", "a:b", "Avoid", "Challenges", "Response", "Steps", "A"])
WORDS = st.sampled_from(
    ["Why does it rise?", "Yeast.", "x", "", "{#a}", "{weight=2}", "{weight=nan}", "`{`", "1.", "**", "é\u2028"]
)
LINES = st.one_of(
    st.builds("{}{} {} {}".format, st.sampled_from(["#", "##", "###", "######"]), st.just(""), WORDS, WORDS),
    st.builds("{}- **{}**: {}".format, st.sampled_from(["", "  ", "    ", "\t", "> "]), LABELS | TOPICS, WORDS),
    st.builds("{}1. {} {}".format, st.sampled_from(["", "   "]), LABELS | TOPICS, WORDS),
    st.builds("**{}:** {}".format, LABELS | TOPICS, WORDS),
    st.sampled_from(["", "---", "```", "## Technical Questions", "## Background", "<!--", "***"]),
    st.sampled_from(["| a | b |", "|---|---|"]),
    WORDS,
)


def check(parsed: ParsedGuide) -> None:
    """What holds for whatever was parsed."""
    assert all(d.line >= 1 and d.column >= 1 and d.message and d.help for d in parsed.diagnostics)
    if parsed.guide is None:
        assert any(d.severity == "error" for d in parsed.diagnostics)
        return
    ids = [question.id for question in parsed.guide.questions]
    assert len(ids) == len(set(ids))
    for question in parsed.guide.questions:
        assert question.text
        for items in (question.key_points, question.pitfalls, question.follow_ups):
            assert all(item.text for item in items)
            assert len({item.id for item in items}) == len(items)


@ONCE
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    check(parse_guide(data, "x.md"))


@ONCE
@given(st.text(max_size=400), st.text(max_size=30))
def test_any_text_under_any_name(text: str, file: str) -> None:
    check(parse_guide(text.encode("utf-8", "replace"), file))


@ONCE
@given(st.lists(LINES, max_size=30))
def test_structured_markdown(lines: list[str]) -> None:
    text = "\n".join(lines)
    parsed = parse_guide(text.encode(), "x.md")
    check(parsed)
    if parsed.guide:
        last = text.count("\n") + 1
        assert all(question.line <= last for question in parsed.guide.questions)


@ONCE
@given(st.text(alphabet="-:[]{}&*!|>'\"%@#\n a1", max_size=120))
def test_any_front_matter(front: str) -> None:
    check(parse_guide(f"---\n{front}\n---\n## Questions\n### Why bread?\n- Taste.\n".encode(), "x.md"))


@ONCE
@given(st.data())
def test_mutated_guide(data: st.DataObject) -> None:
    text = list("## Technical Questions\n### Why rise? {#a}\n- **Answer**: Gas.\n- **Pitfalls**:\n  - **Hot**: Too.\n")
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.sampled_from(["", "\n", "#", "*", "-", " ", ":", "{", "}", "`", "\t", ">"]))
    check(parse_guide("".join(text).encode(), "x.md"))


HEAD = "## Questions\n### Why does dough rise?\n"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000_000,
        HEAD + "".join("  " * depth + "- x\n" for depth in range(200)),
        HEAD + "- " * 3000 + "x",
        HEAD + "> " * 3000 + "x",
        HEAD + "*a " * 2000 + "*" * 2000,
        HEAD + "[" * 20_000,
        HEAD + "this a " * 20_000,
        HEAD + "interview " * 10_000,
        HEAD + "Ab. " * 5_000,
        HEAD + "### How are {" + " " * 100_000 + "}",
        HEAD + "### How are " + "{a=" * 30_000 + "}",
        HEAD + "- " + "A " * 50_000 + ":",
        "## Questions\n" + "### Why does dough rise?\n" * 2000,
        "---\na: " + "[" * 60_000 + "\n---\n",
        "---\n" + "a: b\n" * 20_000,
        "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n",
        "# " + " " * 200_000 + "a",
    ],
    ids=lambda text: f"{len(text)} characters: {text[-12:]!r}",
)
def test_hostile_input_is_read_in_seconds(text: str) -> None:
    start = time.perf_counter()
    check(parse_guide(text.encode(), "x.md"))
    assert time.perf_counter() - start < 10


def test_the_limit_is_far_above_any_guide() -> None:
    assert MAX_BYTES >= 1024 * 1024
