"""The shipped embedding model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from interviewer.domain.errors import IndexUnavailable
from interviewer.retrieval.embedding import DIMENSIONS, SHIPPED_MODEL, Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_vectors_have_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed(["The oven is hot.", "", "x" * 5000])
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_meaning_counts_more_than_words(embedder: Embedder) -> None:
    said, meant, other = embedder.embed(
        ["we retrain when accuracy falls", "the model is trained again once it degrades", "the fall of Rome"]
    )
    assert said @ meant > said @ other + 0.3


def test_a_vector_does_not_depend_on_what_else_is_embedded() -> None:
    texts = [f"Sentence number {number} is about {'bread ' * number}." for number in range(12)]
    alone = np.stack([Embedder().embed([text])[0] for text in texts[:4]])
    together = Embedder(cache_size=0).embed(texts[::-1])[::-1]
    assert np.array_equal(alone, together[:4])


def test_threads_get_the_same_bits() -> None:
    embedder = Embedder(cache_size=0)
    texts = [f"A thing that somebody said, number {number}" for number in range(16)]

    def embed(some: Sequence[str]) -> bytes:
        return embedder.embed(some).tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(embed, [texts] * 8))) == 1


def test_known_vectors_are_kept() -> None:
    """The published model, run by torch, gives this cosine (see training/verify_embedding.py)."""
    first, second = Embedder().embed(["A dog runs in the park.", "A puppy is running outside."])
    assert float(first @ second) == pytest.approx(0.5440, abs=0.01)


def test_text_beyond_the_limit_is_cut(embedder: Embedder) -> None:
    long = "bread and butter " * 200
    assert np.array_equal(embedder.embed([long])[0], embedder.embed([f"{long} and a telescope"])[0])


def test_the_hash_names_the_files(embedder: Embedder, tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes((SHIPPED_MODEL / name).read_bytes())
    assert Embedder(tmp_path).model_hash == embedder.model_hash
    (tmp_path / "tokenizer.json").write_text("{}")
    assert Embedder(tmp_path).model_hash != embedder.model_hash


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_a_broken_model_is_our_error(broken: str, tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}" if name == broken else (SHIPPED_MODEL / name).read_bytes())
    with pytest.raises(IndexUnavailable, match="cannot be loaded"):
        Embedder(tmp_path).embed(["a"])


def test_a_missing_model_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable):
        _ = Embedder(tmp_path).model_hash


def test_importing_the_module_loads_no_model() -> None:
    code = "import sys, interviewer.retrieval.embedding as e; e.Embedder(); sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_ships_is_small_and_says_where_it_comes_from() -> None:
    assert sum(file.stat().st_size for file in SHIPPED_MODEL.iterdir()) <= 26_000_000
    card = (SHIPPED_MODEL / "README.md").read_text("utf-8")
    assert "Apache-2.0" in card
    assert Embedder().model_hash in card
    assert "Apache License" in (SHIPPED_MODEL / "LICENSE").read_text("utf-8")
