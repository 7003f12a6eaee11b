"""What models are sent: prompts, filled in. Candidate text stands in the user part, in a fence fresh for each call."""

from __future__ import annotations

from pathlib import Path

from interviewer.engines.llm_client import Messages
from interviewer.engines.llm_schema import Sheet
from interviewer.ports import AssessRequest, SpeakRequest
from interviewer.prompts import Prompt, new_fence, render


def assess_prompt(request: AssessRequest, sheet: Sheet, prompts: Path | None = None, fence: str = "") -> Prompt:
    """What a grader is sent, with a fresh fence unless one is given. Raises SettingsError if it cannot be rendered."""
    question = request.question
    return render(
        "assess",
        prompts,
        fence=fence or new_fence(),
        question=question.text,
        category=question.category.value,
        points=list(zip(sheet.points, (k.text for k in question.key_points), strict=True)),
        pitfalls=list(zip(sheet.pitfalls, (p.text for p in question.pitfalls), strict=True)),
        elsewhere=list(zip(sheet.elsewhere, (k.text for k in request.elsewhere), strict=True)),
        earlier=list(request.earlier),
        asked=request.asked,
        message=request.message,
        behavioral=sheet.behavioral,
    )


def speak_prompt(request: SpeakRequest, prompts: Path | None = None) -> Prompt:
    """What a speaker is sent. Raises SettingsError when it cannot be rendered."""
    return render(
        "speak",
        prompts,
        fence=new_fence(),
        move=request.move.kind.value,
        cause=request.move.cause.value if request.move.cause else "",
        mode=request.mode.value,
        question=request.question,
        category=request.category,
        aim=request.aim,
        label=request.label,
        half=request.half,
        rung=request.move.rung,
        passages=list(request.passages),
        dialogue=list(request.dialogue),
    )


def form_prompt(sheet: Sheet, prompts: Path | None = None) -> Prompt:
    """What a grader is told whose reply was no filled sheet. Raises SettingsError when it cannot be rendered."""
    return render("form", prompts, fence=new_fence(), form=sheet.skeleton())


def messages_of(prompt: Prompt) -> Messages:
    """A prompt as the messages of a request."""
    return [("system", prompt.system), ("user", prompt.user)]
