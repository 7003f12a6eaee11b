"""Scorecards to report on."""

from __future__ import annotations

import pytest

from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import Scorecard

from .samples import make_card, make_history, without_model_answers


@pytest.fixture
def card() -> Scorecard:
    return make_card()


@pytest.fixture
def assessed() -> Scorecard:
    return make_card(mode=Mode.ASSESS, questions=without_model_answers())


@pytest.fixture
def history() -> list[Scorecard]:
    return make_history()
