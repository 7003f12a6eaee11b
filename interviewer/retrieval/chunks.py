"""A guide cut into the pieces that are found by meaning. Pure: no model, no file.

One chunk for a question and for each of its items as they stand; model answers and background passages, which may be
long, are cut between sentences into pieces that an embedding model reads whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interviewer.domain.guide import Background, Guide, Item, KeyPoint, Pitfall, Question
from interviewer.domain.text import sentences

CHUNKER_VERSION = "1"
"""Part of every index's identity: change it when the same guide would give other chunks."""

PIECE_TOKENS = 200
_LETTERS_A_TOKEN = 6
_TOKEN = re.compile(r"[A-Za-z]+|[^\s]")


class ChunkKind(StrEnum):
    """What part of a guide a chunk is."""

    QUESTION = "question"
    KEY_POINT = "key_point"
    PITFALL = "pitfall"
    FOLLOW_UP = "follow_up"
    ANSWER = "answer"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a guide. `id` is unique within the guide and stable while the wording stays.

    `line` is 1-based in the guide's file; pieces of an answer carry their question's line.
    """

    id: str
    kind: ChunkKind
    text: str
    guide_id: str
    question_id: str | None
    item_id: str | None
    line: int

    @property
    def digest(self) -> str:
        """Names the text alone, so that its vector can be kept when the guide around it changes."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]


def chunk_guide(guide: Guide) -> tuple[Chunk, ...]:
    """Every chunk of a guide, in the guide's order."""
    found = [chunk for question in guide.questions for chunk in _of_question(guide.id, question)]
    found += [chunk for passage in guide.background for chunk in _of_background(guide.id, passage)]
    return tuple(_with_unique_ids(found))


def _of_question(guide_id: str, question: Question) -> Iterator[Chunk]:
    def chunk(kind: ChunkKind, text: str, name: str | None, line: int, item_id: str | None = None) -> Chunk:
        parts = (question.id, kind.value, name) if name else (question.id, kind.value)
        return Chunk("/".join(parts), kind, text, guide_id, question.id, item_id, line)

    yield chunk(ChunkKind.QUESTION, question.text, None, question.line)
    items: tuple[tuple[ChunkKind, Sequence[Item]], ...] = (
        (ChunkKind.KEY_POINT, question.key_points),
        (ChunkKind.PITFALL, question.pitfalls),
        (ChunkKind.FOLLOW_UP, question.follow_ups),
    )
    for kind, group in items:
        for item in group:
            yield chunk(kind, _with_label(item), item.id, item.line, item.id)
    for number, piece in enumerate(pieces(question.answer)):
        yield chunk(ChunkKind.ANSWER, piece, str(number), question.line)


def _with_label(item: Item) -> str:
    """The item's words, its label before them where the text does not begin with it."""
    label = item.label if isinstance(item, KeyPoint | Pitfall) else None
    if not label or item.text.casefold().startswith(label.casefold()):
        return item.text
    return f"{label}: {item.text}"


def _of_background(guide_id: str, passage: Background) -> Iterator[Chunk]:
    name = hashlib.sha256(f"{passage.heading}\n{passage.text}".encode()).hexdigest()[:8]
    heading = f"{passage.heading}: " if passage.heading else ""
    room = max(PIECE_TOKENS // 2, PIECE_TOKENS - estimate_tokens(heading))
    for number, piece in enumerate(pieces(passage.text, room)):
        chunk_id = f"background/{name}/{number}"
        yield Chunk(chunk_id, ChunkKind.BACKGROUND, heading + piece, guide_id, None, None, passage.line)


def _with_unique_ids(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """The chunks less those that say the same under the same id; another text under a taken id gets a number."""
    taken: dict[str, str] = {}
    for chunk in chunks:
        chunk_id, count = chunk.id, 1
        while taken.get(chunk_id, chunk.text) != chunk.text:
            count += 1
            chunk_id = f"{chunk.id}~{count}"
        if chunk_id not in taken and chunk.text.strip():
            taken[chunk_id] = chunk.text
            same = chunk_id == chunk.id
            yield chunk if same else _renamed(chunk, chunk_id)


def _renamed(chunk: Chunk, chunk_id: str) -> Chunk:
    where = (chunk.guide_id, chunk.question_id, chunk.item_id, chunk.line)
    return Chunk(chunk_id, chunk.kind, chunk.text, *where)


def pieces(text: str, room: int = PIECE_TOKENS) -> list[str]:
    """The text's sentences joined into pieces of at most `room` estimated tokens; none of its words is lost."""
    found: list[str] = []
    used = room + 1
    for sentence in sentences(text):
        for part in _short_enough(sentence, room):
            tokens = estimate_tokens(part)
            if used + tokens > room:
                found.append(part)
                used = tokens
            else:
                found[-1] += f" {part}"
                used += tokens
    return found


def _short_enough(sentence: str, room: int) -> Iterator[str]:
    """The sentence, or where it is too long its words in groups that fit."""
    if estimate_tokens(sentence) <= room:
        yield sentence
        return
    group: list[str] = []
    used = 0
    for word in (part for long in sentence.split() for part in _cut(long, room)):
        tokens = estimate_tokens(word)
        if group and used + tokens > room:
            yield " ".join(group)
            group, used = [], 0
        group.append(word)
        used += tokens
    if group:
        yield " ".join(group)


def _cut(word: str, room: int) -> list[str]:
    """A word, cut where it alone would be too long: no character is more than one token."""
    if estimate_tokens(word) <= room:
        return [word]
    return [word[start : start + room] for start in range(0, len(word), room)]


def estimate_tokens(text: str) -> int:
    """Roughly how many tokens an English WordPiece tokenizer makes of a text, rather too many than too few."""
    return sum(-(-len(token) // _LETTERS_A_TOKEN) for token in _TOKEN.findall(text))
