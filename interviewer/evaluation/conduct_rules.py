"""The rules of conduct in an interview that was held, and which of them were broken where.

leak             a reply gives away what nothing has disclosed (sittings.undisclosed)
repeated         a question is put twice, or a probe, follow-up or hint says the same line again under a question
already made     a probe or hint aims at a point that was made, by the labels of the words that were said
budget           more probes, follow-ups, hints given or refused, repairs or redirections under a question than may be
hint order       hints that are not the first rung, then the second, then the third; any in assess mode
length           more words than `longest`
questions        more than one question in a turn
no end           the interview goes on for longer than its budgets allow
failed           the engine could not read a message, or not word a reply
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from interviewer.conduct.wording import spoken
from interviewer.domain.grading import Verdict, quoted_in
from interviewer.domain.guide import Frozen, Guide, Question
from interviewer.domain.interview import MessageKind, Mode, MoveKind, Plan, Turn
from interviewer.domain.policy import MAX_HINTS, MAX_REDIRECTS, MAX_REFUSALS, MAX_REPAIRS
from interviewer.domain.scorecard import Scorecard
from interviewer.domain.text import sentences, words
from interviewer.evaluation.quoted import QuotedQuestion

ASKING = frozenset({MoveKind.PROBE, MoveKind.FOLLOW_UP, MoveKind.HINT})
SPOKEN = ASKING | {MoveKind.CLARIFY, MoveKind.REDIRECT, MoveKind.PAUSE}
"""Moves whose whole reply is the interviewer's own words: code adds nothing to them."""
RULES = ("leak", "repeated", "already made", "budget", "hint order", "length", "questions", "no end", "failed")


class Broken(Frozen):
    """A rule that was broken: in which turn, under which question, and how."""

    rule: str
    turn: int
    question: str
    detail: str


@dataclass
class Interviewed:
    """An interview that was held. `said[n]` is what turn n answers, and `floor[n]` the question it was said under."""

    candidate: str
    guide: Guide
    plan: Plan
    turns: list[Turn] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    floor: list[str] = field(default_factory=list)
    leaked: list[tuple[int, str]] = field(default_factory=list)
    ended: bool = False
    scorecard: Scorecard | None = None
    failure: str = ""

    @property
    def name(self) -> str:
        """ "guide/mode/candidate"."""
        return f"{self.guide.id}/{self.plan.mode.value}/{self.candidate}"

    def under(self, question_id: str) -> list[Turn]:
        """The turns that were taken while a question was on the floor."""
        return [t for t, floor in zip(self.turns, self.floor, strict=True) if floor == question_id]


def broken(held: Interviewed, answers: Mapping[str, QuotedQuestion], longest: int) -> list[Broken]:
    """Every rule that an interview broke."""
    found = [Broken(rule="leak", turn=n, question="", detail=run) for n, run in held.leaked]
    for question_id in held.plan.questions:
        question = held.guide.question(question_id)
        if question is not None:
            found += _under(held, question, answers.get(question.text))
    for turn, floor in zip(held.turns, held.floor, strict=True):
        found += [Broken(rule=r, turn=turn.number, question=floor, detail=d) for r, d in _of_turn(turn, longest, held)]
    put = Counter(t.move.question_id for t in held.turns if t.move.kind in (MoveKind.ASK, MoveKind.NEXT))
    put[held.plan.questions[0]] += 1
    found += [
        Broken(rule="repeated", turn=0, question=q or "", detail=f"put {n} times") for q, n in put.items() if n > 1
    ]
    if not held.ended and not held.failure:
        found.append(Broken(rule="no end", turn=len(held.turns), question="", detail=f"{len(held.turns)} turns"))
    return found


def _under(held: Interviewed, question: Question, labelled: QuotedQuestion | None) -> Iterator[Broken]:
    """What was broken under one question."""
    turns = held.under(question.id)

    def fault(rule: str, turn: Turn, detail: str) -> Broken:
        return Broken(rule=rule, turn=turn.number, question=question.id, detail=detail)

    lines: set[str] = set()
    for turn in turns:
        line = _line(turn, question)
        if turn.move.kind in ASKING and line:
            if line in lines:
                yield fault("repeated", turn, line)
            lines.add(line)
    for turn, made in aimed(held, question, labelled):
        if made:
            yield fault("already made", turn, f"{turn.move.kind.value} at “{made}”")
    for name, count, budget in _budgets(turns, held.plan):
        if count > budget:
            yield fault("budget", turns[-1], f"{count} of {budget} {name}")
    rungs = [t.move.rung for t in turns if t.move.kind is MoveKind.HINT]
    if rungs != list(range(1, len(rungs) + 1)) or (rungs and held.plan.mode is Mode.ASSESS):
        yield fault("hint order", turns[-1], f"rungs {rungs}")


def _line(turn: Turn, question: Question) -> str:
    """What a turn asks, for telling whether it was asked before: its last question, without the question itself."""
    asked = [s for s in sentences(turn.reply) if s.endswith("?") and s not in question.text]
    return asked[-1] if asked else ""


def aimed(held: Interviewed, question: Question, labelled: QuotedQuestion | None) -> Iterator[tuple[Turn, str]]:
    """Turns that aim at a key point of the question, and the point's name if it was made by then, else ""."""
    points = {k.id: k.text for k in question.key_points}
    said: list[str] = []
    for turn, words_said, floor in zip(held.turns, held.said, held.floor, strict=True):
        if floor != question.id:
            continue
        said.append(words_said)
        point = points.get(turn.move.target or "") if turn.move.kind in ASKING else None
        if point is not None and labelled:
            quotes = labelled.quotes(point, Verdict.COVERED)
            made = any(quoted_in(quote, "\n".join(said)) for quote in quotes)
            yield turn, point.partition(":")[0] if made else ""


def _budgets(turns: Sequence[Turn], plan: Plan) -> Iterator[tuple[str, int, int]]:
    """What may be done under a question, how often it was, and how often it may be."""
    done = Counter(t.move.kind for t in turns)
    yield "probes", done[MoveKind.PROBE], plan.probes
    yield "follow-ups", done[MoveKind.FOLLOW_UP], plan.follow_ups
    yield "hints", done[MoveKind.HINT], MAX_HINTS
    yield "repairs", done[MoveKind.CLARIFY] + done[MoveKind.REPEAT], MAX_REPAIRS
    refused = sum(t.move.kind is MoveKind.REDIRECT and t.move.cause is MessageKind.HINT for t in turns)
    yield "refused hints", refused, MAX_REFUSALS
    yield "redirections", done[MoveKind.REDIRECT] - refused, MAX_REDIRECTS


def _of_turn(turn: Turn, longest: int, held: Interviewed) -> Iterator[tuple[str, str]]:
    if turn.failure or turn.unspoken:
        yield "failed", turn.failure or turn.unspoken
    if turn.move.kind in SPOKEN:
        if len(words(turn.reply)) > longest:
            yield "length", f"{len(words(turn.reply))} words"
        if questions_of(turn, held.guide) > 1:
            yield "questions", " ".join(s for s in sentences(turn.reply) if s.endswith("?"))


def questions_of(turn: Turn, guide: Guide) -> int:
    """How many questions a turn asks; what the guide's author put in one line counts as one."""
    reply = turn.reply
    for question in guide.questions:
        lines = [line for k in question.key_points for line in (k.probe, k.hint) if line]
        for line in (*lines, *(spoken(f.text) for f in question.follow_ups), question.text):
            reply = reply.replace(line, "?" if "?" in line else "")
    return reply.count("?")
