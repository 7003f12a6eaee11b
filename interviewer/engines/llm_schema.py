"""The sheet that a grader fills in: its schema, and reading it while it is still being written.

kind      what the message is
lacks     for a story: which parts are missing
points    a verdict for each key point, by enumerated id
          -> here a move can be decided, and speaking begins
pitfalls  whether each was committed
elsewhere whether each point of another question was made
steering  whether the message tries to steer its grading
quotes    the candidate's words for each that is not missing, else ""
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.domain.guide import Category
from interviewer.domain.interview import Assessment, MessageKind, ModelCall
from interviewer.engines.llm_reply import Json
from interviewer.ports import AssessRequest

CONFIDENCE = 0.9
PARTS = ("situation", "task", "action", "result", "own")
KINDS = tuple(k.value for k in MessageKind)
VERDICTS = tuple(v.value for v in Verdict)
NEED_NO_VERDICTS = frozenset(MessageKind) - {MessageKind.ANSWER, MessageKind.HINT}


class Misshapen(Exception):
    """What the model wrote is not a filled sheet. Says nothing of its content."""


@dataclass(frozen=True)
class Sheet:
    """The ids that one reading may use, and what each stands for: "k1" -> a key point's id, and so on."""

    points: Mapping[str, str]
    pitfalls: Mapping[str, str]
    elsewhere: Mapping[str, str]
    behavioral: bool = False

    @classmethod
    def of(cls, request: AssessRequest) -> Sheet:
        """The sheet for what is asked of an engine."""
        return cls(
            points=_numbered("k", [k.id for k in request.question.key_points]),
            pitfalls=_numbered("p", [p.id for p in request.question.pitfalls]),
            elsewhere=_numbered("e", [k.id for k in request.elsewhere]),
            behavioral=request.question.category is Category.BEHAVIORAL,
        )

    @property
    def quoted(self) -> tuple[str, ...]:
        """The ids that want a quote."""
        return (*self.points, *self.pitfalls, *self.elsewhere)

    def schema(self) -> Json:
        """The sheet as a strict JSON schema: every field required, none besides."""
        fields: Json = {"kind": {"type": "string", "enum": list(KINDS)}}
        if self.behavioral:
            fields["lacks"] = {"type": "array", "items": {"type": "string", "enum": list(PARTS)}}
        if self.points:
            fields["points"] = _each(self.points, {"type": "string", "enum": list(VERDICTS)})
        if self.pitfalls:
            fields["pitfalls"] = _each(self.pitfalls, {"type": "boolean"})
        if self.elsewhere:
            fields["elsewhere"] = _each(self.elsewhere, {"type": "boolean"})
        fields["steering"] = {"type": "boolean"}
        if self.quoted:
            fields["quotes"] = _each(self.quoted, {"type": "string"})
        return _object(fields)

    def skeleton(self) -> str:
        """The sheet as an example, for endpoints that take no schema."""
        return json.dumps(_example(self.schema()))

    def early(self, text: str) -> Assessment | None:
        """The first assessment, without evidence, once the text so far lets a move be decided; else None."""
        sheet = partial(text)
        kind = sheet.get("kind")
        if kind not in KINDS:
            return None
        points = sheet.get("points", {}) if self.points else {}
        complete = isinstance(points, dict) and all(points.get(p) in VERDICTS for p in self.points)
        if complete and (self.points or not self.behavioral or "steering" in sheet):
            return self._assessment(sheet | {"quotes": {}})
        return Assessment(kind=MessageKind(kind), evidence=False) if kind in NEED_NO_VERDICTS else None

    def read(self, text: str) -> Json:
        """The filled sheet in a model's whole reply. Raises Misshapen."""
        sheet = first_object(text)
        fields: list[tuple[str, Sequence[str], tuple[object, ...]]] = [
            ("points", tuple(self.points), VERDICTS),
            ("pitfalls", tuple(self.pitfalls), (True, False)),
            ("elsewhere", tuple(self.elsewhere), (True, False)),
        ]
        if sheet.get("kind") not in KINDS:
            raise Misshapen
        for name, ids, values in fields:
            given = sheet.get(name, {})
            if not isinstance(given, dict) or any(_plain(given.get(i)) not in values for i in ids):
                raise Misshapen
            sheet[name] = {i: _plain(given[i]) for i in ids}
        quotes = sheet.get("quotes")
        sheet["quotes"] = {k: v for k, v in quotes.items() if isinstance(v, str)} if isinstance(quotes, dict) else {}
        return sheet

    def assessment(self, sheet: Json, calls: Sequence[ModelCall] = ()) -> Assessment:
        """A filled sheet in the guide's own ids."""
        found = self._assessment(sheet)
        return found.model_copy(update={"evidence": True, "calls": tuple(calls)})

    def _assessment(self, sheet: Json) -> Assessment:
        quotes, sure, points = (_group(sheet, name) for name in ("quotes", "confidence", "points"))
        lacks = sheet.get("lacks") if self.behavioral else None
        return Assessment(
            kind=MessageKind(sheet["kind"]),
            points=tuple(_point(i, given, points[i], quotes, sure) for i, given in self.points.items()),
            pitfalls=tuple(
                PitfallFinding(id=given, committed=committed, quote=quotes.get(i, "") if committed else "",
                               confidence=sure.get(i, CONFIDENCE))
                for i, given in self.pitfalls.items()
                if isinstance(committed := _group(sheet, "pitfalls").get(i), bool)
            ),
            elsewhere=tuple(
                PointFinding(id=given, verdict=Verdict.COVERED, quote=quotes.get(i, ""), confidence=CONFIDENCE)
                for i, given in self.elsewhere.items()
                if _group(sheet, "elsewhere").get(i) is True
            ),
            lacks=tuple(p for p in lacks if p in PARTS) if isinstance(lacks, list) else (),
            signals=("steering",) if sheet.get("steering") is True or sheet["kind"] == "steering" else (),
            evidence=False,
        )  # fmt: skip


def _group(sheet: Json, name: str) -> Json:
    """A field that holds fields; empty when it is missing or something else."""
    found = sheet.get(name)
    return found if isinstance(found, dict) else {}


def _point(key: str, given: str, verdict: str, quotes: Mapping[str, str], sure: Mapping[str, float]) -> PointFinding:
    quote = "" if verdict == Verdict.MISSING else quotes.get(key, "")
    return PointFinding(id=given, verdict=Verdict(verdict), quote=quote, confidence=sure.get(key, CONFIDENCE))


def partial(text: str) -> Json:
    """The JSON object that a text has begun, as far as it goes; empty when there is none yet."""
    start = text.find("{", _after_thinking(text))
    if start < 0:
        return {}
    try:
        found = from_json(text[start:], allow_partial="trailing-strings")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def first_object(text: str) -> Json:
    """The first whole JSON object in a text, whatever stands around it. Raises Misshapen."""
    decoder = json.JSONDecoder()
    for start in _braces(text, _after_thinking(text)):
        try:
            found, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    raise Misshapen


def _braces(text: str, start: int) -> Iterator[int]:
    """Where an object may begin: the first few opening braces."""
    for _ in range(8):
        start = text.find("{", start)
        if start < 0:
            return
        yield start
        start += 1


def _after_thinking(text: str) -> int:
    end = text.rfind("</think>")
    if end >= 0:
        return end
    return len(text) if text.lstrip().startswith("<think>") else 0


def _plain(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _numbered(letter: str, ids: Sequence[str]) -> dict[str, str]:
    return {f"{letter}{number}": given for number, given in enumerate(ids, 1)}


def _each(ids: Sequence[str] | Mapping[str, str], shape: Json) -> Json:
    return _object(dict.fromkeys(ids, shape))


def _object(fields: Json) -> Json:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _example(schema: Json) -> Any:
    match schema:
        case {"properties": fields}:
            return {name: _example(each) for name, each in fields.items()}
        case {"items": each}:
            return [_example(each)]
        case {"enum": values}:
            return "|".join(values)
        case {"type": "boolean"}:
            return False
    return ""
