"""From findings to a grade: what was shown, what it earns, and in which band that falls. Pure functions.

Formula 1, of one question, on 0..100:

    coverage = sum(weight * credit(verdict) * credit(origin)) / sum(weight)
    score    = max(0, 100 * coverage - 10 * min(committed pitfalls, 3))

with covered 1, partial 0.5, missing and contradicted 0; unprompted 1, after a probe 0.9, after a hint 0.6.
A score's band is 1..5 by BAND_FLOORS. The formula's number is stored with every grade and changes when it does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import Field

from interviewer.domain.guide import Frozen, Question

FORMULA = "1"
PITFALL_PENALTY = 10.0
PITFALLS_COUNTED = 3
BAND_FLOORS = (0.0, 15.0, 40.0, 62.0, 85.0)
BAND_NAMES = ("Little shown", "Beginning", "Developing", "Solid", "Strong")


class Verdict(StrEnum):
    """What an answer did with a key point."""

    COVERED = "covered"
    PARTIAL = "partial"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


class Origin(StrEnum):
    """What it took for a point to be made. `early`: under another question, before this one was asked."""

    UNPROMPTED = "unprompted"
    EARLY = "early"
    PROBED = "probed"
    HINTED = "hinted"


VERDICT_CREDIT = {Verdict.COVERED: 1.0, Verdict.PARTIAL: 0.5, Verdict.MISSING: 0.0, Verdict.CONTRADICTED: 0.0}
ORIGIN_CREDIT = {Origin.UNPROMPTED: 1.0, Origin.EARLY: 1.0, Origin.PROBED: 0.9, Origin.HINTED: 0.6}


class PointFinding(Frozen):
    """An engine's verdict on one key point. `unsupported`: its quote was not in the candidate's words."""

    id: str
    verdict: Verdict
    confidence: float = Field(default=1.0, ge=0, le=1)
    quote: str = ""
    unsupported: bool = False


class PitfallFinding(Frozen):
    """An engine's verdict on one pitfall."""

    id: str
    committed: bool
    confidence: float = Field(default=1.0, ge=0, le=1)
    quote: str = ""
    unsupported: bool = False


class GradedPoint(Frozen):
    """Where one key point stands: the best verdict so far and what it took."""

    id: str
    verdict: Verdict = Verdict.MISSING
    confidence: float = 1.0
    quote: str = ""
    origin: Origin = Origin.UNPROMPTED

    @property
    def credit(self) -> float:
        """What the point earns, 0..1."""
        return VERDICT_CREDIT[self.verdict] * ORIGIN_CREDIT[self.origin]


class GradedPitfall(Frozen):
    """Whether one pitfall was committed, with the words that show it."""

    id: str
    committed: bool = False
    confidence: float = 1.0
    quote: str = ""


class Outcome(StrEnum):
    """What became of a planned question. A skipped one is `not_shown` and earns 0; `not_asked` never counts."""

    GRADED = "graded"
    UNGRADED = "ungraded"
    NOT_SHOWN = "not_shown"
    NOT_ASKED = "not_asked"


class Provenance(Frozen):
    """What a grade rests on, so that it can be made again and compared."""

    engine: str
    guide_revision: str
    model: str = ""
    prompt_digests: tuple[str, ...] = ()
    formula: str = FORMULA


class Grade(Frozen):
    """The result of one question. `score` and `band` are None unless the outcome is graded or not_shown."""

    question_id: str
    outcome: Outcome
    score: float | None = Field(default=None, ge=0, le=100)
    band: int | None = Field(default=None, ge=1, le=5)
    points: tuple[GradedPoint, ...] = ()
    pitfalls: tuple[GradedPitfall, ...] = ()
    reason: str = ""
    review: str = ""
    provenance: Provenance


def score(question: Question, points: Iterable[GradedPoint], pitfalls: Iterable[GradedPitfall]) -> float:
    """Formula 1 of one question, 0..100. Points and pitfalls that the question does not have are ignored.

    Raises ValueError when the question has no key points: there is nothing to score against.
    """
    if not question.key_points:
        raise ValueError(f"question {question.id!r} has no key points")
    credit = {p.id: p.credit for p in points}
    known = {p.id for p in question.pitfalls}
    committed = sum(p.committed and p.id in known for p in pitfalls)
    total = sum(k.weight for k in question.key_points)
    coverage = sum(k.weight * credit.get(k.id, 0.0) for k in question.key_points) / total
    return max(0.0, 100.0 * coverage - PITFALL_PENALTY * min(committed, PITFALLS_COUNTED))


def band(value: float) -> int:
    """The band, 1..5, of a score on 0..100."""
    return sum(value >= floor for floor in BAND_FLOORS)


def anchors(question: Question) -> tuple[str, ...]:
    """What each band 1..5 looks like for this question, in terms of its own points."""
    names = [k.label or k.text.rstrip(".") for k in sorted(question.key_points, key=lambda k: -k.weight)]
    total = len(names)
    if not total:
        return ()
    if total == 1:
        return (
            "Does not make the point, or only repeats the question's words.",
            "Touches on the point without saying it.",
            "Makes part of the point.",
            "Makes the point in substance, and at most one pitfall.",
            f"Makes the point ({names[0]}) unaided, and no pitfall.",
        )
    most, half, few = max(1, round(total * 0.75)), max(1, round(total * 0.5)), max(1, round(total * 0.25))
    return (
        "Makes hardly any of the points, or only repeats the question's words.",
        f"Makes about {few} of the {total} points, or touches several without saying them fully.",
        f"Makes about {half} of the {total} points, such as “{names[0]}”.",
        f"Makes about {most} of the {total} points in substance, and at most one pitfall.",
        f"Makes nearly all {total} points ({'; '.join(names)}) unaided, and no pitfall.",
    )


def normalise(text: str) -> str:
    """Text as quotes are compared: one case, plain quotes and dashes, single spaces, no invisible characters."""
    plain = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    visible = plain if plain.isascii() else "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(visible.casefold().split())


_PLAIN = str.maketrans(dict.fromkeys("’‘‚`´", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("‐‒–—―−", "-"))


def quoted_in(quote: str, said: str) -> bool:
    """Whether a quote is in the candidate's words, as whole words, up to case, whitespace and typographic signs."""
    wanted = normalise(quote).strip(" .\"'")
    if not any(c.isalnum() for c in wanted):
        return False
    text = normalise(said)
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (_in_word(text[start - 1 : start]) or _in_word(text[end : end + 1])):
            return True
        start = text.find(wanted, start + 1)
    return False


def _in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def verify_points(findings: Sequence[PointFinding], said: str) -> tuple[PointFinding, ...]:
    """The findings with every verdict whose quote is not in `said` dropped to missing and marked unsupported."""
    return tuple(
        f
        if f.verdict is Verdict.MISSING or quoted_in(f.quote, said)
        else f.model_copy(update={"verdict": Verdict.MISSING, "quote": "", "unsupported": True})
        for f in findings
    )


def verify_pitfalls(findings: Sequence[PitfallFinding], said: str) -> tuple[PitfallFinding, ...]:
    """The findings with every committed pitfall whose quote is not in `said` dropped and marked unsupported."""
    return tuple(
        f
        if not f.committed or quoted_in(f.quote, said)
        else f.model_copy(update={"committed": False, "quote": "", "unsupported": True})
        for f in findings
    )


def better(old: GradedPoint | None, new: GradedPoint) -> GradedPoint:
    """Which of two standings of a point holds: what earns more; a later contradiction of a mere partial counts."""
    if old is None or new.credit > old.credit:
        return new
    if new.verdict is Verdict.CONTRADICTED and old.verdict is not Verdict.COVERED:
        return new
    return old


def score_points(score: float) -> str:
    """A score as people read it: whole points, rounded down so that it never seems to reach the next band."""
    return str(int(score))
