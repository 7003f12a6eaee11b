"""Settings: environment, config file, flags, the later wins; where each came from; and no secret in any text."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer.domain.errors import SettingsError
from interviewer.settings import Settings, doubts, load_settings, sourced

CANARY = "sk-canary-4711"


class Configured:
    """A config file of one's own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str | bytes) -> None:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Configured:
    monkeypatch.setenv("INTERVIEWER_CONFIG", str(tmp_path / "config.toml"))
    return Configured(tmp_path / "config.toml")


def shown(settings: Settings, **flags: str) -> dict[str, tuple[str, str]]:
    return {s.name: (s.value, s.source) for s in sourced(settings, flags)}


def test_the_later_of_environment_file_and_flag_wins(config: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(load_settings())["engine"] == ("auto", "default")
    monkeypatch.setenv("INTERVIEWER_ENGINE", "embedded")
    assert shown(load_settings())["engine"] == ("embedded", "environment (INTERVIEWER_ENGINE)")
    config('engine = "openai"\n')
    assert shown(load_settings())["engine"] == ("openai", str(config.path))
    assert shown(load_settings(engine="scripted"), engine="scripted")["engine"] == ("scripted", "flag")


@pytest.mark.parametrize("name", ["openai_api_key", "openai_base_url", "database_url"])
def test_usual_names_count_and_the_file_wins_over_them(
    config: Configured, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name.upper(), "sqlite:///usual")
    assert shown(load_settings())[name][1] == f"environment ({name.upper()})"
    config(f'{name} = "sqlite:///file"\n')
    held = load_settings()
    assert shown(held)[name][1] == str(config.path)
    assert "file" in str(getattr(held, name)) or "*" in str(getattr(held, name))


def test_roles_given_as_json_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_GRADER", '{"model": "m", "retries": 1}')
    monkeypatch.setenv("INTERVIEWER_GRADER__RETRIES", "3")
    found = shown(load_settings())
    assert found["grader.model"] == ("m", "environment (INTERVIEWER_GRADER)")
    assert found["grader.retries"] == ("3", "environment (INTERVIEWER_GRADER__RETRIES)")
    assert found["grader.timeout"][1] == "default"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_ENGINE", "")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    found = shown(load_settings())
    assert (found["engine"], found["openai_api_key"]) == (("auto", "default"), ("not set", "default"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'openai_api_key = "{CANARY}', "cannot be read"),
        (f"openai_api_key = {CANARY}", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (f'openai_api_key = ["{CANARY}"]', "openai_api_key, from"),
        (f'[openai_api_key]\nkey = "{CANARY}"', "openai_api_key, from"),
        (f'{CANARY} = "x"', "names no setting"),
        (f'"{CANARY}" = "x"', "names no setting"),
        (f'openai_key = "{CANARY}"', "there is no setting 'openai_key'. Did you mean openai_api_key?"),
        (f'OPENAI_API_KEY = "{CANARY}"', "Did you mean openai_api_key?"),
        (f'engine = "{CANARY}"', "engine, from"),
        (f'turn_seconds = "{CANARY}"', "turn_seconds, from"),
        ("turn_seconds = 0", "greater than 0"),
        ("grader = 3", "grader, from"),
        ('[grader]\nmodell = "m"', "grader.modell, from"),
        ("[grader]\nsamples = 99", "grader.samples, from"),
    ],
)
def test_a_broken_file_is_told_by_name_and_never_by_value(config: Configured, content: str | bytes, told: str) -> None:
    config(content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    said = f"{caught.value.message} {caught.value.remedy}"
    assert told in said
    assert str(config.path) in said
    assert CANARY not in said


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INTERVIEWER_ENGINE", CANARY, "engine, from environment (INTERVIEWER_ENGINE): Input should be 'auto'"),
        ("INTERVIEWER_TURN_SECONDS", CANARY, "turn_seconds, from environment (INTERVIEWER_TURN_SECONDS)"),
        ("INTERVIEWER_GRADER", CANARY, "INTERVIEWER_GRADER is not JSON"),
        ("INTERVIEWER_SLACK", f'{{"bot_token": "{CANARY}"', "INTERVIEWER_SLACK is not JSON"),
        ("INTERVIEWER_PRICES", f'{{"m": {CANARY}', "INTERVIEWER_PRICES is not JSON"),
        ("INTERVIEWER_GRADER__MODELL", CANARY, "grader.modell, from environment"),
        ("INTERVIEWER_DATA_DIR", "/what?", "question mark"),
    ],
)
def test_a_broken_variable_is_told_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    said = f"{caught.value.message} {caught.value.remedy}"
    assert told in said
    assert " or INTERVIEWER_" not in said
    assert CANARY not in said


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{CANARY}@host/name")
    monkeypatch.setenv("OPENAI_BASE_URL", f"https://u:{CANARY}@host/v1?api-key={CANARY}&api-version=1")
    held = load_settings()
    found = shown(held)
    assert found["openai_api_key"][0] == f"•••• ({len(CANARY)} characters)"
    assert found["openai_base_url"][0] == "https://••••@host/v1?api-key=••••&api-version=1"
    assert CANARY not in str(found)
    assert CANARY not in str(held.openai_api_key)
    assert CANARY not in str(held.database_url)


def test_a_tilde_is_the_home(config: Configured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config('data_dir = "~/kept"\nguides = "~nobody-here/guides"\n')
    held = load_settings()
    assert held.data_dir == tmp_path / "kept"
    assert held.store_url == f"sqlite:///{tmp_path}/kept/interviews.db"
    assert held.guides == Path("~nobody-here/guides")


def test_folders_of_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INTERVIEWER_CONFIG")
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    (tmp_path / "CONFIG" / "interviewer").mkdir(parents=True)
    (tmp_path / "CONFIG" / "interviewer" / "config.toml").write_text('candidate = "cara"\n')
    held = load_settings()
    assert held.candidate == "cara"
    assert held.data_dir == tmp_path / "DATA" / "interviewer"
    assert held.cache_dir == tmp_path / "CACHE" / "interviewer"


def test_what_has_no_effect_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert doubts(load_settings()) == []
    monkeypatch.setenv("INTERVIEWER_ENGIN", CANARY)
    monkeypatch.setenv("INTERVIEWER_GRADER__MODEL", "m")
    monkeypatch.setenv("INTERVIEWER_GUIDES", str(tmp_path / "nowhere"))
    assert doubts(load_settings()) == [
        "INTERVIEWER_ENGIN has no effect: there is no setting 'engin'. Did you mean engine?",
        f"guides names a folder that is not there: {tmp_path / 'nowhere'}.",
    ]


def test_names_may_be_parted_by_commas_or_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_SLACK__USERS", "U1, U2 U3")
    monkeypatch.setenv("INTERVIEWER_SLACK__BOT_TOKEN", "xoxb-canary")
    held = load_settings()
    assert held.slack.users == ("U1", "U2", "U3")
    shown = {s.name: s for s in sourced(held, {})}
    assert shown["slack.users"].value == "U1, U2, U3"
    assert shown["slack.bot_token"].source == "environment (INTERVIEWER_SLACK__BOT_TOKEN)"
    assert "canary" not in f"{held!r} {shown}"


def test_ids_may_be_numbers_and_are_kept_as_they_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[discord]\nguilds = [123456789012345678, "9"]\nusers = 7\n')
    monkeypatch.setenv("INTERVIEWER_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("INTERVIEWER_DISCORD__THREADS", "false")
    monkeypatch.setenv("INTERVIEWER_DISCORD__REVIEWERS", "5, 6")
    monkeypatch.setenv("INTERVIEWER_DISCORD__BOT_TOKEN", CANARY)
    held = load_settings().discord
    assert (held.guilds, held.users, held.reviewers) == (("123456789012345678", "9"), ("7",), ("5", "6"))
    assert not held.threads
    assert CANARY not in f"{held!r} {sourced(load_settings(), {})}"


def test_a_slack_setting_that_is_wrong_is_told_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEWER_SLACK__BOT", "xoxb-canary")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "slack.bot, from environment" in caught.value.message
    assert "canary" not in f"{caught.value.message} {caught.value.remedy}"
