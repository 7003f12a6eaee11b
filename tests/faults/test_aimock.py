"""The same engine against another's idea of the protocol: @copilotkit/aimock, where it is installed.

npm install --ignore-scripts --no-save @copilotkit/aimock@1.43.0
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from interviewer.domain.errors import EngineError
from interviewer.domain.grading import Verdict
from interviewer.engines.llm import LlmEngine
from interviewer.engines.llm_models import Address, Role
from interviewer.prompts import phrases
from tests.faults.setup import GOOD, readings, words

CLI = Path(__file__).parent.parent.parent / "node_modules/@copilotkit/aimock/dist/cli.js"
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and CLI.is_file()),
    reason="needs node, and: npm install --ignore-scripts --no-save @copilotkit/aimock@1.43.0",
)
ERRORS = {401: "invalid_api_key", 404: "model_not_found", 429: "insufficient_quota", 500: "server_error"}
FIXTURES: list[dict[str, Any]] = [
    {"match": {"model": "good", "responseFormat": "json_schema"}, "response": {"content": GOOD}},
    {"match": {"model": "good"}, "response": {"content": "Thank you. And the soil?"}},
    {"match": {"model": "cut"}, "response": {"content": GOOD[:80], "finishReason": "length"}},
    {"match": {"model": "filtered"}, "response": {"content": "I", "finishReason": "content_filter"}},
    {"match": {"model": "prose"}, "response": {"content": "A good answer."}},
    {"match": {"model": "torn"}, "response": {"content": GOOD}, "truncateAfterChunks": 4},
    *(
        {
            "match": {"model": f"m{status}"},
            "response": {"error": {"message": "x", "type": code, "code": code}, "status": status},
        }
        for status, code in ERRORS.items()
    ),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An aimock that serves FIXTURES."""
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["node", str(CLI), "-p", str(port), "-f", str(fixtures), "--strict", "--log-level", "silent"],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/v1/models")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
        else:
            return


def engine(url: str, model: str) -> LlmEngine:
    grader, speaker = (Role(name, model, timeout=2, retries=0) for name in ("grader", "speaker"))
    return LlmEngine(Address(url, SecretStr("sk-test")), grader, speaker, phrases(), seconds=5)


async def test_a_reading_and_a_reply(url: str) -> None:
    good = engine(url, "good")
    found = await readings(good)
    said, calls = await words(good)
    await good.close()
    assert [f.evidence for f in found] == [False, True]
    assert found[-1].points[0].verdict is Verdict.COVERED
    assert found[-1].calls[0].prompt_tokens > 0
    assert said == "Thank you. And the soil?"
    assert calls[0].completion_tokens > 0


@pytest.mark.parametrize(
    ("model", "reason"),
    [("m401", "auth"), ("m404", "model"), ("m429", "quota"), ("m500", "server"), ("cut", "cut_off"),
     ("filtered", "filtered"), ("prose", "format"), ("torn", "dropped")],
)  # fmt: skip
async def test_faults(url: str, model: str, reason: str) -> None:
    bad = engine(url, model)
    with pytest.raises(EngineError) as caught:
        await readings(bad)
    await bad.close()
    assert caught.value.reason == reason
