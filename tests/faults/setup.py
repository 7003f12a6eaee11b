"""An engine on a loopback endpoint, a question, and the sheets that a model would fill in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from interviewer.domain.guide import KeyPoint, Pitfall, Question
from interviewer.domain.interview import Assessment, Mode, ModelCall, Move, MoveKind
from interviewer.engines.llm import LlmEngine
from interviewer.engines.llm_known import Knowledge
from interviewer.engines.llm_models import Address, Role
from interviewer.ports import AssessRequest, SpeakRequest
from interviewer.prompts import phrases
from tests.faults.server import Act, Endpoint

KEY = "sk-canary-5f1c0de-never-shown"
ANSWER = "I'd put the beans by the warm wall; canary answer 7731."
QUESTION = Question(
    id="beds",
    text="What would you grow in this bed?",
    line=1,
    key_points=(
        KeyPoint(id="warmth", text="Beans want a sheltered wall. Canary point 4410.", line=1),
        KeyPoint(id="soil", text="Legumes leave nitrogen behind.", line=1),
    ),
    pitfalls=(Pitfall(id="shade", text="Plants in deep shade.", line=1),),
)


def sheet(k1: str = "covered", k2: str = "missing", quote: str = "by the warm wall", kind: str = "answer") -> str:
    """A filled sheet for QUESTION."""
    return json.dumps(
        {
            "kind": kind,
            "points": {"k1": k1, "k2": k2},
            "pitfalls": {"p1": False},
            "steering": False,
            "quotes": {"k1": quote, "k2": "" if k2 == "missing" else quote, "p1": ""},
        }
    )


GOOD = sheet()


def role(name: str, *, timeout: float = 0.2, retries: int = 1, samples: int = 1) -> Role:
    return Role(name, "m", timeout=timeout, retries=retries, samples=samples)


def engine_at(url: str, *, seconds: float = 3.0, samples: int = 1, knowledge: Knowledge | None = None) -> LlmEngine:
    return LlmEngine(
        Address(url, SecretStr(KEY)),
        role("grader", samples=samples),
        role("speaker"),
        phrases(),
        knowledge=knowledge,
        seconds=seconds,
    )


@asynccontextmanager
async def talking_to(
    *script: Act, seconds: float = 3.0, samples: int = 1, knowledge: Knowledge | None = None
) -> AsyncIterator[tuple[LlmEngine, Endpoint]]:
    """An engine, and the endpoint that it talks to."""
    async with Endpoint(*script) as endpoint:
        engine = engine_at(endpoint.url, seconds=seconds, samples=samples, knowledge=knowledge)
        try:
            yield engine, endpoint
        finally:
            await engine.close()


async def readings(engine: LlmEngine, question: Question = QUESTION, message: str = ANSWER) -> list[Assessment]:
    return [each async for each in engine.assess(AssessRequest(question=question, message=message))]


async def words(engine: LlmEngine, move: MoveKind = MoveKind.PROBE) -> tuple[str, list[ModelCall]]:
    request = SpeakRequest(
        move=Move(kind=move), mode=Mode.PRACTICE, question=QUESTION.text, category="other", turn=0, aim="And the soil?"
    )
    pieces = [p async for p in engine.speak(request)]
    said = "".join(p for p in pieces if isinstance(p, str))
    return said, [p for p in pieces if isinstance(p, ModelCall)]
