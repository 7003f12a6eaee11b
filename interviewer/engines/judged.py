"""Findings by the trained reader, in the terms of a grade."""

from __future__ import annotations

from collections.abc import Sequence

from interviewer.domain.grading import PitfallFinding, PointFinding, Verdict
from interviewer.domain.guide import Item
from interviewer.domain.text import words
from interviewer.engines.kinds import FEWEST_WORDS
from interviewer.engines.reader import MISSING, NOTHING_TOLD, AnswerReader


class JudgedReading:
    """An answer, as the sentences of it that may show something. Confidence is how likely a verdict is right.

    `too_short`: so few words that nothing is heard in them, for the model takes "Twelve bar." to make "Nine bar".
    """

    def __init__(self, reader: AnswerReader, telling: Sequence[str]) -> None:
        heard = reader.hear("\n".join(telling))
        self.too_short = len(words(" ".join(heard.sentences))) < FEWEST_WORDS
        self._heard = reader.hear("") if self.too_short else heard
        self._committed = reader.calibration.committed

    def point(self, point: Item) -> PointFinding:
        """The verdict on a key point."""
        reading = self._heard.point(point.text)
        quote = "" if reading.verdict is Verdict.MISSING else reading.quote
        return PointFinding(id=point.id, verdict=reading.verdict, confidence=reading.confidence, quote=quote)

    def pitfall(self, pitfall: Item) -> PitfallFinding:
        """The verdict on a pitfall."""
        if self.too_short:
            return PitfallFinding(id=pitfall.id, committed=False, confidence=NOTHING_TOLD[MISSING])
        reading = self._heard.pitfall(pitfall.text)
        committed = reading.committed >= self._committed
        confidence = reading.committed if committed else 1 - reading.committed
        return PitfallFinding(
            id=pitfall.id, committed=committed, confidence=confidence, quote=reading.quote if committed else ""
        )
