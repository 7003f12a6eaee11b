from __future__ import annotations

import pytest

from interviewer.evaluation.power import Power
from interviewer.evaluation.report_lists import Listed, power, suites
from interviewer.evaluation.report_page import printed

ROWS = [
    Power("QWK", 100, 17, 1, 0.03, 0.0952, 0.28),
    Power("QWK", 100, 17, 3, 0.03, 6.7e15, 0.52),
    Power("QWK", 800, 134, 1, 0.03, 0.0214, 0.99),
    Power("QWK", 800, 134, 3, 0.03, 0.0171, 1.0),
    Power("leniency", 100, 17, 1, 0.1, 0.179, 0.0),
]


def test_suites_are_listed_with_their_size_and_baseline() -> None:
    found = [
        Listed("agreement", "agreement", "Against raters.", 504, 1, "27 Feb 2026, grader-large"),
        Listed("harmless", "metamorphic", "Changes that change nothing.", None, 3),
        Listed("one", "conduct", "", 1, 1, own_limits=True),
    ]
    assert printed(suites(found), 80).splitlines() == [
        "agreement: 504 cases; baseline of 27 Feb 2026, grader-large",
        "  Against raters.",
        "harmless (metamorphic): cases unknown, 3 times each; no baseline",
        "  Changes that change nothing.",
        "one (conduct): one case; limits of its own",
    ]


def test_no_suite() -> None:
    assert printed(suites([]), 80) == "There is no suite.\n"


def test_power_is_a_table_a_metric() -> None:
    lines = printed(power(ROWS), 80).splitlines()
    at = lines.index("Agreement (QWK), limit 0.03")
    assert [line.split() for line in lines[at + 1 : at + 5]] == [
        ["Answers", "once", "3", "times"],
        ["100", "0.095", "28%", "none", "52%"],
        ["800", "✓", "0.021", "99%", "✓", "0.017", "100%"],
        ["Enough", "for", "the", "limit:", "800", "answers,", "graded", "once."],
    ]
    assert "  No number here is enough for the limit." in lines[lines.index("Leniency (bias), limit 0.1") :]


@pytest.mark.parametrize("width", [30, 44, 80])
def test_lines_never_pass_the_width(width: int) -> None:
    assert max(map(len, printed(power(ROWS), width).splitlines())) <= width
