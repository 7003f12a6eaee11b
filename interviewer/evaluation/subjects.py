"""What is measured: an engine, and everything that a grading by it depends on, told without asking it.

A grading's key is the hash of its engine and model, their parameters, the prompt as rendered, the code that reads a
model's reply, the question with its statements, the answer, the formula of the score, and the repeat. The prompt is
rendered with a fence that is always the same; what is sent has a fresh one. The endpoint is not part of the key, so a
ledger can be replayed where none is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import to_json

from interviewer.conduct.single import request_of
from interviewer.domain.grading import FORMULA
from interviewer.domain.guide import Question
from interviewer.evaluation.results import Item, RunInfo
from interviewer.ports import AssessRequest, Batches, Engine, utc_now
from interviewer.prompts import Prompt
from interviewer.version import __version__

FENCE = "0" * 16
GRADED_BY = (
    "conduct/assess.py", "conduct/integrity.py", "conduct/single.py", "domain/disguise.py", "domain/display.py",
    "domain/grading.py", "domain/text.py",
)  # fmt: skip
"""The code that makes a grade of what any engine found."""
READ_BY = ("engines/llm.py", "engines/llm_reply.py", "engines/llm_schema.py", "engines/llm_vote.py", *GRADED_BY)
"""The code that makes a grade of a model's reply; what only asks, waits and tries again is not among it."""
KEY_DIGITS = 24
DIGEST_DIGITS = 16


class Fingerprint(NamedTuple):
    """What gradings of an item depend on, as a hash, and the prompt, "" each where the engine is sent none."""

    material: str
    system: str = ""
    user: str = ""

    def key(self, repeat: int) -> str:
        """The key of one grading."""
        return hashed([self.material, repeat])[:KEY_DIGITS]

    @property
    def prompt(self) -> str:
        """The name of the prompt in a ledger, or "" where there is none."""
        return hashed([self.system, self.user])[:DIGEST_DIGITS] if self.user else ""


async def nothing_to_close() -> None:
    """What an engine without connections lets go of."""


@dataclass(frozen=True)
class Subject:
    """An engine under measurement.

    `parameters` are all that its gradings depend on beside the prompt; `about` is only told. `prompt` renders what it
    is sent. `deterministic`: it says the same each time, so one grading stands for all repeats. `calls`: requests that
    one grading makes at least. `batches`: how to order readings in bulk, where its endpoint can. `close` lets go of its
    connections, which it makes again when it needs them.
    """

    engine: Engine
    parameters: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    prompt: Callable[[AssessRequest], Prompt] | None = None
    deterministic: bool = False
    calls: int = 1
    batches: Batches | None = None
    close: Callable[[], Awaitable[None]] = nothing_to_close

    def fingerprint(self, item: Item) -> Fingerprint:
        """What gradings of an item depend on. Raises SettingsError when its prompt cannot be rendered."""
        request = request_of(item.question, item.answer, item.earlier)
        sent = self.prompt(request) if self.prompt else None
        system, user = (sent.system, sent.user) if sent else ("", "")
        engine = [self.engine.name, self.engine.model, dict(sorted(self.parameters.items())), FORMULA]
        asked = [_judged_by(item.question), request.message, request.earlier]
        return Fingerprint(hashed([engine, asked, system, user]), system, user)

    def info(self, suite: str, cases: str) -> RunInfo:
        """The header of a run; `cases` is the digest of its cases."""
        extra = {"deterministic": True} if self.deterministic else {}
        return RunInfo(
            suite=suite,
            engine=self.engine.name,
            model=self.engine.model,
            parameters={**self.parameters, **self.about, **extra},
            cases=cases,
            formula=FORMULA,
            version=__version__,
            at=utc_now(),
        )


def read_by() -> tuple[Path, ...]:
    """The files of READ_BY."""
    return _files(READ_BY)


def graded_by() -> tuple[Path, ...]:
    """The files of GRADED_BY."""
    return _files(GRADED_BY)


def _files(names: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(__file__).resolve().parent.parent / name for name in names)


def digest_of_files(*paths: Path) -> str:
    """A short digest of what files hold, in this order. Raises OSError."""
    joined = hashlib.sha256()
    for path in paths:
        joined.update(hashlib.sha256(path.read_bytes()).digest())
    return joined.hexdigest()[:DIGEST_DIGITS]


def _judged_by(question: Question) -> list[Any]:
    """All of a question that its grades depend on: not where it stands in a file, nor how it is probed."""
    points = [(k.id, k.text, k.label, k.weight) for k in question.key_points]
    pitfalls = [(p.id, p.text, p.label) for p in question.pitfalls]
    return [question.text, question.category, question.answer, points, pitfalls]


def hashed(material: object) -> str:
    """The SHA-256, in hex, of what can be written as JSON."""
    return hashlib.sha256(to_json(material)).hexdigest()
