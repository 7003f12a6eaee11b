"""Slips of the pen in a guide: each is said, shown where it stands, and costs the candidate nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.guide import Difficulty, Guide
from interviewer.guides.checking import check_guides
from interviewer.guides.diagnostics import Diagnostic, Severity
from interviewer.guides.parse import parse_guide
from interviewer.guides.report import json_report
from interviewer.guides.spelling import distance, nearest

SOUND = """\
---
title: Baker
description: For whoever bakes at night.
tags: [bread]
---

## Technical questions

### Why does dough rise overnight? {#rise}

- **Difficulty**: easy
- **Answer**: Yeast eats the sugar in the flour and gives off gas, which the gluten holds in place.
- **Key points**:
  - **Gas**: the little fungus turns sugar into bubbles. {weight=2}
    - Probe: Where does the volume come from?
    - Hint: Something in there breathes.
  - **Gluten**: a protein net keeps them from escaping.
  - **Time**: in the cold it takes until morning.
- **Pitfalls**:
  - **Baking powder**: says that bread rises by baking powder.
- **Follow-ups**:
  - What happens in a warm room?
"""


def found(text: str, tmp_path: Path) -> list[Diagnostic]:
    path = tmp_path / "baker.md"
    path.write_text(text, encoding="utf-8")
    return list(check_guides([path]).findings)


def slipped(old: str, new: str) -> str:
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


def guide_of(text: str) -> Guide:
    guide = parse_guide(text.encode(), "baker.md").guide
    assert guide is not None
    return guide


def test_the_guide_that_the_slips_are_made_in_is_sound(tmp_path: Path) -> None:
    assert found(SOUND, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("**Difficulty**:", "**Dificulty**:", "Difficulty"),
        ("**Difficulty**:", "**Dificutly**:", "Difficulty"),
        ("**Answer**:", "**Model Anwser**:", "Model answer"),
        ("**Answer**:", "Anser:", "Answer"),
        ("**Key points**:", "**Key pionts**:", "Key points"),
        ("**Key points**:", "**Keypionts**", "Key points"),
        ("**Key points**:", "Key ponts", "Key points"),
        ("**Pitfalls**:", "**Pitfals**:", "Pitfalls"),
        ("**Pitfalls**:", "**Pit falls**:", "Pitfalls"),
        ("**Follow-ups**:", "**Folow-ups**:", "Follow-ups"),
        ("**Follow-ups**:", "**Follow-up qestions**:", "Follow-up questions"),
        ("Probe:", "Prob:", "Probe"),
        ("Probe:", "probe:", "Probe"),
        ("Hint:", "Hnit:", "Hint"),
        ("Hint:", "hint:", "Hint"),
        ("Hint:", "iHnt:", "Hint"),
        ("**Difficulty**:", "**Difficult**:", "Difficulty"),
    ],
)
def test_a_misspelt_label_is_reported_at_its_place_and_read_as_what_was_meant(
    old: str, new: str, name: str, tmp_path: Path
) -> None:
    text = slipped(old, new)
    (finding,) = found(text, tmp_path)
    written = new.strip("*:")
    assert (finding.code, finding.severity) == ("G206", Severity.WARNING)
    assert f"Did you mean `{name}`?" in finding.help
    assert text.splitlines()[finding.line - 1][finding.column - 1 :].startswith(written)
    assert guide_of(text).questions == guide_of(SOUND).questions


@pytest.mark.parametrize(
    "label", ["Lint", "Hit", "Prove", "Key ports", "Followers", "Simple answer", "Data points", "Hits", "Difference"]
)
def test_a_topic_that_is_only_like_a_name_stays_a_topic(label: str, tmp_path: Path) -> None:
    text = slipped("**Time**", f"**{label}**")
    assert found(text, tmp_path) == []
    assert len(guide_of(text).questions[0].key_points) == 3


def test_what_may_be_a_probe_is_kept_as_a_key_point_among_key_points(tmp_path: Path) -> None:
    text = slipped("**Time**", "**Prob**")
    assert [finding.code for finding in found(text, tmp_path)] == ["G206"]
    assert [point.label for point in guide_of(text).questions[0].key_points] == ["Gas", "Gluten", "Prob"]


def test_a_probe_that_is_not_indented_belongs_to_no_key_point(tmp_path: Path) -> None:
    (finding,) = found(slipped("    - Probe:", "  - Probe:"), tmp_path)
    assert (finding.code, finding.line, finding.column) == ("G203", 15, 5)


def test_bold_names_need_no_capital(tmp_path: Path) -> None:
    assert found(slipped("**Difficulty**:", "**difficulty**:"), tmp_path) == []


def test_a_guide_that_never_uses_the_names_is_warned_and_read_as_it_stands(tmp_path: Path) -> None:
    text = "## Technical\n\n### What is in a table?\n\n- **Modle answer**: Rows.\n- **Columns**: and those.\n"
    (finding,) = [each for each in found(text, tmp_path) if each.code == "G206"]
    assert "topic" in finding.message
    assert [point.label for point in guide_of(text).questions[0].key_points] == ["Modle answer", "Columns"]


def test_labels_under_headings_of_their_own_may_be_misspelt_too() -> None:
    text = "## Technical\n\n### What is bread?\n\n#### Anwser\n\nFlour and heat.\n\n#### Pitfals\n\n- Says cake.\n"
    (question,) = guide_of(text + "\n#### Follow-ups\n\n- And cake?\n").questions
    assert (question.answer, [p.text for p in question.pitfalls]) == ("Flour and heat.", ["Says cake."])


@pytest.mark.parametrize("label", ["Answer", "Pitfalls", "Follow-ups", "Difficulty", "Key points"])
def test_a_section_with_nothing_in_it_is_reported_and_graded_by_nobody(label: str, tmp_path: Path) -> None:
    text = SOUND.replace("### Why does", f"### What is bread made of? {{#made}}\n\n- **{label}**:\n\n### Why does")
    (finding,) = [each for each in found(text, tmp_path) if each.code == "G204"]
    assert (finding.line, finding.column) == (11, 5)
    question = guide_of(text).questions[0]
    assert (question.key_points, question.pitfalls, question.follow_ups) == ((), (), ())


def test_a_probe_with_nothing_in_it_is_reported(tmp_path: Path) -> None:
    (finding,) = found(slipped("Probe: Where does the volume come from?", "Probe:"), tmp_path)
    assert (finding.code, finding.line, finding.column) == ("G204", 15, 7)


def test_a_label_over_labelled_paragraphs_is_not_empty(tmp_path: Path) -> None:
    text = "## Technical\n\n### What is bread?\n\n**Answer:**\n\n**Flour**: most of it.\n\n**Water**: the rest.\n"
    assert "G204" not in {finding.code for finding in found(text, tmp_path)}


@pytest.mark.parametrize(
    ("section", "column"),
    [
        ("- **Notes**: if they worked next door, ask first.\n", 5),
        ("- Time: 5 minutes\n", 3),
        ("- **Scoring**:\n  - Two of three will do.\n", 5),
        ("\nScoring:\n- Two of three will do.\n", 1),
        ("\n#### Notes\n\nAsk first.\n", 6),
    ],
)
def test_a_section_of_another_name_beside_key_points_is_reported_and_neither_graded_nor_shown(
    section: str, column: int, tmp_path: Path
) -> None:
    text = SOUND + section
    (finding,) = found(text, tmp_path)
    assert (finding.code, finding.column) == ("G207", column)
    assert finding.line == 23 + section.startswith("\n")
    assert guide_of(text).questions == guide_of(SOUND).questions


def test_topics_count_where_no_key_points_go_by_their_name(tmp_path: Path) -> None:
    text = "## Technical\n\n### What is in a table?\n\n- **Answer**: Rows.\n- **Columns**: and those.\n"
    assert "G207" not in {finding.code for finding in found(text, tmp_path)}
    assert "Columns" in [point.label for point in guide_of(text).questions[0].key_points]


@pytest.mark.parametrize("weight", ["Weight: 2", "weight = 2", "**Weight**: 2"])
def test_a_weight_below_its_key_point_is_reported_and_no_point(weight: str, tmp_path: Path) -> None:
    text = slipped("until morning.\n", f"until morning.\n    - {weight}\n")
    (finding,) = found(text, tmp_path)
    assert (finding.code, finding.line) == ("G305", 19)
    assert guide_of(text).questions[0].key_points == guide_of(SOUND).questions[0].key_points


SECOND = "- **Answer**: Sugar browns.\n- **Key points**:\n  - **Sugar**: it browns in the heat.\n"


@pytest.mark.parametrize(
    "heading", ["#### Why is bread brown?", "**Why is bread brown?**", "##### Why is bread brown?"]
)
def test_what_asks_and_has_key_points_of_its_own_is_a_question(heading: str) -> None:
    first, second = guide_of(f"{SOUND}\n{heading}\n\n{SECOND}").questions
    assert first == guide_of(SOUND).questions[0]
    assert (second.text, second.id, second.line) == ("Why is bread brown?", "why-is-bread-brown", 24)
    assert [point.label for point in second.key_points] == ["Sugar"]


def test_what_asks_within_an_answer_is_no_question_of_its_own() -> None:
    body = "**Answer:**\n\nYeast.\n\n{}\n\nIt matters.\n\n**Key points:**\n\n- Yeast breathes.\n"
    for line in ("#### Why does it matter?", "**Why does it matter?**"):
        text = "## Technical\n\n### Why does dough rise?\n\n" + body.format(line)
        assert [question.text for question in guide_of(text).questions] == ["Why does dough rise?"]


@pytest.mark.parametrize(
    "heading", ["###Why is bread brown?", "###\u00a0Why is bread brown?", "    ### Why is bread brown? {#brown}"]
)
def test_a_line_that_only_looks_like_a_heading_is_reported(heading: str, tmp_path: Path) -> None:
    findings = found(f"{SOUND}\n{heading}\n\n{SECOND}", tmp_path)
    assert [f.line for f in findings if f.code == "G208"] == [24]


@pytest.mark.parametrize("line", ["```sh\n##what is this?\n```", "<!--\n##no heading\n-->", "#1 of all is flour."])
def test_what_is_no_heading_is_not_taken_for_one(line: str, tmp_path: Path) -> None:
    assert "G208" not in {finding.code for finding in found(f"{SOUND}\n{line}\n", tmp_path)}


CROWDED = """\
**Key points**:
- a flat stone
- wipes the burrs
**Pitfalls**:
- washes it with water
**Follow-ups**:
- How often?
"""


@pytest.mark.parametrize(
    "body",
    [
        CROWDED,
        CROWDED.replace("**Pitfalls**:\n- washes it", "**Pitfalls**: washes it"),
        "- **Key points**:\n  - a flat stone\n  - wipes the burrs\n" + CROWDED.partition("burrs\n")[2],
        "- **Key points**:\n  - a flat stone\n  - wipes the burrs\n  **Pitfalls**:\n  - washes it with water\n"
        "- **Follow-ups**:\n  - How often?\n",
    ],
)
def test_a_section_needs_no_empty_line_before_its_name(body: str) -> None:
    (question,) = guide_of("## Technical questions\n\n### How do you clean a mill?\n\n" + body).questions
    assert [point.text for point in question.key_points] == ["a flat stone", "wipes the burrs"]
    assert [pitfall.text for pitfall in question.pitfalls] == ["washes it with water"]
    assert [follow_up.text for follow_up in question.follow_ups] == ["How often?"]


def test_a_list_that_is_not_indented_below_its_name_is_reported_and_read_as_meant(tmp_path: Path) -> None:
    text = SOUND.replace("  - **Baking powder**", "- **Baking powder**").replace("  - What happens", "- What happens")
    assert [(f.code, f.line, f.column) for f in found(text, tmp_path)] == [("G209", 19, 5), ("G209", 21, 5)]
    assert guide_of(text).questions == guide_of(SOUND).questions


@pytest.mark.parametrize("opening", ["```sh\nsleep 9", "~~~", "<!-- to do", "````\n```"])
def test_a_block_that_is_never_closed_is_an_error(opening: str, tmp_path: Path) -> None:
    (finding,) = found(f"{SOUND}\n{opening}\n\n### Why is bread brown?\n\n{SECOND}\n", tmp_path)
    assert (finding.code, finding.severity, finding.line) == ("G007", Severity.ERROR, 24)
    assert "line 24" in finding.message


def test_code_that_only_the_end_of_other_code_closes_is_an_error(tmp_path: Path) -> None:
    text = f"{SOUND}\n```sh\nsleep 9\n\n### Why is bread brown?\n\n{SECOND}\n```sh\nls\n```\n"
    assert [(f.code, f.line) for f in found(text, tmp_path)] == [("G007", 24)]


@pytest.mark.parametrize(
    "block", ["```sh\nls\n```", "  ```\n  ls\n  ```", "````\n```sh\n````", "<!-- a\n\nb -->", "> ~~~\n> a\n> ~~~"]
)
def test_a_block_that_is_closed_is_no_error(block: str, tmp_path: Path) -> None:
    assert found(f"{SOUND}\n{block}\n", tmp_path) == []


@pytest.mark.parametrize("id_", ["{#Ünïcode}", "{#steam milk}"])
def test_what_is_wrong_with_an_id_is_said(id_: str, tmp_path: Path) -> None:
    (finding,) = found(slipped("{#rise}", id_), tmp_path)
    assert (finding.code, finding.line, finding.column) == ("G306", 9, 36)
    assert "letters a to z" in finding.help


def test_front_matter_below_an_empty_line_is_named_as_such(tmp_path: Path) -> None:
    findings = found("\n" + SOUND, tmp_path)
    assert [(f.code, f.line) for f in findings if f.code in {"G101", "G106", "L007"}] == [("G106", 2)]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize("label", ["- **Key points**:", "**Key points**:"])
def test_a_table_of_key_points_is_said_not_to_be_read(label: str, gap: str, tmp_path: Path) -> None:
    table = f"## Technical\n\n### Why does dough rise?\n\n{label}{gap}| point | weight |\n|---|---|\n| Gas | 2 |\n"
    assert [f.line for f in found(table, tmp_path) if f.code in {"G204", "G210"}] == [5]
    assert "G210" in {finding.code for finding in found(table, tmp_path)}


def test_a_misspelt_difficulty_is_one_finding_and_not_also_a_missing_one(tmp_path: Path) -> None:
    (finding,) = found(slipped("easy", "esay"), tmp_path)
    assert (finding.code, finding.line, finding.column) == ("G303", 11, 19)
    assert "`easy`" in finding.help
    assert guide_of(slipped(": easy", ":\n  - easy")).questions[0].difficulty is Difficulty.EASY


def test_a_missing_difficulty_is_still_counted_beside_a_misspelt_one(tmp_path: Path) -> None:
    more = "### What is flour? {#flour}\n\n- **Answer**: Ground grain, mostly wheat.\n\n### Why does"
    findings = found(slipped("easy", "esay").replace("### Why does", more), tmp_path)
    (finding,) = [each for each in findings if each.code == "L008"]
    assert "1 of 2" in finding.message


@pytest.mark.parametrize(
    ("heading", "meant"),
    [
        ("Technicl questions", "Technical questions"),
        ("Behaviorial Questions", "Behavioral Questions"),
        ("Situatonal", "Situational"),
    ],
)
def test_a_misspelt_category_is_reported(heading: str, meant: str, tmp_path: Path) -> None:
    findings = found(slipped("Technical questions", heading), tmp_path)
    assert [(f.code, f.line, f.column) for f in findings] == [("G205", 7, 4)]
    assert f"`{meant}`" in findings[0].help


@pytest.mark.parametrize("heading", ["Technician questions", "Questions about bread", "Technique questions"])
def test_a_heading_of_its_own_names_no_category(heading: str, tmp_path: Path) -> None:
    assert found(slipped("Technical questions", heading), tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"), [("title", "titel"), ("title", "Title"), ("description", "descripton"), ("tags", "tag")]
)
def test_a_misspelt_name_in_the_front_matter_is_reported(old: str, new: str, tmp_path: Path) -> None:
    text = slipped(f"\n{old}:", f"\n{new}:")
    (finding,) = [each for each in found(text, tmp_path) if each.code == "G105"]
    assert text.splitlines()[finding.line - 1].startswith(f"{new}:")
    assert f"`{old}`" in finding.help


def test_names_of_other_systems_in_the_front_matter_are_none_of_our_business(tmp_path: Path) -> None:
    others = "author: A\npubDate: 2024-01-01\nlayout: post\nslug: b\ntag: c\nTitle: d\ndate: e\n"
    assert found(slipped("title: Baker\n", "title: Baker\n" + others), tmp_path) == []


@pytest.mark.parametrize("attributes", ["{weight=2", "{ weight = 2", "{weight: 2"])
def test_an_attribute_that_is_never_closed_is_reported_and_no_part_of_the_statement(
    attributes: str, tmp_path: Path
) -> None:
    text = slipped("{weight=2}", attributes)
    (finding,) = found(text, tmp_path)
    assert (finding.code, finding.line) == ("G304", 14)
    assert text.splitlines()[13][finding.column - 1 :] == attributes
    assert guide_of(text).questions[0].key_points[0].text == "Gas: the little fungus turns sugar into bubbles."


@pytest.mark.parametrize(
    "point",
    [
        "**Gas** {weight=2}: the little fungus turns sugar into bubbles.",
        "**Gas {weight=2}**: the little fungus turns sugar into bubbles.",
        "**Gas**: the little fungus turns sugar into bubbles {weight=2}.",
        "{weight=2} **Gas**: the little fungus turns sugar into bubbles.",
    ],
)
def test_a_weight_counts_wherever_it_stands_in_its_key_point(point: str, tmp_path: Path) -> None:
    text = slipped("**Gas**: the little fungus turns sugar into bubbles. {weight=2}", point)
    assert found(text, tmp_path) == []
    assert guide_of(text).questions == guide_of(SOUND).questions


@pytest.mark.parametrize(
    ("weight", "code", "column"),
    [
        ("(weight=2)", "G305", 58),
        ("{Weight=2}.", "G301", 58),
        ("{weight: 2}.", "G301", 58),
        ("{weight=2}{weight=3}.", "G301", 3),
    ],
)
def test_a_weight_that_is_not_read_is_reported(weight: str, code: str, column: int, tmp_path: Path) -> None:
    text = slipped("{weight=2}", weight)
    (finding,) = found(text, tmp_path)
    assert (finding.code, finding.line, finding.column) == (code, 14, column)
    assert "{" not in guide_of(text).questions[0].key_points[0].text


@pytest.mark.parametrize("text", ["a dict `{weight=2}` of them", "a layer (weight=2) of them"])
def test_a_weight_that_the_statement_is_about_is_no_finding(text: str, tmp_path: Path) -> None:
    guide = slipped("in the cold it takes until morning.", text)
    assert found(guide, tmp_path) == []
    assert guide_of(guide).questions[0].key_points[2].text == f"Time: {text.replace('`', '')}"


def test_an_id_that_is_never_closed_is_reported(tmp_path: Path) -> None:
    (finding,) = found(slipped("{#rise}", "{#rise"), tmp_path)
    assert (finding.code, finding.line, finding.column) == ("G304", 9, 36)


@pytest.mark.parametrize("end", ["a set {a, b", "{x", "a dict `{weight=2`", "{weight of it} all"])
def test_other_braces_stay_part_of_the_text(end: str) -> None:
    point = guide_of(slipped("in the cold it takes until morning.", end)).questions[0].key_points[2]
    assert point.text == f"Time: {end.replace('`', '')}"


@pytest.mark.parametrize("attributes", ["{weight=high}", "{weight: 2}", "{wieght=2}"])
def test_a_caret_stands_under_the_attribute(attributes: str, tmp_path: Path) -> None:
    text = slipped("{weight=2}", attributes)
    (finding,) = found(text, tmp_path)
    assert (finding.code, finding.line) == ("G301", 14)
    assert text.splitlines()[13][finding.column - 1 :] == attributes


def test_a_caret_stands_under_the_probe_even_where_its_line_is_wrapped(tmp_path: Path) -> None:
    text = slipped("Where does the volume come from?", "Does the little fungus\n      turn sugar into bubbles?")
    findings = [each for each in found(text, tmp_path) if each.code == "L205"]
    assert [(f.line, f.column) for f in findings] == [(15, 14)]
    assert "little, fungus, turn, sugar, bubbles" in findings[0].message


def test_a_caret_stands_where_the_front_matter_goes_wrong(tmp_path: Path) -> None:
    findings = found(slipped("title: Baker", "title: Baker: by night"), tmp_path)
    assert [(f.code, f.line, f.column) for f in findings if f.code == "G102"] == [("G102", 2, 13)]


def test_json_has_the_documented_fields_alone(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(slipped("Probe:", "Prob:"))
    checked = check_guides([tmp_path])
    (line,) = json_report(checked.readings, checked.findings)
    fields = {"code", "severity", "message", "help", "file", "line", "column"}
    assert set(json.loads(line)["findings"][0]) == fields


def test_nearest_is_silent_about_names_themselves_and_about_strangers() -> None:
    names = ("answer", "key points", "hint")
    assert nearest("key pionts", names) == "key points"
    assert nearest("kye points", names) == "key points"
    assert [nearest(word, names) for word in ("answer", "dancer", "hit", "", "points", "key")] == [None] * 6


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_symmetric_and_zero_only_for_the_same(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a) <= max(len(a), len(b))
    assert (distance(a, b) == 0) == (a == b)
    assert distance("hnit", "hint") == 1
