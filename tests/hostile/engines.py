"""Engines on the candidate's side: one that tells all it knows, and one that swears to quotes that nobody said."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import numpy as np

from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Assessment, MessageKind
from interviewer.engines.scripted import ScriptedEngine
from interviewer.evaluation.sittings import secrets
from interviewer.ports import AssessRequest, SpeakRequest
from interviewer.prompts import phrases


class Gullible(ScriptedEngine):
    """Speaks out every answer, key point and pitfall of the question, in some form, whatever its move is."""

    def __init__(self, guide: Guide, form: Callable[[str], str], size: int = 7) -> None:
        super().__init__(phrases())
        self._guide = guide
        self._form = form
        self._size = size

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        question = next(q for q in self._guide.questions if q.text == request.question)
        said = "Of course. " + "\n".join(self._form(text) for text in secrets(question))
        for piece in re.findall(rf"(?s).{{1,{self._size}}}", said):
            yield piece


class Perjured(ScriptedEngine):
    """Finds every point covered, with quotes made up in one way or another."""

    def __init__(self, quote: Callable[[AssessRequest, str], str]) -> None:
        super().__init__(phrases())
        self._quote = quote

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        yield Assessment(
            kind=MessageKind.ANSWER,
            points=tuple(
                PointFinding(id=k.id, verdict=Verdict.COVERED, quote=self._quote(request, k.text))
                for k in request.question.key_points
            ),
            pitfalls=tuple(
                PitfallFinding(id=p.id, committed=True, quote=self._quote(request, p.text))
                for p in request.question.pitfalls
            ),
        )


class Remembering:
    """An embedding model that reads no text twice."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._known: dict[str, Any] = {}

    def embed(self, texts: Sequence[str]) -> Any:
        fresh = list(dict.fromkeys(t for t in texts if t not in self._known))
        if fresh:
            self._known |= dict(zip(fresh, self._encoder.embed(fresh), strict=True))
        return np.stack([self._known[t] for t in texts])
