"""The engine on any OpenAI-compatible endpoint: one structured call reads a message, one streamed call words a move.

Read `LlmEngine.assess` first. A reading is streamed, and its verdicts are handed on as soon as they are there, while
the quotes that support them are still being written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from copy import copy
from pathlib import Path
from typing import Any

from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.interview import Assessment, ModelCall, MoveKind
from interviewer.engines.llm_batch import Answered
from interviewer.engines.llm_client import Client, Messages
from interviewer.engines.llm_errors import Fault
from interviewer.engines.llm_known import Knowledge
from interviewer.engines.llm_models import Address, Role
from interviewer.engines.llm_prompts import assess_prompt, form_prompt, messages_of, speak_prompt
from interviewer.engines.llm_reply import Json, Reply
from interviewer.engines.llm_schema import Misshapen, Sheet
from interviewer.engines.llm_vote import majority
from interviewer.engines.phrased import phrased
from interviewer.ports import AssessRequest, BatchReply, SpeakRequest
from interviewer.prompts import Phrases, Prompt

log = logging.getLogger(__name__)

SAID_BY_CODE = frozenset({MoveKind.REPEAT, MoveKind.PAUSE})
UNKNOWN_ROADS = frozenset({"unreachable", "dns"})


class LlmEngine:
    """Reads and speaks through models. `seconds` bounds each call with all its tries.

    `verbatim`: readings keep the model's replies, word for word but for the key.
    """

    name = "openai"

    def __init__(
        self,
        address: Address,
        grader: Role,
        speaker: Role,
        phrases: Phrases,
        *,
        knowledge: Knowledge | None = None,
        prompts: Path | None = None,
        seconds: float = 60.0,
        verbatim: bool = False,
    ) -> None:
        knowledge = knowledge or Knowledge()
        self.model = grader.model
        self.grader = Client(address, grader, knowledge)
        self._speaker = Client(address, speaker, knowledge)
        self._phrases = phrases
        self._prompts = prompts
        self._seconds = seconds
        self._verbatim = verbatim
        self._worked = False

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """First the verdicts, without evidence; then all of it, by majority where several readings vote.

        Raises EngineError, or its kind EngineUnusable; and SettingsError when a prompt cannot be rendered.
        """
        sheet = Sheet.of(request)
        prompt = assess_prompt(request, sheet, self._prompts)
        deadline = self._deadline()
        others = [asyncio.create_task(self._read_once(prompt, sheet, deadline)) for _ in range(1, self._samples)]
        read: list[Json] = []
        calls: list[ModelCall] = []
        error: EngineError | None = None
        try:
            async with aclosing(self._reading(prompt, sheet, deadline, calls)) as reading:
                async for each in reading:
                    if isinstance(each, Assessment):
                        yield each
                    else:
                        read.append(each)
            await _gather(others, read, calls)
        except Fault as fault:
            error = self._error(fault, calls)
        finally:
            _let_go(others)
        if error:
            raise error
        yield sheet.assessment(majority(read, request.said), calls)

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str | ModelCall]:
        """The words of a move as they come, and at last the call. What is only ceremony is said by code."""
        if request.move.kind in SAID_BY_CODE:
            yield phrased(request, self._phrases)
            return
        prompt = speak_prompt(request, self._prompts)
        reply = Reply(self._speaker.role, prompt.digest)
        error: EngineError | None = None
        try:
            async with aclosing(self._speaker.stream(messages_of(prompt), reply, self._deadline())) as pieces:
                async for piece in pieces:
                    yield piece
        except Fault as fault:
            error = self._error(fault)
        if error:
            raise error
        self._worked = True
        yield reply.call()

    async def body(self, request: AssessRequest) -> Json:
        """The request that one reading makes. Raises SettingsError when a prompt cannot be rendered."""
        sheet = Sheet.of(request)
        return await self.grader.body(messages_of(assess_prompt(request, sheet, self._prompts)), sheet.schema())

    def answered(self, replies: Sequence[BatchReply]) -> LlmEngine:
        """This engine for one reading whose replies have come already."""
        made = copy(self)
        made.grader = Answered(self.grader, replies)
        return made

    async def close(self) -> None:
        """Let go of the connections."""
        await self.grader.close()
        await self._speaker.close()

    async def _reading(
        self, prompt: Prompt, sheet: Sheet, deadline: float, calls: list[ModelCall]
    ) -> AsyncGenerator[Assessment | Json, None]:
        """One reading: the early assessment, then the filled sheet. A passing fault in its middle is tried again."""
        tries = self.grader.role.retries
        told = False
        while True:
            fault: Fault | None = None
            reply = Reply(self.grader.role, prompt.digest)
            try:
                async with aclosing(self._filled(prompt, sheet, deadline, reply)) as pieces:
                    async for _ in pieces:
                        if not told and (early := sheet.early(reply.text)):
                            told = True
                            yield early
            except Fault as found:
                fault = found
            if reply.usage or reply.pieces:
                calls.append(self._call(reply))
            if fault is None or (fault.reason in ("incomplete", "cut_off") and _whole(reply.text, sheet)):
                yield await self._understood(prompt, sheet, deadline, reply, calls)
                return
            if not (fault.passing and reply.pieces and tries):
                raise fault
            tries -= 1

    def _filled(self, prompt: Prompt, sheet: Sheet, deadline: float, reply: Reply) -> AsyncGenerator[str, None]:
        return self.grader.stream(messages_of(prompt), reply, deadline, sheet.schema())

    async def _understood(
        self, prompt: Prompt, sheet: Sheet, deadline: float, reply: Reply, calls: list[ModelCall]
    ) -> Json:
        """The sheet in a reply; one that cannot be read is shown to the model once, with how it should look."""
        try:
            found = sheet.read(reply.text)
        except Misshapen:
            found = await self._corrected(prompt, sheet, deadline, reply.text, calls)
        self._worked = True
        return found

    async def _corrected(
        self, prompt: Prompt, sheet: Sheet, deadline: float, wrong: str, calls: list[ModelCall]
    ) -> Json:
        known = self.grader.abilities
        if known.method == "json_schema" and (plainer := known.next_method()) and (plainer := plainer.next_method()):
            self.grader.learn(plainer)
        reply = Reply(self.grader.role, prompt.digest)
        form = form_prompt(sheet, self._prompts).user
        messages: Messages = [*messages_of(prompt), ("assistant", wrong), ("user", form)]
        async for _ in self.grader.stream(messages, reply, deadline, sheet.schema()):
            pass
        calls.append(self._call(reply))
        try:
            return sheet.read(reply.text)
        except Misshapen:
            pass
        raise Fault("format")

    async def _read_once(self, prompt: Prompt, sheet: Sheet, deadline: float) -> tuple[Json, list[ModelCall]]:
        calls: list[ModelCall] = []
        found: Json = {}
        async for each in self._reading(prompt, sheet, deadline, calls):
            if not isinstance(each, Assessment):
                found = each
        return found, calls

    @property
    def _samples(self) -> int:
        return max(1, self.grader.role.samples)

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._seconds

    def _call(self, reply: Reply) -> ModelCall:
        call = reply.call()
        if not self._verbatim:
            return call
        return call.model_copy(update={"text": self.grader.address.without_key(reply.text)})

    def _error(self, fault: Fault, calls: Sequence[ModelCall] = ()) -> EngineError:
        """A fault as the house's error. An endpoint that never answered yet is one that nobody has set up."""
        error = fault.error()
        log.info("the model's endpoint failed: %s", error.reason)
        if error.reason in UNKNOWN_ROADS and not self._worked:
            error = EngineUnusable(error.message, error.remedy, reason=error.reason)
        error.calls = tuple(calls)
        return error


def _whole(text: str, sheet: Sheet) -> bool:
    """Whether a reply that did not end properly holds a whole sheet all the same."""
    try:
        sheet.read(text)
    except Misshapen:
        return False
    return True


def _let_go(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Stop what still runs; how it ends is nobody's concern."""
    for task in tasks:
        task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _gather(
    others: Sequence[asyncio.Task[tuple[Json, list[ModelCall]]]], read: list[Json], calls: list[ModelCall]
) -> None:
    """Add the other readings; one that failed has no vote."""
    for done in await asyncio.gather(*others, return_exceptions=True):
        if not isinstance(done, BaseException):
            read.append(done[0])
            calls += done[1]
