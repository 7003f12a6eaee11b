"""Cutting a guide into chunks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from interviewer.domain.guide import Background, Guide, KeyPoint, Question
from interviewer.guides.parse import parse_guide
from interviewer.resources import resource_folder
from interviewer.retrieval.chunks import PIECE_TOKENS, ChunkKind, chunk_guide, estimate_tokens, pieces
from interviewer.retrieval.embedding import MAX_TOKENS, SHIPPED_MODEL
from tests.retrieval.samples import guide as sample


def test_every_part_of_a_guide_is_a_chunk() -> None:
    chunks = chunk_guide(sample(questions=2))
    counts = Counter(chunk.kind for chunk in chunks)
    assert counts == {
        ChunkKind.QUESTION: 2,
        ChunkKind.KEY_POINT: 4,
        ChunkKind.PITFALL: 2,
        ChunkKind.FOLLOW_UP: 2,
        ChunkKind.ANSWER: 2,
        ChunkKind.BACKGROUND: 1,
    }


def test_a_chunk_knows_where_it_comes_from() -> None:
    chunk = next(c for c in chunk_guide(sample()) if c.kind is ChunkKind.KEY_POINT)
    assert (chunk.id, chunk.guide_id, chunk.question_id, chunk.item_id, chunk.line) == (
        "q0/key_point/k1",
        "baker",
        "q0",
        "k1",
        11,
    )
    assert chunk.text == "Starter: feeds the sourdough starter daily, edition 1"


def test_a_label_that_the_text_already_begins_with_is_not_repeated() -> None:
    point = KeyPoint(id="k", text="Budget: what is left over", label="Budget", line=2)
    (_, chunk) = chunk_guide(_guide(Question(id="q", text="Why?", line=1, key_points=(point,))))
    assert chunk.text == "Budget: what is left over"


def test_ids_stay_when_other_parts_change() -> None:
    before = {c.id: c.digest for c in chunk_guide(sample(edition=1))}
    after = {c.id: c.digest for c in chunk_guide(sample(edition=2))}
    assert before.keys() == after.keys()
    assert [i for i in before if before[i] != after[i]] == ["q0/key_point/k1"]


def test_the_same_id_twice_stays_two_chunks_and_the_same_text_twice_is_one() -> None:
    points = tuple(KeyPoint(id="k", text=text, line=2) for text in ("one", "two", "one"))
    chunks = chunk_guide(_guide(Question(id="q", text="Why?", line=1, key_points=points)))
    assert [c.id for c in chunks] == ["q/question", "q/key_point/k", "q/key_point/k~2"]


def test_empty_parts_make_no_chunk() -> None:
    assert chunk_guide(_guide(Question(id="q", text=" ", line=1))) == ()


def test_long_background_is_cut_between_sentences_under_its_heading() -> None:
    sentence = "The night shift prepares the dough for the morning and cleans the mixers."
    passage = Background(heading="Shifts", text=" ".join([sentence] * 60), line=7)
    chunks = chunk_guide(Guide(id="g", title="G", file="g.md", revision="r", background=(passage,)))
    assert len(chunks) > 3
    assert all(c.text.startswith("Shifts: The night") and c.text.endswith("mixers.") for c in chunks)
    assert sum(c.text.count("night shift") for c in chunks) == 60


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), st.integers(5, PIECE_TOKENS))
def test_pieces_are_short_and_lose_no_character(text: str, room: int) -> None:
    cut = pieces(text, room)
    assert all(estimate_tokens(piece) <= room for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())


def test_a_piece_fits_the_model() -> None:
    tokenizer = Tokenizer.from_file(str(SHIPPED_MODEL / "tokenizer.json"))
    tokenizer.no_truncation()
    for text in (
        "un" * 900,
        "a.b.c/" * 400,
        "Kubernetes orchestrates containerised microservices. " * 90,
        "漢字" * 700,
    ):
        assert all(len(tokenizer.encode(piece).ids) <= MAX_TOKENS for piece in pieces(text))


@pytest.mark.parametrize("file", sorted(resource_folder("content").glob("*.md")), ids=lambda file: file.stem)
def test_chunks_of_a_guide_that_ships_fit_the_model_and_have_ids_of_their_own(file: Path) -> None:
    tokenizer = Tokenizer.from_file(str(SHIPPED_MODEL / "tokenizer.json"))
    tokenizer.no_truncation()
    guide = parse_guide(file.read_bytes(), file.name).guide
    assert guide is not None
    chunks = chunk_guide(guide)
    assert chunks
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert all(len(tokenizer.encode(chunk.text).ids) <= MAX_TOKENS for chunk in chunks)


def _guide(question: Question) -> Guide:
    return Guide(id="g", title="G", file="g.md", revision="r", questions=(question,))
