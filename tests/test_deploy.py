"""The files for deployment agree with the program: images, settings, addresses. Whether they build Docker tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from interviewer.domain.errors import SettingsError
from interviewer.ops.endpoints import address
from interviewer.retrieval.server import ServerAddress
from interviewer.settings import Settings, load_settings
from interviewer.stores.sql import _parsed

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "Dockerfile"
USUAL = {"DATABASE_URL", "CHROMA_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"}

if not DOCKERFILE.exists():
    pytest.skip("the files for deployment are not here", allow_module_level=True)


def lines(text: str) -> list[str]:
    """A Dockerfile's instructions, each in one line."""
    whole = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [line.strip() for line in whole.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def image() -> list[str]:
    return lines(DOCKERFILE.read_text(encoding="utf-8"))


def names() -> set[str]:
    """Every variable that something can be set with."""
    found = set(USUAL)
    for name, field in Settings.model_fields.items():
        found.add(f"INTERVIEWER_{name.upper()}")
        inner = getattr(field.default_factory, "model_fields", {}) if field.default_factory else {}
        found |= {f"INTERVIEWER_{name.upper()}__{part.upper()}" for part in inner}
    return found


def test_the_image_runs_as_nobody_in_particular(image: list[str]) -> None:
    stages = [i for i, line in enumerate(image) if line.startswith("FROM ")]
    assert len(stages) == 2, "what builds is not what runs"
    last = image[stages[-1] :]
    users = [line.split()[1] for line in last if line.startswith("USER ")]
    assert users == ["10001:10001"]
    after = last[last.index("USER 10001:10001") :]
    assert not [line for line in after if line.startswith(("RUN ", "COPY "))]
    assert "STOPSIGNAL SIGTERM" in last


def test_what_is_copied_is_there_and_is_let_in(image: list[str]) -> None:
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in image:
        if line.startswith("COPY ") and "--from" not in line:
            source = line.split()[1]
            assert (ROOT / source).exists(), source
            assert f"!{source}" in let_in, source


def test_the_lock_holds_what_channels_and_databases_need() -> None:
    lock = (ROOT / "requirements-serve.lock").read_text(encoding="utf-8")
    base = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned, usual = (set(re.findall(r"^([a-z0-9-]+==[^ ;]+)", text, re.M)) for text in (lock, base))
    assert usual <= pinned, "run `make lock`"
    there = {pin.split("==")[0] for pin in pinned}
    assert {"slack-bolt", "discord-py", "psycopg", "psycopg-binary", "chromadb", "aiohttp"} <= there


def test_variables_name_settings(image: list[str], compose: dict[str, Any]) -> None:
    given = re.findall(r"\b(INTERVIEWER_\w+)=", "\n".join(image))
    example = (ROOT / "deploy" / "worker.env.example").read_text(encoding="utf-8")
    given += re.findall(r"^(\w+)=", example, re.M)
    given += list(compose["services"]["worker"]["environment"])
    assert set(given) <= names()


def test_addresses_are_understood(image: list[str], compose: dict[str, Any]) -> None:
    held = compose["services"]["worker"]["environment"]
    url = _parsed(held["DATABASE_URL"].replace("${POSTGRES_PASSWORD:?letters and digits}", "abc123"))
    assert (url.host, url.username, url.database) == ("postgres", "interviewer", "interviewer")
    chroma = ServerAddress.of(held["CHROMA_URL"])
    assert chroma.host in compose["services"]
    where = re.search(r"INTERVIEWER_HEALTH=(\S+)", "\n".join(image))
    assert where is not None
    found = address(where[1])
    assert found is not None
    assert f"EXPOSE {found[1]}" in image
    assert any(f":{found[1]}/healthz" in line for line in image)


def test_two_workers_that_can_write_nowhere_else(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["read_only"]
    assert worker["cap_drop"] == ["ALL"]
    grace, drain = int(worker["stop_grace_period"].removesuffix("s")), float(worker["command"][-1])
    assert grace > drain


def test_no_image_is_called_by_a_host(image: list[str], compose: dict[str, Any]) -> None:
    called = [line.split()[1] for line in image if line.startswith("FROM ")]
    called += [service["image"] for service in compose["services"].values()]
    assert not [name for name in called if name.count("/") > 1 or ("/" in name and "." in name.split("/")[0])]


def test_what_the_example_holds_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (ROOT / "deploy" / "worker.env.example").read_text(encoding="utf-8")
    for name, value in re.findall(r"^(\w+)=(.*)$", example, re.M):
        monkeypatch.setenv(name, value)
    try:
        held = load_settings()
    except SettingsError as error:  # pragma: no cover - says what is wrong
        raise AssertionError(error.message) from None
    assert held.retention_days == 180
    assert held.slack.bot_token is None or not held.slack.bot_token.get_secret_value()
