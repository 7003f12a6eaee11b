"""`interviewer prompts`: list, show, diff, check; and that it shows what the engine sends."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interviewer import prompts as module
from interviewer.cli.main import app
from interviewer.cli.prompt_check import situations
from interviewer.domain.errors import InterviewerError
from interviewer.guides.scaffold import scaffold
from interviewer.resources import resource_folder

PACKAGED = resource_folder("prompts")
ENGINE = Path(module.__file__).parent / "engines"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, folder in (("GUIDES", "own"), ("CACHE_DIR", "cache"), ("DATA_DIR", "data"), ("CONFIG", "none.toml")):
        monkeypatch.setenv(f"INTERVIEWER_{name}", str(tmp_path / folder))
    (tmp_path / "own").mkdir()
    monkeypatch.delenv("INTERVIEWER_PROMPTS", raising=False)
    module.phrases.cache_clear()
    yield tmp_path
    module.phrases.cache_clear()


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, ["prompts", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, (SystemExit, InterviewerError)), result.exc_info
    return result


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """A folder that overrides one file, with a change in it."""
    folder.mkdir(exist_ok=True)
    text = (PACKAGED / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_list_names_every_file_and_its_source(tmp_path: Path) -> None:
    mine = changed(tmp_path / "mine", "speak.md.j2", "Neutral and kind", "Kind and neutral")
    lines = run("list", "--prompts", mine).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["assess", "form", "speak", "phrases", "chat"]
    assert str(mine / "speak.md.j2") in lines[2]
    assert lines[0].endswith("packaged")


def test_show_renders_a_real_question(home: Path) -> None:
    shown = run("show", "assess", "--guide", "site-reliability-engineer", "--question", "1", "--answer", "Ask {{ x }}.")
    assert shown.exit_code == 0
    assert "--- system" in shown.stdout
    assert "k1. " in shown.stdout
    assert "Ask {{ x }}." in shown.stdout.split("--- user")[1]


@pytest.mark.parametrize(
    "move", ["probe", "follow_up", "hint", "clarify", "repeat", "redirect", "pause", "next", "close"]
)
def test_show_renders_every_move(move: str) -> None:
    shown = run("show", "speak", "--move", move, "--answer", "quite so")
    assert shown.exit_code == 0
    assert f"# This move: {move}" in shown.stdout


def test_show_gives_a_topic_on_the_last_rung_only() -> None:
    assert "Topic to name" in run("show", "speak", "--move", "hint", "--rung", "3").stdout
    assert "Topic to name" not in run("show", "speak", "--move", "hint", "--rung", "2").stdout


def test_show_says_a_follow_up_as_the_interviewer_would(tmp_path: Path) -> None:
    follow_up = "  - Discuss how you would test it.\n"
    guide = tmp_path / "porter.md"
    text = scaffold("Night Porter")
    first = re.search(r"- \*\*Follow-ups\*\*:\n", text)
    assert first is not None
    guide.write_text(text[: first.end()] + follow_up + text[first.end() :], encoding="utf-8")
    shown = run("show", "speak", "--guide", guide, "--question", "1", "--move", "follow_up").stdout
    assert "How would you test it?" in shown
    assert "Discuss how" not in shown


def test_show_prints_form_and_phrases() -> None:
    assert '"points": {"k1": "covered|' in run("show", "form").stdout
    for name in ("phrases", "chat"):
        assert run("show", name).stdout.strip() == (PACKAGED / f"{name}.toml").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("wrong", [("nobody",), ("assess", "--question", "nobody"), ("assess", "--guide", "nobody")])
def test_show_fails_plainly(wrong: tuple[str, ...]) -> None:
    assert run("show", *wrong).exit_code == 1


def test_diff_shows_what_differs_and_says_so(tmp_path: Path) -> None:
    mine = changed(tmp_path / "mine", "assess.md.j2", "Judge each point alone", "Judge each point by itself")
    result = run("diff", "--prompts", mine)
    assert result.exit_code == 1
    assert "-- Judge each point alone" in result.stdout
    assert "+- Judge each point by itself" in result.stdout
    assert run("diff", "speak", "--prompts", mine).exit_code == 0
    assert run("diff").stdout == ""
    assert run("diff", "nobody").exit_code == 1


def test_the_environment_names_the_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = changed(tmp_path / "mine", "assess.md.j2", "Judge each point alone", "Judge each point by itself")
    monkeypatch.setenv("INTERVIEWER_PROMPTS", str(mine))
    assert run("diff").exit_code == 1
    assert run("check").exit_code == 0


def test_check_is_content_with_what_ships_and_with_a_whole_copy(tmp_path: Path) -> None:
    assert run("check").exit_code == 0
    mine = shutil.copytree(PACKAGED, tmp_path / "copy")
    result = run("check", "--prompts", mine)
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("assess.md.j2", "{{ message | fenced }}", "{{ message }}", "without `| fenced`"),
        ("assess.md.j2", "{{ message | fenced }}", "{{ message | trim }}", "outside its fence"),
        ("assess.md.j2", "{{ message | fenced }}", "{{ 'said: ' ~ message }}", "outside its fence"),
        ("assess.md.j2", "{{ message | fenced }}", "...", "message is not shown"),
        ("assess.md.j2", "{{ id }}. {{ text }}", "{{ id }}", "'points' is not shown"),
        ("assess.md.j2", "=== user ===", "{{ question }}\n=== user ===", "'question' is undefined"),
        ("assess.md.j2", "=== user ===", "=== usr ===", "=== user ==="),
        ("assess.md.j2", "Nothing between the tokens", "{{ question }}", "comes after the candidate's"),
        ("assess.md.j2", "{% if behavioral %}", "{% if behavioral and nobody %}", "'nobody'"),
        ("assess.md.j2", "{% if elsewhere %}", "{% if elsewhere", "it is no template"),
        ("speak.md.j2", "Line to say: {{ aim }}", "Say it.", "'aim' is not shown"),
        ("speak.md.j2", "{{ words | clip(700) | fenced }}", "{{ words | clip(700) }}", "without `| fenced`"),
        ("speak.md.j2", 'cause == "stop"', 'reason == "stop"', "'reason'"),
        ("form.md.j2", "{{ form }}", "", "'form' is not shown"),
        ("phrases.toml", "{title}", "{name}", "nobody fills in 'name'"),
        ("phrases.toml", "[redirect]", "[redirects]", "redirect.off_topic is missing"),
        ("phrases.toml", "[redirect]", "[redirect", "cannot be read"),
    ],
)
def test_check_finds_what_breaks_an_override(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    result = run("check", "--prompts", changed(tmp_path / "mine", name, old, new))
    assert result.exit_code == 1
    assert name in result.stderr
    assert said in result.stderr


def test_check_finds_a_file_that_nobody_reads(tmp_path: Path) -> None:
    changed(tmp_path / "mine", "assess.md.j2", "alone", "alone").joinpath("asses.md.j2").write_text("x")
    assert "asses.md.j2: no prompt has this name" in run("check", "--prompts", tmp_path / "mine").stderr
    assert run("check", "--prompts", tmp_path / "nowhere").exit_code == 1


def test_the_engine_fills_in_what_is_checked_here() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in ENGINE.glob("llm*.py")]
    calls = [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "render"
    ]
    sent = {str(ast.literal_eval(call.args[0])): {k.arg for k in call.keywords} for call in calls}
    assert sent == {name: set(next(situations(name))) for name in sent}
    assert {"assess", "speak"} <= sent.keys()
