"""Faults are tried again at once, so that the tests are quick."""

from __future__ import annotations

import pytest

from interviewer.engines import llm_client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_client, "BACKOFF", 0.01)


@pytest.fixture(autouse=True, scope="session")
def _imported() -> None:
    """What takes seconds to import is imported before anything is timed."""
    llm_client.warm()
