"""The vector store: one Chroma collection an edition of a guide. The only module that talks to Chroma.

What is known of Chroma 1.5 shapes it: embeddings are always passed in, or it would download a model; a collection
is complete only when its metadata say so, which is written last; the index is never synced in mid-write, since a
kill during a sync can leave a folder whose opening ends the process. So a local folder is opened only when it is known
to have been closed well and not touched since, or after another process has read all of it (probe.py). A folder
that fails is deleted, never copied: everything in it can be made again.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from interviewer.retrieval.chunks import Chunk
from interviewer.retrieval.embedding import DIMENSIONS
from interviewer.retrieval.failures import StoreFailed
from interviewer.retrieval.probe import is_sound
from interviewer.retrieval.server import ServerAddress, greet
from interviewer.retrieval.sidecar import Edition, Stored, replace_durably, sync_folder

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

BATCH = 500
NEVER_SYNC = 10_000_000
ANSWER_SECONDS = 60.0


class Collections:
    """The collections behind one client. Every failure of Chroma becomes StoreFailed.

    `shared`: others may be writing the same edition at the same moment. An edition's name holds a digest of what is in
    it, so that they write the same; each adds what is missing, and nobody takes away what another has written.
    """

    def __init__(self, connect: Callable[[], Client], *, shared: bool = False) -> None:
        self._shared = shared
        with _chroma_errors("open"):
            self._client = connect()

    def holds(self, edition: Edition, count: int) -> bool:
        """Whether the edition is there, complete, with so many chunks."""
        with _chroma_errors("read"):
            found = self._find(edition)
            return found is not None and _is_complete(found, count)

    def read(self, edition: Edition, ids: Sequence[str]) -> Stored | None:
        """The edition's vectors in the order of `ids`, or None unless it holds exactly these and is complete."""
        with _chroma_errors("read"):
            collection = self._find(edition)
            if collection is None or not _is_complete(collection, len(ids)):
                return None
            found = collection.get(include=["embeddings"])
            rows = {chunk_id: row for row, chunk_id in enumerate(found["ids"])}
            if set(rows) != set(ids):
                return None
            vectors = np.asarray(found["embeddings"], np.float16).reshape(len(ids), DIMENSIONS)
            return vectors[[rows[chunk_id] for chunk_id in ids]]

    def write(self, edition: Edition, chunks: Sequence[Chunk], vectors: Stored) -> None:
        """Store an edition anew; it counts as there only once all of it is."""
        with _chroma_errors("write"):
            if not self._shared and self._find(edition) is not None:
                self._client.delete_collection(edition.name)
            configuration: CreateCollectionConfiguration = {"hnsw": {"space": "cosine", "sync_threshold": NEVER_SYNC}}
            facts = {"guide_id": edition.guide_id, "content": edition.content, "chunks": len(chunks)}
            collection = self._client.get_or_create_collection(
                edition.name,
                metadata={**facts, "complete": False},
                configuration=configuration,
                embedding_function=None,
            )
            for start in range(0, len(chunks), BATCH):
                _upsert(collection, chunks[start : start + BATCH], vectors[start : start + BATCH])
            if collection.count() != len(chunks):
                raise StoreFailed(f"Chroma kept {collection.count()} of {len(chunks)} chunks")
            collection.modify(metadata={**facts, "complete": True})

    def others(self, edition: Edition) -> list[str]:
        """The names of the guide's other editions."""
        with _chroma_errors("read"):
            names = [found.name for found in self._client.list_collections()]
            return [name for name in names if name.startswith(edition.guide_prefix) and name != edition.name]

    def retire_others(self, edition: Edition) -> int:
        """Remove the guide's other editions; how many there were."""
        names = self.others(edition)
        with _chroma_errors("write"):
            for name in names:
                self._client.delete_collection(name)
        return len(names)

    def read_all(self) -> None:
        """Read every collection; raises StoreFailed when one that is complete holds less than it should."""
        with _chroma_errors("read"):
            for found in self._client.list_collections():
                held = len(found.get(include=["embeddings", "documents", "metadatas"])["ids"])
                facts = found.metadata or {}
                if facts.get("complete") and facts.get("chunks") != held:
                    raise StoreFailed(f"{found.name} holds {held} chunks, not {facts.get('chunks')}")

    def close(self) -> None:
        """Let go of the store."""
        with _chroma_errors("close"):
            sessions = _sessions(self._client)
            self._client.close()
            for session in sessions:
                session.close()

    def _find(self, edition: Edition) -> Collection | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(edition.name, embedding_function=None)
        except NotFoundError:
            return None


def _is_complete(collection: Collection, count: int) -> bool:
    facts = collection.metadata or {}
    return facts.get("complete") is True and facts.get("chunks") == count == collection.count()


def _upsert(collection: Collection, chunks: Sequence[Chunk], vectors: Stored) -> None:
    collection.upsert(
        ids=[chunk.id for chunk in chunks],
        embeddings=vectors.astype(np.float32),
        documents=[chunk.text for chunk in chunks],
        metadatas=[_metadata(chunk) for chunk in chunks],
    )


def _metadata(chunk: Chunk) -> dict[str, str | int | float | bool | None]:
    known: dict[str, str | int | float | bool | None] = {"kind": chunk.kind.value, "line": chunk.line}
    optional = {"question_id": chunk.question_id, "item_id": chunk.item_id}
    return known | {name: value for name, value in optional.items() if value is not None}


@contextmanager
def _chroma_errors(doing: str) -> Iterator[None]:
    """Chroma's exceptions, its Rust core's panics included (they are no Exception), as StoreFailed."""
    try:
        yield
    except StoreFailed:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise StoreFailed(f"the vector store failed to {doing}: {type(error).__name__}: {error}") from error


class VectorStore(Protocol):
    """Where collections are kept. `shared`: with other machines, so that no writer knows all who read."""

    shared: bool

    def open(self) -> AbstractContextManager[Collections]:
        """The collections, for as long as the context lasts. Raises StoreFailed."""
        ...

    def discard(self) -> bool:
        """Throw everything away, because it failed; False where that is not ours to do."""
        ...


class LocalStore:
    """Chroma in a folder of this machine. Whoever opens it holds the writer's lock."""

    shared = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closed_well = folder.with_name(f"{folder.name}.closed.json")

    @contextmanager
    def open(self) -> Iterator[Collections]:
        """The collections; the folder is verified before it is opened, and marked sound after it was closed."""
        self._remove_discarded()
        if self._folder.exists() and not (self._is_as_closed() or is_sound(self._folder)):
            self.discard()
        self._closed_well.unlink(missing_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        sync_folder(self._folder.parent)
        collections = Collections(lambda: local_client(self._folder))
        try:
            yield collections
        finally:
            collections.close()
        _remove_orphans(self._folder)
        self._mark_closed()

    def discard(self) -> bool:
        """Move the folder aside in one step, then delete it; what a kill leaves of it is deleted later."""
        self._closed_well.unlink(missing_ok=True)
        if self._folder.exists():
            self._folder.rename(self._folder.with_name(f"{self._folder.name}.discarded-{uuid.uuid4().hex[:8]}"))
        self._remove_discarded()
        return True

    def _remove_discarded(self) -> None:
        for folder in self._folder.parent.glob(f"{self._folder.name}.discarded-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _mark_closed(self) -> None:
        replace_durably(self._closed_well, json.dumps(_fingerprint(self._folder)).encode())

    def _is_as_closed(self) -> bool:
        """Whether the folder's files are, by size and time, those that were there when it was last closed well."""
        try:
            return bool(json.loads(self._closed_well.read_bytes()) == _fingerprint(self._folder))
        except (OSError, ValueError):
            return False


class ServerStore:
    """A Chroma server that several workers share; what it keeps is not ours to discard."""

    shared = True

    def __init__(self, url: str) -> None:
        self._address = ServerAddress.of(url)

    @contextmanager
    def open(self) -> Iterator[Collections]:
        """The server's collections. Raises StoreFailed, soon, where nothing answers like a Chroma server."""
        greet(self._address)
        collections = Collections(lambda: server_client(self._address), shared=True)
        try:
            yield collections
        finally:
            collections.close()

    def discard(self) -> bool:
        """Never."""
        return False


def local_client(folder: Path) -> Client:
    """A client of a folder; made only for a folder that is sound."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    try:
        return cast("Client", chromadb.PersistentClient(path=folder, settings=_settings()))
    except BaseException:
        SharedSystemClient.clear_system_cache()  # or the failed attempt is found there under this path, and fails again
        raise


def server_client(address: ServerAddress) -> Client:
    """A client of a server. Chroma's own waits without end for every answer; this one does not."""
    import chromadb

    client = chromadb.HttpClient(
        host=address.host, port=address.port, ssl=address.secure, headers=address.headers(), settings=_settings()
    )
    for session in _sessions(client):
        session.timeout = ANSWER_SECONDS
    return cast("Client", client)


def _sessions(client: object) -> list[Any]:
    """A client's HTTP sessions, which Chroma neither bounds nor closes; none where a version keeps them elsewhere."""
    parts = (client, getattr(client, "_admin_client", None))
    found = [getattr(getattr(part, "_server", None), "_session", None) for part in parts]
    return [session for session in found if session is not None]


def _settings() -> Settings:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _fingerprint(folder: Path) -> dict[str, list[int]]:
    """Size and modification time of every file below the folder."""
    files = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return {str(f.relative_to(folder)): [f.stat().st_size, f.stat().st_mtime_ns] for f in sorted(files)}


def _remove_orphans(folder: Path) -> None:
    """Delete index folders that no collection owns: Chroma leaves them when a collection is deleted."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'chroma.sqlite3'}?mode=ro", uri=True)) as database:
            owned = {row[0] for row in database.execute("SELECT id FROM segments")}
    except sqlite3.Error:
        return
    for child in folder.iterdir():
        if child.is_dir() and len(child.name) == 36 and child.name not in owned:
            shutil.rmtree(child, ignore_errors=True)
