"""The guide parser, one structural variety a test. All guides here were written for the test."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from interviewer.domain.guide import Category, Difficulty, Guide, Question
from interviewer.guides.diagnostics import CODES, Diagnostic, Severity
from interviewer.guides.parse import MAX_BYTES, ParsedGuide, parse_guide

SHARED = Path(__file__).resolve().parents[3] / "shared"

CANONICAL = """\
---
title: Baker
description: For whoever bakes at night.
tags: [bread, ovens]
---

## Background

### What a baker does
Bakes, mostly before dawn.

## Technical questions

### Why does dough rise? {#rise}

- **Difficulty**: easy
- **Answer**: Yeast eats sugar and gives off gas.

  The gluten holds the gas.
- **Key points**:
  - **Gas**: yeast gives off carbon dioxide. {weight=2}
    - Probe: Where do the bubbles come from?
    - Hint: Something in there breathes.
  - **Gluten**: the protein net holds it.
- **Pitfalls**:
  - **Baking powder**: says that bread rises by baking powder.
- **Follow-ups**:
  - What happens in the cold?
"""


def read(text: str, file: str = "baker.md") -> ParsedGuide:
    return parse_guide(text.encode(), file)


def guide_of(text: str) -> Guide:
    parsed = read(text)
    assert parsed.guide is not None
    return parsed.guide


def only(text: str) -> Question:
    """The one question of a guide whose body is `text`, under a technical heading."""
    questions = guide_of("## Technical Questions\n\n" + text).questions
    assert len(questions) == 1, [q.text for q in questions]
    return questions[0]


def points(question: Question) -> list[str]:
    return [point.text for point in question.key_points]


def pitfalls(question: Question) -> list[str]:
    return [pitfall.text for pitfall in question.pitfalls]


def follow_ups(question: Question) -> list[str]:
    return [follow_up.text for follow_up in question.follow_ups]


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in read(text).diagnostics]


# The canonical format


def test_canonical_format_leaves_nothing_out() -> None:
    parsed = read(CANONICAL)
    guide = parsed.guide
    assert guide is not None
    assert parsed.diagnostics == ()
    assert (guide.id, guide.title, guide.tags) == ("baker", "Baker", ("bread", "ovens"))
    assert guide.revision == hashlib.sha256(CANONICAL.encode()).hexdigest()
    (question,) = guide.questions
    assert (question.id, question.line, question.category) == ("rise", 14, Category.TECHNICAL)
    assert question.difficulty is Difficulty.EASY
    assert question.answer == "Yeast eats sugar and gives off gas.\nThe gluten holds the gas."
    gas, gluten = question.key_points
    assert (gas.text, gas.label, gas.weight) == ("Gas: yeast gives off carbon dioxide.", "Gas", 2.0)
    assert (gas.probe, gas.hint) == ("Where do the bubbles come from?", "Something in there breathes.")
    assert (gluten.weight, gluten.probe, gluten.hint) == (1.0, None, None)
    assert (gas.line, gluten.line) == (21, 24)
    assert pitfalls(question) == ["Baking powder: says that bread rises by baking powder."]
    assert follow_ups(question) == ["What happens in the cold?"]
    assert [(b.heading, b.text, b.line) for b in guide.background] == [
        ("What a baker does", "Bakes, mostly before dawn.", 9)
    ]


def test_pinned_id_and_weight_are_no_part_of_the_text() -> None:
    (question,) = guide_of(CANONICAL).questions
    assert question.text == "Why does dough rise?"
    assert "{" not in question.key_points[0].text


def test_windows_line_ends_and_byte_order_mark() -> None:
    data = b"\xef\xbb\xbf" + CANONICAL.replace("\n", "\r\n").encode()
    parsed = parse_guide(data, "baker.md")
    assert parsed.guide is not None
    assert parsed.guide.questions[0].line == 14
    assert parsed.guide.title == "Baker"


# Where questions are found


@pytest.mark.parametrize(
    "text",
    [
        "#### Why does dough rise?\n- **Gas**: yeast breathes.",
        "#### Question 1: Why does dough rise?\n- **Gas**: yeast breathes.",
        "#### 1. Why does dough rise?\n- **Gas**: yeast breathes.",
        "#### 1. **Why does dough rise?**\n- **Gas**: yeast breathes.",
        "#### Question 1\n**Why does dough rise?**\n\n**Answer:**\n- **Gas**: yeast breathes.",
        "#### Rising\n**Question:** Why does dough rise?\n**Answer:**\n- **Gas**: yeast breathes.",
        "1. **Why does dough rise?**\n   - **Gas**: yeast breathes.",
        "1. **Why does dough rise?**\n\n**Answer:**\n- **Gas**: yeast breathes.",
        "**Q1: Why does dough rise?**\n- **Answer:**\n  - **Gas:** yeast breathes.",
        "Q: Why does dough rise?\nA:\n- Gas: yeast breathes.",
        "### Why does dough rise?\n#### Answer\n- **Gas**: yeast breathes.",
    ],
)
def test_a_question_is_found_however_it_is_marked(text: str) -> None:
    question = only(text)
    assert question.text == "Why does dough rise?"
    assert points(question) == ["Gas: yeast breathes."]
    assert question.category is Category.TECHNICAL


def test_task_without_question_mark() -> None:
    assert only("### Describe how dough rises.\n- **Gas**: yeast breathes.").text == "Describe how dough rises."


def test_case_told_in_a_heading() -> None:
    assert only("### Our oven died at midnight\n- Borrow one.").text == "Our oven died at midnight"


def test_bare_list_of_questions() -> None:
    guide = guide_of("## Additional Questions\n\n- Why does dough rise?\n- Why is bread brown?\n")
    assert [q.text for q in guide.questions] == ["Why does dough rise?", "Why is bread brown?"]


def test_categories_come_from_headings_at_any_level() -> None:
    guide = guide_of(
        "## Interview Questions\n"
        "### Technical Questions\n#### Why does dough rise?\n"
        "### 2. Behavioural Questions\n#### Tell me about a burnt loaf.\n"
        "### Situational Questions\n### What if the oven dies?\n"
        "### Real-World Scenario Questions\n#### What if flour runs out?\n"
        "### Advanced Problem-Solving\n#### How would you bake twice as much?\n"
        "### Technical Questions (Continued)\n#### Why is bread brown?\n"
        "### Ethics Questions\n#### Would you sell old bread?\n"
    )
    assert [q.category.value for q in guide.questions] == [
        "technical",
        "behavioral",
        "situational",
        "situational",
        "problem-solving",
        "technical",
        "other",
    ]


def test_category_named_by_a_bold_line() -> None:
    guide = guide_of(
        "## Interview Questions\n\n**Behavioral Questions**\n\n1. **Tell me about a burnt loaf.**\n   - Own up.\n\n"
        "**Technical Questions**\n\n2. **Why does dough rise?**\n   - Gas.\n"
    )
    assert [q.category for q in guide.questions] == [Category.BEHAVIORAL, Category.TECHNICAL]


def test_what_is_about_the_role_is_background() -> None:
    guide = guide_of(
        "## Overview of Qualifications\n### Certifications\n- **Master Baker**: Shows skill.\n"
        "## Interview Questions\n### Why does dough rise?\n- Gas.\n"
        "## Tips for Success\n- Sleep well.\n## Questions to Ask the Interviewer\n- How many ovens are there?\n"
    )
    assert [q.text for q in guide.questions] == ["Why does dough rise?"]
    assert [b.heading for b in guide.background] == [
        "Certifications",
        "Tips for Success",
        "Questions to Ask the Interviewer",
    ]


def test_farewell_belongs_to_no_question() -> None:
    question = only(
        "### Why does dough rise?\n- **Gas**: yeast breathes.\n\n**Follow-Ups:**\n- And in the cold?\n\n"
        "By preparing for these questions you will do well. Good luck!"
    )
    assert points(question) == ["Gas: yeast breathes."]
    assert follow_ups(question) == ["And in the cold?"]


def test_what_stands_below_a_last_rule_belongs_to_no_question() -> None:
    question = only("### Why does dough rise?\n- Yeast breathes.\n\n---\n\n**Remember**:\n- Smile.\n- Be early.\n")
    assert points(question) == ["Yeast breathes."]


# What a key point is


def test_leaf_bullets_count_and_their_headings_do_not() -> None:
    question = only(
        "### How do you bake bread?\n- **Answer**:\n  - **Dough**:\n    - Knead it.\n    - Let it rest.\n"
        "  - **Oven**: Heat it well.\n    - **Reasoning**: Bread needs a hot start.\n"
    )
    assert points(question) == [
        "Knead it.",
        "Let it rest.",
        "Oven: Heat it well.",
        "Reasoning: Bread needs a hot start.",
    ]


def test_numbered_steps_count() -> None:
    question = only("### How do you bake bread?\n- **Steps**:\n  1. **Knead**: by hand.\n  2. Rest it.\n")
    assert points(question) == ["Knead: by hand.", "Rest it."]


def test_what_is_listed_as_a_key_point_counts_whatever_its_label() -> None:
    answer = (
        "- **Key points**:\n  - **Outcome**: says what came of it.\n    - Probe: And then?\n  - **Dough**: rests.\n"
    )
    parsed = parse_guide(f"## Technical questions\n\n### How did it go?\n\n{answer}".encode(), "baker.md")
    assert parsed.guide is not None
    points = parsed.guide.questions[0].key_points
    assert [(p.label, p.probe) for p in points] == [("Outcome", "And then?"), ("Dough", None)]
    assert not [d for d in parsed.diagnostics if d.code == "G203"]


@pytest.mark.parametrize("label", ["Follow-up", "Common mistakes", "Answer", "Question"])
def test_what_is_listed_as_a_key_point_counts_though_its_label_names_a_section_elsewhere(label: str) -> None:
    question = only(
        f"### How did it go?\n- **Key points**:\n  - **{label}**: arranges a call.\n  - **Dough**: rests.\n"
        "- **Follow-ups**:\n  - And then?\n"
    )
    assert [point.label for point in question.key_points] == [label, "Dough"]
    assert f"{label}: arranges a call." in question.answer
    assert (pitfalls(question), follow_ups(question)) == ([], ["And then?"])


def test_a_section_within_key_points_stays_one() -> None:
    question = only("### How did it go?\n- **Key points**:\n  - Dough rests.\n  - **Follow-ups**:\n    - And then?\n")
    assert (points(question), follow_ups(question)) == (["Dough rests."], ["And then?"])


def test_stories_contexts_and_outcomes_do_not_count() -> None:
    question = only(
        "### Tell me about a burnt loaf.\n- **Situation**: The timer broke.\n- **Action**: I watched the crust.\n"
        "- **Result**: No loaf burnt.\n- **Example**: Last year in Rome.\n- **Real-World Scenario**: A fair.\n"
        "- **Alternative Considerations**: Buy a timer.\n"
    )
    assert points(question) == ["Action: I watched the crust."]


def test_numbered_case_holds_points() -> None:
    question = only(
        "### How do you handle guests?\n- **Example 1: Tourists**\n  - *Context:* A coach stops.\n"
        "  - *Action:* Bake more.\n  - **Pitfalls:** Running out by noon.\n"
        "  - **Follow-Up Points:** Ask how much more.\n"
    )
    assert points(question) == ["Action: Bake more."]
    assert pitfalls(question) == ["Running out by noon."]
    assert follow_ups(question) == ["Ask how much more."]


def test_list_of_examples_holds_none() -> None:
    question = only("### What is leaven?\n- **Definition**: Old dough.\n- **Examples**:\n  - **Rye**: In Riga.\n")
    assert points(question) == ["Definition: Old dough."]


def test_challenges_are_a_storys_own_beside_its_scene_and_points_elsewhere() -> None:
    story = "### Tell me about a fair.\n- **Context**: A fair.\n- **Challenges**: Rain.\n- **Approach**: Bake inside.\n"
    topic = "### What is hard in baking?\n- **Challenges**:\n  - **Heat**: Ovens differ.\n- **Solutions**: Measure.\n"
    assert points(only(story)) == ["Approach: Bake inside."]
    assert points(only(topic)) == ["Heat: Ovens differ.", "Solutions: Measure."]


def test_prose_counts_by_the_sentence_where_nothing_lists_the_points() -> None:
    question = only(
        "### Why does dough rise?\n**Answer:** Yeast breathes, e.g. overnight. Gluten holds the gas. "
        "For example, rye holds less.\n\n**Best Practices:**\n- Use cold water.\n"
    )
    assert points(question) == [
        "Yeast breathes, e.g. overnight.",
        "Gluten holds the gas.",
        "Use cold water.",
    ]


def test_prose_does_not_count_beside_a_list_of_points() -> None:
    question = only("### Why does dough rise?\n- **Answer**: It just does.\n\n- **Key Points**:\n  - Yeast breathes.\n")
    assert points(question) == ["Yeast breathes."]
    assert question.answer == "It just does."


def test_code_is_in_the_answer_but_no_point() -> None:
    question = only("### How do you time a loaf?\n- **Answer**:\n  ```sh\n  sleep 2400\n  ```\n  - Set an alarm.\n")
    assert points(question) == ["Set an alarm."]
    assert "sleep 2400" in question.answer


def test_markup_is_stripped() -> None:
    question = only("### Why `rise`?\n- **Gas**: *yeast* [breathes](http://x.y) `CO2`.\n")
    assert question.text == "Why rise?"
    assert points(question) == ["Gas: yeast breathes CO2."]


def test_label_without_emphasis() -> None:
    (point,) = only("### Why does dough rise?\n- Gas: yeast breathes.\n").key_points
    assert (point.label, point.text) == ("Gas", "Gas: yeast breathes.")


# Pitfalls and follow-ups


@pytest.mark.parametrize(
    "name",
    [
        "Pitfalls", "Common Pitfalls", "Pitfall to Avoid", "Pitfalls to Avoid", "What Not to Do", "Avoid",
        "Common Mistakes", "Mistakes to Avoid", "Potential Pitfalls", "Red Flags", "Key Pitfalls & Mistakes",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "form", ["- **{}**: Too hot.", "**{}:**\n- Too hot.", "- *{}:*\n  - Too hot.", "#### {}\n- Too hot."]
)
def test_pitfalls_under_any_name_and_form(name: str, form: str) -> None:
    question = only(f"### How do you bake bread?\n- **Oven**: Heat it.\n\n{form.format(name)}\n")
    assert pitfalls(question) == ["Too hot."]
    assert points(question) == ["Oven: Heat it."]


@pytest.mark.parametrize(
    "name",
    [
        "Follow-up", "Follow-Ups", "Follow-Up Points", "Follow Up Questions", "Potential Follow-Up Questions",
        "Interviewer Might Ask", "Possible Follow-ups", "Followup",
    ],
)  # fmt: skip
def test_follow_ups_under_any_name(name: str) -> None:
    question = only(f"### How do you bake bread?\n- **Oven**: Heat it.\n- **{name}**: And rye?\n")
    assert follow_ups(question) == ["And rye?"]


def test_follow_up_as_a_thing_one_does_is_a_point() -> None:
    question = only("### How do you sell bread?\n- **Follow-Up Meetings**: Ask how it tasted.\n")
    assert points(question) == ["Follow-Up Meetings: Ask how it tasted."]


def test_sections_at_the_level_of_their_question() -> None:
    guide = guide_of(
        "## Technical Questions\n#### Question 1: Why does dough rise?\n- Yeast breathes.\n#### Follow-Up Points\n"
        "- And in the cold?\n#### Question 2: Why is bread brown?\n- Sugar burns.\n"
    )
    assert [follow_ups(q) for q in guide.questions] == [["And in the cold?"], []]


def test_meaningful_label_of_a_pitfall_is_kept() -> None:
    (pitfall,) = only("### Why does dough rise?\n- Gas.\n- **Pitfalls**:\n  - **Haste**: Not waiting.\n").pitfalls
    assert (pitfall.label, pitfall.text) == ("Haste", "Haste: Not waiting.")


def test_pitfall_in_the_middle_of_a_line() -> None:
    question = only("### How do you bake bread?\n- **Oven**: Heat it. **Pitfall:** Opening it. **Follow-up:** Why?\n")
    assert points(question) == ["Oven: Heat it."]
    assert pitfalls(question) == ["Opening it."]
    assert follow_ups(question) == ["Why?"]


def test_what_the_interviewer_might_ask_is_a_follow_up_and_the_reply_is_nothing() -> None:
    question = only(
        "### Why does dough rise?\n- Gas.\n- **Follow-Up Points**:\n  - **Interviewer Might Ask:** And rye?\n"
        "  - **Response:** Less.\n"
    )
    assert follow_ups(question) == ["And rye?"]
    assert points(question) == ["Gas."]


def test_good_practice_below_a_pitfall_is_a_point() -> None:
    question = only(
        "### Why does dough rise?\n- Gas.\n- **Pitfalls**:\n  - Too hot an oven.\n    - **Best Practice**: Measure.\n"
    )
    assert pitfalls(question) == ["Too hot an oven."]
    assert points(question) == ["Gas.", "Best Practice: Measure."]


# Ids


def test_ids_do_not_depend_on_place_and_are_unique() -> None:
    guide = guide_of("## Questions\n### Why bread?\n- Taste.\n- taste\n### Why bread?\n- Taste.\n")
    assert [q.id for q in guide.questions] == ["why-bread", "why-bread-2"]
    first, again = (point.id for point in guide.questions[0].key_points)
    assert first.startswith("k-")
    assert again == first + "-2"
    assert guide.questions[1].key_points[0].id == first


def test_question_id_is_short_and_cut_between_words() -> None:
    (question,) = guide_of("## Questions\n### Why " + "very " * 40 + "brown?\n- Sugar.\n").questions
    assert len(question.id) <= 60
    assert question.id.endswith("very")


def test_pinned_id_goes_before_one_from_words() -> None:
    guide = guide_of("## Questions\n### Why bread?\n- a\n### Why really bread? {#why-bread}\n- b\n")
    assert [q.id for q in guide.questions] == ["why-bread-2", "why-bread"]


def test_id_of_a_text_without_latin_letters() -> None:
    (question,) = guide_of("## Questions\n### なぜパンは膨らむのか?\n- 酵母。\n").questions
    assert question.id


# What it says about a file


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "G003"),
        (b" \n\n", "G003"),
        (b"\xff\xfe# A", "G001"),
        (b"## Q\n\xc3\x28", "G001"),
        (b"\x89PNG\r\n\x1a\n\0\0", "G002"),
        (b"x" * (MAX_BYTES + 1), "G004"),
        ("# Bäcker".encode("utf-16"), "G006"),
        ("# Baker".encode("utf-16-le"), "G006"),
        ("# Baker".encode("utf-16-be"), "G006"),
    ],
)
def test_unreadable_files(data: bytes, code: str) -> None:
    parsed = parse_guide(data, "x.md")
    assert parsed.guide is None
    assert [d.code for d in parsed.diagnostics] == [code]
    assert parsed.diagnostics[0].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("front", "code"),
    [
        ("---\ntitle: [a\n---\n", "G102"),
        ("---\n- a\n---\n", "G102"),
        ("---\na: &x [b]\nc: *x\n---\n", "G102"),
        ("---\na: " + "[" * 500 + "\n---\n", "G102"),
        ("---\n? [a]\n: b\n---\n", "G102"),
        ("---\ntitle: A\n", "G103"),
        ("---\ntitle: [A]\n---\n", "G104"),
        ("---\ntags: {a: b}\n---\n", "G104"),
        ("", "G101"),
    ],
)
def test_front_matter_that_cannot_be_used(front: str, code: str) -> None:
    assert code in codes(front + "## Questions\n### Why bread?\n- Taste.\n")


def test_front_matter_never_builds_dates_or_numbers() -> None:
    guide = guide_of("---\ntitle: 2025-13-45\ntags: [1, yes]\n---\n## Questions\n### Why bread?\n")
    assert (guide.title, guide.tags) == ("2025-13-45", ("1", "yes"))


def test_title_without_front_matter() -> None:
    assert guide_of("# Night Baker\n").title == "Night Baker"
    parsed = read("text", "night-baker.md")
    assert parsed.guide is not None
    assert parsed.guide.title == "Night Baker"


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("## Questions\n### Ovens\nSome words.\n", "G201", 2),
        ("## Technical Questions\n- flour\n- salt\n", "G202", 2),
        ("## Questions\n### Why bread?\n- Hint: taste\n", "G203", 3),
        ("## Questions\n### Why bread?\n- Taste. {weight=0}\n", "G301", 3),
        ("## Questions\n### Why bread? {colour=red}\n- Taste.\n", "G301", 2),
        ("## Questions\n### Why bread? {#a}\n- x\n### Why cake? {#a}\n- y\n", "G302", 4),
        ("## Questions\n### Why bread?\n- Difficulty: purple\n", "G303", 3),
    ],
)
def test_findings_have_their_line(body: str, code: str, line: int) -> None:
    found = [(d.code, d.line) for d in read("---\ntitle: A\n---\n" + body).diagnostics]
    assert found == [(code, line + 3)]


def test_braces_that_are_no_attribute_stay() -> None:
    assert points(only("### Why does dough rise?\n- Use {x} and `{a=1}`\n")) == ["Use {x} and {a=1}"]


def test_deep_nesting_is_cut_and_said() -> None:
    text = "## Questions\n### Why bread?\n" + "".join("  " * n + f"- level {n}\n" for n in range(200))
    parsed = read(text)
    assert parsed.guide is not None
    assert "G005" in [d.code for d in parsed.diagnostics]
    assert parsed.guide.questions[0].key_points


def test_every_code_can_be_written_out() -> None:
    for name, code in CODES.items():
        shown = Diagnostic(name, code.severity, code.message, code.help, "a.md", 3, 1)
        assert str(shown).startswith(f"a.md:3:1: {code.severity} {name}")


# Real guides, where they are at hand


@pytest.fixture(scope="module")
def real_guides() -> list[Path]:
    paths = sorted((SHARED / "guides").glob("*-*.md"))
    if not paths:
        pytest.skip("needs ../shared/guides")
    return paths


def test_scores_on_real_guides(real_guides: list[Path], tmp_path: Path) -> None:
    predicted = tmp_path / "predicted.jsonl"
    guides = [parse_guide(path.read_bytes(), path.name).guide for path in real_guides]
    predicted.write_text("\n".join(guide.model_dump_json() for guide in guides if guide))
    scorer = SHARED / "bench" / "score_guides.py"
    arguments = ["--gold", str(SHARED / "guides" / "gold"), "--pred", str(predicted), "--json"]
    scored = subprocess.run([sys.executable, str(scorer), *arguments], check=True, capture_output=True, text=True)
    scores = json.loads(scored.stdout)
    assert scores["questions"]["f1"] >= 0.99
    assert scores["key_points"]["f1"] >= 0.97
    assert scores["pitfalls"]["f1"] >= 0.97
    assert scores["follow_ups"]["f1"] >= 0.97
    assert scores["category_accuracy"] >= 0.98


def test_every_real_guide_has_questions_and_no_errors(real_guides: list[Path]) -> None:
    for path in real_guides:
        parsed = parse_guide(path.read_bytes(), path.name)
        assert parsed.guide is not None
        assert len(parsed.guide.questions) >= 4, path.name
        assert all(d.severity is not Severity.ERROR for d in parsed.diagnostics), path.name
        ids = [question.id for question in parsed.guide.questions]
        assert len(ids) == len(set(ids))
