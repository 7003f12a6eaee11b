"""What `interviewer prompts check` looks for: every prompt rendered for every situation, and what must hold of each.

A prompt is sound when it renders whatever it is given, uses no variable that nobody fills in, puts the guide's text
before the candidate's, and shows the candidate's text to the model, between the tokens of its fence and nowhere else.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

from interviewer.domain.errors import InterviewerError
from interviewer.domain.interview import MessageKind, Mode, MoveKind
from interviewer.prompts import (
    Phrases,
    Prompt,
    chat_lines,
    environment,
    parts_of,
    phrases,
    prompt_names,
    prompt_text,
    render_source,
)

Values = dict[str, object]

LINES: Mapping[str, Callable[..., Phrases]] = {"phrases.toml": phrases, "chat.toml": chat_lines}
FENCE = "0123456789abcdef"
GUIDE_MARK, CANDIDATE_MARK = "guidemark", "candidatemark"
PARTS = ("situation", "task", "action", "result", "own")
NO_HINT = ("not_here", "none_left", "nothing_open")
SPOKEN = tuple(kind for kind in MoveKind if kind is not MoveKind.ASK)


def assess_values(*, behavioral: bool, pitfalls: bool, elsewhere: bool, before: bool) -> Values:
    """What the prompt that reads an answer may be given, every text recognisable."""
    return {
        "fence": FENCE,
        "question": f"{GUIDE_MARK} question?",
        "category": "behavioral" if behavioral else "technical",
        "points": [("k1", f"{GUIDE_MARK} point one"), ("k2", f"{GUIDE_MARK} point two")],
        "pitfalls": [("p1", f"{GUIDE_MARK} pitfall")] if pitfalls else [],
        "elsewhere": [("e1", f"{GUIDE_MARK} elsewhere")] if elsewhere else [],
        "earlier": [f"{CANDIDATE_MARK} earlier", f"{CANDIDATE_MARK} then"] if before else [],
        "asked": f"{CANDIDATE_MARK} asked" if before else "",
        "message": f"{CANDIDATE_MARK} message",
        "behavioral": behavioral,
    }


def speak_values(move: MoveKind, cause: MessageKind | None, **given: object) -> Values:
    """What the prompt that words a move may be given, every text recognisable."""
    values: Values = {
        "fence": FENCE,
        "move": move.value,
        "cause": cause.value if cause else "",
        "mode": Mode.PRACTICE.value,
        "question": f"{GUIDE_MARK} question?",
        "category": "technical",
        "aim": "",
        "label": "",
        "half": False,
        "rung": 0,
        "passages": [],
        "dialogue": [("interviewer", f"{CANDIDATE_MARK} asked"), ("candidate", f"{CANDIDATE_MARK} said")],
    }
    return values | given


def situations(name: str) -> Iterator[Values]:
    """Every situation in which a prompt is used, as far as a template can tell them apart."""
    if name == "assess":
        for behavioral, pitfalls, elsewhere, before in product((False, True), repeat=4):
            yield assess_values(behavioral=behavioral, pitfalls=pitfalls, elsewhere=elsewhere, before=before)
    elif name == "form":
        yield {"fence": FENCE, "form": f'{{"kind": "{GUIDE_MARK}"}}'}
    elif name == "speak":
        for move, cause in product(SPOKEN, (None, *MessageKind)):
            for given in _directions(move):
                yield speak_values(move, cause, **given)


def _directions(move: MoveKind) -> Iterator[Values]:
    """How a move may be directed: at what, how, and by which line of the guide."""
    yield {}
    yield {"dialogue": []}
    aims: list[Values] = [{"aim": f"{GUIDE_MARK} line"}, {"label": f"{GUIDE_MARK} topic"}]
    match move:
        case MoveKind.PROBE:
            for half in (False, True):
                yield from ({"half": half, **aim} for aim in aims[:1])
                yield {"half": half}
            yield from (Values(label=f"star:{part}") for part in PARTS)
        case MoveKind.FOLLOW_UP:
            yield aims[0]
        case MoveKind.HINT:
            yield from ({"rung": rung, **aim} for rung in (1, 2, 3) for aim in ({}, *aims))
        case MoveKind.REDIRECT:
            yield from (Values(label=reason) for reason in NO_HINT)
        case MoveKind.CLARIFY:
            yield {"passages": [f"{GUIDE_MARK} passage", f"{GUIDE_MARK} other"]}
        case _:
            pass


def problems(folder: Path | None = None) -> Iterator[str]:
    """What is wrong with the prompts and phrases as they hold, those of an override folder first. Each said once."""
    known = set(prompt_names())
    if folder and not folder.is_dir():
        yield f"{folder}: there is no such folder."
    elif folder:
        yield from (
            f"{path.name}: no prompt has this name, so it is never used."
            for path in sorted(folder.iterdir())
            if path.name not in LINES and path.name.removesuffix(".md.j2") not in known
        )
    for name in sorted(known):
        yield from dict.fromkeys(f"{name}.md.j2: {each}" for each in _of_prompt(name, folder))
    for file, read in LINES.items():
        yield from (f"{file}: {each}" for each in _of_lines(read, folder))


def _of_prompt(name: str, folder: Path | None) -> Iterator[str]:
    source = prompt_text(f"{name}.md.j2", folder)
    all_values = list(situations(name))
    try:
        unknown = _variables(source) - {key for values in all_values for key in values}
    except Exception as error:  # noqa: BLE001 - whatever jinja makes of a broken template
        yield f"it is no template: {error}."
        return
    yield from (f"nobody fills in the variable {each!r}." for each in sorted(unknown))
    for values in all_values:
        try:
            prompt = render_source(name, source, values)
        except InterviewerError as error:
            yield error.message
        else:
            yield from _unsound(prompt, values)


def _variables(source: str) -> set[str]:
    """What a template wants to be given: names that it reads and never sets itself."""
    from jinja2 import meta, nodes

    wanted: set[str] = set()
    for tree in (environment().parse(part) for part in parts_of(source)):
        own = {each.name for each in tree.find_all(nodes.Name) if each.ctx in ("store", "param")}
        wanted |= meta.find_undeclared_variables(tree) - own
    return wanted


def _unsound(prompt: Prompt, values: Mapping[str, object]) -> Iterator[str]:
    """What does not hold of a rendered prompt."""
    for text in _texts(values.get("message", ())):
        if text not in prompt.user:
            yield "the candidate's message is not shown to the model."
    for key in ("points", "pitfalls", "form", "aim"):
        if any(GUIDE_MARK in text and text not in prompt.user for text in _texts(values.get(key, ()))):
            yield f"{key!r} is not shown to the model."
    outside = re.sub(rf"<<<{FENCE}\n.*?\n{FENCE}>>>", "", prompt.user, flags=re.DOTALL)
    if CANDIDATE_MARK in outside or CANDIDATE_MARK in prompt.system:
        yield "the candidate's text stands outside its fence."
    if FENCE in prompt.system or GUIDE_MARK in prompt.system:
        yield "its system part varies with the guide or the call."
    first = prompt.user.find(CANDIDATE_MARK)
    if 0 <= first < prompt.user.rfind(GUIDE_MARK):
        yield "the guide's text comes after the candidate's; what varies most should come last."
    if not prompt.user:
        yield "its user part is empty."


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)


def _of_lines(read: Callable[..., Phrases], folder: Path | None) -> Iterator[str]:
    """What is wrong with the interviewer's lines, compared with the packaged ones."""
    try:
        ours, packaged = read(folder).by_key(), read().by_key()
    except (InterviewerError, AttributeError, TypeError) as error:
        yield f"it cannot be read: {error}"
        return
    yield from (f"{key} is missing." for key in packaged if not ours.get(key))
    yield from (f"nobody says {key}." for key in ours if key not in packaged)
    for key, lines in ours.items():
        allowed = {field for line in packaged.get(key, ()) for field in _fields(line)}
        for line in lines if key in packaged else ():
            try:
                wrong = sorted(set(_fields(line)) - allowed)
            except ValueError as error:
                wrong = [str(error)]
            yield from (f"{key}: nobody fills in {each!r}." for each in wrong)


def _fields(line: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(line) if field is not None]
