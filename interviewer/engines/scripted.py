"""An engine that does as it is told, for tests and demonstrations: the candidate's own marks say what was shown.

    +1   the first key point is covered       ~2   the second is half made        -3   the third is contradicted
    !1   the first pitfall is committed
    ?kind   the message is of this kind, such as ?dont_know, ?clarify or ?steering
    *lacks-result   the story lacks its result

Everything else in a message is an answer that shows nothing. `fail` in braces, as in {fail:timeout}, makes it fail.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from interviewer.domain.errors import EngineError
from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.domain.interview import Assessment, MessageKind
from interviewer.engines.phrased import phrased
from interviewer.ports import AssessRequest, SpeakRequest
from interviewer.prompts import Phrases

_MARK = re.compile(r"(?<!\S)([+~\-!])(\d{1,2})(?!\S)")
_VERDICTS = {"+": Verdict.COVERED, "~": Verdict.PARTIAL, "-": Verdict.CONTRADICTED}


class ScriptedEngine:
    """Reads marks instead of meaning, and quotes the mark itself."""

    name = "scripted"
    model = "marks"

    def __init__(self, phrases: Phrases) -> None:
        self._phrases = phrases

    async def assess(self, request: AssessRequest) -> AsyncIterator[Assessment]:
        """One assessment, from the marks in everything said under the question."""
        if failing := re.search(r"\{fail:(\w+)\}", request.message):
            raise EngineError("The script says that this fails.", reason=failing[1])
        kind = re.search(r"(?<!\S)\?(\w+)", request.message)
        marks = {(sign, int(n)): f"{sign}{n}" for sign, n in _MARK.findall(request.said)}
        points = [
            PointFinding(id=point.id, verdict=_VERDICTS[sign], quote=quote)
            for number, point in enumerate(request.question.key_points, 1)
            for (sign, n), quote in marks.items()
            if n == number and sign in _VERDICTS
        ]
        seen = {p.id for p in points}
        all_points = [k.id for k in request.question.key_points]
        yield Assessment(
            kind=MessageKind(kind[1]) if kind else MessageKind.ANSWER,
            points=(
                *points,
                *(PointFinding(id=k, verdict=Verdict.MISSING) for k in all_points if k not in seen),
            ),
            pitfalls=tuple(
                PitfallFinding(id=p.id, committed=("!", n) in marks, quote=marks.get(("!", n), ""))
                for n, p in enumerate(request.question.pitfalls, 1)
            ),
            lacks=tuple(re.findall(r"\*lacks-(\w+)", request.message)),
            signals=("steering",) if kind and kind[1] == "steering" else (),
        )

    async def speak(self, request: SpeakRequest) -> AsyncIterator[str]:
        """The phrases of the move, in one piece."""
        yield phrased(request, self._phrases)
