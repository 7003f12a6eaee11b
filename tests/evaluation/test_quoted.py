"""Labelled answers with quotes: read as cases, each quote in its answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interviewer.domain.grading import Verdict, quoted_in
from interviewer.evaluation.cases import CasesError
from interviewer.evaluation.quoted import load_any, read_quoted, said_of
from tests.evaluation.suite_runs import ANSWERS, cases, labelled


def test_every_answer_is_a_case_with_its_verdicts() -> None:
    assert len(cases().cases) == sum(len(q.answers) for q in labelled()) == 504
    assert len({c.id for c in cases().cases}) == 504
    case = next(c for c in cases().cases if c.id == "backend-engineer/charged-once/2")
    assert case.label.key_points[0] is Verdict.PARTIAL
    assert case.manner.startswith("rambling")
    assert load_any(ANSWERS).digest == cases().digest


def test_every_quote_is_in_its_answer() -> None:
    said = said_of(list(labelled()))
    assert len(said) == 1421
    assert all(quoted_in(s.quote, s.answer) for s in said)


def test_quotes_are_found_by_the_text_of_a_point() -> None:
    question = labelled()[0]
    assert len(question.quotes(question.key_points[0], Verdict.COVERED)) == 3
    assert question.quotes("A point that there is not.", Verdict.COVERED) == []


def test_an_answer_with_other_statements_is_told(tmp_path: Path) -> None:
    line = json.loads((ANSWERS / "backend-engineer.jsonl").read_text("utf-8").splitlines()[0])
    line["answers"][0]["key_points"].pop()
    (tmp_path / "one.jsonl").write_text(json.dumps(line), encoding="utf-8")
    with pytest.raises(CasesError, match="charged-once has an answer with other statements"):
        read_quoted(tmp_path)
