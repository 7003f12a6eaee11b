"""`interviewer sessions`, `report`, `progress` and `forget`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.main import app
from interviewer.domain.errors import InterviewerError
from interviewer.wiring import House
from tests.cli.running import SCRIPTED, garden, run, shell, typed


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(House, "warm", lambda self, guide: None)
    garden(tmp_path)


def call(*args: str, lines: str = "") -> Result:
    return CliRunner().invoke(app, list(args), input=lines)


def well(*args: str, lines: str = "") -> str:
    result = call(*args, lines=lines)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(*args: str) -> str:
    result = call(*args)
    assert isinstance(result.exception, InterviewerError), (result.output, result.exception)
    return f"{result.exception.message} {result.exception.remedy}"


def held(lines: str = "+1 +2\n/skip\n") -> str:
    """The id of an interview that was held with these answers."""
    well("chat", *SCRIPTED, "--guide", "./gardener.md", lines=lines)
    found: str = json.loads(well("sessions", "--json").splitlines()[0])["id"]
    return found


def test_nothing_was_held_yet() -> None:
    assert well("sessions") == "No interviews yet. Begin one with `interviewer chat`.\n"
    assert well("sessions", "--json") == ""
    assert "No interview has ended yet" in well("progress")
    assert json.loads(well("progress", "--format", "json"))["sittings"] == []
    assert "There is no interview yet" in refused("report")
    assert "There is no interview yet" in refused("forget", "abcd", "--yes")
    assert well("forget", "all", "--yes") == "There is no interview to forget.\n"


def test_sessions() -> None:
    first, second = held(), held("")
    shown = well("sessions").splitlines()
    assert shown[0].split() == ["Id", "Guide", "Mode", "State", "Answered", "Begun"]
    assert shown[1].startswith(f"{second}  Gardener  practice  paused  0 of 2")
    assert shown[2].startswith(f"{first}  Gardener  practice  ended   1 of 2")
    lines = [json.loads(line) for line in well("sessions", "--json").splitlines()]
    assert [(s["id"], s["status"], s["planned"]) for s in lines] == [(second, "paused", 2), (first, "ended", 2)]


@pytest.mark.parametrize("columns", [20, 40])
def test_an_id_is_whole_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    interview = held("")
    monkeypatch.setenv("COLUMNS", str(columns))
    assert interview in well("sessions")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("card.html", "<!DOCTYPE html>"), ("card.MD", "# Gardener"), ("card.json", "{"), ("x.htm", "<!")],
)
def test_a_report_is_written_as_the_name_ends(tmp_path: Path, name: str, begins: str) -> None:
    held()
    assert well("report", "--out", name) == f"Written to {name}.\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert well("progress", "--out", name) == f"Written to {name}.\n"


def test_a_report_in_every_format() -> None:
    interview = held()
    assert "50 of 100" in well("report")
    assert "Gardener" in well("report", interview[:6])
    for form, begins in {"md": "# Gardener", "html": "<!DOCTYPE html>", "json": "{"}.items():
        assert well("report", "--format", form).startswith(begins)
        assert well("progress", "--format", form)
    assert json.loads(well("report", "--format", "json"))["score"] == 50.0


def test_a_report_of_an_interview_that_goes_on() -> None:
    held("+1 +2\n")
    shown = well("report")
    assert "paused" in shown
    assert "still to come" in shown


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--out", "card.txt"), "Choose --format html, md or json"),
        (("--format", "terminal", "--out", "card.html"), "Choose --format html, md or json"),
        (("--out", "nowhere/card.html"), "cannot be written: No such file"),
        (("--format", "html", "--out", "."), "cannot be written: Is a directory"),
        (("nosuch",), "There is no interview 'nosuch'"),
        (("",), "There is no interview ''"),
    ],
)
def test_a_report_that_cannot_be_had(args: tuple[str, ...], told: str) -> None:
    held()
    assert told in refused("report", *args)


def test_forget_needs_a_yes() -> None:
    interview = held()
    assert "Say --yes" in refused("forget", interview)
    assert "Say --yes" in refused("forget", "all")
    assert len(well("sessions", "--json").splitlines()) == 1
    assert well("forget", interview[:7], "--yes") == f"Forgotten: {interview}.\n"
    assert well("sessions", "--json") == ""


def test_nothing_is_the_beginning_of_no_id() -> None:
    held()
    for empty in ("", " ", "-"):
        assert "There is no interview" in refused("forget", empty, "--yes")
    assert len(well("sessions", "--json").splitlines()) == 1


def test_forget_all(tmp_path: Path) -> None:
    ids = {held(), held("my very own words\n")}
    assert set(well("forget", "all", "--yes").removeprefix("Forgotten: ").rstrip(".\n").split(", ")) == ids
    assert b"my very own words" not in b"".join(f.read_bytes() for f in (tmp_path / "data").glob("interviews.db*"))


def test_being_asked_before_deleting(tmp_path: Path) -> None:
    run(tmp_path, "chat", *SCRIPTED, "--guide", "./gardener.md")
    for answer, status in ((b"n\n", 1), (b"\x03", 130)):
        talk = typed(tmp_path, ["forget", "all"], ("[y/N]", answer))
        assert talk.status == status
        assert "Nothing was deleted" in talk.shown
    assert len(run(tmp_path, "sessions", "--json").stdout.splitlines()) == 1
    assert "Forgotten" in typed(tmp_path, ["forget", "all"], ("[y/N]", b"y\n")).shown


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "interviews.db").write_text("These are notes, and no database at all. " * 50)
    assert "is not a database" in refused("sessions")


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    held()
    with sqlite3.connect(tmp_path / "data" / "interviews.db") as connection:
        [table] = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version%'").fetchone()
        connection.execute(f"UPDATE {table} SET version = 999")
    connection.close()
    assert "newer" in refused("sessions")


def test_a_reader_that_goes_away_and_a_disk_that_is_full(tmp_path: Path) -> None:
    run(tmp_path, "chat", *SCRIPTED, "--guide", "./gardener.md", stdin="/end\n")
    for line, told in (("$I report | head -1", b""), ("$I sessions > /dev/full", b"cannot be written")):
        said = shell(tmp_path, line).stderr
        assert told in said
        assert b"Traceback" not in said


def test_forget_what_is_old(tmp_path: Path) -> None:
    old, new = held(), held()
    with sqlite3.connect(tmp_path / "data" / "interviews.db") as connection:
        connection.execute("UPDATE interviews SET updated_at = '2020-01-01 00:00:00' WHERE id = ?", (old,))
    connection.close()
    assert "Say --yes" in refused("forget", "--older-than", "90d")
    assert well("forget", "--older-than", "90d", "--yes") == f"Forgotten: {old}.\n"
    assert well("forget", "--older-than", "90d", "--yes") == "There is no interview to forget.\n"
    assert [json.loads(line)["id"] for line in well("sessions", "--json").splitlines()] == [new]


def test_forget_everything_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = held()
    monkeypatch.setenv("INTERVIEWER_CANDIDATE", "slack:T1:U2")
    theirs = {held(), held()}
    told = well("forget", "--person", "slack:T1:U2", "--yes")
    assert set(told.removeprefix("Forgotten: ").rstrip(".\n").split(", ")) == theirs
    assert well("forget", "--person", "slack:T1:U3", "--yes") == "There is no interview to forget.\n"
    assert [json.loads(line)["id"] for line in well("sessions", "--json").splitlines()] == [mine]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Which interviews?"),
        (("all", "--older-than", "90d"), "Which interviews?"),
        (("--person", "slack:T1:U2", "--older-than", "90d"), "Which interviews?"),
        (("--older-than", "90"), "no length of time"),
        (("--older-than", "-3d"), "no length of time"),
        (("--older-than", ""), "no length of time"),
        (("--older-than", "9999999d"), "no length of time"),
    ],
)
def test_what_to_forget_has_to_be_clear(args: tuple[str, ...], told: str) -> None:
    assert told in refused("forget", *args, "--yes")
