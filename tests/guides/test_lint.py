"""What lint finds, and what it must not take for a fault."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.domain.guide import Difficulty, FollowUp, Guide, KeyPoint, Pitfall, Question
from interviewer.guides import asking, tone
from interviewer.guides.checking import check_guides
from interviewer.guides.filler import TEMPLATE
from interviewer.guides.likeness import alike, opposed, repeats
from interviewer.guides.lint import lint, lint_library
from interviewer.guides.lint_codes import CODES
from interviewer.guides.recorded_ids import RecordedQuestion, read_record, recorded, write_record
from interviewer.guides.scaffold import scaffold
from interviewer.guides.wording import sentences

TOPICS = ("budget", "release", "page", "alert", "query", "index")
POINTS = (
    "Budget from the objective: the budget is what the objective leaves over.",
    "Release policy: when it is spent, releases stop or slow until reliability recovers.",
    "Agreed beforehand: product and engineering sign the consequences before they are needed.",
)


def key_point(text: str, number: int = 1, **more: str) -> KeyPoint:
    label = text.partition(":")[0] if ":" in text else None
    return KeyPoint(
        id=f"p{number}", text=text, line=10 + number, label=label, probe=more.get("probe"), hint=more.get("hint")
    )


def question(
    text: str = "What is an error budget, and what do you do when it is spent?", **changes: object
) -> Question:
    sound = Question(
        id="error-budget",
        text=text,
        line=9,
        difficulty=Difficulty.MEDIUM,
        answer="It is what the objective leaves over.",
        key_points=tuple(key_point(point, number) for number, point in enumerate(POINTS)),
        pitfalls=(Pitfall(id="f1", text="Says that the goal should be no failures at all.", line=20),),
        follow_ups=(FollowUp(id="u1", text="How would you set an objective for a service without one?", line=30),),
    )
    return sound.model_copy(update=changes)


def guide(*questions: Question, **changes: object) -> Guide:
    sound = Guide(id="sre", title="SRE", file="sre.md", revision="0", description="For engineers.", questions=questions)
    return sound.model_copy(update=changes)


def codes(*questions: Question, **changes: object) -> list[str]:
    return [finding.code for finding in lint(guide(*questions, **changes))]


def with_point(text: str, **more: str) -> Question:
    return question(key_points=(key_point(text, 7, **more), *question().key_points))


def with_pitfall(text: str, label: str | None = None) -> Question:
    return question(pitfalls=(Pitfall(id="f", text=text, line=20, label=label),))


def test_a_sound_guide_has_no_findings() -> None:
    assert codes(question()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key_points": ()}, "L002"),
        ({"key_points": question().key_points[:2]}, "L003"),
        ({"pitfalls": ()}, "L004"),
        ({"follow_ups": ()}, "L005"),
        ({"answer": " \n"}, "L006"),
        ({"difficulty": None}, "L008"),
    ],
)
def test_each_missing_part_of_a_question_is_named(changes: dict[str, object], code: str) -> None:
    assert codes(question().model_copy(update=changes)) == [code]


def test_a_guide_without_questions_or_description() -> None:
    assert codes() == ["L001"]
    assert codes(question(), description=" ") == ["L007"]


def test_missing_difficulty_is_one_finding_a_guide_at_its_first_question() -> None:
    other = question("How do you page people only for what matters?", id="paging", line=50, difficulty=None)
    found = lint(guide(question(), other, question("How do canaries work?", id="c", line=70, difficulty=None)))
    assert [(f.code, f.line) for f in found] == [("L008", 50)]
    assert "2 of 3" in found[0].message


@pytest.mark.parametrize(
    ("part", "kept", "code"), [("key_points", 2, "L003"), ("pitfalls", 0, "L004"), ("follow_ups", 0, "L005")]
)
def test_what_many_questions_lack_is_one_finding_that_names_their_lines(part: str, kept: int, code: str) -> None:
    thin = {part: getattr(question(), part)[:kept]}
    many = [question(f"What is a {chr(97 + n) * 4}?", id=f"q{n}", line=20 + n, **thin) for n in range(14)]
    (finding,) = lint(guide(question(), *many[:2]))
    assert (finding.code, finding.line) == (code, 20)
    assert finding.message.startswith("2 of 3 questions")
    assert finding.message.endswith(": lines 20, 21.")
    (finding,) = lint(guide(*many))
    assert finding.message.endswith(", 31 and 2 more.")


def test_points_taken_from_answers_are_one_finding_a_guide_unless_they_are_listed(tmp_path: Path) -> None:
    told = "\n\nIt is work without lasting value. It grows with the service. Nobody misses it.\n"
    listed = "\n\n- **Key points**:\n  - It is work.\n  - It grows.\n  - Nobody misses it.\n"
    path = tmp_path / "g.md"
    path.write_text(
        f"## Technical\n\n### What is toil?{listed}\n### What is a canary?{told}\n### What is a page?{told}"
    )
    (found,) = [f for f in check_guides([path]).findings if f.code == "L010"]
    assert (found.line, found.severity) == (10, "info")
    assert "2 of 3" in found.message
    path.write_text(f"## Technical\n\n### What is toil?{listed}\n### What is a canary?{listed}{told}")
    assert "L010" not in [f.code for f in check_guides([path]).findings]


def test_findings_carry_the_file_the_line_and_a_way_to_mend() -> None:
    (finding,) = lint(guide(question(key_points=())))
    assert (finding.file, finding.line, finding.column) == ("sre.md", 9, 1)
    assert finding.help
    assert finding.severity == CODES[finding.code].severity


@pytest.mark.parametrize(
    "text",
    ["TODO", "TODO: name the cost", "TODO find a number", "...", "…", '""', "???", "TBD.", "[insert a cost here]",
     "N/A", "See question 7.", "same as question 7", "See above", "Lorem ipsum dolor sit amet."],
)  # fmt: skip
def test_what_only_keeps_a_place_is_found_wherever_it_stands(text: str) -> None:
    assert codes(with_point(text)) == ["L009"]
    assert codes(with_point(f"Cost: {text}")) == ["L009"]
    assert codes(with_pitfall(text)) == ["L009"]
    assert codes(question(follow_ups=(FollowUp(id="u", text=text, line=30),))) == ["L009"]
    assert codes(question(answer=text)) == codes(question(), description=text) == ["L009"]
    assert codes(with_point("Order: empties the machine.", probe=text, hint=text)) == ["L009", "L009"]


@pytest.mark.parametrize(
    "text",
    ["TODO comments are tracked.", "To do so, it reads the log.", "Names none of them.", "It waits for 7 seconds.",
     "&&", "See question marks as a warning.", "Placeholders: binds values to placeholders.", "Adds the index here."],
)  # fmt: skip
def test_what_only_looks_like_a_reminder_is_left_alone(text: str) -> None:
    assert "L009" not in codes(with_point(text))


def test_what_a_new_guide_asks_to_replace_is_there_to_be_found() -> None:
    text = " ".join(scaffold("Porter").split())
    assert all(words in text for words in TEMPLATE)


def test_two_questions_alike_are_found_and_different_ones_are_not() -> None:
    reworded = question("What is an error budget and what happens once it is spent?", id="b", line=60)
    (finding,) = lint(guide(question(), reworded))
    assert (finding.code, finding.line) == ("L101", 60)
    assert "line 9" in finding.message
    assert codes(question("What is supervised learning?"), question("What is unsupervised learning?", id="b")) == []


def test_two_key_points_alike_are_found_unless_one_denies_the_other() -> None:
    assert codes(with_point("Release policy: when spent, releases stop or slow until reliability has recovered.")) == [
        "L102"
    ]
    points = (
        key_point("Supports arithmetic on addresses.", 1),
        key_point("Does not support arithmetic on addresses.", 2),
    )
    assert codes(question(key_points=(*points, key_point(POINTS[0], 3)))) == []


@pytest.mark.parametrize(
    "text", [POINTS[1], "Release policy: when spent, releases stop or slow until reliability recovers"]
)
def test_a_pitfall_that_says_what_a_key_point_says_is_found(text: str) -> None:
    (finding,) = lint(guide(with_pitfall(text)))
    assert (finding.code, finding.line) == ("L105", 20)
    assert "line 11" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "Measures only the load before it changes the cache.",
        "Forgets that one measures the load before one changes the cache.",
        "Changes the cache before it measures the load.",
        "Measures the load after it changes the cache.",
        "Does not measure the load before it changes the cache.",
        "Measures the load.",
    ],
)
def test_a_pitfall_that_turns_a_key_point_round_is_left_alone(text: str) -> None:
    point = key_point("Measures the load before it changes the cache.", 7)
    both = question(key_points=(point, *question().key_points), pitfalls=with_pitfall(text).pitfalls)
    assert codes(both) == []


@pytest.mark.parametrize(
    "text",
    [
        "Ensure data integrity during the migration.",
        "Be aware of latency between regions.",
        "Always validate the input.",
        "Use parameterised queries.",
        "Keys should be rotated regularly.",
        "It is important to talk to the users.",
    ],
)
def test_a_pitfall_that_advises_is_found(text: str) -> None:
    assert codes(with_pitfall(text)) == ["L201"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Avoid hardcoding values.", None),
        ("Don't outright reject the client's idea without an explanation.", None),
        ("Ignoring Scalability: Ensure that optimizations do not hurt scaling.", "Ignoring Scalability"),
        ("Delayed Response: Prompt action is crucial.", "Delayed Response"),
        ("Over-optimization can reduce performance; balance is key.", None),
        ("Says that every key should be rotated daily.", None),
        ("Names four nines straight away because checkout is important.", None),
        ("Treats tests as something one must endure.", None),
        ("Focus on one metric only.", None),
        ("Use of global variables.", None),
        ("Network latency can affect performance.", None),
        ("", None),
        ("Verlässt sich nur auf Mittelwerte.", None),
    ],
)
def test_a_pitfall_that_names_a_mistake_is_left_alone(text: str, label: str | None) -> None:
    assert codes(with_pitfall(text, label)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Ignoring the users' complaints.",
        "Fails to mention the cost.",
        "Shortcuts: relying solely on historical data.",
        "Not documenting the decision.",
        "Common mistake: sums up averages.",
    ],
)
def test_a_key_point_that_names_a_mistake_is_found(text: str) -> None:
    assert "L202" in codes(with_point(text))


@pytest.mark.parametrize("text", ["Avoid single points of failure.", "Not only speed: cost counts too.", "Fails fast."])
def test_a_key_point_that_warns_is_left_alone(text: str) -> None:
    assert codes(with_point(text)) == []


def test_where_mistakes_are_asked_for_key_points_may_name_them() -> None:
    asked = question("What are common pitfalls of error budgets?")
    assert codes(asked.model_copy(update={"key_points": with_point("Ignoring the budget.").key_points})) == []


@pytest.mark.parametrize(
    "text",
    [
        "Does the candidate mention the cost?",
        "Cost: Does it come up? Is it named early?",
        "How well does the candidate explain the cost?",
    ],
)
def test_a_key_point_that_is_a_question_is_found(text: str) -> None:
    assert codes(with_point(text)) == ["L211"]


@pytest.mark.parametrize(
    "text",
    [
        "Looks at the missing data—is it random, or not?",
        "Finds the pattern. Is it random?",
        "Is it random? It seldom is.",
        "Which customers would complain?",
    ],
)
def test_a_key_point_that_asks_only_in_passing_is_left_alone(text: str) -> None:
    assert codes(with_point(text)) == []


def test_where_questions_are_asked_for_key_points_may_ask() -> None:
    asked = question("Which questions would you put to the customer?")
    assert codes(asked.model_copy(update={"key_points": with_point("Is the deadline fixed?").key_points})) == []


def test_key_points_too_big_to_check_at_once() -> None:
    assert "L203" in codes(with_point(" ".join(f"word{n}" for n in range(41)) + "."))
    assert "L204" in codes(with_point("It pages. It also logs, e.g. to disk. It tells the owner."))
    assert codes(with_point("It pages, e.g. by phone. It logs.")) == []


def test_a_probe_that_gives_its_point_away_is_found() -> None:
    text = "Backoff and jitter: waits longer after each attempt, with some randomness."
    assert codes(with_point(text, probe="Would you add backoff and jitter?")) == ["L205"]
    assert codes(with_point(text, probe="When do you try once more?")) == []
    assert codes(with_point(text, hint="Waits should grow with each attempt; add jitter, randomness, backoff.")) == [
        "L206"
    ]
    assert codes(with_point(text, hint="Imagine that all clients do it in the same second.")) == []


def test_words_given_away_are_shown_as_they_are_written() -> None:
    text = "Reliability: scaled, reliable services that are observed."
    (finding,) = lint(guide(with_point(text, hint="Think of reliable, scaling services, observed too.")))
    assert "(reliable, scaling, services, observed)" in finding.message


@pytest.mark.parametrize("kind", ["probe", "hint", "follow-up"])
def test_a_line_that_repeats_six_words_of_the_answer_is_found(kind: str) -> None:
    answer = "I would drain the node first and only then restart the daemon."
    telling, fair = (
        "Would you drain the node first and only then go on?",
        "Would you drain the node first and then go on?",
    )

    def saying(line: str) -> Question:
        if kind == "follow-up":
            return question(answer=answer, follow_ups=(FollowUp(id="u", text=line, line=30),))
        return with_point("Order: empties the machine.", **{kind: line}).model_copy(update={"answer": answer})

    (finding,) = [each for each in lint(guide(saying(telling))) if each.code == "L210"]
    assert kind in finding.message
    assert "drain the node first and only" in finding.message
    assert codes(saying(fair)) == []
    asked = "How come that you drain the node first and only then restart the daemon?"
    assert "L210" not in codes(saying(telling).model_copy(update={"text": asked}))


def test_single_words_are_too_little_to_check_an_answer_by() -> None:
    assert codes(with_point("Fast")) == ["L208"]
    assert codes(with_point("Fails fast.")) == []
    assert codes(with_point("快速响应用户的请求")) == []
    assert codes(with_point("&&")) == ["L208"]
    assert codes(question(answer="Caching.")) == ["L209"]
    assert codes(question(answer="It caches pages.")) == []


def test_a_label_with_nothing_behind_it_is_found_and_one_that_is_a_point_is_not(tmp_path: Path) -> None:
    empty, whole = "- **Stretch briefly**:", "- **Stretch briefly**"
    path = tmp_path / "g.md"
    path.write_text(f"## Technical\n\n### What is toil?\n\n- **Key points**:\n  {empty}\n  - Stops early\n")
    (found,) = [f for f in check_guides([path]).findings if f.code == "L208"]
    assert (found.line, "only a label" in found.message) == (6, True)
    path.write_text(path.read_text().replace(empty, whole))
    assert "L208" not in [f.code for f in check_guides([path]).findings]


def test_identical_key_points_are_found_whatever_their_words() -> None:
    for text in ("Fast", "Use it.", "It is what it is."):
        points = (key_point(text, 1), key_point(text, 2), *question().key_points)
        assert "L102" in codes(question(key_points=points))


def test_words_of_the_question_give_nothing_away() -> None:
    text = "Error budget: the error budget is what is left."
    assert codes(with_point(text, probe="So what is an error budget?")) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("What is an error budget, and what do you do when it is spent?", 1),
        ("Describe a time when you failed. How did you handle it, and what was the outcome?", 1),
        ("If you could invest in one sector, which would it be and why?", 1),
        ("What is a process, what is a thread, and which is cheaper?", 3),
        ("Describe feature selection and why it is important. Provide examples.", 3),
        ("你如何处理冲突？", 0),
    ],
)
def test_how_many_things_a_question_asks(text: str, count: int) -> None:
    assert asking.asked(text) == count
    assert ("L207" in codes(question(text))) == (count >= 3)


def test_a_library_with_an_id_or_a_question_twice() -> None:
    twin = guide(question("What is an error budget, and what do you do, when it is spent?"), file="other/sre.md")
    found = lint_library([guide(question()), twin])
    assert [(f.code, f.file, f.line) for f in found] == [("L104", "other/sre.md", 1), ("L103", "other/sre.md", 9)]
    assert "sre.md" in found[0].message
    assert lint_library([guide(question())]) == ()


def test_a_lost_id_is_reported_where_a_similar_question_has_a_new_one() -> None:
    record = {"budget": RecordedQuestion(text="What is an error budget? What do you do when it's spent?")}
    (finding,) = lint(guide(question()), record)
    assert finding.code == "L301"
    assert "{#budget}" in finding.help


def test_ids_that_stayed_or_whose_question_is_gone_are_no_findings() -> None:
    assert lint(guide(question()), recorded(guide(question()))) == ()
    assert lint(guide(question()), {"toil": RecordedQuestion(text="Tell me about work you automated.")}) == ()


def test_the_record_of_ids_keeps_other_guides_and_its_documented_form(tmp_path: Path) -> None:
    write_record(tmp_path, [guide(question(), id="a")])
    write_record(tmp_path, [guide(question(), id="b")])
    entry = {"text": question().text, "points": ["p0", "p1", "p2"]}
    assert json.loads((tmp_path / "ids.json").read_text()) == {g: {"error-budget": entry} for g in ("a", "b")}
    assert read_record(tmp_path)["b"] == recorded(guide(question()))


def test_a_damaged_record_raises_what_is_promised(tmp_path: Path) -> None:
    (tmp_path / "ids.json").write_text('{"a": 3}')
    with pytest.raises(ValueError, match="validation error"):
        read_record(tmp_path)
    assert read_record(tmp_path / "nowhere") == {}


def test_likeness_is_symmetric_bounded_and_works_without_english() -> None:
    pairs = [("Wie gehen Sie vor?", "Wie gehen Sie dabei vor?"), ("如何处理冲突", "如何处理压力"), ("", ""), ("a", "")]
    assert all(alike(a, b) == alike(b, a) and 0 <= alike(a, b) <= 1 for a, b in pairs)
    assert alike(*pairs[0]) > 0.7
    assert alike(*pairs[1]) < 0.75


@given(st.lists(st.lists(st.sampled_from(TOPICS), max_size=5), max_size=8))
def test_repeats_finds_what_comparing_each_with_each_finds(texts: list[list[str]]) -> None:
    said = [" ".join(text) for text in texts]
    found = dict(repeats(said, 0.75))
    kept = [n for n in range(len(said)) if n not in found]
    for later in range(len(said)):
        first = next((n for n in kept if n < later and alike(said[n], said[later]) >= 0.75), None)
        assert found.get(later) == first


def test_thousands_of_questions_are_compared_in_no_time() -> None:
    chance = random.Random(1)
    many = [" ".join(f"{chance.choice(TOPICS)}{chance.choice(TOPICS)}ka" for _ in range(9)) for _ in range(2000)]
    started = time.perf_counter()
    assert not list(repeats(many, 0.9))
    assert len(list(repeats(["What is toil?"] * 5000, 0.75))) == 4999
    assert time.perf_counter() - started < 5


def test_small_helpers() -> None:
    assert opposed("up to 1 Gbps", "up to 10 Gbps")
    assert not opposed("It's fast", "It is fast")
    assert sentences("Use caches, e.g. Redis. Then measure!") == ["Use caches, e.g. Redis.", "Then measure!"]
    assert not tone.blames("", None)


def test_codes_are_complete_and_their_texts_fill() -> None:
    finding = lint(guide(question(key_points=())))[0]
    assert replace(finding, file="x").file == "x"
    assert all(code.message.endswith((".", "}")) and code.help for code in CODES.values())
