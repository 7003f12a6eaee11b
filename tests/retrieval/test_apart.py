"""Indexing in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from interviewer.retrieval.apart import index_apart
from interviewer.retrieval.embedding import Embedder
from interviewer.retrieval.index import GuideIndex
from tests.fakes import make_guide


def test_a_guide_is_indexed_for_whoever_looks_next(tmp_path: Path) -> None:
    guide = make_guide()
    index_apart(tmp_path, guide)
    index = GuideIndex(tmp_path, Embedder())
    assert index.fresh([guide])
    assert index.choose(guide, guide.questions[1].text, 1)[0][0] == guide.questions[1].id


def test_what_cannot_be_indexed_is_found_out_by_the_next_look(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    index_apart(tmp_path / "file" / "index", make_guide())
    assert sys.exc_info() == (None, None, None)
    assert (tmp_path / "file").read_text() == "in the way"
