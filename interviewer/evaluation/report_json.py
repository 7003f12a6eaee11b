"""The report of an evaluation for programs: the values themselves, with the outcome and the exit status on top."""

from __future__ import annotations

import json

from interviewer.evaluation.results import EXIT, Report


def as_json(report: Report) -> str:
    """The whole report."""
    head = {"outcome": report.outcome.value, "exit": int(EXIT[report.outcome])}
    return json_of(head | report.model_dump(mode="json"))


def json_of(found: object) -> str:
    """JSON in plain ASCII, so that no text in it can do anything to a terminal."""
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"
