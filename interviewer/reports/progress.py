"""Progress over several interviews: scores over time, and what stays weak. Pure functions of scorecards.

Only interviews that are over count, oldest first; one that is given twice counts once, as given last. Questions that
were not asked or not graded do not count. Means are over the interviews in which a thing counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from statistics import fmean
from typing import TYPE_CHECKING

from interviewer.domain.display import clean, whole
from interviewer.domain.grading import Outcome, Verdict, score_points
from interviewer.domain.guide import Category, Frozen
from interviewer.domain.interview import Mode
from interviewer.domain.scorecard import STRONG, PointLine, QuestionResult, Scorecard
from interviewer.domain.state import Status
from interviewer.domain.text import counted, listed
from interviewer.reports import render, view, words
from interviewer.reports.terminal import OnTerminal, Page
from interviewer.reports.text import mapped, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

LISTED = 5
ENOUGH = 3


class Sitting(Frozen):
    """One interview of a history. `counted` of its `questions` have a score."""

    interview_id: str
    guide_id: str
    guide_title: str
    guide_revision: str
    mode: Mode
    engine: str
    formula: str
    started_at: datetime
    score: float | None
    band: int | None
    questions: int
    counted: int


class Trend(Frozen):
    """A category over time: a score for each sitting, None where it did not count. `change` is latest less first."""

    category: Category
    scores: tuple[float | None, ...]
    mean: float
    latest: float
    change: float | None
    sittings: int


class WeakQuestion(Frozen):
    """A question with a low mean score over the `times` it counted; `skipped` of them it was skipped."""

    guide_id: str
    guide_title: str
    question_id: str
    text: str
    mean: float
    latest: float
    times: int
    skipped: int


class WeakPoint(Frozen):
    """A point that was not fully made `missed` of the `times` its question was answered and graded.

    `latest` is how it stood the last time, `opposite` how often the opposite was said.
    """

    guide_id: str
    guide_title: str
    question_id: str
    question: str
    point_id: str
    label: str | None
    text: str
    missed: int
    opposite: int
    times: int
    latest: Verdict


class Progress(Frozen):
    """A history of interviews. `unfinished` counts those left out; `cautions` say what makes comparing them hard."""

    sittings: tuple[Sitting, ...] = ()
    unfinished: int = 0
    mean: float | None = None
    change: float | None = None
    categories: tuple[Trend, ...] = ()
    questions: tuple[WeakQuestion, ...] = ()
    points: tuple[WeakPoint, ...] = ()
    cautions: tuple[str, ...] = ()


def progress(cards: Iterable[Scorecard]) -> Progress:
    """What a history of scorecards shows."""
    latest = {card.interview_id: card for card in cards}
    over = sorted(
        (card for card in latest.values() if card.status is Status.ENDED), key=lambda c: (c.started_at, c.interview_id)
    )
    scores = [card.score for card in over if card.score is not None]
    return Progress(
        sittings=tuple(_sitting(card) for card in over),
        unfinished=len(latest) - len(over),
        mean=_mean(scores) if scores else None,
        change=_change(scores),
        categories=tuple(_trends(over)),
        questions=tuple(_weak_questions(over)),
        points=tuple(_weak_points(over)),
        cautions=tuple(_cautions(over)),
    )


def _sitting(card: Scorecard) -> Sitting:
    return Sitting(
        interview_id=card.interview_id,
        guide_id=card.guide_id,
        guide_title=card.guide_title,
        guide_revision=card.guide_revision,
        mode=card.mode,
        engine=card.engine,
        formula=card.formula,
        started_at=card.started_at,
        score=card.score,
        band=card.band,
        questions=len(card.questions),
        counted=sum(q.score is not None for q in card.questions),
    )


def _mean(scores: Iterable[float]) -> float:
    return round(fmean(scores), 1)


def _change(scores: list[float]) -> float | None:
    return round(scores[-1] - scores[0], 1) if len(scores) > 1 else None


def _trends(over: list[Scorecard]) -> Iterator[Trend]:
    for category in Category:
        scores = [next((c.score for c in card.categories if c.category is category), None) for card in over]
        known = [s for s in scores if s is not None]
        if known:
            yield Trend(
                category=category,
                scores=tuple(scores),
                mean=_mean(known),
                latest=known[-1],
                change=_change(known),
                sittings=len(known),
            )


def _weak_questions(over: list[Scorecard]) -> list[WeakQuestion]:
    """The questions with the lowest means, weakest first."""
    weak = []
    for asked in _by_question(over):
        card, result = asked[-1]
        scores = [r.score for _, r in asked if r.score is not None]
        question = WeakQuestion(
            guide_id=card.guide_id,
            guide_title=card.guide_title,
            question_id=result.id,
            text=result.text,
            mean=_mean(scores),
            latest=scores[-1],
            times=len(scores),
            skipped=sum(r.outcome is Outcome.NOT_SHOWN for _, r in asked),
        )
        if question.mean < STRONG:
            weak.append(question)
    return sorted(weak, key=lambda q: (q.mean, -q.times))[:LISTED]


def _weak_points(over: list[Scorecard]) -> list[WeakPoint]:
    """The points missed most often, then those missed last time, heaviest shares first."""
    weak = []
    for asked in _by_question(over):
        answered = [(card, result) for card, result in asked if result.outcome is Outcome.GRADED]
        if answered:
            card, result = answered[-1]
            weak += [w for p in result.points if (w := _weak_point(card, result, p, answered)).missed]
    return sorted(weak, key=lambda w: (-w.missed, -w.missed / w.times, w.latest is Verdict.COVERED))[:LISTED]


def _weak_point(
    card: Scorecard, result: QuestionResult, point: PointLine, answered: list[tuple[Scorecard, QuestionResult]]
) -> WeakPoint:
    verdicts = [p.verdict for _, r in answered for p in r.points if p.id == point.id]
    return WeakPoint(
        guide_id=card.guide_id,
        guide_title=card.guide_title,
        question_id=result.id,
        question=result.text,
        point_id=point.id,
        label=point.label,
        text=point.text,
        missed=sum(v is not Verdict.COVERED for v in verdicts),
        opposite=sum(v is Verdict.CONTRADICTED for v in verdicts),
        times=len(verdicts),
        latest=point.verdict,
    )


def _by_question(over: list[Scorecard]) -> list[list[tuple[Scorecard, QuestionResult]]]:
    """The results that count, by question of a guide, oldest first."""
    found: dict[tuple[str, str], list[tuple[Scorecard, QuestionResult]]] = {}
    for card in over:
        for result in card.questions:
            if result.score is not None:
                found.setdefault((card.guide_id, result.id), []).append((card, result))
    return list(found.values())


def _cautions(over: list[Scorecard]) -> Iterator[str]:
    """What makes these scores hard to compare."""
    if 1 < len(over) < ENOUGH:
        yield f"{counted(len(over), 'interview').capitalize()} are too few to speak of a trend."
    revised = any(
        len({c.guide_revision for c in over if c.guide_id == guide}) > 1 for guide in {c.guide_id for c in over}
    )
    differing = {
        "engines": len({c.engine for c in over}) > 1,
        "formulas": len({c.formula for c in over}) > 1,
        "guides": len({c.guide_id for c in over}) > 1,
        "revisions of a guide": revised,
        "modes": len({c.mode for c in over}) > 1,
    }
    names = [name for name, differs in differing.items() if differs]
    if names:
        yield f"These interviews used different {listed(names)}, so compare their scores with care."


def as_json(found: Progress) -> str:
    """The progress itself, exact, for programs."""
    return mapped(found, whole).model_dump_json(indent=2)


def as_markdown(found: Progress) -> str:
    """The progress in Markdown, in which no text of a guide is markup."""
    return render.markdown("progress.md.j2", found=mapped(found, clean), practice=Mode.PRACTICE)


def as_html(found: Progress) -> str:
    """The progress as one self-contained page: no script, nothing from elsewhere."""
    return render.html("progress.html.j2", found=mapped(found, clean), practice=Mode.PRACTICE)


def as_terminal(found: Progress) -> OnTerminal:
    """The progress as a rich renderable, for any width from about 40 columns and any encoding."""
    readable = mapped(found, clean)
    return OnTerminal(lambda page: _terminal(readable, page))


def _terminal(found: Progress, page: Page) -> Iterator[RenderableType]:
    yield page.text("Progress", "bold")
    yield page.text(words.history(len(found.sittings), found.unfinished))
    if not found.sittings:
        return
    yield page.indented(words.course([s.score for s in found.sittings]))
    for caution in found.cautions:
        yield page.indented(caution)
    yield page.heading("Score by interview")
    yield page.padded(_sittings(found, page))
    if found.categories:
        yield page.heading("By category")
        yield page.padded(_categories(found, page))
    if found.points:
        yield page.heading("Points that most often go missing")
    for index, point in enumerate(found.points, 1):
        label, statement = view.headline(point.label, point.text)
        said = words.missed(point.missed, point.times, point.opposite, point.latest)
        head = page.text(f"{label}: " if label else "", "bold").append_text(page.text(statement))
        yield page.item(f"{index}.", head, page.text(said, "dim"), page.text(one_line(point.question), "dim"))
    if found.questions:
        yield page.heading("Weakest questions")
    for index, question in enumerate(found.questions, 1):
        said = words.weak_question(question.mean, question.latest, question.times, question.skipped)
        yield page.item(f"{index}.", page.text(one_line(question.text)), page.text(said, "dim"))
    yield page.heading(words.CAUTION_PROGRESS)
    yield page.text(words.intended_use(Mode.PRACTICE))


def _sittings(found: Progress, page: Page) -> RenderableType:
    table = page.table("left", "right", "left", *(() if page.narrow else ("left",)))
    for sitting in found.sittings:
        score = score_points(sitting.score) if sitting.score is not None else ""
        name = words.band_name(sitting.band) if sitting.band else "No score"
        head = (
            words.day(sitting.started_at)
            if page.narrow
            else f"{words.day(sitting.started_at)}, {one_line(sitting.guide_title)}"
        )
        bar = () if page.narrow else (page.bar(sitting.score, 20) if sitting.score is not None else page.text(""),)
        table.add_row(page.text(head), page.text(score), page.text(name), *bar)
    return table


def _categories(found: Progress, page: Page) -> RenderableType:
    table = page.table("left", "right", "left", *(() if page.narrow else ("left",)))
    for trend in found.categories:
        cells = [words.category_name(trend.category), score_points(trend.latest), words.moved(list(trend.scores))]
        more = () if page.narrow else (page.text(counted(trend.sittings, "interview")),)
        table.add_row(*map(page.text, cells), *more)
    return table
