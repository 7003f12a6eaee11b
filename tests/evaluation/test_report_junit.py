from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from interviewer.evaluation.report_junit import junit
from interviewer.evaluation.results import Outcome

from .report_samples import GOOD, OPEN, REGRESSED, agreement, metamorphic, report

SUITE = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"}


def parsed(text: str) -> Element:
    """The document, held against the rules of the schemas of Ant and of Jenkins, where both agree."""
    root = ElementTree.fromstring(text)
    assert (root.tag, root.attrib) == ("testsuites", {})
    for index, suite in enumerate(root):
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == SUITE
        assert suite.attrib["id"] == str(index)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        assert re.fullmatch(r"\d+\.\d{3}", suite.attrib["time"])
        tags = [each.tag for each in suite]
        cases = [each for each in suite if each.tag == "testcase"]
        assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
        assert all(each.attrib["name"] and set(each.attrib) == {"name", "value"} for each in suite[0])
        counted = {"tests": len(cases)}
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1
            assert {each.tag for each in case} <= {"skipped", "error", "failure"}
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            counted[attribute] = sum(case.find(tag) is not None for case in cases)
        assert {name: int(suite.attrib[name]) for name in counted} == counted
    return root


def outcomes(root: Element) -> dict[str, str]:
    """Each test case's outcome by name."""
    return {case.attrib["name"]: case[0].tag if len(case) else "passed" for case in root.iter("testcase")}


def test_a_case_a_metric_each_with_its_outcome() -> None:
    root = parsed(junit(report(agreement((OPEN[0], *REGRESSED[1:])))))
    assert outcomes(root) == {
        "the run": "passed",
        "Agreement (QWK)": "skipped",
        "Leniency (bias)": "failure",
        "Repeat variance": "passed",
    }
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "the engine became stricter by 0.237 (limit 0.1)"
    skipped = root.find(".//skipped")
    assert skipped is not None
    assert "about 880 answers in all would settle it" in skipped.attrib["message"]


def test_a_case_a_kind_of_violation() -> None:
    root = parsed(junit(report(metamorphic())))
    assert outcomes(root) == {
        "the run": "passed",
        "padding": "failure",
        "point deleted": "failure",
        "typos": "failure",
    }
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.text or "").count("\n") == 1


@pytest.mark.parametrize("outcome", [None, Outcome.PASS])
def test_violations_of_a_suite_that_passed_fail_nothing(outcome: Outcome | None) -> None:
    root = parsed(junit(report(metamorphic(outcome=outcome))))
    assert set(outcomes(root).values()) == {"passed"}
    assert "data-engineer/safe-rerun-a/padding" in (root.findtext(".//system-out") or "")


def test_an_invalid_run_is_an_error() -> None:
    broken = agreement((), outcome=Outcome.INVALID, problems=("The cases changed.", "Nothing ran."))
    root = parsed(junit(report(broken)))
    assert outcomes(root) == {"the run": "error"}
    assert root.find(".//error").attrib["message"] == "The cases changed.; Nothing ran."  # type: ignore[union-attr]


def test_warnings_are_in_the_log() -> None:
    root = parsed(junit(report(agreement(GOOD))))
    assert "Length alone" in (root.findtext(".//system-err") or "")


def test_several_suites_and_none() -> None:
    assert len(parsed(junit(report(agreement(GOOD), metamorphic())))) == 2
    assert len(parsed(junit(report()))) == 0


def test_what_xml_cannot_hold_is_left_out() -> None:
    nasty = "a\x00b\x0bc\ufffed\ud800e\x1b[31mf ]]> <x/>"
    root = parsed(junit(report(agreement(GOOD, warnings=(nasty,)))))
    said = root.findtext(".//system-err") or ""
    assert "<x/>" in said
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", said)
