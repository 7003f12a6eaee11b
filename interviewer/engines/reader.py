"""Judges statements against an answer with the shipped grader: verdicts, pitfalls, and the words that show them.

Each sentence of an answer is read by itself, and those that only talk (of oneself, the interview, the weather) are left
out, but for the one that talks least: what is left out changes nothing at all. Each statement then reads what is left,
one after the other, on one thread. A long answer is read in parts of whole sentences.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interviewer.domain.errors import EngineError
from interviewer.domain.grading import Verdict
from interviewer.domain.text import sentences

SHIPPED_READER = Path(__file__).resolve().parent / "model"
ANSWER_TOKENS, STATEMENT_TOKENS = 320, 64
LAYERS, HEADS, HEAD, HIDDEN = 6, 12, 32, 384
PAST = tuple(f"{kind}.{layer}" for layer in range(LAYERS) for kind in ("keys", "values"))
SENTENCES_KEPT = 64
VERDICTS = (Verdict.COVERED, Verdict.PARTIAL, Verdict.MISSING, Verdict.CONTRADICTED)
COVERED, PARTIAL, MISSING, CONTRADICTED = range(4)
NOTHING_TOLD = (0.1, 0.1, 0.7, 0.1)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointReading:
    """The verdict, the probabilities of all by VERDICTS, and the sentence that most shows it."""

    verdict: Verdict
    probabilities: tuple[float, ...]
    quote: str

    @property
    def confidence(self) -> float:
        """How likely the verdict is right."""
        return self.of(self.verdict)

    def of(self, verdict: Verdict) -> float:
        """The probability of one verdict."""
        return self.probabilities[VERDICTS.index(verdict)]


@dataclass(frozen=True, slots=True)
class PitfallReading:
    """The probability that a pitfall was committed, and the sentence that most shows it."""

    committed: float
    quote: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted on questions held apart, so that a probability is how often it is so.

    Logits are divided by the temperature and shifted. A point is contradicted from the probability `opposed`, where
    covered is less likely; else covered from the probability `covered`; else partial where covered and partial together
    have at least `shown`; else missing. So no verdict but missing is a mere guess. A pitfall counts as committed from
    the probability `committed`. A sentence whose logit of only talking is above `talk` is left out.
    """

    temperature: float = 1.0
    shift: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    covered: float = 0.45
    shown: float = 0.5
    opposed: float = 0.4
    pitfall_temperature: float = 1.0
    pitfall_shift: float = 0.0
    committed: float = 0.5
    talk: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence once read: keys and values, two a layer, its states (tokens, HIDDEN), and how much it only talks."""

    text: str
    past: tuple[Floats, ...]
    states: Floats
    talk: float

    @property
    def length(self) -> int:
        """Its tokens."""
        return int(self.states.shape[0])


class Part:
    """Sentences that are read together: where their tokens are, and what statements need of them."""

    def __init__(self, read: Sequence[_Sentence]) -> None:
        self.sentences = tuple(s.text for s in read)
        ends = np.cumsum([s.length for s in read])
        self.bounds = tuple((int(end) - s.length, int(end)) for s, end in zip(read, ends, strict=True))
        self.past = {f"past_{name}": np.concatenate([s.past[n] for s in read], axis=1) for n, name in enumerate(PAST)}
        self.past["answer"] = np.concatenate([s.states for s in read], axis=0)


class AnswerReader:
    """The shipped grader, loaded at first use. Safe to call from several threads.

    `tokenizer` is the embedding model's tokenizer.json; without a calibration the folder's is taken. Raises EngineError
    when a file is missing or broken.
    """

    name = "minilm-reader-5"

    def __init__(self, tokenizer: Path, folder: Path = SHIPPED_READER, calibration: Calibration | None = None) -> None:
        self._paths = (tokenizer, folder)
        self._loading = Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._statement_ids = lru_cache(4096)(self._statement_tokens)
        self._sentence = lru_cache(SENTENCES_KEPT)(self._read_sentence)
        self._calibration = calibration

    @property
    def calibration(self) -> Calibration:
        """The thresholds that belong to the model."""
        self.warm()
        assert self._calibration is not None
        return self._calibration

    def warm(self) -> None:
        """Load the model now."""
        with self._loading:
            if self._loaded is None:
                self._loaded, self._calibration = _load(*self._paths, self._calibration)

    def hear(self, answer: str) -> HeardAnswer:
        """Read an answer once, for any number of statements. 150 words take some 30 ms, each statement 2."""
        self.warm()
        read = [self._sentence(s) for s in sentences(answer)]
        cut = max(self.calibration.talk, min((s.talk for s in read), default=0.0))
        return HeardAnswer(self, [Part(group) for group in _groups([s for s in read if s.talk <= cut])])

    def talk(self, sentence: str) -> float:
        """The logit that a sentence only talks and tells nothing of any question."""
        self.warm()
        return self._sentence(sentence).talk

    def read(
        self, answer: str, points: Sequence[str], pitfalls: Sequence[str]
    ) -> tuple[list[PointReading], list[PitfallReading]]:
        """One reading a statement, in order."""
        heard = self.hear(answer)
        return [heard.point(p) for p in points], [heard.pitfall(p) for p in pitfalls]

    def _read_sentence(self, sentence: str) -> _Sentence:
        tokenizer, session = self._model()
        ids = tokenizer.encode(sentence).ids
        ids = ids if len(ids) <= ANSWER_TOKENS else [*ids[: ANSWER_TOKENS - 1], ids[-1]]
        states, talk, *past = session.run(["states", "talk", *PAST], _inputs(ids, 0, _NOTHING))
        return _Sentence(sentence, tuple(past), states, float(talk[0]))

    def logits(self, part: Part, statement: str) -> tuple[Floats, Floats, Floats]:
        """What the model says of a statement: four logits of the verdict, one of the pitfall, one an answer token."""
        _, session = self._model()
        inputs = _inputs(self._statement_ids(statement), ANSWER_TOKENS, part.past)
        verdict, committed, where = session.run(["verdict", "committed", "where"], inputs)
        return verdict, committed, where

    def _statement_tokens(self, statement: str) -> tuple[int, ...]:
        tokenizer, _ = self._model()
        ids = tokenizer.encode(statement).ids
        return tuple(ids if len(ids) <= STATEMENT_TOKENS else [*ids[: STATEMENT_TOKENS - 1], ids[-1]])

    def _model(self) -> tuple[Any, Any]:
        assert self._loaded is not None
        return self._loaded


class HeardAnswer:
    """An answer that has been read. Of a long one, the part that shows a statement most decides.

    `sentences`: those that tell something. Where there are none, every point is missing and no pitfall committed.
    """

    def __init__(self, reader: AnswerReader, parts: Sequence[Part]) -> None:
        self._reader = reader
        self.parts = tuple(parts)
        self.sentences = tuple(s for part in parts for s in part.sentences)

    def point(self, statement: str) -> PointReading:
        """What the answer does with a key point."""
        fitted = self._reader.calibration
        readings = [PointReading(Verdict.MISSING, NOTHING_TOLD, "")] if not self.parts else []
        for part in self.parts:
            verdict, _, where = self._reader.logits(part, statement)
            chances = probabilities(verdict[None], fitted)
            chosen = VERDICTS[int(verdicts(chances, fitted)[0])]
            readings.append(PointReading(chosen, tuple(map(float, chances[0])), _quote(part, where)))
        return min(readings, key=lambda r: r.of(Verdict.MISSING))

    def pitfall(self, statement: str) -> PitfallReading:
        """Whether the answer commits a pitfall."""
        fitted = self._reader.calibration
        readings = [PitfallReading(0.0, "")] if not self.parts else []
        for part in self.parts:
            _, committed, where = self._reader.logits(part, statement)
            odds = float(committed[0]) / fitted.pitfall_temperature + fitted.pitfall_shift
            readings.append(PitfallReading(1 / (1 + math.exp(-odds)), _quote(part, where)))
        return max(readings, key=lambda r: r.committed)


def probabilities(logits: Floats, fitted: Calibration) -> Floats:
    """Of each verdict, (points, 4), from the logits."""
    shifted = logits / fitted.temperature + np.array(fitted.shift, np.float32)
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    chances: Floats = powers / powers.sum(axis=1, keepdims=True)
    return chances


def verdicts(chances: Floats, fitted: Calibration) -> NDArray[np.int64]:
    """Index in VERDICTS of each point's verdict, (points,), from its probabilities; the rule is told at Calibration."""
    covered, partial, _, contradicted = chances.T
    opposed = (contradicted >= fitted.opposed) & (contradicted > covered)
    rules = [opposed, covered >= fitted.covered, covered + partial >= fitted.shown]
    return np.select(rules, [CONTRADICTED, COVERED, PARTIAL], MISSING)


_NOTHING: dict[str, Floats] = {
    **{f"past_{name}": np.zeros((HEADS, 0, HEAD), np.float32) for name in PAST},
    "answer": np.zeros((1, HIDDEN), np.float32),
}


def _groups(read: Sequence[_Sentence]) -> list[list[_Sentence]]:
    """Sentences in order, in groups of at most ANSWER_TOKENS tokens."""
    groups: list[list[_Sentence]] = []
    room = 0
    for sentence in read:
        if sentence.length > room:
            groups.append([])
            room = ANSWER_TOKENS
        groups[-1].append(sentence)
        room -= sentence.length
    return groups


def _inputs(ids: Sequence[int], first_place: int, past: dict[str, Floats]) -> dict[str, Any]:
    places = np.arange(first_place, first_place + len(ids), dtype=np.int64)
    lengths = np.array([past["past_keys.0"].shape[1], len(ids)], np.int64)
    return {"input_ids": np.array(ids, np.int64), "places": places, "lengths": lengths, **past}


def _quote(part: Part, where: Floats) -> str:
    """The sentence to whose tokens the statement points most."""
    shares = np.exp(where - where.max())
    sums = [float(shares[start:end].sum()) for start, end in part.bounds]
    return part.sentences[int(np.argmax(sums))]


def _load(tokenizer_path: Path, folder: Path, calibration: Calibration | None) -> tuple[tuple[Any, Any], Calibration]:
    """The tokenizer with the session, and the calibration: the folder's where none is given."""
    try:
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(tokenizer_path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = str(folder / "model.onnx")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        calibration = calibration or Calibration(**json.loads((folder / "calibration.json").read_text("utf-8")))
    except Exception as error:  # the classes that the two libraries raise have nothing else in common
        message = f"the grading model in {folder} cannot be loaded: {error}"
        raise EngineError(message, "Install the package again.", reason="model") from error
    return (tokenizer, session), calibration
