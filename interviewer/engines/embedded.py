"""The engine that needs no key and no network: a small model for verdicts, rules for kinds, written phrases for words.

Without the trained reader, verdicts are by similarity. Its limit, measured: on labelled interview answers, similarity
to a key point does not tell a point that was made from one that was only named (kappa -0.1, no better than chance). So
its confidence is what that measurement gives, which is low, and grades rest on it only with a mark for review.

A sentence that only echoes the question shows nothing, and two sentences count together only if each is near alone.
Similarity of an answer to a point is WINDOW_SHARE * cosine of the nearest window of one or two sentences
+ (1 - WINDOW_SHARE) * share of the point's content words, beyond the question's, in that window.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from interviewer.domain.errors import EngineError, IndexUnavailable
from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict, quoted_in
from interviewer.domain.guide import Category, Item
from interviewer.domain.interview import Assessment, MessageKind
from interviewer.domain.text import content_stems, sentences, words
from interviewer.engines import kinds
from interviewer.engines.judged import JudgedReading
from interviewer.engines.kinds import FEWEST_WORDS, STEERING_SIGNAL, without_steering
from interviewer.engines.phrased import phrased
from interviewer.engines.reader import AnswerReader
from interviewer.engines.star import lacking
from interviewer.ports import AssessRequest, SpeakRequest
from interviewer.prompts import Phrases

WINDOW_SHARE = 0.7
COVERED = 0.30
PARTIAL = 0.26
COMMITTED = 0.62
OFF_TOPIC, OFF_TOPIC_WORDS = 0.10, 25
OFF_TOPIC_BRIEF, BRIEF = 0.15, 10
OFF_TOPIC_FEWEST = 5
MOST_SENTENCES = 200
NEAR_ALONE = 0.25
ECHO = 0.75
FEWEST_STEMS = 4
PADDING = 5

CONFIDENCE = {Verdict.COVERED: 0.28, Verdict.PARTIAL: 0.14, Verdict.MISSING: 0.42}
"""How often each verdict was right on the labelled training answers; `python -m training.calibrate_similarity`."""
PITFALL_CONFIDENCE = 0.5


_SYMBOLS = re.compile(r"[^\w\s\x00-\x7f]{4,}")  # a row of emoji and the like
_RUN = re.compile(r"(\w)\1{9,}")  # a key that was held down


MADE_OF = (
    "engines/embedded.py", "engines/judged.py", "engines/kinds.py", "engines/reader.py", "engines/rules.py",
    "engines/rules.toml", "engines/star.py", "engines/model/model.onnx", "engines/model/calibration.json",
    "retrieval/embedding.py", "retrieval/model/model.onnx", "retrieval/model/tokenizer.json",
)  # fmt: skip


def made_of() -> tuple[Path, ...]:
    """The engine's own files that a verdict follows from: models, rules and code."""
    package = Path(__file__).resolve().parent.parent
    return tuple(package / name for name in MADE_OF)


class TextEncoder(Protocol):
    """What the engine needs of an embedding model: vectors of length 1, shape (texts, dimensions)."""

    def embed(self, texts: Sequence[str]) -> Any:
        """One row a text."""
        ...


class EmbeddedEngine:
    """Reads with an embedding model, speaks with phrases."""

    name = "embedded"

    def __init__(self, encoder: TextEncoder, phrases: Phrases, reader: AnswerReader | None = None) -> None:
        self._encoder = encoder
        self._phrases = phrases
        self._reader = reader
        self.model = "all-MiniLM-L6-v2" if reader is None else reader.name

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """One assessment, complete at once."""
        try:
            yield await asyncio.to_thread(self._assess, request)
        except IndexUnavailable as error:
            raise EngineError(error.message, error.remedy, reason="model") from error

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        """The phrases of the move, in one piece: there is nothing to wait for."""
        yield phrased(request, self._phrases)

    def _assess(self, request: AssessRequest) -> Assessment:
        read = kinds.read(request.message)
        signals = (STEERING_SIGNAL,) if read.steered else ()
        if read.kind is not MessageKind.ANSWER:
            return Assessment(kind=read.kind, signals=signals)
        if self._off_topic(request, read.text):
            return Assessment(kind=MessageKind.OFF_TOPIC, signals=signals)
        earlier = [without_steering(text)[0] for text in request.earlier]
        return self._judged(request, "\n".join([*earlier, read.text]), signals)

    def _judged(self, request: AssessRequest, text: str, signals: tuple[str, ...]) -> Assessment:
        question = request.question
        reading = self._reading(text, question.text)
        behavioral = question.category is Category.BEHAVIORAL
        return Assessment(
            kind=MessageKind.ANSWER,
            too_short=reading.too_short,
            points=tuple(reading.point(p) for p in question.key_points),
            pitfalls=tuple(reading.pitfall(p) for p in question.pitfalls),
            elsewhere=tuple(reading.point(p) for p in request.elsewhere),
            lacks=lacking(text) if behavioral else (),
            signals=signals,
        )

    def _reading(self, text: str, question: str) -> Reading | JudgedReading:
        """The answer as the trained reader hears it, or by similarity where there is none."""
        if self._reader is None:
            return Reading(self._encoder, text, question)
        return JudgedReading(self._reader, telling(text, question))

    def _off_topic(self, request: AssessRequest, message: str) -> bool:
        """Whether a first, short message has nothing to do with the question or anything that could answer it.

        Of fewer words than OFF_TOPIC_FEWEST that cannot be told: "PITR" is like nothing, and may be all of an answer.
        """
        if request.earlier or not OFF_TOPIC_FEWEST <= len(words(message)) <= OFF_TOPIC_WORDS:
            return False
        about = [request.question.text, *(k.text for k in request.question.key_points)]
        near = float((self._encoder.embed(about) @ self._encoder.embed([message])[0]).max())
        return near < (OFF_TOPIC_BRIEF if len(words(message)) <= BRIEF else OFF_TOPIC)


def echoes(sentence: str, question: str) -> bool:
    """Whether a sentence does little but say the question over again."""
    said, asked = content_stems(sentence), set(content_stems(question))
    if not said:
        return quoted_in(sentence, question)
    return sum(s in asked for s in said) >= ECHO * len(said)


def telling(text: str, question: str) -> list[str]:
    """The sentences that may show something: each once, none that only echoes the question or claims to do that.

    What is said over and over is padding, and shows nothing.
    """
    counted = Counter(sentences(_RUN.sub(" ", _SYMBOLS.sub("\n", text))))
    padding = [s for s, times in counted.items() if times >= PADDING]
    parts = [s for s in counted if not any(s in each for each in padding)]
    echo = [echoes(s, question) for s in parts]
    claims = [before and len(content_stems(s)) < FEWEST_STEMS for before, s in zip([False, *echo], parts, strict=False)]
    return [s for s, e, c in zip(parts, echo, claims, strict=True) if not e and not c][:MOST_SENTENCES]


class Reading:
    """An answer cut into windows of one and two sentences, with their vectors."""

    def __init__(self, encoder: TextEncoder, text: str, question: str) -> None:
        parts = telling(text, question) or [""]
        self.windows = [*parts, *(f"{a} {b}" for a, b in pairwise(parts))]
        self.too_short = len(words(" ".join(parts))) < FEWEST_WORDS
        self._singles = len(parts)
        self._vectors = encoder.embed(self.windows)
        self._encoder = encoder
        self._asked = set(content_stems(question))

    def nearest(self, statement: str) -> tuple[float, str]:
        """The similarity of the window nearest to a statement, and that window."""
        cosines = self._vectors @ self._encoder.embed([statement])[0]
        singles = cosines[: self._singles]
        both_near = (singles[:-1] >= NEAR_ALONE) & (singles[1:] >= NEAR_ALONE)
        cosines[self._singles :][~both_near] = -1.0
        best = int(cosines.argmax())
        telling = set(content_stems(statement)) - self._asked
        said = set(content_stems(self.windows[best]))
        shared = len(telling & said) / len(telling) if telling else 0.0
        return WINDOW_SHARE * float(cosines[best]) + (1 - WINDOW_SHARE) * shared, self.windows[best]

    def point(self, point: Item) -> PointFinding:
        """The verdict on a key point."""
        similarity, window = self.nearest(point.text)
        if self.too_short or similarity < PARTIAL:
            return PointFinding(id=point.id, verdict=Verdict.MISSING, confidence=CONFIDENCE[Verdict.MISSING])
        verdict = Verdict.COVERED if similarity >= COVERED else Verdict.PARTIAL
        return PointFinding(id=point.id, verdict=verdict, confidence=CONFIDENCE[verdict], quote=window)

    def pitfall(self, pitfall: Item) -> PitfallFinding:
        """The verdict on a pitfall."""
        similarity, window = self.nearest(pitfall.text)
        committed = not self.too_short and similarity >= COMMITTED
        return PitfallFinding(
            id=pitfall.id,
            committed=committed,
            confidence=PITFALL_CONFIDENCE,
            quote=window if committed else "",
        )
