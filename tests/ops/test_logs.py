"""Logs hold no word of a candidate's, whoever logs."""

from __future__ import annotations

import json
import logging
from datetime import datetime

import pytest

from interviewer.ops.logs import Careful

WORDS = "what the candidate said"


def line(name: str, message: str, *args: object, error: Exception | None = None, as_json: bool = True) -> str:
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.WARNING, "/lib/some/file.py", 7, message, args, trace)
    return Careful(as_json=as_json).format(record)


def test_a_line_is_json_with_a_time_that_has_a_zone() -> None:
    found = json.loads(line("interviewer.channels.desk", "interview %s began", "k7mf"))
    assert datetime.fromisoformat(found["time"]).tzinfo
    assert {k: v for k, v in found.items() if k != "time"} == {
        "level": "warning",
        "logger": "interviewer.channels.desk",
        "message": "interview k7mf began",
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_of_a_library_only_what_cannot_hold_words(as_json: bool) -> None:
    assert "Unhandled request %s" in line("slack_bolt.App", "Unhandled request %s", WORDS, as_json=as_json)
    assert WORDS not in line("slack_bolt.App", "Unhandled request %s", WORDS, as_json=as_json)
    put_together = line("interviewers", f"Unhandled request {WORDS}", as_json=as_json)
    assert WORDS not in put_together
    assert "(file.py:7)" in put_together


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("name", ["interviewer.channels.desk", "asyncio"])
def test_of_an_exception_its_kind_and_place(name: str, as_json: bool) -> None:
    try:
        raise ValueError(WORDS)
    except ValueError as error:
        text = line(name, "Task exception was never retrieved", error=error, as_json=as_json)
    assert WORDS not in text
    assert "ValueError" in text
    assert "test_logs.py:" in text
    assert "\n" not in text


def test_line_breaks_do_not_begin_another_line() -> None:
    assert "\n" not in line("interviewer.x", "a %s", "b\nc")
