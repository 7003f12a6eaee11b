"""The report of an evaluation as one HTML file: no request leaves it, no script runs in it, every text is escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from interviewer.domain.text import counted
from interviewer.evaluation import report_plot as plot
from interviewer.evaluation import report_terms as terms
from interviewer.evaluation import report_words as words
from interviewer.evaluation.report_cases import Drilldown, Evidence, drilldown
from interviewer.evaluation.report_closing import closing
from interviewer.evaluation.report_prompts import Change, Sent, changes
from interviewer.evaluation.report_quotes import revealed
from interviewer.evaluation.results import Report, SuiteResult
from interviewer.reports.text import mapped, one_line, short
from interviewer.reports.words import day, short_day

if TYPE_CHECKING:
    from jinja2 import Environment

SIGNS = {"pass": "✓", "regression": "✗", "inconclusive": "?", "invalid": "!"}
TAGS = {"moved": "moved", "off": "not as labelled", "ungraded": "not graded", "violation": "violation"}


class Section(NamedTuple):
    """A suite on the page. `edited` is None where the prompts are not known, and empty where they are the same."""

    id: str
    result: SuiteResult
    drill: Drilldown | None
    edited: list[Change] | None


def page(report: Report, evidence: Sequence[Evidence] = (), program: str = "interviewer") -> str:
    """The whole page. `evidence` is in the order of the results; without it there is no case by case part."""
    from markupsafe import Markup

    readable = mapped(report, revealed)
    sections = [_section(f"s{n}", r, e) for n, (r, e) in enumerate(zip_longest(readable.results, evidence), 1)]
    environment = _environment()
    style = environment.get_template("report.css.j2").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return environment.get_template("report.html.j2").render(
        style=Markup(style),  # noqa: S704 - the style sheet is ours
        policy=policy,
        report=readable,
        sections=sections,
        closing=closing(readable, program),
    )


def _section(name: str, result: SuiteResult, evidence: Evidence | None) -> Section:
    if evidence is None or not evidence.items:
        return Section(name, result, None, None)
    return Section(name, result, drilldown(result, evidence, name), _edited(evidence))


def _edited(evidence: Evidence) -> list[Change] | None:
    """What changed in the prompt, seen on the items of one question that both runs have."""
    pairs: dict[str, list[tuple[Sent, Sent]]] = {}
    for name, item in evidence.items.items():
        rows = [evidence.baseline.get(name, ()), evidence.now.get(name, ())]
        sent = [next((evidence.prompts[r.prompt] for r in each if r.prompt in evidence.prompts), None) for each in rows]
        if sent[0] is not None and sent[1] is not None:
            found = pairs.setdefault(item.cluster, [])
            found.append((sent[0], sent[1]))
            if len(found) == 2:
                break
    most = max(pairs.values(), key=len, default=None)
    return None if most is None else changes([p[0] for p in most], [p[1] for p in most])


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader("interviewer.evaluation"), PackageLoader("interviewer.reports")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "plot": plot, "term": terms.term, "signs": SIGNS, "tag_names": TAGS}
    environment.filters |= {"short": short, "one_line": one_line, "day": day, "short_day": short_day}
    environment.globals["counted"] = counted
    return environment
