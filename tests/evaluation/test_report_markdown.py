from __future__ import annotations

from markdown_it import MarkdownIt

from interviewer.evaluation.report_markdown import LONGEST, MOST, markdown
from interviewer.evaluation.results import Outcome, Table
from tests.reports.pages import Reader

from .report_samples import (
    GOOD,
    OPEN,
    REGRESSED,
    VIOLATIONS,
    agreement,
    evidence,
    metamorphic,
    moves,
    report,
)

PARSER = MarkdownIt("commonmark").enable("table")


def test_the_verdict_is_the_heading() -> None:
    text = markdown(report(agreement(REGRESSED)))
    assert text.startswith(
        "### ❌ Regression: the engine became stricter by 0.237 (limit 0.1); agreement (QWK) fell by"
    )
    assert markdown(report(agreement(OPEN))).startswith("### ❔ Inconclusive: ")
    assert markdown(report(agreement(GOOD))).startswith("### ✅ No worse: ")
    broken = agreement((), outcome=Outcome.INVALID, problems=("The cases changed.",))
    assert markdown(report(broken)).startswith("### ⚠️ Invalid run: The cases changed.\n")
    assert markdown(report(agreement((), outcome=None, baseline=None))).startswith("### Measured: ")


def test_a_row_a_metric_with_a_cell_a_figure() -> None:
    text = markdown(report(agreement(REGRESSED)))
    row = "| Agreement (QWK) | 0.842 | 0.781 | **−0.061** | −0.082 to −0.040 | −0.03 | ❌ worse |"
    assert row in text.splitlines()


def test_every_row_of_every_table_has_as_many_cells() -> None:
    text = markdown(report(agreement(REGRESSED), metamorphic()))
    tables = [t for t in text.split("\n\n") if t.startswith("| ")]
    assert len(tables) == 6
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table.splitlines()}) == 1
    assert PARSER.render(text).count("<table>") == 6


def test_details_are_folded_and_closed() -> None:
    text = markdown(report(agreement(REGRESSED), metamorphic()))
    assert text.count("<details") == text.count("</details>") == 6
    assert "<details><summary>Answers that moved most (5)</summary>\n\n" in text
    assert "<details open><summary>Changed answers with an unexpected grade: 4</summary>" in text


def test_warnings_are_not_folded() -> None:
    text = markdown(report(agreement(REGRESSED)))
    assert text.index("**Warning:**") < text.index("<details")


def test_nobody_is_mentioned() -> None:
    move = moves(evidence(12))[0]
    point = move.points[0].model_copy(update={"quote_now": "ping @octocat about #123, mail a@b.example"})
    text = markdown(report(agreement(REGRESSED, moves=(move.model_copy(update={"points": (point,)}),))))
    assert "@octocat" not in text
    assert "#123" not in text
    shown = Reader(PARSER.render(text)).text
    assert "ping @\u200boctocat about #\u200b123" in shown


def test_a_text_cannot_leave_its_cell() -> None:
    table = Table(title="a | b", columns=("x|y", "n"), rows=(("one\n\n| two | three |", 1), ("`code", 2)))
    text = markdown(report(agreement(REGRESSED, tables=(table,), moves=(), measures=())))
    rendered = PARSER.render(text)
    assert rendered.count("<table>") == 2
    assert "one | two | three |" in Reader(rendered).text


def test_a_comment_is_never_longer_than_a_forge_takes() -> None:
    many = tuple(VIOLATIONS[0].model_copy(update={"item": f"c{n}", "variant": f"v{n // 3}"}) for n in range(6000))
    text = markdown(report(agreement(REGRESSED), metamorphic(violations=many)))
    assert len(text.encode()) <= LONGEST + 100
    assert text.endswith("*The rest was left out: there is no room for it here.*\n")
    assert "Leniency (bias)" in text


def test_of_many_only_the_largest_are_listed_and_the_rest_is_counted() -> None:
    many = tuple(
        VIOLATIONS[0].model_copy(update={"item": f"c{n}", "before": 0.0, "now": float(n)}) for n in range(MOST + 7)
    )
    text = markdown(report(metamorphic(violations=many)))
    assert "and 7 more" in text
    assert f": c{MOST + 6}." in text
    assert ": c6." not in text
