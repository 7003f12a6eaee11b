"""`interviewer settings`, and a canary: a secret is in nothing that any command writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interviewer.cli.main import app
from interviewer.domain.errors import InterviewerError
from tests.cli.running import garden

CANARY = "sk-canary-4711"


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("INTERVIEWER_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    garden(tmp_path)


def said(*args: str) -> str:
    """Everything that a command shows, of an error too."""
    result = CliRunner().invoke(app, list(args))
    told = result.exception
    if isinstance(told, InterviewerError):
        return f"{result.output}{told.message}\n{told.remedy}\n"
    assert told is None or isinstance(told, SystemExit), told
    return result.output


def test_each_setting_with_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("turn_seconds = 5\n")
    monkeypatch.setenv("INTERVIEWER_CANDIDATE", "cara")
    lines = {line.split()[0]: line.split(maxsplit=2)[1:] for line in said("settings").splitlines() if line}
    assert lines["turn_seconds"] == ["5.0", str(tmp_path / "config.toml")]
    assert lines["candidate"] == ["cara", "environment (INTERVIEWER_CANDIDATE)"]
    assert lines["engine"] == ["auto", "default"]
    assert "not there" not in said("settings")


def test_as_json() -> None:
    found = json.loads(said("settings", "--json", "--engine", "scripted"))
    assert found["engine"] == {"value": "scripted", "source": "flag"}
    assert found["openai_api_key"] == {"value": "not set", "source": "default"}


def test_what_has_no_effect_is_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_TURN_SECOND", "5")
    result = CliRunner().invoke(app, ["settings", "--json"])
    assert "Did you mean turn_seconds?" in result.stderr
    assert json.loads(result.stdout)


@pytest.mark.parametrize(
    "database",
    [
        f"postgresql://u:{CANARY}@127.0.0.1:1/name",
        f"nothing://u:{CANARY}@host/name",
        f"postgresql://u:{CANARY}@host:port/name",
        CANARY,
    ],
)
def test_a_password_of_the_database_is_never_shown(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    for command in (["settings"], ["settings", "--json"], ["sessions"], ["chat", "-g", "./gardener.md"], ["report"]):
        assert CANARY not in said(*command), command


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://u:{CANARY}@127.0.0.1:9/v1")
    monkeypatch.setenv("INTERVIEWER_GRADER__MODEL", "m")
    monkeypatch.setenv("INTERVIEWER_GRADER__RETRIES", "0")
    one = ["grade", "-g", "./gardener.md", "-q", "beans", "-a", "By the wall."]
    for command in (["settings"], ["settings", "--json"], one, [*one, "--json"], ["doctor"], ["doctor", "--json"]):
        assert CANARY not in said(*command), command
