"""What is sent to a model by its name: temperature, reasoning effort, length."""

from __future__ import annotations

import pytest

from interviewer.engines.llm_models import Address, Role


@pytest.mark.parametrize(
    ("model", "effort", "heat"),
    [
        ("gpt-5.4", "none", 0.0),
        ("gpt-5.4-mini", "none", 0.0),
        ("gpt-5.1-2025-11-13", "none", 0.0),
        ("gpt-5.6-sol", "none", None),
        ("gpt-6-luna", "none", None),
        ("gpt-6-astra", "low", None),
        ("gpt-5-mini", "minimal", None),
        ("openai/gpt-5.2", "none", 0.0),
        ("gpt-5-chat-latest", None, 0.0),
        ("gpt-4.1-mini", None, 0.0),
        ("gpt-4o", None, 0.0),
        ("o3", "low", None),
        ("o4-mini", "low", None),
        ("qwen3:8b", None, 0.0),
        ("meta-llama/Llama-3.1-8B-Instruct", None, 0.0),
        ("gpt-oss:20b", None, 0.0),
    ],
)
def test_what_a_name_tells(model: str, effort: str | None, heat: float | None) -> None:
    role = Role("grader", model)
    assert (role.effort, role.heat) == (effort, heat)


def test_a_model_that_reasons_is_sent_no_temperature_even_when_one_is_set() -> None:
    assert Role("grader", "gpt-5.4", temperature=0.3).heat == 0.3
    assert Role("grader", "gpt-5.4", temperature=0.3, reasoning_effort="high").heat is None
    assert Role("grader", "o3", temperature=0.3).heat is None


def test_thinking_gets_more_room() -> None:
    assert Role("speaker", "qwen3:8b").limit < Role("grader", "qwen3:8b").limit < Role("grader", "o3").limit
    assert Role("grader", "o3", max_tokens=50).limit == 50


def test_readings_that_vote_differ_and_a_speaker_varies() -> None:
    assert Role("grader", "gpt-4.1", samples=3).heat == 0.7
    assert Role("speaker", "gpt-4.1").heat == 0.5


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://us.api.openai.com/v1", True),
        ("https://mine.openai.azure.com/openai/v1", True),
        ("http://localhost:11434/v1", False),
        ("https://proxy.example/api.openai.com/v1", False),
    ],
)
def test_whose_endpoint_it_is(url: str, own: bool) -> None:
    assert Address(url).is_openai is own
