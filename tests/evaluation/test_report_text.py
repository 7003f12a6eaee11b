from __future__ import annotations

import io

import pytest
from rich.console import Console

from interviewer.evaluation.report_text import MOVES, plain, terminal
from interviewer.evaluation.results import Outcome

from .report_samples import GOOD, OPEN, REGRESSED, agreement, evidence, metamorphic, moves, report


def printed(width: int, encoding: str = "utf-8", *, colour: bool = True) -> str:
    """What a terminal of this width and encoding gets of a report with everything."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    Console(file=file, width=width, force_terminal=colour, legacy_windows=False).print(
        terminal(report(agreement((OPEN[0], *REGRESSED[1:])), metamorphic()), full=True)
    )
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [24, 44, 60, 77, 78, 80, 120, 200])
@pytest.mark.parametrize("full", [False, True])
def test_no_line_passes_the_width(width: int, full: bool) -> None:
    text = plain(report(agreement((OPEN[0], *REGRESSED[1:])), metamorphic()), width, full=full)
    assert max(map(len, text.splitlines())) <= width


def test_a_metric_is_one_line_on_the_usual_terminal() -> None:
    lines = plain(report(agreement(REGRESSED)), 80).splitlines()
    assert "✗ Agreement (QWK)     0.842   0.781  −0.061  −0.082 to −0.040  −0.03  worse" in lines
    assert "✗ Leniency (bias)    +0.041  −0.196  −0.237  −0.284 to −0.190   ±0.1  worse" in lines
    assert "✓ Repeat variance     0.012   0.014  +0.002  −0.003 to +0.006  +0.01  no worse" in lines


def test_an_open_metric_fits_too() -> None:
    lines = plain(report(agreement(OPEN)), 80).splitlines()
    assert "? Agreement (QWK)     0.842   0.831  −0.011  −0.044 to +0.022  −0.03  can't tell" in lines


def test_a_narrow_terminal_gets_the_same_figures_stacked() -> None:
    text = plain(report(agreement(REGRESSED)), 44)
    assert "✗ Agreement (QWK): worse\n  0.842 → 0.781, change −0.061\n  95 %: −0.082 to −0.040; limit −0.03\n" in text


def test_the_verdict_comes_last_and_says_what_to_do() -> None:
    lines = plain(report(agreement(REGRESSED)), 200).splitlines()
    assert " ".join(lines[-3:-1]) == (
        "Regression: the engine became stricter by 0.237 (limit 0.1); agreement (QWK) fell by 0.061 (limit 0.03)."
    )
    assert (
        lines[-1] == "Look at what moved, or keep it if it is meant: interviewer eval bless agreement --engine openai"
    )


def test_the_answers_that_moved_most_come_with_the_points_that_made_them_move() -> None:
    found = evidence()
    move = moves(found)[0]
    text = plain(report(agreement(REGRESSED, found)), 100)
    assert f"{move.item}" in text
    for point in move.points[:3]:
        assert f"- {point.id} {point.text.partition(':')[0]}: {point.before} → {point.now}" in text


def test_only_the_most_moved_are_shown_and_it_is_said() -> None:
    found = evidence(60)
    text = plain(report(agreement(REGRESSED, found, moves=moves(found, 9))), 100)
    assert f"Answers that moved most ({MOVES} of 9)" in text
    assert text.count("(raters ") == MOVES
    assert "Answers that moved most\n" in plain(report(agreement(REGRESSED, found)), 100)


def test_measures_are_shown_where_there_is_nothing_to_compare_with() -> None:
    alone = agreement((), outcome=None, baseline=None)
    assert "Exact agreement" in plain(report(alone))
    assert "Exact agreement" not in plain(report(agreement(GOOD)))
    assert "Exact agreement" in plain(report(agreement(GOOD)), full=True)


def test_several_suites_have_their_verdicts() -> None:
    text = plain(report(agreement(GOOD), metamorphic()))
    assert "\nAgreement: no worse\n" in text
    assert "\nMetamorphic: regression\n" in text


def test_problems_and_warnings_are_said() -> None:
    text = plain(
        report(agreement((), outcome=Outcome.INVALID, problems=("The cases changed.",), warnings=("Careful.",)))
    )
    assert "Problem: The cases changed." in text
    assert "Warning: Careful." in text
    assert "Invalid run: The cases changed." in text


def test_colour_only_repeats_what_is_said() -> None:
    coloured, bare = printed(100), printed(100, colour=False)
    assert "\x1b[" in coloured
    assert "\x1b" not in bare
    assert Console(file=io.StringIO()).render_str(bare).plain == bare


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(100)
    assert not [code for code in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[1;35m") if code in text]


def test_a_terminal_that_knows_only_ascii_gets_plain_signs() -> None:
    text = printed(100, "ascii", colour=False)
    assert text.isascii()
    assert "x Leniency (bias)    +0.041  -0.196  -0.237  -0.284 to -0.190  +/-0.1  worse" in text
    assert "covered -> partial" in text
