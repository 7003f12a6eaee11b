"""`interviewer prompts`: list, show, compare and check what models are told and how the interviewer speaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import house
from interviewer.domain.errors import NotFoundError, SettingsError
from interviewer.domain.interview import (
    Inbound,
    MessageKind,
    Move,
    MoveKind,
    Plan,
    Received,
    Started,
    Turn,
    Turned,
)
from interviewer.domain.state import fold
from interviewer.ports import utc_now

if TYPE_CHECKING:
    from interviewer.domain.guide import Guide, Question
    from interviewer.ports import SpeakRequest
    from interviewer.prompts import Prompt
    from interviewer.wiring import House

FAILED = 1
LINES = {"phrases": "phrases.toml", "chat": "chat.toml"}
ANSWER = "I'd start from what our users notice, and agree on a number with the people who own the product."
DEFAULT_CAUSE = {
    MoveKind.HINT: MessageKind.HINT,
    MoveKind.CLARIFY: MessageKind.CLARIFY,
    MoveKind.REPEAT: MessageKind.REPEAT,
    MoveKind.REDIRECT: MessageKind.OFF_TOPIC,
    MoveKind.PAUSE: MessageKind.PAUSE,
}

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "List, show, compare and check the prompts that models get.\n\n"
        "A folder's files take the place of the packaged ones."
    ),
)

Folder = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="FOLDER", help="Your folder of prompts, instead of INTERVIEWER_PROMPTS."),
]


@app.command("list")
def list_prompts(prompts: Folder = None) -> None:
    """List the prompts: name, digest, size of the part that never varies in tokens (about), and the file in use.

    \b
    Examples:
      interviewer prompts list
      interviewer prompts list --prompts ./my-prompts
    """
    from interviewer.prompts import digest, parts_of, prompt_text

    folder = _folder(prompts)
    for name, file in _files():
        text = prompt_text(file, folder)
        fixed = f"{_tokens(parts_of(text)[0]):5} tokens" if file.endswith(".j2") else f"{'':12}"
        typer.echo(f"{name:8}  {digest(text)}  {fixed}  {_source(file, folder)}")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="assess, speak, form, phrases or chat.")],
    guide: Annotated[str | None, typer.Option("--guide", help="A guide's name or file.")] = None,
    question: Annotated[str | None, typer.Option("--question", help="A question's id, or its number.")] = None,
    *,
    answer: Annotated[str, typer.Option("--answer", help="What the candidate said.")] = ANSWER,
    move: Annotated[MoveKind, typer.Option("--move", help="For speak: the move to word.")] = MoveKind.PROBE,
    cause: Annotated[MessageKind | None, typer.Option("--cause", help="For speak: the message that led to it.")] = None,
    rung: Annotated[int, typer.Option("--rung", min=1, max=3, help="For speak: which of the three hints.")] = 2,
    prompts: Folder = None,
) -> None:
    """Show a prompt as a model gets it, for a real question of a guide.

    \b
    Examples:
      interviewer prompts show assess
      interviewer prompts show assess --guide backend-engineer --question 2 --answer "I'd add an index."
      interviewer prompts show speak --move hint --rung 3
    """
    from interviewer.ports import AssessRequest
    from interviewer.prompts import prompt_text
    from interviewer.wiring import prompt_as_sent

    folder, file = _folder(prompts), _file(name)
    if name in LINES:
        typer.echo(prompt_text(file, folder).rstrip())
        return
    home = house()
    asked_in, asked = _question(home, guide, question)
    wanted = Move(
        kind=move, question_id=asked.id, cause=cause or DEFAULT_CAUSE.get(move, MessageKind.ANSWER), rung=rung
    )
    request = (
        _speak_request(home, asked_in, asked, wanted, answer)
        if name == "speak"
        else AssessRequest(question=asked, message=answer)
    )
    for line in _shown(prompt_as_sent(name, request, folder)):
        typer.echo(line)


@app.command()
def diff(
    name: Annotated[str | None, typer.Argument(help="One prompt; otherwise all.")] = None,
    prompts: Folder = None,
) -> None:
    """Compare your prompts with the packaged ones, as a unified diff. Exits with 1 when something differs.

    \b
    Examples:
      interviewer prompts diff --prompts ./my-prompts
      interviewer prompts diff assess
    """
    from difflib import unified_diff

    from interviewer.prompts import prompt_text

    folder = _folder(prompts)
    differs = False
    for file in [_file(name)] if name else dict(_files()).values():
        packaged, ours = (prompt_text(file, each).splitlines() for each in (None, folder))
        for line in unified_diff(packaged, ours, f"packaged/{file}", _source(file, folder), lineterm=""):
            differs = True
            typer.echo(line)
    if differs:
        raise typer.Exit(FAILED)


@app.command()
def check(prompts: Folder = None) -> None:
    """Check that every prompt renders in every situation, and keeps the candidate's text inside its fence.

    Exits with 1 when something is wrong.

    \b
    Examples:
      interviewer prompts check
      interviewer prompts check --prompts ./my-prompts
    """
    from interviewer.cli.prompt_check import problems, situations

    found = list(problems(_folder(prompts)))
    for problem in found:
        typer.echo(problem, err=True)
    if found:
        raise typer.Exit(FAILED)
    names = [name for name, _ in _files()]
    count = sum(1 for name in names for _ in situations(name))
    typer.echo(f"{len(names)} files are sound: rendered in {count} situations.")


def _folder(given: Path | None) -> Path | None:
    from interviewer.settings import load_settings

    return load_settings(prompts=given).prompts


def _files() -> list[tuple[str, str]]:
    from interviewer.prompts import prompt_names

    return [*((name, f"{name}.md.j2") for name in prompt_names()), *LINES.items()]


def _file(name: str) -> str:
    """A prompt's file. Raises SettingsError when there is none of this name."""
    known = dict(_files())
    if name not in known:
        raise SettingsError(f"There is no prompt {name!r}.", "Look at the names with `interviewer prompts list`.")
    return known[name]


def _source(file: str, folder: Path | None) -> str:
    return str(folder / file) if folder and (folder / file).is_file() else "packaged"


def _question(home: House, guide: str | None, wanted: str | None) -> tuple[Guide, Question]:
    """The question to show a prompt for; the first of the first guide when none is named."""
    library = home.library
    found = library.get(guide) if guide else library.guides()[0]
    by_number = {str(number): q for number, q in enumerate(found.questions, 1)}
    question = (found.question(wanted) or by_number.get(wanted)) if wanted else found.questions[0]
    if question is None:
        raise NotFoundError(f"{found.id} has no question {wanted!r}.", f"See `interviewer guide show {found.id}`.")
    return found, question


def _speak_request(home: House, guide: Guide, question: Question, move: Move, answer: str) -> SpeakRequest:
    """What words a move at the question's first point or first follow-up, right after this answer."""
    import asyncio

    from interviewer.conduct.speak import speak_request

    at = utc_now()
    plan = Plan(guide_id=guide.id, guide_title=guide.title, guide_revision=guide.revision, questions=(question.id,))
    put = Turn(number=0, at=at, move=Move(kind=MoveKind.ASK, question_id=question.id), reply=question.text)
    said = Inbound(id="shown", interview_id="shown", text=answer, at=at)
    started = Started(at=at, plan=plan, candidate="", channel="", engine="")
    interview = fold("shown", [started, Turned(turn=put), Received(message=said)])
    aimed_at = question.follow_ups if move.kind is MoveKind.FOLLOW_UP else question.key_points
    aims = move.kind in (MoveKind.PROBE, MoveKind.FOLLOW_UP) or (move.kind is MoveKind.HINT and move.rung > 1)
    update = {"target": aimed_at[0].id if aims and aimed_at else None, "rung": move.rung * (move.kind is MoveKind.HINT)}
    return asyncio.run(speak_request(interview, guide, question, move.model_copy(update=update), home.retriever))


def _shown(prompt: Prompt) -> Iterator[str]:
    yield f"# {prompt.digest}"
    for part, text in (("system", prompt.system), ("user", prompt.user)):
        yield f"\n--- {part}, about {_tokens(text)} tokens ---\n"
        yield text


def _tokens(text: str) -> int:
    """About how many tokens a text is: four characters each."""
    return round(len(text) / 4)
