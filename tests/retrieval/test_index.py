"""The index: what it answers, and what it survives."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from interviewer.domain.errors import IndexLocked, IndexUnavailable
from interviewer.domain.guide import Guide
from interviewer.retrieval.chroma import Collections, LocalStore, local_client
from interviewer.retrieval.chunks import chunk_guide
from interviewer.retrieval.failures import StoreFailed
from interviewer.retrieval.index import GuideIndex
from interviewer.retrieval.locking import writer_lock
from interviewer.retrieval.probe import is_sound
from interviewer.retrieval.sidecar import Edition
from tests.retrieval.samples import WordEncoder, guide


def index_of(directory: Path, guides: Sequence[Guide], encoder: WordEncoder | None = None) -> GuideIndex:
    index = GuideIndex(directory, encoder or WordEncoder())
    index.ensure(guides)
    return index


def stored_names(directory: Path) -> set[str]:
    with LocalStore(directory / "chroma").open() as collections:
        return {found.name for found in collections._client.list_collections()}


def edition_of(one: Guide, model_hash: str = "words-1") -> Edition:
    return Edition.of(one.id, chunk_guide(one), model_hash)


@pytest.fixture(scope="module")
def baker() -> Guide:
    return guide(questions=4)


@pytest.fixture(scope="module")
def index(baker: Guide, tmp_path_factory: pytest.TempPathFactory) -> GuideIndex:
    return index_of(tmp_path_factory.mktemp("index"), [baker, guide("miller", 1)])


class TestAnswers:
    def test_choose_finds_the_question(self, index: GuideIndex, baker: Guide) -> None:
        chosen = index.choose(baker, "something about rye", 2)
        assert len(chosen) == 2
        assert chosen[0][0] == "q2"
        assert chosen[0][1] > chosen[1][1]

    def test_match_finds_the_key_point_that_was_said(self, index: GuideIndex, baker: Guide) -> None:
        (best, *rest) = index.match(baker, "I feed my croissants starter daily", count=3)
        assert (best.kind, best.question_id, best.item_id) == ("key_point", "q1", "k1")
        assert [m.score for m in (best, *rest)] == sorted((m.score for m in (best, *rest)), reverse=True)

    def test_match_can_leave_a_question_out(self, index: GuideIndex, baker: Guide) -> None:
        matches = index.match(baker, "feeds the croissants starter", exclude_question="q1", count=20)
        assert len(matches) == 6
        assert "q1" not in {m.question_id for m in matches}

    def test_match_keeps_to_the_kinds(self, index: GuideIndex, baker: Guide) -> None:
        kinds = {m.kind for m in index.match(baker, "oven", kinds=("pitfall", "follow_up"), count=99)}
        assert kinds == {"pitfall", "follow_up"}

    def test_background_answers_with_passages(self, index: GuideIndex, baker: Guide) -> None:
        assert index.background(baker, "when are ovens lit") == [
            "The bakery: Ovens are lit at three. Flour comes on Mondays."
        ]

    def test_search_covers_all_guides_and_says_each_text_once(self, index: GuideIndex, baker: Guide) -> None:
        found = index.search([baker, guide("miller", 1)], "opens the oven on rye early", 50)
        assert found[0].chunk.question_id == "q2"
        assert len({hit.chunk.text for hit in found}) == len(found)

    def test_a_guide_that_was_not_indexed_is_our_error(self, index: GuideIndex) -> None:
        with pytest.raises(IndexUnavailable, match="not indexed"):
            index.match(guide("smith"), "iron")

    def test_an_edited_guide_is_another_edition(self, index: GuideIndex) -> None:
        with pytest.raises(IndexUnavailable):
            index.match(guide(questions=4, edition=2), "flour")


class TestEditions:
    def test_progress_counts_every_chunk(self, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        GuideIndex(tmp_path, WordEncoder()).ensure([guide(), guide("miller")], lambda *at: seen.append(at))
        total = 2 * len(chunk_guide(guide()))
        assert seen[-1] == (total, total)
        assert seen == sorted(seen)

    def test_nothing_is_embedded_twice(self, tmp_path: Path) -> None:
        encoder = WordEncoder()
        index_of(tmp_path, [guide()], encoder)
        assert len(encoder.embedded) == len(chunk_guide(guide()))
        index_of(tmp_path, [guide()], encoder)
        index_of(tmp_path, [guide(), guide("miller", 0)], encoder)
        assert len(encoder.embedded) == len(chunk_guide(guide())) + 1

    def test_an_edit_embeds_only_what_changed_and_replaces_the_edition(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide(edition=1)])
        encoder = WordEncoder()
        index_of(tmp_path, [guide(edition=2)], encoder)
        assert encoder.embedded == ["Starter: feeds the sourdough starter daily, edition 2"]
        assert stored_names(tmp_path) == {edition_of(guide(edition=2)).name}
        assert [p.stem for p in (tmp_path / "sidecars").iterdir()] == [edition_of(guide(edition=2)).name]

    def test_an_edit_gives_the_same_vectors_as_a_fresh_index(self, tmp_path: Path) -> None:
        index_of(tmp_path / "a", [guide(edition=1)])
        edited, fresh = index_of(tmp_path / "a", [guide(edition=2)]), index_of(tmp_path / "b", [guide(edition=2)])
        words = "the starter is fed daily"
        assert edited.match(guide(edition=2), words, count=9) == fresh.match(guide(edition=2), words, count=9)

    def test_another_model_makes_everything_anew(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        encoder = WordEncoder("words-2")
        index_of(tmp_path, [guide()], encoder)
        assert len(encoder.embedded) == len(chunk_guide(guide()))
        assert stored_names(tmp_path) == {edition_of(guide(), "words-2").name}

    def test_a_guide_without_words_is_indexed_too(self, tmp_path: Path) -> None:
        empty = Guide(id="empty", title="", file="empty.md", revision="r")
        assert index_of(tmp_path, [empty]).match(empty, "anything") == []

    def test_names_that_look_alike_are_kept_apart(self, tmp_path: Path) -> None:
        guides = [guide("c"), guide("c++"), guide("C"), guide("ключ"), guide("x" * 300)]
        index_of(tmp_path, guides)
        assert stored_names(tmp_path) == {edition_of(one).name for one in guides}

    def test_deleted_collections_leave_no_folders(self, tmp_path: Path) -> None:
        for edition in range(1, 5):
            index_of(tmp_path, [guide(edition=edition)])
        assert len([p for p in (tmp_path / "chroma").iterdir() if p.is_dir()]) == 1


class TestDamage:
    def test_a_damaged_sidecar_is_made_again_from_the_store(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        (sidecar,) = (tmp_path / "sidecars").iterdir()
        whole = sidecar.read_bytes()
        for damaged in (b"", b"not a zip", whole[: len(whole) // 2], whole[:400] + bytes(64) + whole[464:]):
            sidecar.write_bytes(damaged)
            encoder = WordEncoder()
            assert index_of(tmp_path, [guide()], encoder).match(guide(), "starter")
            assert encoder.embedded == ["starter"]
            assert sidecar.read_bytes() == whole

    def test_a_lost_store_is_filled_from_the_sidecars(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        LocalStore(tmp_path / "chroma").discard()
        encoder = WordEncoder()
        index_of(tmp_path, [guide(), guide("miller", 0)], encoder)
        assert len(encoder.embedded) == 1
        assert stored_names(tmp_path) == {edition_of(guide()).name, edition_of(guide("miller", 0)).name}

    @pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "missing", "index"])
    def test_a_damaged_store_is_replaced(self, damage: str, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        database = tmp_path / "chroma" / "chroma.sqlite3"
        content = database.read_bytes()
        if damage == "missing":
            database.unlink()
        elif damage == "index":
            for file in (tmp_path / "chroma").glob("*/*.bin"):
                file.write_bytes(b"\xff" * 4096)
        else:
            size = {"garbage": 4096, "empty": 0, "truncated": len(content) // 3}[damage]
            database.write_bytes(b"\x13" * size if damage == "garbage" else content[:size])
        index = index_of(tmp_path, [guide(), guide("miller")])
        assert index.match(guide("miller"), "starter")
        assert stored_names(tmp_path) == {edition_of(guide()).name, edition_of(guide("miller")).name}

    def test_damage_that_looks_untouched_is_survived_by_the_next_run(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        store = LocalStore(tmp_path / "chroma")
        database = tmp_path / "chroma" / "chroma.sqlite3"
        database.write_bytes(b"\x13" * database.stat().st_size)
        store._mark_closed()
        index = index_of(tmp_path, [guide(), guide("miller")])
        assert index.match(guide("miller"), "starter")

    def test_an_incomplete_collection_counts_as_absent(self, tmp_path: Path) -> None:
        one = guide()
        index_of(tmp_path, [one])
        with LocalStore(tmp_path / "chroma").open() as collections:
            collection = collections._client.get_collection(edition_of(one).name, embedding_function=None)
            collection.modify(metadata={**(collection.metadata or {}), "complete": False})
            ids = [chunk.id for chunk in chunk_guide(one)]
            assert not collections.holds(edition_of(one), len(ids))
            assert collections.read(edition_of(one), ids) is None

    def test_a_collection_that_lost_chunks_is_not_sound(self, tmp_path: Path) -> None:
        one = guide()
        index_of(tmp_path, [one])
        assert is_sound(tmp_path / "chroma")
        client = local_client(tmp_path / "chroma")
        client.get_collection(edition_of(one).name, embedding_function=None).delete(ids=["q0/question"])
        with pytest.raises(StoreFailed, match="holds"):
            Collections(lambda: client).read_all()
        client.close()
        assert not is_sound(tmp_path / "chroma")

    def test_a_directory_that_cannot_be_written_is_our_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(IndexUnavailable):
            GuideIndex(tmp_path / "file", WordEncoder()).ensure([guide()])

    def test_a_failing_encoder_costs_the_store_nothing(self, tmp_path: Path) -> None:
        class Failing(WordEncoder):
            def embed(self, texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
                raise IndexUnavailable("no model")

        index_of(tmp_path, [guide()])
        with pytest.raises(IndexUnavailable, match="no model"):
            index_of(tmp_path, [guide("miller")], Failing())
        assert stored_names(tmp_path) == {edition_of(guide()).name}

    def test_what_a_killed_writer_left_is_cleared(self, tmp_path: Path) -> None:
        (tmp_path / "chroma.discarded-0").mkdir(parents=True)
        (tmp_path / "sidecars").mkdir()
        (tmp_path / "sidecars" / "a.npz.77.tmp").write_bytes(b"half")
        index_of(tmp_path, [guide()])
        assert not (tmp_path / "chroma.discarded-0").exists()
        assert [p.suffix for p in (tmp_path / "sidecars").iterdir()] == [".npz"]


CHILD = """
import sys
from pathlib import Path
from interviewer.retrieval.index import GuideIndex
from tests.retrieval.samples import WordEncoder, guide

directory, work = Path(sys.argv[1]), sys.argv[2]
index = GuideIndex(directory, WordEncoder())
guides = [guide(f"baker-{n}", 4) for n in range(6)]
if work == "write":
    index.ensure(guides)
for one in guides if work == "write" else [guide()]:
    index.ensure([one])
    assert index.match(one, "feeds the sourdough starter")[0].question_id == "q0"
    assert index.choose(one, "sourdough", 1)[0][0] == "q0"
sys.exit(3 if work == "read" and "chromadb" in sys.modules else 0)
"""


def child(directory: Path, work: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(directory), work], stderr=subprocess.PIPE)


def end_of(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors.decode()


class TestProcesses:
    def test_reading_a_fresh_index_does_not_import_chromadb(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        assert end_of(child(tmp_path, "read")) == (0, "")

    def test_two_writers_and_two_readers_at_once(self, tmp_path: Path) -> None:
        index_of(tmp_path, [guide()])
        processes = [child(tmp_path, work) for work in ("write", "read", "write", "read")]
        assert [end_of(process) for process in processes] == [(0, "")] * 4
        assert is_sound(tmp_path / "chroma")
        assert len(stored_names(tmp_path)) == 7

    def test_a_writer_that_waits_too_long_says_so(self, tmp_path: Path) -> None:
        index = GuideIndex(tmp_path, WordEncoder(), lock_seconds=0.2)
        with (
            writer_lock(tmp_path / "writer.lock", 0, lambda: False),
            pytest.raises(IndexLocked, match="another process") as caught,
        ):
            index.ensure([guide()])
        assert caught.value.remedy
        index.ensure([guide()])

    def test_a_waiting_writer_leaves_when_the_work_is_done(self, tmp_path: Path) -> None:
        with writer_lock(tmp_path / "lock", 0, lambda: False), writer_lock(tmp_path / "lock", 5, lambda: True) as held:
            assert not held

    def test_the_lock_ends_with_its_process(self, tmp_path: Path) -> None:
        code = (
            "import sys, time; from pathlib import Path; from interviewer.retrieval.locking import writer_lock\n"
            "with writer_lock(Path(sys.argv[1]), 0, lambda: False): print('held', flush=True); time.sleep(60)"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "lock")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked), writer_lock(tmp_path / "lock", 0, lambda: False):
            pass
        process.kill()
        process.communicate()
        with writer_lock(tmp_path / "lock", 5, lambda: False) as held:
            assert held

    def test_a_crash_of_the_probe_means_the_folder_is_bad(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A damaged folder can end the process that opens it with a signal."""
        code = f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})"
        monkeypatch.setattr("interviewer.retrieval.probe.__name__", "crash_on_open")
        (tmp_path / "crash_on_open.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        assert not is_sound(tmp_path)


@pytest.mark.slow
def test_kill_at_any_moment_leaves_a_usable_index() -> None:
    script = Path(__file__).parents[2] / "bench" / "index_torture.py"
    if not script.exists():
        pytest.skip("bench/ is not here")
    seed = str(int(time.time()))
    result = subprocess.run(
        [sys.executable, str(script), "--rounds", "8", "--guides", "6", "--seed", seed],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout + result.stderr
