"""Several readings of one message made into one: the majority's, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from interviewer.domain.grading import quoted_in
from interviewer.engines.llm_reply import Json


def majority(sheets: Sequence[Json], said: str) -> Json:
    """The sheet that most agree on; of equals, the first. With several, "confidence" has each id's share of votes."""
    first = sheets[0]
    if len(sheets) == 1:
        return first
    voted: Json = {**first, "confidence": {}, "quotes": {}}
    for name in ("points", "pitfalls", "elsewhere"):
        voted[name] = {}
        for i in first[name]:
            value, votes = Counter(s[name][i] for s in sheets).most_common(1)[0]
            voted[name][i] = value
            voted["confidence"][i] = votes / len(sheets)
            voted["quotes"][i] = _quote(i, [s for s in sheets if s[name][i] == value], said)
    voted["kind"] = Counter(s["kind"] for s in sheets).most_common(1)[0][0]
    voted["steering"] = any(s.get("steering") is True for s in sheets)
    return voted


def _quote(i: str, agreeing: Sequence[Json], said: str) -> str:
    """A quote from a reading that agrees, one that the candidate did say if there is one."""
    quotes: list[str] = [s["quotes"].get(i, "") for s in agreeing]
    return next((q for q in quotes if q and quoted_in(q, said)), quotes[0])
