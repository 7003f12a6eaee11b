from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from itertools import product

import pytest
from jinja2 import UndefinedError
from markdown_it import MarkdownIt

from interviewer.domain.scorecard import Scorecard
from interviewer.reports import render, scorecard, view

from .pages import Reader
from .samples import make_card


def test_a_missing_value_raises() -> None:
    with pytest.raises(UndefinedError):
        render.html("scorecard.html.j2")
    with pytest.raises(UndefinedError):
        render.markdown("scorecard.md.j2")


def test_importing_the_reports_loads_neither_rich_nor_jinja() -> None:
    code = (
        "import sys, interviewer.reports.scorecard, interviewer.reports.progress\n"
        "print([m for m in ('rich', 'jinja2', 'markupsafe', 'markdown_it') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_policy_names_the_style_sheet_by_hash(card: Scorecard) -> None:
    reader = Reader(scorecard.as_html(card))
    (policy,) = [a["content"] for _, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy"]
    digest = b64encode(sha256(reader.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize(
    "answer",
    [
        "- a\n\n      <b>raw</b>\n",
        "````\n```\n# no\n````",
        "text\n\n    <i>code</i>",
        "# h\n\n[l](x:y) <script>z</script>",
        "",
    ],
)
def test_a_model_answer_stays_in_its_quote(answer: str) -> None:
    question = make_card().questions[0].model_copy(update={"model_answer": f"{answer}\n\nlast"})
    text = render.markdown("scorecard.md.j2", card=view.readable(make_card(questions=(question,))))
    page = MarkdownIt("commonmark").enable("table").render(text)
    tags = {tag for tag, _ in Reader(page).elements}
    assert not tags & {"script", "b", "i", "a", "img"}
    assert page.count("<h2>") == text.count("\n## ")
    assert "<h1>no</h1>" not in page


def _colours(style: str, dark: bool) -> dict[str, str]:
    block = style.split("prefers-color-scheme: dark", 1)[1 if dark else 0].split("}", 1)[0]
    pairs = [part.split(":") for part in block.split("{")[-1].split(";") if "--" in part]
    return {name.strip().lstrip("-"): value.strip() for name, value in pairs}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_have_the_contrast_of_wcag_aa(card: Scorecard, dark: bool) -> None:
    colours = _colours(Reader(scorecard.as_html(card)).style, dark)
    words = ("ink", "soft", "accent", "made", "partly", "opposite", "missing", "note")
    for word, ground in product(words, ("paper", "card", "tint", "track", "track-2")):
        assert _contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
    for ground in ("track", "track-2"):
        assert _contrast(colours["bar"], colours[ground]) >= 3, ground
