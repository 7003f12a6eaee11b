"""Which engine listens, and an interview in the terminal with a model behind it, well and failing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.main import app
from interviewer.domain.errors import SettingsError
from interviewer.engines.llm import LlmEngine
from interviewer.settings import load_settings, sourced
from interviewer.wiring import House
from tests.faults.server import Exchange, split, status, streamed
from tests.faults.setup import KEY
from tests.faults.threaded import serving

ANSWER = "I would measure first where the time goes."


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INTERVIEWER_CACHE_DIR", str(tmp_path / "cache"))


def test_without_a_key_or_an_address_the_embedded_engine_listens() -> None:
    assert House(load_settings()).engine().name == "embedded"


def test_a_key_is_enough_for_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    house = House(load_settings())
    engine = house.engine()
    assert isinstance(engine, LlmEngine)
    models = house.models()
    assert (models.grader.model, models.speaker.model) == ("gpt-5.4", "gpt-5.4-mini")
    assert models.address.base_url == "https://api.openai.com/v1"
    assert models.address.key is not None
    assert models.address.key.get_secret_value() == KEY
    assert KEY not in repr(models)


def test_another_endpoint_wants_a_model_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:11434/v1")
    with pytest.raises(SettingsError, match="Which model"):
        House(load_settings()).engine()
    monkeypatch.setenv("INTERVIEWER_GRADER__MODEL", "qwen3:8b")
    models = House(load_settings()).models()
    assert (models.grader.model, models.speaker.model) == ("qwen3:8b", "qwen3:8b")


def test_openai_by_name_without_a_key_is_refused_and_never_replaced() -> None:
    with pytest.raises(SettingsError, match="No key"):
        House(load_settings(engine="openai")).engine()


def test_a_key_with_foreign_letters_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ключ")
    with pytest.raises(SettingsError) as caught:
        House(load_settings()).engine()
    assert "ключ" not in str(caught.value)


def test_an_engine_by_name_wins_over_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert House(load_settings(engine="embedded")).engine().name == "embedded"


def test_roles_come_from_the_environment_and_the_config_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[grader]\nmodel = "from-file"\nsamples = 3\n[speaker]\ntimeout = 5\n')
    monkeypatch.setenv("INTERVIEWER_CONFIG", str(config))
    monkeypatch.setenv("INTERVIEWER_GRADER__MODEL", "from-environment")
    monkeypatch.setenv("INTERVIEWER_GRADER__RETRIES", "0")
    settings = load_settings()
    assert (settings.grader.model, settings.grader.samples, settings.grader.retries) == ("from-file", 3, 0)
    assert settings.speaker.timeout == 5
    found = {s.name: s.source for s in sourced(settings, {})}
    assert found["grader.model"] == str(config)
    assert found["grader.retries"] == "environment (INTERVIEWER_GRADER__RETRIES)"
    assert found["speaker.model"] == "default"


@pytest.mark.parametrize("setting", ["MODELL", "SAMPLES", "TIMEOUT"])
def test_a_role_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(f"INTERVIEWER_GRADER__{setting}", "-1")
    with pytest.raises(SettingsError, match="grader"):
        load_settings()


async def assess(exchange: Exchange) -> None:
    """Finds the first point made, whatever the question."""
    fields = exchange.body["response_format"]["json_schema"]["schema"]["properties"]
    ids = {name: list(fields.get(name, {}).get("properties", {})) for name in ("points", "pitfalls", "quotes")}
    sheet = {
        "kind": "answer",
        "lacks": [],
        "points": {i: "covered" if i == "k1" else "missing" for i in ids["points"]},
        "pitfalls": dict.fromkeys(ids["pitfalls"], False),
        "steering": False,
        "quotes": {i: ANSWER if i == "k1" else "" for i in ids["quotes"]},
    }
    await streamed(json.dumps(sheet))(exchange)


def chat(monkeypatch: pytest.MonkeyPatch, url: str, *lines: str) -> Result:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("INTERVIEWER_GRADER__MODEL", "m")
    arguments = ["chat", "--guide", "backend-engineer", "--questions", "1", "--mode", "assess", "--seed", "3"]
    result = CliRunner().invoke(app, arguments, input="".join(f"{line}\n" for line in lines))
    assert KEY not in result.output + str(result.exception)
    return result


def test_an_interview_with_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(split(assess, streamed("Thank you. And what else?"))) as url:
        result = chat(monkeypatch, url, ANSWER, "/end")
    assert result.exit_code == 0, result.output
    assert "And what else?" in result.output
    assert f"“{ANSWER.removesuffix('.')}" in result.output


def test_a_key_that_is_not_accepted_stops_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(status(401, "invalid_api_key", KEY)) as url:
        result = chat(monkeypatch, url, ANSWER, "/end")
    assert "does not accept the key" in result.output
    assert "OPENAI_API_KEY" in result.output
    assert result.exit_code == 1


def test_an_endpoint_that_fails_leaves_the_question_ungraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_GRADER__RETRIES", "0")
    with serving(status(503)) as url:
        result = chat(monkeypatch, url, ANSWER)
    assert result.exit_code == 0, result.output
    assert "couldn't read that answer" in result.output
    assert "Not graded" in result.output
