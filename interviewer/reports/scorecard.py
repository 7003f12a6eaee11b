"""A scorecard as JSON, Markdown, a page of HTML, or a terminal's text. Pure functions of the card.

An assessment that is not over discloses no result in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from interviewer.domain.display import whole
from interviewer.domain.grading import Outcome, score_points
from interviewer.domain.scorecard import PointLine, QuestionResult, Scorecard
from interviewer.domain.text import counted
from interviewer.reports import guidetext, render, view, words
from interviewer.reports.terminal import STYLES, OnTerminal, Page
from interviewer.reports.text import mapped, one_line, short

if TYPE_CHECKING:
    from rich.console import RenderableType


def as_json(card: Scorecard) -> str:
    """The card itself, exact, for programs."""
    return mapped(view.disclosed(card), whole).model_dump_json(indent=2)


def as_markdown(card: Scorecard) -> str:
    """The card in Markdown, in which no text of the candidate or the guide is markup."""
    return render.markdown("scorecard.md.j2", card=view.readable(card))


def as_html(card: Scorecard) -> str:
    """The card as one self-contained page: no script, nothing from elsewhere."""
    return render.html("scorecard.html.j2", card=view.readable(card))


def as_terminal(card: Scorecard) -> OnTerminal:
    """The card as a rich renderable, for any width from about 40 columns and any encoding."""
    readable = view.readable(card)
    return OnTerminal(lambda page: _terminal(readable, page))


def _terminal(card: Scorecard, page: Page) -> Iterator[RenderableType]:
    yield page.text(words.title(card), "bold")
    yield page.text(words.subtitle(card))
    if words.sealed(card):
        yield page.heading(words.SEALED)
        return
    yield from _overall(card, page)
    yield from _steps(card, page)
    yield from _categories(card, page)
    for number, result in view.shown(card):
        yield from _question(number, result, page)
    yield from _notes(card, page)
    yield page.heading("How this was graded")
    yield page.indented(words.provenance(card))
    if card.usage:
        yield page.indented(words.usage(card))
    yield page.indented(words.CAUTION)
    yield page.indented(words.intended_use(card.mode))


def _overall(card: Scorecard, page: Page) -> Iterator[RenderableType]:
    if card.score is None or card.band is None:
        yield page.heading(words.NO_SCORE)
    else:
        yield page.heading(f"{score_points(card.score)} of 100. Band {card.band} of 5: {words.band_name(card.band)}.")
        yield page.padded(page.bar(card.score, min(50, page.width - 4)))
        yield page.indented(words.band_meaning(card.band))
    for sentence in (words.tally(card), words.unfinished(card)):
        if sentence:
            yield page.indented(sentence)


def _steps(card: Scorecard, page: Page) -> Iterator[RenderableType]:
    found = view.steps(card)
    if found:
        yield page.heading("What to work on next")
    for index, step in enumerate(found, 1):
        point = page.text(f"{step.label}: " if step.label else "", "bold").append_text(page.text(step.statement))
        where = page.text(f"{step.verdict}, question {step.number}: {step.question}", "dim")
        yield page.item(f"{index}.", point, where)


def _categories(card: Scorecard, page: Page) -> Iterator[RenderableType]:
    if not card.categories:
        return
    yield page.heading("By category")
    table = page.table("left", "right", "left", *(() if page.narrow else ("left", "left")))
    for line in card.categories:
        cells = [words.category_name(line.category), score_points(line.score), words.band_name(line.band)]
        rest = [] if page.narrow else [page.bar(line.score, 20), page.text(counted(line.questions, "question"))]
        table.add_row(*map(page.text, cells), *rest)
    yield page.padded(table)


def _question(number: int, result: QuestionResult, page: Page) -> Iterator[RenderableType]:
    yield page.heading(f"{number}. {one_line(result.text)}")
    yield page.indented(f"{words.category_name(result.category)}. {words.standing(result)}.")
    if sentence := words.explanation(result):
        yield page.indented(sentence, "dim" if result.outcome is Outcome.GRADED else "")
    for group in view.groups(result):
        yield page.indented(group.heading, f"bold {STYLES[group.kind]}")
        for point in group.points:
            yield _point(group, point, result, page)
    found = view.pitfalls(result)
    if found:
        yield page.indented("Pitfalls", f"bold {STYLES['pitfall']}")
    for pitfall in found:
        quote = [page.quote(short(pitfall.quote))] if pitfall.quote.strip() else []
        yield page.item(page.signs.pitfall, page.text(one_line(pitfall.text)), *quote, by=4)
    if result.model_answer.strip():
        yield page.indented("A model answer", "bold")
        yield from _model_answer(result.model_answer, page)


def _point(group: view.Group, point: PointLine, result: QuestionResult, page: Page) -> RenderableType:
    label, statement = view.headline(point.label, point.text)
    lines = [page.text(f"{label}: " if label else "", "bold").append_text(page.text(statement))]
    if quote := view.quote(group, point):
        lines.append(page.quote(quote))
    if marks := view.marks(result, point):
        lines.append(page.text(f"({'; '.join(marks)})", "dim"))
    return page.item(getattr(page.signs, group.kind), *lines, by=4)


def _model_answer(answer: str, page: Page) -> Iterator[RenderableType]:
    for line in guidetext.as_lines(answer):
        by = 4 + 3 * max(0, line.depth - 1)
        if line.mark:
            yield page.item(line.mark, page.text(line.text), by=by)
        else:
            yield page.indented(line.text, by=by + 3 * bool(line.depth) + 2 * line.code)


def _notes(card: Scorecard, page: Page) -> Iterator[RenderableType]:
    found = view.notes(card)
    if not found:
        return
    yield page.heading("For a reviewer")
    yield page.indented(words.NOTES_INTRO)
    for note in found:
        for sentence in note.sentences:
            yield page.item(page.signs.note, page.text(f"Question {note.number}: {sentence}"))
