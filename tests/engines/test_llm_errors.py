"""Reasons: each has words and a line in docs/faults.md, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interviewer.domain.errors import EngineUnusable
from interviewer.domain.reasons import REASONS, why
from interviewer.engines.llm_errors import KINDS, Fault, of_status, of_told

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "faults.md"


def test_every_reason_is_documented_and_has_words() -> None:
    table = re.findall(r"^\|[^|]*\| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(table) == set(KINDS) == set(REASONS)


def test_what_is_documented_as_stopping_the_interview_does() -> None:
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if (found := re.match(r"\|([^|]*)\| `(\w+)` \|", line)) and "from the start" not in found[1]:
            stops = "it stops" in line or "before it begins" in line
            assert isinstance(Fault(found[2]).error(), EngineUnusable) is stops, line


def test_words_that_are_no_code_stay_as_they_are() -> None:
    assert why("stalled") == "the model's endpoint fell silent"
    assert why("the guide lists no key points for this question").startswith("the guide")


@pytest.mark.parametrize(
    ("status", "told", "reason"),
    [
        (400, "this model's maximum context length is 8192 tokens", "too_long"),
        (400, "prompt is too long: 9000 tokens", "too_long"),
        (413, "context window exceeded", "too_long"),
        (429, "you exceeded your current quota, please check your plan and billing details", "quota"),
        (402, "", "quota"),
        (404, "the model `x` does not exist", "model"),
        (404, "deploymentnotfound", "model"),
        (404, "not found", "address"),
        (405, "", "address"),
        (400, "content_filter", "filtered"),
        (500, "", "server"),
        (502, "", "server"),
        (504, "", "stalled"),
        (529, "overloaded_error", "overloaded"),
        (418, "", "rejected"),
    ],
)
def test_statuses(status: int, told: str, reason: str) -> None:
    assert of_status(status, told).reason == reason
    assert f"HTTP {status}" in of_status(status, told).error().message


@pytest.mark.parametrize(
    ("told", "reason"),
    [("context_length_exceeded", "too_long"), ("insufficient_quota", "quota"), ("rate limit reached", "rate_limit"),
     ("content_filter", "filtered"), ("boom", "server")],
)  # fmt: skip
def test_errors_in_the_stream(told: str, reason: str) -> None:
    assert of_told(told).reason == reason
