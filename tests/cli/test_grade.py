"""`interviewer grade`: one answer, and many from a file, whatever the file, the hand on Ctrl-C and kill -9 do."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.main import app
from interviewer.domain.errors import InterviewerError
from interviewer.domain.interview import MessageKind
from tests.cli.running import SCRIPTED, begin, garden, run, typed, wait_until

QUESTION = ("--guide", "./gardener.md", "--question", "beans")


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    garden(tmp_path)


def grade(*args: str, stdin: bytes = b"") -> Result:
    """In this process; what the product raises is what `main` prints."""
    return CliRunner().invoke(app, ["grade", *SCRIPTED, *args], input=stdin)


def refused(*args: str, stdin: bytes = b"") -> str:
    """What is said of it, in one message."""
    result = grade(*args, stdin=stdin)
    assert isinstance(result.exception, InterviewerError), result.output
    return f"{result.exception.message} {result.exception.remedy}"


def batch(path: Path, count: int) -> Path:
    """A file of so many answers, every fifth with an id that comes again."""
    lines = (
        {"id": n - n % 5 if n % 5 == 1 else n, "question": "Why?", "key_points": ["Because."], "answer": f"+1 or {n}"}
        for n in range(count)
    )
    path.write_text("".join(f"{json.dumps(each)}\n" for each in lines), encoding="utf-8")
    return path


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()]


def test_one_answer() -> None:
    result = grade(*QUESTION, "--answer", "I would say +1 and ~2 and !1 then.")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "65 of 100, band 4: Solid",
        "",
        "  made      Warmth: beans want a sheltered southern wall.",
        "            “+1”",
        "  partly    Nitrogen: legumes leave nitrogen behind in the soil.",
        "            “~2”",
        "  pitfall   Shade: plants beans in deep shade.",
        "            “!1”",
    ]


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind is not MessageKind.ANSWER])
def test_what_is_no_answer_is_called_so(kind: MessageKind) -> None:
    result = grade(*QUESTION, "--answer", f"?{kind}")
    assert result.output.startswith("Not read as an answer: it ")
    assert json.loads(grade(*QUESTION, "--answer", f"?{kind}", "--json").output)["kind"] == kind


def test_what_came_with_a_request_was_read() -> None:
    assert grade(*QUESTION, "--answer", "+1 ?hint").output.startswith("50 of 100")


def test_an_answer_of_a_few_words_is_not_called_wrong() -> None:
    few = (*QUESTION, "--answer", "A sheltered southern wall.", "--engine", "embedded")
    assert grade(*few).output.startswith("Too short to be read: ")
    found = json.loads(grade(*few, "--json").output)
    assert found["too_short"]
    assert found["key_points"][0]["confidence"] < 0.8


def test_one_answer_as_json() -> None:
    result = grade(*QUESTION, "--answer", "+1", "--json")
    found = json.loads(result.output)
    assert (found["id"], found["status"], found["engine"], found["formula"]) == (QUESTION[3], "graded", "scripted", "1")
    assert found["key_points"][0]["text"].startswith("Warmth")
    assert {"verdict", "confidence", "quote", "id", "text"} == set(found["key_points"][0])


def test_an_answer_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "answer.txt"
    file.write_bytes("\ufeff+1 and\nümlauts".encode())
    from_file = grade(*QUESTION, "--answer", f"@{file}", "--json")
    assert json.loads(from_file.output)["key_points"][0]["verdict"] == "covered"
    assert grade(*QUESTION, "--answer", "@-", "--json", stdin=file.read_bytes()).output == from_file.output


@pytest.mark.parametrize("name", ["@nowhere.txt", "@", "@."])
def test_an_answer_that_is_not_there(name: str) -> None:
    said = refused(*QUESTION, "--answer", name)
    assert "cannot be read" in said
    assert "@- for standard input" in said
    assert "Errno" not in said


def test_an_answer_that_is_no_text() -> None:
    assert "not in UTF-8" in refused(*QUESTION, "--answer", "@-", stdin=b"a\xff")


def test_an_argument_of_broken_bytes_is_graded() -> None:
    assert grade(*QUESTION, "--answer", "half \udcff").exit_code == 0


def test_an_ungraded_answer_says_why_and_fails() -> None:
    result = grade(*QUESTION, "--answer", "{fail:timeout}")
    assert (result.exit_code, result.output) == (1, "Not graded: reading the answer took too long.\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("-g", "mlops-enginer", "-q", "x", "-a", "y"), "Did you mean mlops-engineer"),
        (("-g", "mlops-engineer", "-q", "nope", "-a", "y"), "It has: mlops-"),
        (("-g", "./nowhere.md", "-q", "x", "-a", "y"), "no such file"),
    ],
)
def test_no_such_guide_or_question(args: tuple[str, ...], told: str) -> None:
    assert told in refused(*args)


def test_a_guide_without_questions_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.write_text("# Nothing yet\n")
    assert "It has none: `interviewer guide check`" in refused("-g", str(path), "-q", "x", "-a", "y")


@pytest.mark.parametrize(
    "args", [(), QUESTION, ("--batch", "in.jsonl"), ("--batch", "a", "--out", "b", "--json"), (*QUESTION, "--out", "x")]
)
def test_what_does_not_go_together_is_wrong_usage(args: tuple[str, ...]) -> None:
    assert grade(*args).exit_code == 2


def test_the_example_in_the_help_works() -> None:
    example = "--guide mlops-engineer --question mlops-and-devops"
    assert example in grade("--help").output
    assert grade(*example.split(), "--answer", "A model decays.").exit_code == 0


def test_many_answers_and_again(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 11), tmp_path / "out.jsonl"
    with source.open("ab") as file:
        file.write(b"oops\n")
    first = grade("--batch", str(source), "--out", str(out))
    assert first.stderr == f"11 graded into {out}; 1 could not be, and say why.\n"
    assert [each["id"] for each in objects(out)] == [0, 0, 2, 3, 4, 5, 5, 7, 8, 9, 10, "line:12"]
    before = out.read_bytes()
    again = grade("--batch", str(source), "--out", str(out))
    assert again.stderr == f"0 graded into {out}, 11 were there; 1 could not be, and say why.\n"
    assert out.read_bytes() == before


def test_streams(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 3), tmp_path / "out.jsonl"
    grade("--batch", str(source), "--out", str(out))
    piped = grade("--batch", "-", "--out", "-", stdin=source.read_bytes())
    assert (piped.stdout_bytes, piped.stderr) == (out.read_bytes(), "3 graded into standard output.\n")
    again = grade("--batch", "-", "--out", str(out), stdin=source.read_bytes())
    assert again.stderr == f"0 graded into {out}, 3 were there.\n"
    assert not (tmp_path / "-").exists()


def test_a_line_that_was_mended_is_graded(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 5), tmp_path / "out.jsonl"
    whole = source.read_text()
    source.write_text(whole.replace("+1 or 2", "{fail:timeout}").replace('"answer": "+1 or 3"', '"answer": 3'))
    assert "2 could not be" in grade("--batch", str(source), "--out", str(out)).stderr
    source.write_text(whole)
    assert grade("--batch", str(source), "--out", str(out)).stderr == f"2 graded into {out}, 3 were there.\n"
    assert sorted(each["id"] for each in objects(out)) == sorted(each["id"] for each in objects(source))
    assert {each["status"] for each in objects(out)} == {"graded"}


def test_files_that_will_not_do(tmp_path: Path) -> None:
    source = str(batch(tmp_path / "in.jsonl", 2))
    out = str(tmp_path / "out.jsonl")
    before = Path(source).read_bytes()
    assert "same file" in refused("--batch", source, "--out", str(tmp_path / "." / "in.jsonl"))
    assert "nowhere: No such file" in refused("--batch", str(tmp_path / "nowhere"), "--out", out)
    assert "Is a directory" in refused("--batch", str(tmp_path), "--out", out)
    assert "Is a directory" in refused("--batch", source, "--out", str(tmp_path))
    assert "No such file" in refused("--batch", source, "--out", str(tmp_path / "no" / "out.jsonl"))
    assert not Path(out).exists()
    assert Path(source).read_bytes() == before


def test_notes_are_not_overwritten(tmp_path: Path) -> None:
    source, notes = batch(tmp_path / "in.jsonl", 2), tmp_path / "notes.txt"
    notes.write_text("my notes")
    assert "so it was left as it is" in refused("--batch", str(source), "--out", str(notes))
    assert notes.read_text() == "my notes"


def test_an_engine_that_cannot_run_makes_no_file(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 2), tmp_path / "out.jsonl"
    assert "No key is set" in refused("--engine", "openai", "--batch", str(source), "--out", str(out))
    assert not out.exists()


def test_killed_at_random_moments_it_goes_on_where_it_was(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 4000), tmp_path / "out.jsonl"
    args = ("grade", *SCRIPTED, "--batch", str(source), "--out", str(out))
    chance = random.Random(7)
    kills = 0
    for _ in range(5):
        before = out.read_bytes() if out.exists() else b""
        process = begin(tmp_path, *args, stderr=subprocess.DEVNULL)
        enough = len(before) + chance.randrange(1, 200_000)
        wait_until(lambda: process.poll() is not None or (out.exists() and out.stat().st_size >= enough))  # noqa: B023
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        lines_before = before[: before.rfind(b"\n") + 1]
        assert out.read_bytes().startswith(lines_before)
        if chance.random() < 0.5:  # as when a write itself is cut short
            with out.open("rb+") as file:
                file.truncate(max(len(lines_before), out.stat().st_size - 17))
    assert kills >= 2
    assert run(tmp_path, *args).returncode == 0
    assert [each["id"] for each in objects(out)] == [each["id"] for each in objects(source)]
    whole = tmp_path / "whole.jsonl"
    run(tmp_path, *args[:-1], str(whole))
    assert out.read_bytes() == whole.read_bytes()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    source, out = batch(tmp_path / "in.jsonl", 10_000), tmp_path / "out.jsonl"
    process = begin(tmp_path, "grade", *SCRIPTED, "--batch", str(source), "--out", str(out), stderr=subprocess.PIPE)
    wait_until(lambda: out.exists() and out.stat().st_size > 1000)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 130
    assert said.strip() == f"Stopped. What is graded is in {out}; the same command goes on from there."
    assert all(each["status"] == "graded" for each in objects(out))


def test_the_reader_may_go_away(tmp_path: Path) -> None:
    batch(tmp_path / "in.jsonl", 5000)
    process = begin(
        tmp_path, "grade", *SCRIPTED, "--batch", "in.jsonl", "--out", "/dev/stdout",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["id"] == 0
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 1


def test_progress_is_drawn_on_a_terminal_alone(tmp_path: Path) -> None:
    batch(tmp_path / "in.jsonl", 50)
    args = ["grade", *SCRIPTED, "--batch", "in.jsonl", "--out"]
    assert run(tmp_path, *args, "a.jsonl").stderr == "50 graded into a.jsonl.\n"
    assert "50/50" in typed(tmp_path, [*args, "b.jsonl"]).shown
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
