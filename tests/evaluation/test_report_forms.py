"""What holds for every form of a report: all its figures are there, and nobody's text can do anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_html import page
from interviewer.evaluation.report_json import as_json
from interviewer.evaluation.report_junit import junit
from interviewer.evaluation.report_markdown import markdown
from interviewer.evaluation.report_text import plain
from interviewer.evaluation.results import Measure, Report
from tests.reports.pages import Reader

from .report_samples import NASTY, OPEN, REGRESSED, VIOLATIONS, agreement, evidence, info, metamorphic, moves, report

UNSAFE = ("\x1b", "\x00", "\x07", "\u202e", "\u202c", "\x9b")


def shown_markdown(text: str) -> str:
    """The words of a comment as they are shown."""
    return " ".join(Reader(MarkdownIt("commonmark").enable("table").render(text)).text.split())


def shown_junit(text: str) -> str:
    root = ElementTree.fromstring(text)
    return " ".join(part for e in root.iter() for part in (e.text or "", *e.attrib.values()))


FORMS: dict[str, Callable[[Report], str]] = {
    "text": lambda r: plain(r, 400, full=True),
    "markdown": lambda r: shown_markdown(markdown(r)),
    "html": lambda r: Reader(page(r)).text,
    "junit": lambda r: shown_junit(junit(r)),
}


def whole() -> Report:
    """A report in which everything can be found."""
    return report(agreement((OPEN[0], *REGRESSED[1:])), metamorphic())


def figures(shown: Report) -> Iterator[str]:
    """Every figure of a report, as it is read."""
    for result in shown.results:
        yield f"{result.graded:,}"
        yield from (f"{count}" for count in result.reasons.values())
        for d in result.differences:
            signed = words.is_signed(d.name)
            yield from (words.number(v, signed=signed) for v in (d.baseline, d.now))
            yield from (words.number(v, signed=True) for v in (d.difference, d.low, d.high))
            yield from (words.limit(d), words.p_value(d.p), words.number(d.detectable), words.basis(d))
            yield from [f"{d.cases_needed:,}"] if d.cases_needed else []
        for m in result.measures:
            yield words.value(m)
            yield from (words.interval(m.low, m.high, signed=words.is_signed(m.name)), words.basis(m), m.note)
        for v in result.violations:
            yield from (words.moved(v.before, v.now), words.points(v.noise) if v.noise else "")
        for move in result.moves:
            yield words.moved(move.before, move.now)
            yield words.points(move.labelled)
            yield from (f"{p.before} → {p.now}" for p in move.points)
        for table in result.tables:
            yield from (cell for row in words.cells(table) for cell in row)


@pytest.mark.parametrize("form", FORMS)
def test_every_figure_is_in_every_form(form: str) -> None:
    shown = whole()
    said = FORMS[form](shown)
    expected = list(figures(shown))
    assert len(expected) > 150
    assert not [figure for figure in expected if figure not in said]


def test_a_program_gets_the_values_themselves() -> None:
    shown = whole()
    data = json.loads(as_json(shown))
    assert (data["outcome"], data["exit"]) == ("regression", 1)
    assert {k: v for k, v in data.items() if k not in ("outcome", "exit")} == shown.model_dump(mode="json")


@pytest.mark.parametrize("form", [*FORMS, "json"])
def test_a_report_without_anything_is_one(form: str) -> None:
    said = {**FORMS, "json": as_json}[form](report())
    assert "Nothing ran" in said or form in ("junit", "json")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_defined_is_said_with_why(form: str) -> None:
    measure = Measure(name="prmse", value=None, note="one rater only")
    said = FORMS[form](report(agreement((), measures=(measure,), tables=(), moves=(), outcome=None, baseline=None)))
    assert "n/a" in said
    assert "one rater only" in said


def hostile() -> Report:
    """A report in which every text that could come from elsewhere tries something."""
    move = moves(evidence(12))[0]
    points = tuple(
        p.model_copy(update={"text": NASTY, "quote_now": NASTY, "quote_before": f"{NASTY}!"}) for p in move.points
    )
    nasty_move = move.model_copy(update={"item": NASTY, "question": NASTY, "answer": NASTY, "points": points})
    violation = VIOLATIONS[0].model_copy(update={"item": NASTY, "variant": NASTY, "expected": NASTY, "detail": NASTY})
    result = agreement(
        info=info(NASTY, model=NASTY, parameters={NASTY: NASTY}),
        moves=(nasty_move,),
        violations=(violation,),
        warnings=(NASTY,),
        problems=(NASTY,),
        reasons={NASTY: 2},
        measures=(Measure(name=NASTY, value=0.5, note=NASTY),),
    )
    return report(result, title=NASTY)


@pytest.mark.parametrize("form", ["text", "narrow", "markdown", "html", "junit", "json"])
def test_no_form_lets_a_control_character_through(form: str) -> None:
    raw = {
        "text": lambda r: plain(r, 100, full=True),
        "narrow": lambda r: plain(r, 40),
        "markdown": markdown,
        "html": page,
        "junit": junit,
        "json": as_json,
    }[form](hostile())
    assert "alert" in raw
    assert not [sign for sign in UNSAFE if sign in raw]
    raw.encode("utf-8")


@pytest.mark.parametrize("form", ["html", "junit"])
def test_markup_in_a_text_is_text(form: str) -> None:
    raw = {"html": page, "junit": junit}[form](hostile())
    assert "<script" not in raw
    assert "<img" not in raw
    assert "&lt;script&gt;" in raw


def test_a_comment_shows_markup_as_text_and_links_nowhere() -> None:
    rendered = MarkdownIt("commonmark").enable("table").render(markdown(hostile()))
    reader = Reader(rendered)
    assert not {tag for tag, _ in reader.elements} & {"script", "img", "a", "iframe"}
    assert "<script>alert" in reader.text
    assert "![i](http://evil.example/i.png)" in reader.text
