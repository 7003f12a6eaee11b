"""A guide's vectors in one small file, so that a chat reads them without the vector store.

The file is written beside its final name, flushed to disk and renamed: a reader sees a whole file or none.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interviewer.retrieval.chunks import CHUNKER_VERSION, Chunk
from interviewer.retrieval.embedding import DIMENSIONS

Stored = NDArray[np.float16]
"""Shape (chunks, DIMENSIONS), as stored in the sidecar and, value for value, in the vector store."""

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Edition:
    """What vectors were made from: a guide's chunks (`content` is their digest), an embedding model, a chunker."""

    guide_id: str
    content: str
    model_hash: str
    chunker: str

    @classmethod
    def of(cls, guide_id: str, chunks: Sequence[Chunk], model_hash: str) -> Edition:
        """The edition that these chunks and this model make."""
        content = hashlib.sha256("\n".join(f"{chunk.id} {chunk.digest}" for chunk in chunks).encode()).hexdigest()
        return cls(guide_id, content, model_hash, CHUNKER_VERSION)

    @property
    def guide_prefix(self) -> str:
        """Begins the name of every edition of this guide, and of no other guide."""
        readable = re.sub(r"[^a-zA-Z0-9]+", "-", self.guide_id).strip("-")[:40].strip("-") or "guide"
        return f"{readable}-{hashlib.sha256(self.guide_id.encode()).hexdigest()[:8]}-"

    @property
    def name(self) -> str:
        """Names this edition; fit for a file and for a collection."""
        return self.guide_prefix + hashlib.sha256(self.header.encode()).hexdigest()[:16]

    @property
    def header(self) -> str:
        """The edition as text, to compare with what a file says it holds."""
        return json.dumps(asdict(self), sort_keys=True)


class Sidecars:
    """The sidecars of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, edition: Edition, chunks: Sequence[Chunk]) -> Stored | None:
        """The vectors of exactly these chunks in their order, or None when there is no sound file of this edition."""
        found = _load(self._path(edition))
        if found is None or found.header != edition.header:
            return None
        if found.ids != [chunk.id for chunk in chunks] or found.digests != [chunk.digest for chunk in chunks]:
            return None
        return found.vectors

    def write(self, edition: Edition, chunks: Sequence[Chunk], vectors: Stored) -> None:
        """Store the vectors of one edition, durably, all or nothing."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            header=np.array(edition.header),
            ids=np.array([chunk.id for chunk in chunks], np.str_),
            digests=np.array([chunk.digest for chunk in chunks], np.str_),
            vectors=vectors,
        )
        replace_durably(self._path(edition), buffer.getvalue())

    def vectors_by_digest(self, edition: Edition) -> dict[str, Stored]:
        """Vectors that other editions of the guide hold from the same model, by the digest of their text."""
        known: dict[str, Stored] = {}
        for path in self._folder.glob(f"{edition.guide_prefix}*.npz"):
            found = _load(path)
            if found is not None and json.loads(found.header)["model_hash"] == edition.model_hash:
                known.update(zip(found.digests, found.vectors, strict=True))
        return known

    def retire_others(self, edition: Edition) -> None:
        """Remove the guide's other editions, and whatever writers that were killed left half-written."""
        stale = [p for p in self._folder.glob(f"{edition.guide_prefix}*.npz") if p != self._path(edition)]
        for path in (*stale, *self._folder.glob("*.tmp")):
            path.unlink(missing_ok=True)

    def _path(self, edition: Edition) -> Path:
        return self._folder / f"{edition.name}.npz"


@dataclass(frozen=True, slots=True)
class _Content:
    header: str
    ids: list[str]
    digests: list[str]
    vectors: Stored


def _load(path: Path) -> _Content | None:
    """What the file holds, or None when it is missing or damaged."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            content = _Content(str(file["header"]), file["ids"].tolist(), file["digests"].tolist(), file["vectors"])
    except _DAMAGED:
        return None
    vectors = content.vectors
    if vectors.dtype != np.float16 or vectors.shape != (len(content.digests), DIMENSIONS):
        return None
    return content if np.isfinite(vectors).all() else None


def replace_durably(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, its name holds the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
