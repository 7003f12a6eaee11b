"""Rating answers by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from interviewer.cli.eval_label import label
from interviewer.domain.grading import Verdict
from interviewer.evaluation.cases import CasesError, load_cases
from interviewer.evaluation.labelling import Labelling, read_verdicts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines: dict[str, list[dict[str, object]]] = {
        "questions.jsonl": [
            {"id": "q1", "text": "Why rye?", "key_points": ["It keeps.", "It sours."], "pitfalls": ["x"]}
        ],
        "answers.jsonl": [
            {
                "id": f"a{n}",
                "question_id": "q1",
                "design": "bluff",
                "manner": "terse",
                "answer": f"Answer {n} \x1b[31mred",
            }
            for n in range(4)
        ],
    }
    for name, records in lines.items():
        (tmp_path / name).write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return tmp_path


def typing(monkeypatch: pytest.MonkeyPatch, lines: Iterable[str]) -> None:
    given = iter(lines)

    def read(_prompt: str = "") -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", read)


def rate(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: str, rater: str = "ada", settle: bool = False) -> None:
    typing(monkeypatch, lines)
    label(folder, rater="" if settle else rater, settle=settle)


def rated(folder: Path, rater: str) -> dict[str, dict[str, object]]:
    lines = (folder / "ratings" / f"{rater}.jsonl").read_text(encoding="utf-8").splitlines()
    return {r["id"]: r for r in map(json.loads, lines)}


def test_what_is_rated_is_kept_and_gone_on_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rate(monkeypatch, folder, "c p", "n", "4", "cz", "c", "mm", "y", "7", "1", "q")
    said = capsys.readouterr().out
    assert "2 rated now; 2 of 4 to go." in said
    assert "'z' is no verdict" in said
    assert "That is 1 for 2 points" in said
    assert "Give a number from 1" in said
    first = rated(folder, "ada")
    assert sorted(r["overall"] for r in first.values()) == [1.0, 4.0]  # type: ignore[type-var]
    rate(monkeypatch, folder, *["xx", "n", "2"] * 2)
    assert "none left" in capsys.readouterr().out
    assert {k: v for k, v in rated(folder, "ada").items() if k in first} == first
    assert len(rated(folder, "ada")) == 4


def test_how_much_is_rated_is_told_as_json_and_the_instructions_can_be_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typing(monkeypatch, ["cp", "n", "4"])
    label(folder, rater="ada", quiet=True)
    assert "Judge each statement" not in capsys.readouterr().out
    label(folder, rater="ada", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"answers": 4, "waiting": 3}


def test_a_rater_is_told_nothing_that_could_sway(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rate(monkeypatch, folder, *["cc", "n", "5"] * 4, rater="bo")
    capsys.readouterr()
    rate(monkeypatch, folder, "q")
    said = capsys.readouterr().out
    assert "bluff" not in said
    assert "covered," not in said.split("Answer 1 of 4")[1]
    assert "\x1b[31m" not in said


def test_raters_meet_the_answers_in_orders_of_their_own(folder: Path) -> None:
    orders = {tuple(e.answer.id for e in Labelling(folder, name).waiting) for name in ("ada", "bo", "cy", "di", "ed")}
    assert len(orders) > 1
    assert all(len(set(order)) == 4 for order in orders)


def test_later_again_and_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = (e.answer.id for e in Labelling(folder, "ada").waiting)
    rate(monkeypatch, folder, "l", "cc", "b", "mm", "n", "2", "u", "pp", "y", "3", "q")
    assert first not in rated(folder, "ada")
    assert rated(folder, "ada")[second] == {
        "id": second, "key_points": ["partial", "partial"], "pitfalls": [True], "overall": 3.0,
    }  # fmt: skip


def test_what_raters_differ_on_is_settled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rate(monkeypatch, folder, *["cc", "n", "5"] * 4)
    rate(monkeypatch, folder, *["cc", "n", "4"] * 3, "cm", "n", "3", rater="bo")
    last = Labelling(folder, "bo").waiting
    assert not last
    (case,) = [c for c in load_cases(folder).cases if len({r.key_points for r in c.ratings.values()}) > 1]
    capsys.readouterr()
    rate(monkeypatch, folder, "cp", "n", "4", settle=True)
    said = capsys.readouterr().out
    assert "raters: covered, missing" in said or "raters: missing, covered" in said
    assert "none left" in said
    labels = {c.id: c.label for c in load_cases(folder).cases}
    assert labels[case.id].key_points == (Verdict.COVERED, Verdict.PARTIAL)
    rate(monkeypatch, folder, settle=True)
    assert "none left" in capsys.readouterr().out


def test_a_name_that_is_none(folder: Path) -> None:
    for name in ("", "../x", "agreed"):
        with pytest.raises(CasesError, match="rater's name"):
            Labelling(folder, name)


def test_letters() -> None:
    assert read_verdicts("C p-M".replace("-", " "), 3) == (Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING)


def test_what_was_rated_before_its_question_changed_is_rated_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rate(monkeypatch, folder, *["cc", "n", "5"] * 4)
    asked = folder / "questions.jsonl"
    asked.write_text(asked.read_text().replace('"It sours."', '"It sours.", "It rises.\\u001b[31m"'), encoding="utf-8")
    with pytest.raises(CasesError, match="q1 has 3 and 1") as error:
        load_cases(folder)
    assert "Rate it again" in error.value.remedy
    capsys.readouterr()
    rate(monkeypatch, folder, *["ccm", "n", "4"] * 4)
    said = capsys.readouterr().out
    assert "none left" in said
    assert "\x1b[31m" not in said
    assert {len(c.label.key_points) for c in load_cases(folder).cases} == {3}


@pytest.mark.parametrize("rater", ["zed", "agreed"])
def test_a_rating_of_no_answer_is_told_with_file_and_line(folder: Path, rater: str) -> None:
    (folder / "ratings").mkdir(exist_ok=True)
    line = '{"id": "nosuch", "key_points": ["covered", "missing"], "pitfalls": [false]}'
    (folder / "ratings" / f"{rater}.jsonl").write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(CasesError, match=rf"{rater}\.jsonl:2: there is no answer 'nosuch'"):
        load_cases(folder)


def test_a_rating_that_cannot_be_kept_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ratings").write_text("")
    with pytest.raises(CasesError, match="cannot be written"):
        rate(monkeypatch, folder, "cc", "n", "5")
