"""Other people's labelled answers as a case set."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from interviewer.domain.grading import Verdict
from interviewer.evaluation.cases import CasesError, load_cases
from interviewer.evaluation.importing import import_cases, read_recipe
from interviewer.resources import resource_folder

RECIPES = sorted((resource_folder("evals") / "recipes").glob("*.toml"))
SHARED = Path(__file__).resolve().parents[3] / "shared" / "asag"

RECIPE = """
about = "invented"
question_id = "topic"
key_points = "points"
design = "label"
[where]
split = ["test"]
[raters.human]
verdict = "label"
verdicts = { right = "covered", half = "partial", wrong = "missing" }
overall = "mark"
scale = [0, 10]
[raters.grader]
each = "marks"
verdict = ""
cuts = { covered = 0.8, partial = 0.3 }
overall = ""
scale = [0, "most"]
"""
LINE = {
    "id": "a1",
    "topic": "bread",
    "question": "How is rye bread made to rise?",
    "points": ["A sourdough raises it.", "It is left overnight."],
    "answer": "With a sourdough.",
    "label": "half",
    "mark": 5,
    "marks": [2, 9],
    "most": 10,
    "split": "test",
}


def recipe_in(folder: Path, text: str = RECIPE) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def imported(folder: Path, *lines: dict[str, object], recipe: str = RECIPE) -> Path:
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    import_cases(read_recipe(recipe_in(folder, recipe)), source, folder / "set")
    return folder / "set"


def test_fields_become_questions_answers_and_ratings(tmp_path: Path) -> None:
    cases = load_cases(imported(tmp_path, LINE, {**LINE, "id": "a2", "split": "train"}))
    (case,) = cases.cases
    assert (case.id, case.question.id, case.design) == ("a1", "bread", "half")
    assert [k.text for k in case.question.key_points] == LINE["points"]
    assert cases.raters == ("grader-1", "grader-2", "human")
    assert case.ratings["human"].key_points == (Verdict.PARTIAL, Verdict.PARTIAL)
    assert case.ratings["human"].overall == 3.0
    assert [case.ratings[f"grader-{n}"].key_points[0] for n in (1, 2)] == [Verdict.MISSING, Verdict.COVERED]
    assert [case.ratings[f"grader-{n}"].overall for n in (1, 2)] == [1.8, 4.6]


def test_one_id_with_other_statements_is_another_question(tmp_path: Path) -> None:
    cases = load_cases(imported(tmp_path, LINE, {**LINE, "id": "a2", "points": ["It is kneaded."]}))
    first, second = (c.question for c in cases.cases)
    assert first.id == "bread"
    assert second.id.startswith("bread-")
    assert [k.text for k in second.key_points] == ["It is kneaded."]


def test_csv(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('id,question,points,answer,label\n7,Why?,One|Two,"So, ""quoted""",right\n', encoding="utf-8-sig")
    recipe = 'about="x"\nkey_points="points"\n[raters.me]\nverdict="label"\nverdicts={right="covered"}\n'
    assert import_cases(read_recipe(recipe_in(tmp_path, recipe)), source, tmp_path / "set") == 1
    (case,) = load_cases(tmp_path / "set").cases
    assert case.answer == 'So, "quoted"'
    assert [k.text for k in case.question.key_points] == ["One", "Two"]
    assert case.label.key_points == (Verdict.COVERED, Verdict.COVERED)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({**LINE, "label": "splendid"}, "in.jsonl:1: the recipe does not say what 'splendid' means"),
        ({k: v for k, v in LINE.items() if k != "answer"}, "in.jsonl:1: there is no answer"),
        ({**LINE, "mark": "high"}, "in.jsonl:1: mark is no number: 'high'"),
        ({**LINE, "split": "train"}, "takes no line"),
        ({**LINE, "mark": math.nan}, "in.jsonl:1: mark is no number: nan"),
        ({**LINE, "most": 0}, "in.jsonl:1: the scale begins and ends with 0"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: dict[str, object], said: str) -> None:
    with pytest.raises(CasesError) as error:
        imported(tmp_path, line)
    assert said in error.value.message


def test_a_separator_within_an_answer_is_part_of_it_and_one_rater_is_one(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('id,question,points,answer,marks\n7,"a | b?",One,"if (a || b) stop",10\n', encoding="utf-8")
    recipe = 'about="x"\nkey_points="points"\n[raters.me]\neach="marks"\nverdict=""\nscale=[0,10]\ncuts={covered=0.5}\n'
    import_cases(read_recipe(recipe_in(tmp_path, recipe)), source, tmp_path / "set")
    cases = load_cases(tmp_path / "set")
    assert (cases.cases[0].question.text, cases.cases[0].answer) == ("a | b?", "if (a || b) stop")
    assert cases.raters == ("me-1",)


def test_an_answer_that_is_there_twice_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"in\.jsonl:2: a1 is there twice"):
        imported(tmp_path, LINE, LINE)


def test_a_list_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(CasesError, match=r"in.jsonl:1: rubric.\*.text is no list"):
        imported(tmp_path, {**LINE, "rubric": None}, recipe=RECIPE.replace('"points"', '"rubric.*.text"'))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    imported(tmp_path, LINE)
    recipe = read_recipe(tmp_path / "recipe.toml")
    with pytest.raises(CasesError, match="is there already"):
        import_cases(recipe, tmp_path / "in.jsonl", tmp_path / "in.jsonl")
    with pytest.raises(CasesError, match="cannot be written"):
        import_cases(recipe, tmp_path / "in.jsonl", tmp_path / "in.jsonl" / "set")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    imported(tmp_path, LINE)
    with pytest.raises(CasesError, match="is there already"):
        imported(tmp_path, LINE)


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_the_recipes_that_ship_fit_their_sets(path: Path, tmp_path: Path) -> None:
    source = SHARED / f"{path.stem}.jsonl"
    recipe = read_recipe(path)
    if not source.exists():
        pytest.skip(f"needs {source.name}, which is not part of the project")
    count = import_cases(recipe, source, tmp_path / "set", limit=150)
    cases = load_cases(tmp_path / "set")
    assert count == len(cases.cases) == 150
    assert all(case.ratings for case in cases.cases)
