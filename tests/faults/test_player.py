"""A model that plays a candidate: its words come as they are, and what goes wrong is one of our errors."""

from __future__ import annotations

import pytest

from interviewer.domain.errors import EngineError
from interviewer.engines.llm_models import Address
from interviewer.engines.llm_player import LlmPlayer
from tests.faults.server import Act, Endpoint, status, streamed
from tests.faults.setup import role


async def said(act: Act) -> str:
    async with Endpoint(act) as endpoint:
        player = LlmPlayer(Address(endpoint.url, None), role("speaker", timeout=2, retries=0), seconds=2)
        try:
            return await player("You are a candidate.", "Interviewer: What is it?")
        finally:
            await player.close()


async def test_the_models_words_are_said() -> None:
    assert await said(streamed(" I'd use a queue. ")) == "I'd use a queue."


@pytest.mark.parametrize(("act", "reason"), [(streamed("  "), "empty"), (status(500), "server")], ids=["empty", "500"])
async def test_no_words_are_an_error(act: Act, reason: str) -> None:
    with pytest.raises(EngineError) as raised:
        await said(act)
    assert raised.value.reason == reason
