"""The ids that a folder's guides had when last recorded, in `ids.json` beside them.

    {"guide-id": {"question-id": {"text": "The question?", "points": ["point-id", ...]}}}

A reworded question without `{#id}` gets a new id, and its history is lost; the record shows when that happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from interviewer.domain.guide import Frozen, Guide

FILE_NAME = "ids.json"


class RecordedQuestion(Frozen):
    """A question as it was: its words and the ids of its key points."""

    text: str
    points: tuple[str, ...] = ()


RecordedGuide = dict[str, RecordedQuestion]
Record = dict[str, RecordedGuide]
_RECORD = TypeAdapter(Record)


def recorded(guide: Guide) -> RecordedGuide:
    """What is recorded of a guide."""
    return {q.id: RecordedQuestion(text=q.text, points=tuple(p.id for p in q.key_points)) for q in guide.questions}


def read_record(folder: Path) -> Record:
    """The record of a folder, empty where there is none. Raises OSError, and ValueError for one that is damaged."""
    try:
        return _RECORD.validate_json((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return {}


def write_record(folder: Path, guides: Iterable[Guide]) -> Path:
    """Record these guides of a folder, leaving what is known of others. Raises OSError and ValueError."""
    record = read_record(folder) | {guide.id: recorded(guide) for guide in guides}
    content = _RECORD.dump_python(dict(sorted(record.items())), mode="json")
    path = folder / FILE_NAME
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
