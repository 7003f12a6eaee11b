"""The one place that knows openai and langchain: a request goes out, the reply's text comes in as it is written.

ChatOpenAI holds the model and shapes the request; the reply is read from its client's raw stream, because what matters
when things go wrong (refusals, how it finished, a body that is no stream) does not outlive LangChain's messages, and
because callbacks that other programs' settings turn on, such as tracing, must not see what a candidate says.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from interviewer.engines.llm_errors import Fault, of_connection, of_status, of_surprise, of_told
from interviewer.engines.llm_known import Abilities, Knowledge, Method
from interviewer.engines.llm_models import Address, Role
from interviewer.engines.llm_reply import Json, Reply

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 300.0
BACKOFF = 0.5
LONGEST_WAIT = 20.0
FORM = "assessment"
DISPENSABLE = ("temperature", "reasoning_effort", "stream_options", "max_completion_tokens", "max_tokens")
_JSON = ("response_format", "json_schema", "json_object", "structured", "schema", "grammar")
NAMES_OF_METHODS: dict[Method, tuple[str, ...]] = {
    "json_schema": _JSON,
    "tool": ("tool", "function", "schema", "grammar"),
    "json_object": _JSON,
    "plain": (),
}
Messages = Sequence[tuple[str, str]]
T = TypeVar("T")
Ask = Callable[["AsyncOpenAI"], Awaitable[T]]


class Client:
    """Calls one model for one role. Raises Fault, and nothing else."""

    def __init__(self, address: Address, role: Role, knowledge: Knowledge) -> None:
        self.address = address
        self.role = role
        self.knowledge = knowledge
        self._chat: ChatOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: AsyncGenerator[None, None] | None = None

    @property
    def abilities(self) -> Abilities:
        """What is known of the endpoint by now."""
        return self.knowledge.get(self.address.base_url, self.role.model)

    def learn(self, abilities: Abilities) -> None:
        """Remember what the endpoint can do."""
        log.info("%s: structured output by %s, without %s", self.role.name, abilities.method, sorted(abilities.refuses))
        self.knowledge.put(self.address.base_url, self.role.model, abilities)

    async def stream(
        self, messages: Messages, reply: Reply, deadline: float, schema: Json | None = None
    ) -> AsyncGenerator[str, None]:
        """The pieces of a reply. A passing fault before the first is tried again, until `deadline` (loop time).

        What the endpoint refuses is left out, remembered, and the request made again.
        """
        tries = 0
        while True:
            fault: Fault | None = None
            reply.finish, reply.refused = None, False
            try:
                async with aclosing(self._once(messages, reply, deadline, schema)) as pieces:
                    async for piece in pieces:
                        yield piece
            except Fault as found:
                fault = found
            if fault is None:
                return
            if reply.pieces:
                raise fault
            if isinstance(fault, Refused):
                continue
            if not fault.passing or tries >= self.role.retries:
                raise fault
            await _wait(fault, tries, deadline)
            tries += 1

    async def models(self, deadline: float) -> list[str]:
        """The names of the endpoint's models."""

        async def names(vendor: AsyncOpenAI) -> list[str]:
            page = await vendor.models.list()
            return sorted(m.id for m in page.data or [])

        return await self.ask(names, deadline, senseless="address")

    async def ask(self, call: Ask[T], deadline: float, senseless: str = "protocol") -> T:
        """What an endpoint says to a call that is no chat; `senseless` is the fault of a reply that makes no sense."""
        import openai

        fault: Fault | None = None
        try:
            async with asyncio.timeout_at(deadline):
                return await call((await self._connected()).root_async_client)
        except TimeoutError:
            fault = Fault("stalled")
        except openai.OpenAIError as error:
            fault = _fault(error)
        except Exception:  # noqa: BLE001 - as in _once
            fault = Fault(senseless)
        raise fault

    async def body(self, messages: Messages, schema: Json | None = None) -> Json:
        """The request that `stream` would make."""
        return self._payload(await self._connected(), messages, schema)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._open is not None and self._loop is asyncio.get_running_loop():
            await self._open.aclose()
        self._chat = self._open = None

    async def _once(
        self, messages: Messages, reply: Reply, deadline: float, schema: Json | None
    ) -> AsyncGenerator[str, None]:
        """One request, whatever goes wrong with it as a Fault."""
        import openai

        fault: Fault | None = None
        silence = _Silence(self.role.timeout, deadline)
        try:
            async with aclosing(self._pieces(messages, reply, silence, schema)) as pieces:
                async for piece in pieces:
                    yield piece
        except Fault as found:
            fault = found
        except TimeoutError:
            fault = silence.fault()
        except openai.APIError as error:
            fault = self._refused(error, schema) or _fault(error)
        except OSError as error:
            fault = of_connection(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may hold the prompt, and nobody else knows it
            fault = of_surprise(error)
        if fault or (fault := reply.unfinished()):
            raise fault

    async def _pieces(
        self, messages: Messages, reply: Reply, silence: _Silence, schema: Json | None
    ) -> AsyncGenerator[str, None]:
        """The pieces of one reply. Raises the vendor's errors, and TimeoutError after too long a silence."""
        chat = await self._connected()
        payload = self._payload(chat, messages, schema)
        if not self.role.stream:  # all as extra, which the SDK does not walk through; that takes half a millisecond
            async with silence.bounded():
                whole = await chat.async_client.with_raw_response.create(messages=[], model="", extra_body=payload)
            _type_of(whole.headers)
            yield reply.take_whole(whole.content)
            return
        async with silence.bounded():
            stream = await chat.async_client.create(**payload)
        try:
            if "json" in _type_of(stream.response.headers):
                async with silence.bounded():
                    body = await stream.response.aread()
                yield reply.take_whole(body)
                return
            chunks = aiter(stream)
            while True:
                async with silence.bounded():
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                if text := reply.take(chunk):
                    yield text
        finally:
            await stream.close()

    def _payload(self, chat: ChatOpenAI, messages: Messages, schema: Json | None) -> Json:
        streaming: Json = {"stream": True, "stream_options": {"include_usage": True}} if self.role.stream else {}
        payload: Json = chat._get_request_payload(list(messages), **streaming, **_form(self.abilities, schema))
        if not self.address.is_openai:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return {name: value for name, value in payload.items() if name not in self.abilities.refuses}

    def _refused(self, error: Exception, schema: Json | None) -> Fault | None:
        """Learn what the endpoint refuses from its answer, if that says so; a fault that makes us ask again."""
        status = getattr(error, "status_code", None)
        told = _told(error)
        if status not in (400, 404, 415, 422, 500, 501) or of_status(status, told).reason in ("too_long", "filtered"):
            return None
        known = self.abilities
        for parameter in DISPENSABLE:
            if parameter in told and parameter not in known.refuses:
                self.learn(known.without(parameter))
                return Refused("rejected", status)
        if schema and any(w in told for w in NAMES_OF_METHODS[known.method]) and (plainer := known.next_method()):
            self.learn(plainer)
            return Refused("rejected", status)
        return None

    async def _connected(self) -> ChatOpenAI:
        """The client of this event loop, which ends with the loop; one that another loop used is of no more use."""
        loop = asyncio.get_running_loop()
        if self._chat is None or self._loop is not loop:
            self._chat, self._loop = _chat(self.address, self.role), loop
            self._open = _while_open(self._chat)
            await anext(self._open)
        return self._chat


async def _while_open(chat: ChatOpenAI) -> AsyncGenerator[None, None]:
    """Closes a client's connections when it is closed itself: by hand, or by its event loop, which ends with that."""
    try:
        yield
    finally:
        await chat.root_async_client.close()


class Refused(Fault):
    """The endpoint refused something that can be done without; what it was is remembered."""


class _Silence:
    """Bounds each wait for the next piece: by the role's timeout, and by the deadline of the whole."""

    def __init__(self, seconds: float, deadline: float) -> None:
        self._seconds = seconds
        self._deadline = deadline

    def bounded(self) -> asyncio.Timeout:
        """A limit for one wait."""
        return asyncio.timeout_at(min(asyncio.get_running_loop().time() + self._seconds, self._deadline))

    def fault(self) -> Fault:
        """Which of the two it was that ran out."""
        return Fault("timeout" if asyncio.get_running_loop().time() >= self._deadline else "stalled")


def _chat(address: Address, role: Role) -> ChatOpenAI:
    import openai
    from langchain_openai import ChatOpenAI

    timeout = openai.Timeout(role.timeout, connect=min(CONNECT_SECONDS, role.timeout))
    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(keepalive_expiry=KEEP_ALIVE_SECONDS)
    http = openai.DefaultAsyncHttpxClient(timeout=timeout, limits=limits)
    return ChatOpenAI(
        model=role.model,
        base_url=address.base_url,
        api_key=address.key or SecretStr("none"),
        temperature=role.heat,
        reasoning_effort=role.effort,
        max_completion_tokens=role.limit,
        timeout=timeout,
        max_retries=0,
        stream_usage=True,
        use_responses_api=False,
        http_async_client=http,
    )


def warm() -> None:
    """Import and set up what a first call will need; takes seconds, and belongs in a thread."""
    _chat(Address(), Role("warm", "none"))


def _type_of(headers: Any) -> str:
    """What a reply says that it is. Raises Fault for a web page, where no API is."""
    kind: str = headers.get("content-type", "")
    if "html" in kind:
        raise Fault("address")
    return kind


def _form(abilities: Abilities, schema: Json | None) -> Json:
    """The part of a request that asks for a filled form, in the way that the endpoint understands."""
    if schema is None or abilities.method == "plain":
        return {}
    if abilities.method == "json_object":
        return {"response_format": {"type": "json_object"}}
    if abilities.method == "tool":
        function = {"name": FORM, "description": "Hand in the assessment.", "strict": True, "parameters": schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": FORM}},
        }
    return {"response_format": {"type": "json_schema", "json_schema": {"name": FORM, "strict": True, "schema": schema}}}


def _fault(error: Exception) -> Fault:
    """An error of the client's as ours."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return of_status(error.status_code, _told(error), _retry_after(error.response.headers))
    if isinstance(error, openai.APITimeoutError):
        return Fault("stalled")
    if isinstance(error, openai.APIConnectionError):
        return of_connection(error)
    return of_told(_told(error)) if isinstance(error, openai.APIError) else Fault("protocol")


def _told(error: Exception) -> str:
    """All that an error says, in lower case, to look for words in; never to be shown."""
    parts = (getattr(error, name, None) for name in ("message", "code", "param", "type", "body"))
    return " ".join(str(p) for p in parts if p).lower()


def _retry_after(headers: Any) -> float | None:
    """How many seconds an endpoint asks us to wait, if it says."""
    for name, divisor in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / divisor)
        except (KeyError, ValueError):
            continue
    return None


async def _wait(fault: Fault, tries: int, deadline: float) -> None:
    """Wait before another try, as long as the endpoint asks; raises the fault when that is too long."""
    seconds = fault.wait if fault.wait is not None else BACKOFF * 2**tries * (1 + random.random() / 4)
    if seconds > LONGEST_WAIT or asyncio.get_running_loop().time() + seconds >= deadline:
        raise fault
    await asyncio.sleep(seconds)
