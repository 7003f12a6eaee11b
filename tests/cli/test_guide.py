"""`interviewer guide`, through typer's runner and, for pipes and exit codes, through a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.guide import app
from interviewer.guides.scaffold import file_name, scaffold


def finished(role: str) -> str:
    """A new guide whose placeholders someone has replaced."""
    text = re.sub(r"; say here .* for what\.", ".", scaffold(role))
    return text.replace("Replace this passage by what someone should know", "What someone should know")


SOUND = finished("Night Porter")
MAIN = "from interviewer.cli.guide import app; app(prog_name='guide')"
HEAVY = {"rich", "pydantic", "markdown_it", "yaml", "chromadb", "openai", "onnxruntime", "numpy", "sqlalchemy"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Guides, cache and settings of this test alone, and a current folder of its own."""
    for name in [name for name in os.environ if name.startswith("INTERVIEWER_")]:
        monkeypatch.delenv(name)
    for name, folder in (("GUIDES", "own"), ("CACHE_DIR", "cache"), ("DATA_DIR", "data"), ("CONFIG", "none.toml")):
        monkeypatch.setenv(f"INTERVIEWER_{name}", str(tmp_path / folder))
    for folder in ("here", "own"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )  # fmt: skip


def write(path: Path, text: str = SOUND) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def lines(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_list_shows_own_and_built_in_guides(home: Path) -> None:
    write(home / "own" / "porter.md")
    assert "porter" in run("list").stdout
    rows = lines(run("list", "--json"))
    assert {"id": "porter", "title": "Night Porter", "questions": 2, "file": str(home / "own" / "porter.md")} in rows
    assert len(rows) > 1


def test_guides_may_share_a_title(home: Path) -> None:
    write(home / "own" / "porter.md")
    write(home / "own" / "porter-two.md")
    assert run("list").stdout.count("Night Porter") == 2


def test_a_folder_that_is_named_and_not_there_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (("list",), ("show", "backend-engineer")):
        result = run(*arguments, "--guides", "nowhere")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "There is no folder nowhere to take guides from. Make it" in result.stderr
    monkeypatch.setenv("INTERVIEWER_GUIDES", str(home / "gone"))
    assert str(home / "gone") in run("list").stderr
    monkeypatch.delenv("INTERVIEWER_GUIDES")
    assert (run("list").exit_code, run("list").stderr) == (0, "")


def test_list_reports_what_cannot_be_read_and_lists_the_others(home: Path) -> None:
    write(home / "own" / "porter.md")
    write(home / "own" / "void.md", "")
    result = run("list")
    assert result.exit_code == 0
    assert "porter" in result.stdout
    assert "void.md:1: The file is empty." in result.stderr


def test_show_prints_questions_and_on_demand_more() -> None:
    path = write(Path("porter.md"))
    short, long = run("show", path).stdout, run("show", path, "--points", "--answers").stdout
    assert "Night Porter" in short
    assert "#finding-a-fault" in short
    assert "Reproduces it first" not in short
    assert all(
        part in long for part in ("Reproduces it first", "Guesses and patches", "once a week?", "First I reproduce")
    )
    assert "\x1b" not in long


def test_show_points_has_what_their_author_set() -> None:
    path = write(Path("porter.md"), SOUND.replace("before touching anything.", "before touching anything. {weight=2}"))
    shown = run("show", path, "--points").stdout
    assert "makes the failure happen at will before touching anything.  (weight 2)\n" in shown
    assert "         - Probe: What do you do before you change anything?\n" in shown
    assert "         - Hint: It is hard to study what you cannot see again.\n" in shown
    assert shown.count("(weight") == 1
    assert "Probe" not in run("show", path).stdout


def test_show_json_is_one_object_a_guide_with_the_path_as_given() -> None:
    write(Path("porter.md"))
    write(Path("own.md"), scaffold("Koch 日本"))
    first, second = lines(run("show", "./porter.md", "own.md", "--json"))
    assert (first["file"], first["id"], first["title"]) == ("./porter.md", "porter", "Night Porter")
    assert second["title"] == "Koch 日本"
    question = first["questions"][0]
    assert {"id", "text", "category", "answer", "key_points", "pitfalls", "follow_ups"} <= set(question)
    assert {"id", "text", "line"} <= set(question["key_points"][0]) & set(question["pitfalls"][0])
    assert question["category"] == "technical"


def test_show_by_name_gives_the_base_name(home: Path) -> None:
    write(home / "own" / "porter.md")
    assert lines(run("show", "night p", "--json"))[0]["file"] == "porter.md"


def test_show_takes_a_hundred_paths_and_goes_on_after_bad_ones() -> None:
    paths = [write(Path(f"guides/g{number:03}.md")) for number in range(100)]
    result = run("show", *paths[:50], "missing.md", "nosuchguide", *paths[50:], "--json")
    assert result.exit_code == 2
    assert [row["file"] for row in lines(result)] == [str(path) for path in paths]
    assert "missing.md" in result.stderr
    assert "nosuchguide" in result.stderr
    assert len(lines(run("show", "guides", "--json"))) == 100


def test_check_of_a_sound_guide_is_silent_and_zero() -> None:
    result = run("check", write(Path("porter.md")))
    assert (result.exit_code, result.stdout) == (0, "1 guide checked: nothing found.\n")


def test_check_points_at_the_line_like_a_compiler() -> None:
    path = write(Path("porter.md"), SOUND.replace("**Guesses and patches**: changes", "Always changes"))
    result = run("check", path)
    number = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if "Always" in line)
    first, source, caret, advice, end = result.stdout.splitlines()
    assert result.exit_code == 1
    assert first.startswith(f"porter.md:{number}:3: warning[L201]: ")
    assert source.startswith(f"{number:5} |   - Always changes")
    assert caret.index("^") == source.index("- Always")
    assert advice.strip().startswith("= help: ")
    assert end == "1 guide checked: 1 warning."


def test_check_takes_names_as_show_does_and_files_before_them(home: Path) -> None:
    path = write(home / "own" / "porter.md", SOUND.replace("**Guesses and patches**: changes", "Always changes"))
    assert run("check", "night p").stdout.startswith(f"{path}:")
    assert run("check", "porter").exit_code == 1
    write(Path("porter"), SOUND)
    assert run("check", "porter").exit_code == 0
    missing = run("check", "backend-enginer")
    assert missing.exit_code == 2
    assert "Did you mean backend-engineer" in missing.stderr


def test_notes_alone_are_zero_unless_strict() -> None:
    path = write(Path("porter.md"), SOUND.replace("- **Difficulty**: easy\n", ""))
    assert run("check", path).exit_code == 0
    assert run("check", path, "--strict").exit_code == 1
    assert "note[L008]" in run("check", path).stdout


def test_what_a_missing_front_matter_implies_is_not_said_twice() -> None:
    path = write(Path("porter.md"), SOUND.split("---\n", 2)[2])
    codes = [f["code"] for f in json.loads(run("check", path, "--format", "json").stdout)["findings"]]
    assert codes == ["G101"]


def test_check_as_json_and_for_github() -> None:
    path = write(Path("a,b.md"), SOUND.replace("**Guesses and patches**: changes", "Always 100% changes"))
    report = json.loads(run("check", path, "--format", "json").stdout)
    assert (report["checked"], report["warnings"], report["findings"][0]["code"]) == (1, 1, "L201")
    (line,) = run("check", path, "--format", "github").stdout.splitlines()
    assert line.startswith("::warning file=a%2Cb.md,line=")
    assert "100%25" in line


BAD: dict[str, bytes] = {
    "empty.md": b"",
    "latin.md": b"# Caf\xe9\n",
    "binary.md": b"\x7fELF\0\0\0",
    "big.md": b"# A\n" * (5 * 1024 * 1024),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_read_are_two_and_the_others_are_checked(name: str) -> None:
    Path(name).write_bytes(BAD[name])
    result = run("check", name, write(Path("porter.md")))
    assert result.exit_code == 2
    assert result.stdout.startswith(f"{name}:1:1: error[G00")
    assert result.stdout.endswith("1 guide checked, 1 not readable: 1 error.\n")


def test_paths_that_cannot_be_read() -> None:
    Path("x.md").mkdir()
    Path("dangling.md").symlink_to("nowhere.md")
    result = run("check", "x.md", "dangling.md", "missing.md", ".")
    assert result.exit_code == 2
    for path, code in (("x.md", "F005"), ("dangling.md", "F002"), ("missing.md", "F001")):
        assert f"{path}:1:1: error[{code}]" in result.stdout


@pytest.mark.parametrize(
    "text",
    ["# Only a title\n", "no front matter, no heading\n", "---\n: [\n---\n", "---\ntitle: x\n", "  " * 200 + "- deep\n",
     "".join("  " * n + "- x\n" for n in range(200)), "".join("> " * n + "x\n" for n in range(200)), "\ufeff\n"],
)  # fmt: skip
def test_odd_texts_give_findings_never_a_traceback(text: str) -> None:
    path = write(Path("odd.md"), text)
    assert run("check", path).exit_code in {1, 2}
    assert run("show", path, "--points").exit_code in {0, 2}


def test_duplicate_ids_in_a_guide_and_across_guides() -> None:
    write(Path("a/porter.md"))
    write(Path("b/porter.md"), SOUND.replace("{#bad-news}", "{#finding-a-fault}"))
    result = run("check", ".")
    assert result.exit_code == 1
    assert "b/porter.md:1:1: error[L104]" in result.stdout
    assert "error[G302]" in result.stdout


def test_record_then_reword_then_pin() -> None:
    unpinned = SOUND.replace(" {#bad-news}", "")
    path = write(Path("guides/porter.md"), unpinned)
    assert "Recorded the ids of 1 guide in guides/ids.json." in run("check", "guides", "--record").stdout
    reworded = unpinned.replace("deliver bad news about your own", "bring bad news about your own")
    write(path, reworded)
    result = run("check", "guides")
    assert result.exit_code == 1
    (old,) = [id_ for id_ in json.loads(Path("guides/ids.json").read_text())["porter"] if id_ != "finding-a-fault"]
    assert f"Pin it with {{#{old}}}" in result.stdout
    write(path, reworded.replace("about your own work.", f"about your own work. {{#{old}}}"))
    assert run("check", "guides").exit_code == 0
    write(path, reworded)
    assert run("check", "guides", "--record").exit_code == 0
    assert run("check", "guides").exit_code == 0


def test_a_damaged_record_is_a_finding_and_never_overwritten() -> None:
    write(Path("guides/porter.md"))
    record = write(Path("guides/ids.json"), "{")
    result = run("check", "guides")
    assert result.exit_code == 1
    assert "ids.json:1:1: warning[L302]" in result.stdout
    assert run("check", "guides", "--record").exit_code == 1
    assert record.read_text() == "{"


@pytest.mark.parametrize(
    "role", ["Data Engineer", 'Ingénieur: "réseau" (C++/C#)', "データ エンジニア", "a#b {x} `y` *z*", "Ünï ①"]
)
def test_of_a_new_guide_only_what_is_to_be_replaced_is_found(role: str) -> None:
    made = run("new", role)
    assert made.exit_code == 0
    path = Path(file_name(role))
    assert path.exists()
    found = json.loads(run("check", path, "--format", "json").stdout)["findings"]
    assert [(f["code"], f["line"]) for f in found] == [("L009", 3), ("L009", 10)]
    path.write_text(finished(role), encoding="utf-8")
    assert run("check", path, "--strict").stdout == "1 guide checked: nothing found.\n"


def test_new_never_overwrites_and_says_where_it_cannot_write() -> None:
    path = write(Path("mine.md"), "mine")
    refused = run("new", "Porter", "--out", path)
    assert refused.exit_code == 1
    assert "is there already" in refused.stderr
    assert path.read_text() == "mine"
    into_a_file = run("new", "Porter", "--out", "mine.md/porter.md")
    assert into_a_file.exit_code == 1
    assert "mine.md cannot be made" in into_a_file.stderr
    assert run("new", "Porter", "--out", ".").exit_code == 1
    assert "names no role" in run("new", " /../ ").stderr
    assert "characters" in run("new", "x" * 500).stderr
    assert run("new", "Porter", "--out", "-").stdout == scaffold("Porter")


def test_new_makes_the_folder_that_it_is_to_write_into() -> None:
    assert run("new", "Porter", "--out", "no/such/porter.md").exit_code == 0
    assert Path("no/such/porter.md").read_text(encoding="utf-8") == scaffold("Porter")


def test_search_finds_questions_and_says_when_there_is_none(home: Path) -> None:
    write(home / "own" / "porter.md")
    hits = lines(run("search", "reproduce", "failure", "--json", "--limit", "1"))
    assert [hit["question_id"] for hit in hits] == ["finding-a-fault"]
    assert "porter#finding-a-fault" in run("search", "reproduce failure").stdout
    nothing = run("search", "xylophone")
    assert (nothing.exit_code, nothing.stdout) == (1, "")


def test_a_setting_that_makes_no_sense_is_said_in_words(home: Path) -> None:
    (home / "none.toml").write_text("[")
    result = run("list")
    assert result.exit_code == 1
    assert "none.toml" in result.stderr


@pytest.mark.parametrize("command", ["list", "show", "check", "new", "search"])
def test_every_help_has_examples(command: str) -> None:
    assert f"interviewer guide {command}" in run(command, "--help").stdout


def test_control_characters_of_a_guide_never_reach_the_terminal() -> None:
    path = write(Path("evil.md"), "## Technical\n\n### What is \x1b]0;owned\x07 \x9b31m this?\n\nText.\n")
    assert not set("\x1b\x07\x9b") & set(run("check", path).stdout + run("show", path, "--answers").stdout)


def test_importing_and_helping_load_nothing_heavy() -> None:
    code = (
        "import sys, typer; before = set(sys.modules); import interviewer.cli.guide; print(set(sys.modules) - before)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not any(f"'{name}" in result.stdout for name in HEAVY)
    assert "interviewer.cli.guide" in result.stdout


def test_through_a_pipe_there_are_no_colours_and_the_exit_codes_hold() -> None:
    write(Path("thin.md"), "## Technical\n\n### What is toil?\n")
    checked = process("check", "thin.md", "missing.md")
    assert checked.returncode == 2
    assert "\x1b" not in checked.stdout
    assert "Traceback" not in checked.stderr
    assert process("check", "thin.md").returncode == 1
    assert process("frobnicate").returncode == 2


def test_an_ascii_only_output_gets_escapes_instead_of_a_traceback() -> None:
    write(Path("koch.md"), scaffold("Köch 日本"))
    shown = process("show", "koch.md", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert "K\\xf6ch" in shown.stdout


def test_a_reader_that_goes_away_causes_no_traceback() -> None:
    for number in range(300):
        write(Path(f"guides/g{number}.md"))
    command = f'"{sys.executable}" -c "{MAIN}" show guides --points | head -n 1'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=environment)
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr
