"""What an interview's calls to models used: tokens, time and, where prices are known, money. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import Field

from interviewer.domain.guide import Frozen
from interviewer.domain.interview import ModelCall


class Price(Frozen):
    """What a model costs, in whatever currency, for a million tokens. `cached` is the price of cached input."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)


class Usage(Frozen):
    """All calls in one role to one model. `prompt_tokens` include the cached ones; `seconds` is the mean of a call."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    cost: float | None = None


def usage(calls: Iterable[ModelCall], prices: Mapping[str, Price] | None = None) -> tuple[Usage, ...]:
    """What each role and model used; `cost` where the model's price is given."""
    groups: dict[tuple[str, str], list[ModelCall]] = {}
    for call in calls:
        groups.setdefault((call.role, call.model), []).append(call)
    return tuple(_sum(role, model, group, (prices or {}).get(model)) for (role, model), group in groups.items())


def _sum(role: str, model: str, calls: list[ModelCall], price: Price | None) -> Usage:
    prompt, cached = sum(c.prompt_tokens for c in calls), sum(c.cached_tokens for c in calls)
    completion = sum(c.completion_tokens for c in calls)
    cost = None
    if price:
        cheap = price.input if price.cached is None else price.cached
        cost = ((prompt - cached) * price.input + cached * cheap + completion * price.output) / 1e6
    return Usage(
        role=role,
        model=model,
        calls=len(calls),
        prompt_tokens=prompt,
        cached_tokens=cached,
        completion_tokens=completion,
        seconds=round(sum(c.latency_ms for c in calls) / len(calls) / 1e3, 2),
        cost=None if cost is None else round(cost, 6),
    )
