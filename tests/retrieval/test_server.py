"""A Chroma server that workers share: published once, fetched by all, and what happens without it."""

from __future__ import annotations

import contextlib
import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interviewer.conduct.plan import make_plan
from interviewer.conduct.turn import Conductor
from interviewer.domain.errors import IndexUnavailable, SettingsError
from interviewer.domain.guide import Guide
from interviewer.domain.interview import Inbound
from interviewer.engines.scripted import ScriptedEngine
from interviewer.ports import utc_now
from interviewer.prompts import phrases
from interviewer.retrieval import indexed
from interviewer.retrieval.apart import index_apart
from interviewer.retrieval.chroma import ServerStore
from interviewer.retrieval.chunks import chunk_guide
from interviewer.retrieval.failures import StoreFailed
from interviewer.retrieval.index import GuideIndex, Standing
from interviewer.retrieval.indexed import IndexedRetriever
from interviewer.retrieval.server import ServerAddress, greet
from interviewer.stores.sql import SqlStore
from tests.chroma import Chroma
from tests.postgres import free_port
from tests.retrieval.samples import WordEncoder, guide


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    with Chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def url(running: Chroma) -> str:
    with ServerStore(running.url).open() as collections:
        for found in collections._client.list_collections():
            collections._client.delete_collection(found.name)
    return running.url


def worker(folder: Path, url: str, encoder: WordEncoder | None = None) -> GuideIndex:
    return GuideIndex(folder, encoder or WordEncoder(), store=ServerStore(url))


def names(url: str) -> set[str]:
    with ServerStore(url).open() as collections:
        return {found.name for found in collections._client.list_collections()}


def test_one_publishes_and_the_others_fetch(url: str, tmp_path: Path) -> None:
    publisher, encoder = WordEncoder(), WordEncoder()
    both = [guide(), guide("miller")]
    assert worker(tmp_path / "a", url, publisher).publish(both) == 2
    assert len(publisher.embedded) == sum(len(chunk_guide(one)) for one in both)
    other = worker(tmp_path / "b", url, encoder)
    other.ensure(both)
    assert encoder.embedded == []
    assert other.match(guide(), "starter")[0].item_id == "k1"
    assert other.fresh(both), "the sidecar is kept"
    assert worker(tmp_path / "a", url).publish(both) == 0


def test_what_is_known_here_only_is_published_all_the_same(url: str, tmp_path: Path) -> None:
    encoder = WordEncoder()
    GuideIndex(tmp_path, encoder).ensure([guide()])
    already = len(encoder.embedded)
    assert worker(tmp_path, url, encoder).publish([guide()]) == 1
    assert len(encoder.embedded) == already


def test_where_everything_stands(url: str, tmp_path: Path) -> None:
    index = worker(tmp_path / "a", url)
    index.publish([guide(edition=1)])
    chunks = len(chunk_guide(guide()))
    found = worker(tmp_path / "b", url).standing([guide(edition=1), guide(edition=2), guide("miller")])
    assert found == [
        Standing("baker", chunks, here=False, there=True, others=0),
        Standing("baker", chunks, here=False, there=False, others=1),
        Standing("miller", chunks, here=False, there=False, others=0),
    ]
    assert index.standing([guide(edition=1)])[0].here


def test_an_earlier_version_stays_until_it_is_pruned_and_comes_back_when_needed(url: str, tmp_path: Path) -> None:
    old, new = guide(edition=1), guide(edition=2)
    worker(tmp_path / "a", url).publish([old])
    worker(tmp_path / "a", url).publish([new])
    assert len(names(url)) == 2
    worker(tmp_path / "a", url).publish([new], prune=True)
    assert len(names(url)) == 1
    other = worker(tmp_path / "b", url)
    other.ensure([old])
    assert other.match(old, "starter")
    assert len(names(url)) == 2, "neither takes the other's away"


def test_workers_that_publish_the_same_at_once(url: str, tmp_path: Path) -> None:
    indexes = [worker(tmp_path / str(n), url) for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda index: index.publish([guide()]), indexes))
    (standing,) = indexes[0].standing([guide()])
    assert standing.there
    encoder = WordEncoder()
    worker(tmp_path / "fresh", url, encoder).ensure([guide()])
    assert encoder.embedded == []


def test_what_a_killed_publisher_left_is_completed(url: str, tmp_path: Path) -> None:
    index = worker(tmp_path, url)
    index.publish([guide()])
    with ServerStore(url).open() as collections:
        (name,) = names(url)
        collection = collections._client.get_collection(name, embedding_function=None)
        collection.modify(metadata={**(collection.metadata or {}), "complete": False})
        collection.delete(ids=["q0/question"])
    assert not index.standing([guide()])[0].there
    encoder = WordEncoder()
    worker(tmp_path / "b", url, encoder).ensure([guide()])
    assert len(encoder.embedded) == len(chunk_guide(guide())), "what is incomplete is not trusted"
    assert index.standing([guide()])[0].there


def test_a_process_apart_fetches_from_the_server(url: str, tmp_path: Path) -> None:
    index_apart(tmp_path / "a", guide(), url)
    assert len(names(url)) == 1
    index_apart(tmp_path / "b", guide(), url)
    sidecars = [next((tmp_path / worker / "sidecars").iterdir()).read_bytes() for worker in "ab"]
    assert sidecars[0] == sidecars[1]


def test_without_the_server_vectors_are_made_here_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    index = worker(tmp_path, f"http://me:secret@127.0.0.1:{port}")
    index.ensure([guide()])
    assert index.match(guide(), "starter")
    assert f"The Chroma server at http://127.0.0.1:{port} does not answer" in caplog.text
    assert "secret" not in caplog.text
    with pytest.raises(IndexUnavailable, match="does not answer") as caught:
        index.publish([guide()])
    assert caught.value.remedy
    with pytest.raises(IndexUnavailable, match="does not answer"):
        index.standing([guide()])


def test_what_a_process_apart_warns_of_is_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    index_apart(tmp_path, guide(), f"http://127.0.0.1:{free_port()}")
    assert "does not answer" in caplog.text
    assert list((tmp_path / "sidecars").iterdir())


@pytest.mark.parametrize(
    "url", ["", "chroma:8000", "ftp://x", "http://", "http://h:port", "http://h/p:secret@/x", "http://h?secret"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match="no address of a Chroma server") as caught:
        ServerStore(url)
    assert "secret" not in str(caught.value)


def test_addresses() -> None:
    address = ServerAddress.of("https://me:s%40cret@chroma.example/")
    assert (address.host, address.port, address.secure) == ("chroma.example", 443, True)
    assert "cret" not in f"{address} {address!r}"
    assert address.headers() == {"Authorization": "Basic bWU6c0BjcmV0"}
    assert str(ServerAddress.of("http://[::1]:9")) == "http://[::1]:9"
    assert ServerAddress.of("http://chroma").port == 8000


class _Answers(http.server.BaseHTTPRequestHandler):
    code, body = 200, b"{}"

    def do_GET(self) -> None:
        self.send_response(self.code)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (200, b"<html>", "something else"),
        (200, b"[]", "something else"),
        (200, b"", "something else"),
        (404, b"", "answers with 404"),
        (410, b'{"error": "v1"}', "answers with 410"),
        (502, b"", "answers with 502"),
        (401, b"", "does not let us in"),
    ],
)
def test_something_else_at_the_address(code: int, body: bytes, said: str) -> None:
    handler = type("Handler", (_Answers,), {"code": code, "body": body})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(StoreFailed, match=said) as caught:
            greet(ServerAddress.of(f"http://127.0.0.1:{server.server_port}"))
        thread.join()
    assert caught.value.remedy


def test_a_server_that_says_nothing_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interviewer.retrieval.server.GREETING_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StoreFailed, match="does not answer"):
        greet(ServerAddress.of(f"http://127.0.0.1:{silent.getsockname()[1]}"))


def test_greeting_does_not_load_chroma() -> None:
    code = "import sys, interviewer.retrieval.server; sys.exit('chromadb' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_an_index_that_failed_is_tried_again_beside_the_interviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(indexed, "AGAIN_SECONDS", 0.05)
    broken = [IndexUnavailable("Broken.")]
    index = GuideIndex(tmp_path, WordEncoder())
    ensure: Callable[[list[Guide]], None] = index.ensure

    def failing(guides: list[Guide]) -> None:
        if broken:
            raise broken[0]
        ensure(guides)

    monkeypatch.setattr(index, "ensure", failing)
    retriever = IndexedRetriever(lambda: index)
    assert await retriever.match(guide(), "starter") == []
    assert "Broken." in caplog.text
    broken.clear()
    for _ in range(100):
        if await retriever.match(guide(), "starter"):
            return
        await asyncio_pause()
    raise AssertionError("it was not tried again")


async def asyncio_pause() -> None:
    import asyncio

    await asyncio.sleep(0.02)


async def test_an_edit_of_the_guide_does_not_change_an_interview(url: str, tmp_path: Path) -> None:
    """It begins on one worker; then the guide is edited and published; another worker goes on with it."""
    old, new = guide(edition=1), guide(edition=2)
    store = SqlStore(f"sqlite:///{tmp_path / 'interviews.sqlite'}")
    await store.open()
    first = Conductor(store, ScriptedEngine(phrases()), retriever(tmp_path / "a", url), phrases())
    interview = await first.start(make_plan(old), old, candidate="c", channel="t")
    worker(tmp_path / "p", url).publish([new], prune=True)

    found = retriever(tmp_path / "b", url)
    second = Conductor(store, ScriptedEngine(phrases()), found, phrases())
    held = await second.guide_of(await second.load(interview.id))
    assert held == old
    await second.receive(Inbound(id="m1", interview_id=interview.id, text="I feed the starter. +1", at=utc_now()))
    turn = await second.advance(interview.id)
    assert turn is not None
    assert turn.grades == () or turn.grades[0].provenance.guide_revision == old.revision
    (best, *_) = await found.match(held, "feeds the sourdough starter daily, edition")
    assert best.text.endswith("edition 1")
    fresh = await second.start(make_plan(new), new, candidate="d", channel="t")
    (best, *_) = await found.match(await second.guide_of(fresh), "feeds the sourdough starter daily, edition")
    assert best.text.endswith("edition 2")
    await store.close()


def retriever(folder: Path, url: str) -> IndexedRetriever:
    index = worker(folder, url)
    return IndexedRetriever(lambda: index)


def test_a_server_that_comes_back_has_what_was_published(tmp_path: Path) -> None:
    with Chroma(tmp_path / "chroma") as server:
        worker(tmp_path / "a", server.url).publish([guide()])
        server.stop()
        with contextlib.suppress(IndexUnavailable):
            worker(tmp_path / "b", server.url).standing([guide()])
        server.start()
        assert worker(tmp_path / "b", server.url).standing([guide()])[0].there
