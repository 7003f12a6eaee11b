"""A close look at an endpoint: what it can do, how fast, and what to change. What it finds is remembered.

Each model fills in one small sheet, whose right verdicts are known, and words one reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from interviewer.domain.examination import Examination, ModelReport
from interviewer.domain.guide import KeyPoint, Question
from interviewer.domain.interview import Mode, Move, MoveKind
from interviewer.engines.llm_client import Client
from interviewer.engines.llm_errors import KINDS, Fault
from interviewer.engines.llm_known import Abilities, Knowledge
from interviewer.engines.llm_models import Address, Role
from interviewer.engines.llm_prompts import assess_prompt, messages_of, speak_prompt
from interviewer.engines.llm_reply import Reply
from interviewer.engines.llm_schema import Misshapen, Sheet
from interviewer.ports import AssessRequest, SpeakRequest

SLOW_FIRST_MS = 1500.0
SLOW_TOKENS = 20.0
READING_TOKENS = 200
SAMPLE = AssessRequest(
    question=Question(
        id="sample",
        text="Why do you water plants in the evening?",
        line=1,
        key_points=(
            KeyPoint(id="sun", text="Less water is lost to the sun.", line=1),
            KeyPoint(id="cost", text="Water is cheaper at night.", line=1),
        ),
    ),
    message="Because at noon half of it would dry up in the sunshine before it reaches the roots.",
)
PROBE = SpeakRequest(
    move=Move(kind=MoveKind.PROBE),
    mode=Mode.PRACTICE,
    question=SAMPLE.question.text,
    category="other",
    turn=0,
    aim="Is there anything about the price of it?",
    dialogue=(("candidate", SAMPLE.message),),
)


async def examine(
    address: Address, roles: Sequence[Role], knowledge: Knowledge, seconds: float, prompts: Path | None = None
) -> Examination:
    """Look at an endpoint with the models of these roles; `seconds` bounds each call."""
    lister = Client(address, replace(roles[0], retries=0) if roles else Role("doctor", "none", retries=0), knowledge)
    try:
        available, fault = tuple(await lister.models(_soon(seconds))), None
    except Fault as found:
        available, fault = (), found
    finally:
        await lister.close()
    refused = fault is not None and fault.reason in ("auth", "unreachable", "dns", "tls", "stalled", "timeout")
    models = [] if refused else [await _examine_role(address, r, knowledge, seconds, prompts) for r in roles]
    reached = fault is None or fault.reason not in ("unreachable", "dns", "tls", "stalled", "timeout")
    return Examination(
        address=_shown(address.base_url),
        usable=bool(models) and all(m.ok for m in models),
        reachable=reached,
        key_accepted=(fault is None or fault.reason != "auth") if reached else None,
        available=available,
        models=tuple(models),
        advice=tuple(dict.fromkeys(_advice(roles, models, available, fault if refused else None, seconds))),
    )


async def _examine_role(
    address: Address, role: Role, knowledge: Knowledge, seconds: float, prompts: Path | None
) -> ModelReport:
    fresh = Knowledge()
    client = Client(address, replace(role, retries=0), fresh)
    reply = Reply(role)
    try:
        if role.name == "speaker":
            async for _ in client.stream(messages_of(speak_prompt(PROBE, prompts)), reply, _soon(seconds)):
                pass
            right = None
        else:
            reply, right = await _fill(client, seconds, prompts)
    except Fault as fault:
        return ModelReport(role=role.name, model=role.model, ok=False, problem=fault.reason)
    finally:
        await client.close()
    known = client.abilities
    if role.name != "speaker":
        knowledge.put(address.base_url, role.model, known)
    elif known.refuses:
        before = knowledge.get(address.base_url, role.model)
        knowledge.put(address.base_url, role.model, replace(before, refuses=before.refuses | known.refuses))
    return _report(role, reply, known, right)


async def _fill(client: Client, seconds: float, prompts: Path | None) -> tuple[Reply, bool]:
    """A filled sheet by the best method that works, and whether its verdicts are right. Raises Fault."""
    sheet = Sheet.of(SAMPLE)
    while True:
        reply = Reply(client.role)
        async for _ in client.stream(
            messages_of(assess_prompt(SAMPLE, sheet, prompts)), reply, _soon(seconds), sheet.schema()
        ):
            pass
        try:
            points = sheet.read(reply.text)["points"]
        except Misshapen:
            plainer = client.abilities.next_method()
        else:
            return reply, points["k1"] in ("covered", "partial") and points["k2"] == "missing"
        if plainer is None:
            raise Fault("format")
        client.learn(plainer)


def _report(role: Role, reply: Reply, known: Abilities, right: bool | None) -> ModelReport:
    first, last = reply.first or 0.0, reply.last
    tokens = reply.usage.get("completion_tokens") or len(reply.text) / 4
    return ModelReport(
        role=role.name,
        model=role.model,
        ok=True,
        method=known.method if right is not None else "",
        refuses=tuple(sorted(known.refuses)),
        reads_rightly=right,
        streamed=reply.streamed and reply.pieces > 2 and last > first,
        first_ms=round(first * 1e3, 1),
        tokens_per_second=round(tokens / (last - first), 1) if last - first > 0.01 else None,
        usage_reported=bool(reply.usage),
    )


def _advice(
    roles: Sequence[Role], models: Sequence[ModelReport], available: Sequence[str], fault: Fault | None, seconds: float
) -> list[str]:
    """What to change, the gravest first."""
    found = [f"{KINDS[fault.reason].message} {KINDS[fault.reason].remedy}"] if fault else []
    if not roles and not fault:
        found.append("Set INTERVIEWER_GRADER__MODEL to one of the models that the endpoint has.")
    for model in models:
        if model.problem:
            kind = KINDS[model.problem]
            found.append(f"{model.role}: {kind.message} {kind.remedy}")
        if available and model.model not in available and not model.ok:
            found.append(f"{model.role}: {model.model!r} is not among the endpoint's models.")
        found += [f"{model.role}: {text}" for text in _advice_on(model, seconds)] if model.ok else []
    return found


def _advice_on(model: ModelReport, seconds: float) -> list[str]:
    speed, first = model.tokens_per_second, model.first_ms or 0.0
    waiting = first / 1e3 + (READING_TOKENS / speed if speed else 0.0)
    checks = [
        (model.reads_rightly is False, "it misread a plain answer; choose a larger model."),
        (model.method == "plain", "no structured output works, so replies may be misshapen; prefer an endpoint that "
                                  "takes json_schema."),
        (waiting > seconds / 2, f"reading an answer takes about {waiting:.0f} s of the {seconds:.0f} that a candidate "
                                "waits; raise INTERVIEWER_TURN_SECONDS or choose a faster model."),
        (first > SLOW_FIRST_MS, "the first word comes late; choose a faster model or less reasoning effort."),
        (speed is not None and speed < SLOW_TOKENS, "it writes slowly; a smaller model would keep a candidate waiting "
                                                    "less."),
        (model.streamed is False, "replies come in one piece, not as they are written."),
        (model.usage_reported is False, "tokens are not reported, so costs cannot be shown."),
    ]  # fmt: skip
    return [text for wrong, text in checks if wrong]


def _shown(base_url: str) -> str:
    """An address without a name and password in it."""
    parts = urlsplit(base_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds
