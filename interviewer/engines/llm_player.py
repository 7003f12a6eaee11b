"""A model that plays somebody in a conversation: a candidate, in evaluation. No interview with a person uses it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from interviewer.domain.errors import EngineError
from interviewer.engines.llm_client import Client
from interviewer.engines.llm_errors import Fault
from interviewer.engines.llm_known import Knowledge
from interviewer.engines.llm_models import Address, Role
from interviewer.engines.llm_reply import Reply


class LlmPlayer:
    """Says what a model says when it is told who it is and what was said so far. `seconds` bounds each reply."""

    def __init__(
        self, address: Address, role: Role, *, knowledge: Knowledge | None = None, seconds: float = 60.0
    ) -> None:
        self._client = Client(address, role, knowledge or Knowledge())
        self._seconds = seconds

    async def __call__(self, system: str, user: str) -> str:
        """The model's words. Raises EngineError where there are none."""
        reply = Reply(self._client.role)
        deadline = asyncio.get_running_loop().time() + self._seconds
        error: EngineError | None = None
        try:
            async with aclosing(self._client.stream([("system", system), ("user", user)], reply, deadline)) as pieces:
                async for _ in pieces:
                    pass
        except Fault as fault:
            error = fault.error()
        if error:
            raise error
        if not reply.text.strip():
            raise EngineError("The model said nothing.", reason="empty")
        return reply.text.strip()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()
