"""`interviewer doctor`: whether the model's endpoint can hold an interview, and what to change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interviewer.domain.examination import Examination, ModelReport

MODELS_SHOWN = 12
ELSEWHERE = ("`interviewer doctor` looks at the endpoint closely.", "; `interviewer regrade` grades what was missed")
"""Remedies for the middle of an interview, which lead nowhere from here."""
IS_IT_RIGHT = "The endpoint lists no models. Is OPENAI_BASE_URL right? It usually ends in /v1."


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Check the model's endpoint, and say what to change.

    It looks at address, key, models, structured output, streaming and speed.

    What is found is remembered, and used from then on. Exit status 1 when no interview can be held.

    \b
    Examples:
      OPENAI_API_KEY=... interviewer doctor
      OPENAI_BASE_URL=http://localhost:11434/v1 INTERVIEWER_GRADER__MODEL=qwen3:8b interviewer doctor
    """
    home = house()
    if not home.settings.openai_api_key and not home.settings.openai_base_url:
        typer.echo("No endpoint is set, so the embedded engine listens, and there is nothing to look at.", err=True)
        typer.echo("Set OPENAI_API_KEY, or OPENAI_BASE_URL and INTERVIEWER_GRADER__MODEL, to use a model.", err=True)
        raise typer.Exit(1)
    found = _as_known(asyncio.run(home.examine()))
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(_lines(found)))
    if not found.usable:
        raise typer.Exit(1)


def _as_known(found: Examination) -> Examination:
    """What was found: of the key only what a call has shown, and advice that leads on from here."""
    advice = [_without_elsewhere(text) for text in found.advice]
    key = _key_accepted(found)
    if found.reachable and key is None and not found.models:
        advice.insert(0, IS_IT_RIGHT)
    return found.model_copy(update={"key_accepted": key, "advice": tuple(advice)})


def _key_accepted(found: Examination) -> bool | None:
    """None unless a call succeeded, or was refused for its key."""
    if found.key_accepted is False or any(model.problem == "auth" for model in found.models):
        return False
    return True if found.available or any(model.ok for model in found.models) else None


def _without_elsewhere(text: str) -> str:
    for remedy in ELSEWHERE:
        text = text.replace(remedy, "")
    return text.rstrip()


def _lines(found: Examination) -> Iterator[str]:
    key = {True: "accepted", False: "not accepted", None: "not known"}[found.key_accepted]
    yield _line("endpoint", found.address)
    yield _line("reachable", "yes" if found.reachable else "no")
    yield _line("key", key)
    if found.available:
        more = len(found.available) - MODELS_SHOWN
        yield _line("models", ", ".join(found.available[:MODELS_SHOWN]) + (f" and {more} more" if more > 0 else ""))
    for model in found.models:
        yield ""
        yield f"{model.role}: {model.model}"
        yield from _lines_of(model)
    if found.advice:
        yield ""
        yield "What to change"
        yield from (f"  - {text}" for text in found.advice)
    elif found.usable:
        yield ""
        yield "All is well."


def _lines_of(model: ModelReport) -> Iterator[str]:
    if not model.ok:
        yield _line("failed", model.problem)
        return
    if model.method:
        yield _line("structured output", model.method)
    if model.refuses:
        yield _line("does not take", ", ".join(model.refuses))
    if model.reads_rightly is not None:
        yield _line("reads an answer", "rightly" if model.reads_rightly else "wrongly")
    yield _line("streaming", "yes" if model.streamed else "no, in one piece")
    yield _line("first word", f"{model.first_ms:.0f} ms")
    if model.tokens_per_second:
        yield _line("speed", f"{model.tokens_per_second:.0f} tokens/s")
    yield _line("tokens", "reported" if model.usage_reported else "not reported")


def _line(name: str, value: str) -> str:
    return f"  {name:18} {value}"
