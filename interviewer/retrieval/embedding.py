"""Texts to vectors, with the small model that ships with the package.

A text's vector does not depend on what else is embedded: one text at a time, one thread, nothing padded. The same
machine gives the same bits every time; another kind of processor may round differently, by about 1e-3 in cosine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from interviewer.domain.errors import IndexUnavailable

DIMENSIONS = 384
MAX_TOKENS = 256
SHIPPED_MODEL = Path(__file__).resolve().parent / "model"

Vectors = NDArray[np.float32]
"""Shape (texts, DIMENSIONS), each row of length 1."""


class TextEncoder(Protocol):
    """What the index needs of an embedding model."""

    @property
    def model_hash(self) -> str:
        """Hex digest that changes when vectors would."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector of length 1 a text."""
        ...


class Embedder:
    """The shipped model, loaded when the first text comes. Safe to call from several threads.

    Texts beyond MAX_TOKENS tokens are cut there. Raises IndexUnavailable when the model's files are missing or broken.
    """

    def __init__(self, folder: Path = SHIPPED_MODEL, cache_size: int = 2048) -> None:
        self._folder = folder
        self._loading = Lock()
        self._model: Callable[[str], Vectors] | None = None
        self._vector = lru_cache(cache_size)(self._compute)

    @cached_property
    def model_hash(self) -> str:
        """SHA-256 (hex) over the model and its tokenizer."""
        digest = hashlib.sha256()
        try:
            for name in ("model.onnx", "tokenizer.json"):
                with (self._folder / name).open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise _broken(self._folder, error) from error
        return digest.hexdigest()

    def warm(self) -> None:
        """Load the model now, for a thread that has time while the candidate reads."""
        with self._loading:
            if self._model is None:
                self._model = _load(self._folder)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors (len(texts), DIMENSIONS) float32, each of length 1; a few milliseconds a new sentence."""
        if not texts:
            return np.zeros((0, DIMENSIONS), np.float32)
        return np.stack([self._vector(text) for text in texts])

    def _compute(self, text: str) -> Vectors:
        self.warm()
        assert self._model is not None
        return self._model(text)


def _load(folder: Path) -> Callable[[str], Vectors]:
    """A function from a text to its vector, (DIMENSIONS,)."""
    try:
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the classes that the two libraries raise have nothing else in common
        raise _broken(folder, error) from error

    def vector(text: str) -> Vectors:
        token_ids = np.array([tokenizer.encode(text).ids], np.int64)
        (token_vectors,) = session.run(["token_vectors"], {"input_ids": token_ids})
        mean: Vectors = token_vectors[0].mean(axis=0)
        return mean / np.linalg.norm(mean)

    return vector


def _broken(folder: Path, error: Exception) -> IndexUnavailable:
    return IndexUnavailable(f"the embedding model in {folder} cannot be loaded: {error}", "Install the package again.")
