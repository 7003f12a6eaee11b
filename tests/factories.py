"""Builds guides, plans, assessments and whole talks for tests of the pure core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from interviewer.domain.grading import PitfallFinding, PointFinding, Provenance, Verdict
from interviewer.domain.guide import Category, FollowUp, Guide, KeyPoint, Pitfall, Question
from interviewer.domain.interview import (
    Assessment,
    Event,
    Inbound,
    MessageKind,
    Mode,
    Move,
    MoveKind,
    Plan,
    Received,
    Started,
    Turn,
    Turned,
)
from interviewer.domain.policy import decide
from interviewer.domain.scorecard import grade
from interviewer.domain.state import Interview, QuestionState, apply, fold, hear, said

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PROVENANCE = Provenance(engine="test", guide_revision="r1")


def question(
    name: str = "q1",
    *,
    weights: Sequence[float] = (1, 1, 1),
    pitfalls: int = 1,
    follow_ups: int = 1,
    category: Category = Category.TECHNICAL,
) -> Question:
    """A question with points k1.., pitfalls p1.. and follow-ups f1.."""
    return Question(
        id=name,
        text=f"What about {name}?",
        line=1,
        category=category,
        answer=f"The model answer to {name}.",
        key_points=tuple(
            KeyPoint(id=f"k{n}", text=f"Statement {n} of {name}.", line=1, weight=w) for n, w in enumerate(weights, 1)
        ),
        pitfalls=tuple(Pitfall(id=f"p{n}", text=f"Mistake {n} of {name}.", line=1) for n in range(1, pitfalls + 1)),
        follow_ups=tuple(FollowUp(id=f"f{n}", text=f"What of {n}?", line=1) for n in range(1, follow_ups + 1)),
    )


def guide_of(*questions: Question) -> Guide:
    """A guide of these questions, with a revision of their own, as a file's would be."""
    revision = sha256("".join(q.model_dump_json() for q in questions).encode()).hexdigest()
    return Guide(id="g", title="A guide", file="g.md", revision=revision, questions=questions)


def plan_of(guide: Guide, mode: Mode = Mode.PRACTICE, minutes: int | None = None, **budgets: int) -> Plan:
    """A plan of all questions of a guide, in order."""
    return Plan(
        guide_id=guide.id,
        guide_title=guide.title,
        guide_revision=guide.revision,
        questions=tuple(q.id for q in guide.questions),
        mode=mode,
        minutes=minutes,
        **budgets,
    )


def heard(
    kind: MessageKind = MessageKind.ANSWER,
    *,
    points: Mapping[str, Verdict] | None = None,
    pitfalls: Iterable[str] = (),
    early: Iterable[str] = (),
    lacks: tuple[str, ...] = (),
    signals: tuple[str, ...] = (),
    quote: str = "words",
) -> Assessment:
    """An assessment; `early` are points of other questions that were made, `quote` what shows the points."""
    return Assessment(
        kind=kind,
        points=tuple(PointFinding(id=k, verdict=v, quote=quote) for k, v in (points or {}).items()),
        pitfalls=tuple(PitfallFinding(id=p, committed=True, quote="words") for p in pitfalls),
        elsewhere=tuple(PointFinding(id=k, verdict=Verdict.COVERED, quote="words") for k in early),
        lacks=lacks,
        signals=signals,
    )


class Talk:
    """An interview without engine, store or words: assessments go in, moves come out, and its events are kept."""

    def __init__(self, guide: Guide, plan: Plan | None = None) -> None:
        self.guide = guide
        plan = plan or plan_of(guide)
        opening = Turn(number=0, at=BEGIN, move=Move(kind=MoveKind.ASK, question_id=plan.questions[0]), reply="Hello.")
        start = Started(at=BEGIN, plan=plan, candidate="cara", channel="test", engine="test")
        self.events: list[Event] = [start, Turned(turn=opening)]
        self.now = BEGIN
        self.interview: Interview = fold("i1", self.events)

    @property
    def on_floor(self) -> QuestionState:
        return self.interview.current

    @property
    def question(self) -> Question:
        found = self.guide.question(self.interview.floor or "")
        assert found is not None
        return found

    def happen(self, event: Event) -> None:
        self.events.append(event)
        apply(self.interview, event)

    def hear(
        self,
        assessment: Assessment | None,
        *,
        words: str = "Some words.",
        failure: str = "",
        time_up: bool = False,
        wordings: Mapping[str, str] | None = None,
    ) -> Move:
        """One exchange: a message with this assessment, and the interviewer's move."""
        number = len(self.interview.turns)
        self.now += timedelta(seconds=30)
        message = Inbound(id=f"m{number}", interview_id="i1", text=words, at=self.now)
        self.happen(Received(message=message))
        draft = self.interview.draft()
        hear(draft, said(draft.pending), assessment, failure)
        asked = self.question
        move = decide(draft, asked, assessment, time_up=time_up, wordings=wordings)
        skipped = move.cause is not MessageKind.STOP
        grades = (grade(asked, draft.current, PROVENANCE, skipped=skipped),) if move.settles else ()
        turn = Turn(
            number=number,
            at=self.now,
            consumed=(message.id,),
            assessment=assessment,
            failure=failure,
            move=move,
            reply="So.",
            grades=grades,
        )
        self.happen(Turned(turn=turn))
        return move
