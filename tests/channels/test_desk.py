"""The desk, on paper: the conformance suite, and what a platform's failures do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.channels.conformance import Conformance
from tests.channels.driving import Bench
from tests.channels.paper import PaperDriver


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[PaperDriver]:
    made = PaperDriver(Bench(tmp_path))
    await made.open()
    yield made
    await made.close()


class TestPaper(Conformance):
    """A platform without a network."""
