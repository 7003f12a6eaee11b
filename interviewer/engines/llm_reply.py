"""A reply of a model while it comes: its text, how it ended, what it cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from interviewer.domain.interview import ModelCall
from interviewer.engines.llm_errors import Fault, of_told
from interviewer.engines.llm_models import Role

Json = dict[str, Any]


@dataclass
class Reply:
    """A reply while and after it comes. Times in seconds; `usage` is as the endpoint reported it, or empty."""

    role: Role
    digest: str = ""
    text: str = ""
    pieces: int = 0
    finish: str | None = None
    refused: bool = False
    streamed: bool = True
    usage: Json = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    first: float | None = None
    last: float = 0.0

    def hear(self, text: str) -> str:
        """Note a piece of text, and hand it on."""
        self.last = time.perf_counter() - self.began
        if text and self.first is None:
            self.first = self.last
        self.text += text
        self.pieces += bool(text)
        return text

    def call(self) -> ModelCall:
        """What was paid for."""
        cached = (self.usage.get("prompt_tokens_details") or {}).get("cached_tokens")
        return ModelCall(
            role=self.role.name,
            model=self.role.model,
            prompt_digest=self.digest,
            prompt_tokens=self.usage.get("prompt_tokens") or 0,
            cached_tokens=cached or 0,
            completion_tokens=self.usage.get("completion_tokens") or 0,
            latency_ms=round((time.perf_counter() - self.began) * 1e3, 1),
        )

    def take(self, chunk: Any) -> str:
        """The text in a chunk of a stream; what else is in it is noted."""
        if getattr(chunk, "usage", None):
            self.usage = chunk.usage.model_dump()
        if not getattr(chunk, "choices", None):
            return ""
        choice = chunk.choices[0]
        self.finish = choice.finish_reason or self.finish
        if choice.delta is None:
            return ""
        self.refused = self.refused or bool(getattr(choice.delta, "refusal", None))
        calls = choice.delta.tool_calls or []
        arguments = "".join(c.function.arguments or "" for c in calls if c.function)
        return self.hear((choice.delta.content or "") + arguments)

    def take_whole(self, body: bytes) -> str:
        """The text of a reply that came in one piece though a stream was asked for."""
        self.streamed = False
        found = from_json(body)
        self.usage = found.get("usage") or {}
        if not found.get("choices"):
            if found.get("error"):
                raise of_told(str(found["error"]).lower())
            return ""
        choice = found["choices"][0]
        message = choice.get("message") or {}
        self.finish = choice.get("finish_reason") or "stop"
        self.refused = bool(message.get("refusal"))
        calls = message.get("tool_calls") or []
        return self.hear((message.get("content") or "") + "".join(c["function"]["arguments"] for c in calls))

    def unfinished(self) -> Fault | None:
        """What is wrong with a reply that ended without an error."""
        if self.refused:
            return Fault("refusal")
        if self.finish == "content_filter":
            return Fault("filtered")
        if self.finish == "length":
            return Fault("cut_off")
        if not self.text.strip():
            return Fault("empty")
        return None if self.finish else Fault("incomplete")
