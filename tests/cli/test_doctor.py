"""`interviewer doctor` against loopback endpoints of several kinds."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interviewer.cli.main import app
from tests.faults.server import Act, Exchange, begun, page, split, stall, status, streamed, unstreamed
from tests.faults.setup import KEY
from tests.faults.test_abilities import picky
from tests.faults.threaded import serving

FILLED = json.dumps(
    {
        "kind": "answer",
        "points": {"k1": "covered", "k2": "missing"},
        "steering": False,
        "quotes": {"k1": "half of it would dry up in the sunshine", "k2": ""},
    }
)
WELL = split(streamed(FILLED, rate=2000), streamed("I see. And the price?", rate=2000))


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Doctor:
    return _Doctor(monkeypatch, tmp_path)


class _Doctor:
    """Runs the command in an environment of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.cache = folder
        self._set = monkeypatch.setenv
        self._set("INTERVIEWER_CACHE_DIR", str(folder))
        self._set("OPENAI_API_KEY", KEY)
        self._set("INTERVIEWER_GRADER__MODEL", "m")
        self._set("INTERVIEWER_GRADER__TIMEOUT", "0.5")
        self._set("INTERVIEWER_SPEAKER__TIMEOUT", "0.5")

    def __call__(self, url: str, *arguments: str, **environment: str) -> Result:
        self._set("OPENAI_BASE_URL", url)
        for name, value in environment.items():
            self._set(name, value)
        result = CliRunner().invoke(app, ["doctor", *arguments])
        assert KEY not in result.output
        return result


def test_a_good_endpoint(examined: _Doctor) -> None:
    with serving(WELL) as url:
        result = examined(url)
    assert result.exit_code == 0, result.output
    assert "json_schema" in result.output
    assert "All is well." in result.output
    assert "sk-" not in "".join(f.read_text() for f in examined.cache.iterdir())


def test_as_json(examined: _Doctor) -> None:
    with serving(WELL) as url:
        found = json.loads(examined(url, "--json").output)
    assert found["usable"] is True
    assert [m["role"] for m in found["models"]] == ["grader", "speaker"]
    assert found["models"][0]["reads_rightly"] is True
    assert found["models"][0]["streamed"] is True


def test_what_it_finds_is_used(examined: _Doctor) -> None:
    with serving(split(picky("json_object"), streamed("Yes."))) as url:
        result = examined(url)
    assert "json_object" in result.output
    [file] = examined.cache.iterdir()
    assert "json_object" in file.read_text()


def test_an_endpoint_without_streams(examined: _Doctor) -> None:
    with serving(split(unstreamed(FILLED), unstreamed("I see."))) as url:
        result = examined(url)
    assert result.exit_code == 0, result.output
    assert "in one piece" in result.output


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (status(401), "does not accept the key"),
        (status(404, "model_not_found"), "no such model"),
        (status(429, "insufficient_quota"), "no credit"),
        (begun("", stall), "fell silent"),
        (streamed("Well, it was a good answer."), "not a filled assessment"),
    ],
)
def test_what_is_wrong_is_said(examined: _Doctor, act: Act, told: str) -> None:
    with serving(act) as url:
        result = examined(url)
    assert result.exit_code == 1
    assert told in result.output


async def empty(exchange: Exchange) -> None:
    """An empty body."""
    await exchange.whole(200, "")


UNCHECKED = [status(500), status(429, "slow down"), status(403), empty, page()]


@pytest.mark.parametrize("act", UNCHECKED)
@pytest.mark.parametrize("model", ["m", ""])
def test_of_a_key_that_nobody_checked_nothing_is_said(examined: _Doctor, act: Act, model: str) -> None:
    with serving(act, models=act) as url:
        shown = examined(url, INTERVIEWER_GRADER__MODEL=model).output
        found = json.loads(examined(url, "--json").output)
    assert "accepted" not in shown
    assert found["key_accepted"] is None
    assert "`interviewer" not in shown + str(found["advice"])
    assert model or "OPENAI_BASE_URL" in shown


def test_a_key_that_only_lists_models_is_not_accepted(examined: _Doctor) -> None:
    with serving(status(401)) as url:
        assert json.loads(examined(url, "--json").output)["key_accepted"] is False


def test_nothing_listens(examined: _Doctor) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = examined(f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    assert result.exit_code == 1
    assert "Nothing answers" in result.output


def test_no_model_is_named(examined: _Doctor) -> None:
    with serving(WELL) as url:
        result = examined(url, INTERVIEWER_GRADER__MODEL="")
    assert result.exit_code == 1
    assert "m, n" in result.output
    assert "Set INTERVIEWER_GRADER__MODEL" in result.output


def test_no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "embedded engine" in result.output
