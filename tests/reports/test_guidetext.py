from __future__ import annotations

from interviewer.reports.guidetext import as_lines, as_markup

from .pages import Reader


def test_markup_has_no_html_links_images_or_headings_of_the_guide() -> None:
    page = str(
        as_markup(
            "# Top\n\n<b>x</b> [l](https://a.b) ![alt](https://c.d/e.png) <https://f.g>\n\n<script>y</script>\n\n---"
        )
    )
    tags = {tag for tag, _ in Reader(page).elements}
    assert tags <= {"p", "hr"}
    assert "alt" in page
    assert "&lt;script&gt;" in page


def test_markup_keeps_lists_code_and_tables() -> None:
    page = str(as_markup('1. **a** `b<c`\n   - d\n\n```"x\ncode & more\n```\n\n| h |\n| - |\n| i |\n'))
    tags = {tag for tag, _ in Reader(page).elements}
    assert {"ol", "ul", "strong", "code", "pre", "table"} <= tags
    assert "b&lt;c" in page


def test_lines_keep_the_shape_and_drop_the_markup() -> None:
    lines = as_lines("Intro *one*\ntwo.\n\n1. `a`\n   - b\n2. c\n\n```\nx = 1\ny\n```\n\n## End\n")
    assert [(line.depth, line.mark, line.text, line.code) for line in lines] == [
        (0, "", "Intro one two.", False),
        (1, "1.", "a", False),
        (2, "-", "b", False),
        (1, "2.", "c", False),
        (0, "", "x = 1", True),
        (0, "", "y", True),
        (0, "", "End", False),
    ]
