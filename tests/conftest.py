"""No test reaches a real model or the user's own settings: neither keys nor addresses of endpoints are in sight."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres

FOREIGN = (
    "OPENAI_",
    "AZURE_OPENAI_",
    "LANGCHAIN_",
    "LANGSMITH_",
    "INTERVIEWER_",
    "SLACK_",
    "DATABASE_URL",
    "CHROMA_URL",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remove what would lead a test outside; a marker of the store tests keeps its database."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("INTERVIEWER_CONFIG", str(Path(tmp_path_factory.getbasetemp()) / "no-config.toml"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own, started when the first one asks for it. Make a database on it, and drop it."""
    with Postgres() as server:
        yield server
