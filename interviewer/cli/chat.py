"""`interviewer chat` and `interviewer resume`: an interview in the terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import (
    EngineOption,
    find_interview,
    house,
    interactive,
    opened,
    program,
    progress_bar,
    show,
    wrapped,
)
from interviewer.conduct.plan import make_plan
from interviewer.domain.errors import InterviewerError, NotFoundError, SettingsError
from interviewer.domain.grading import BAND_NAMES, score_points
from interviewer.domain.interview import Mode, Plan
from interviewer.wiring import House, random_seed

if TYPE_CHECKING:
    from interviewer.conduct.turn import Conductor
    from interviewer.domain.guide import Guide


def chat(
    guide: Annotated[str | None, typer.Option("--guide", "-g", help="A guide's id, title or file.")] = None,
    questions: Annotated[int | None, typer.Option("--questions", "-n", min=1, help="How many questions.")] = None,
    topic: Annotated[str | None, typer.Option("--topic", "-t", help="Ask about this.")] = None,
    mode: Annotated[Mode, typer.Option("--mode", "-m", help="assess: no hints and no feedback.")] = Mode.PRACTICE,
    minutes: Annotated[int | None, typer.Option("--minutes", min=1, help="End after about so many minutes.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed asks the same questions.")] = None,
    weakest: Annotated[bool, typer.Option("--weakest", help="Practise what went worst so far.")] = False,
    engine: EngineOption = None,
) -> None:
    """Be interviewed in this terminal.

    \b
    Examples:
      interviewer chat
      interviewer chat --guide site-reliability-engineer --questions 3
      interviewer chat --topic "data drift" --minutes 20
      interviewer chat --guide ./our-guide.md --mode assess --seed 7
      printf 'my answer\\n/end\\n' | interviewer chat --guide backend-engineer
    """
    home = house(engine=engine)
    given = random_seed() if seed is None else seed
    planned = partial(make_plan, count=questions, topic=topic, mode=mode, minutes=minutes, seed=given)
    chosen = home.library.get(guide) if guide else None if weakest else _about(home, topic) if topic else _picked(home)
    asyncio.run(_chat(home, chosen, weakest, planned))


def resume(
    interview: Annotated[str | None, typer.Argument(help="The beginning of its id; the latest if left out.")] = None,
    engine: EngineOption = None,
) -> None:
    """Go on with an interview where it was left.

    \b
    Examples:
      interviewer resume
      interviewer resume k7mf
    """
    home = house(engine=engine)
    asyncio.run(_resume(home, interview))


async def _chat(home: House, chosen: Guide | None, weakest: bool, planned: Callable[..., Plan]) -> None:
    async with opened(home.settings, home.store):
        conductor = home.conductor()
        guide, only = (chosen, ()) if chosen and not weakest else await _weakest(home, conductor, chosen)
        plan = planned(guide, home.retriever, only=only)
        _say_engine(home, conductor)
        interview = await conductor.start(plan, guide, candidate=home.settings.candidate, channel="terminal")
        await _hold(home, conductor, interview.id, guide)


async def _resume(home: House, wanted: str | None) -> None:
    async with opened(home.settings, home.store) as store:
        summary = await find_interview(store, wanted, unfinished=True)
        conductor = home.conductor()
        interview = await conductor.load(summary.id)
        if interview.engine != conductor.engine.name:
            typer.echo(
                f"This interview began with the {interview.engine} engine and goes on with {conductor.engine.name}.",
                err=True,
            )
        await _hold(home, conductor, summary.id, await conductor.guide_of(interview))


async def _hold(home: House, conductor: Conductor, interview_id: str, guide: Guide) -> None:
    """Talk until the interview ends or pauses; then show the scorecard of one that ended."""
    from interviewer.channels.terminal import Outcome, converse

    with _tidy_at_sigterm(interview_id):
        outcome = await converse(conductor, interview_id, warm=lambda: home.warm(guide), program=program())
    if outcome is not Outcome.ENDED:
        status = {Outcome.FAILED: 1, Outcome.UNHEARD: 1, Outcome.INTERRUPTED: 130}.get(outcome, 0)
        raise typer.Exit(status)
    from interviewer.reports.scorecard import as_terminal

    card = await conductor.scorecard(interview_id)
    show(as_terminal(card))
    if card.score is not None and card.band is not None:
        typer.echo(
            f"\nIn short: {score_points(card.score)} of 100, {BAND_NAMES[card.band - 1]}. The whole of it is above."
        )
    typer.echo(f"\nTo keep it as a page: {program()} report {interview_id} --out scorecard.html")


@contextmanager
def _tidy_at_sigterm(interview_id: str) -> Iterator[None]:
    """At SIGTERM cancel this task, so that the terminal is left as it was found. What was said is kept anyhow."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        if task:
            task.cancel()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # on Windows, or beside the main thread
        loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield
    except asyncio.CancelledError:
        if not ended:
            raise
        typer.echo(f"\nStopped. To go on later: {program()} resume {interview_id}", err=True)
        raise typer.Exit(128 + signal.SIGTERM) from None
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGTERM)


def _say_engine(home: House, conductor: Conductor) -> None:
    """Say in one line which engine listens, when it is the one that needs no key, and whether for want of one."""
    if conductor.engine.name == "embedded":
        who = "No key is set, so the" if home.settings.engine == "auto" else "The"
        line = f"{who} embedded engine listens: private and offline. It is a small model and misreads some"
        typer.echo(wrapped(f"{line} answers, so take its verdicts as hints.") + "\n", err=not interactive())


def _about(home: House, topic: str) -> Guide:
    """The guide with the question nearest to a topic. Raises NotFoundError when none comes near."""
    guides = home.library.guides()
    with progress_bar("Looking through the guides") as tick:
        home.index.ensure(guides, tick)
    hits = home.searched(guides)(topic, 1)
    if not hits:
        raise NotFoundError(f"No guide says anything about {topic!r}.", "`interviewer guide list` shows what there is.")
    guide = next(g for g in guides if g.id == hits[0].guide_id)
    typer.echo(f"Asking from “{guide.title}”, which comes nearest to that.\n", err=not interactive())
    return guide


def _picked(home: House) -> Guide:
    """The guide that the candidate picks from a list. Raises SettingsError where nobody can be asked.

    It is asked outside any event loop, which would swallow a Ctrl-C.
    """
    guides = sorted(home.library.guides(), key=lambda g: g.title)
    if not guides:
        raise NotFoundError("There is no guide.", "Write one with `interviewer guide new ROLE`.")
    if not interactive():
        names = ", ".join(g.id for g in guides)
        raise SettingsError("Say which guide to ask from, with --guide.", f"There are: {names}.")
    typer.echo("What would you like to be interviewed for?\n")
    for number, guide in enumerate(guides, 1):
        typer.echo(f"  {number:2}  {guide.title}  ({len(guide.questions)} questions)")
    while True:
        typer.echo("\nA number or a name: ", nl=False)
        answer = sys.stdin.readline()
        if not answer:
            typer.echo("")
            raise typer.Exit(130)
        if wanted := answer.strip():
            try:
                return _meant(home, guides, wanted)
            except InterviewerError as error:
                typer.echo(f"{error.message} {error.remedy}")


def _meant(home: House, guides: list[Guide], wanted: str) -> Guide:
    """The guide of this number in a list, or of this name. Raises NotFoundError and GuideError."""
    if not wanted.isdecimal():
        return home.library.get(wanted)
    if not 0 < int(wanted) <= len(guides):
        raise NotFoundError(f"There is no number {wanted}.", f"Choose one from 1 to {len(guides)}.")
    typer.echo("")
    return guides[int(wanted) - 1]


async def _weakest(home: House, conductor: Conductor, wanted: Guide | None) -> tuple[Guide, tuple[str, ...]]:
    """A guide and those of its questions that went worst so far, over all ended interviews. Raises NotFoundError."""
    from interviewer.cli.records import ended_cards
    from interviewer.reports.progress import progress

    cards = [c for c in await ended_cards(home, conductor) if wanted is None or c.guide_id == wanted.id]
    weak = progress(cards).questions
    for guide_id in dict.fromkeys(w.guide_id for w in weak):
        guide = wanted or _still_there(home, guide_id)
        askable = {q.id for q in guide.questions if q.key_points} if guide else set()
        only = tuple(w.question_id for w in weak if w.guide_id == guide_id and w.question_id in askable)
        if guide and only:
            return guide, only
    if weak:
        remedy = "Give the guide's file with --guide, or leave --weakest out."
        raise NotFoundError(f"What went worst, in “{weak[0].guide_title}”, is not in the guides any more.", remedy)
    if cards:
        raise NotFoundError("Nothing went badly enough to practise it.", "Go on with `interviewer chat`.")
    raise NotFoundError("There is nothing weak to practise yet.", "Hold an interview first: `interviewer chat`.")


def _still_there(home: House, guide_id: str) -> Guide | None:
    return next((g for g in home.library.guides() if g.id == guide_id), None)
