"""An interview as it stands: the fold of its events. Pure.

`hear` enters what a message showed; `apply` folds one stored event. A turn is decided on a `draft`, which `hear` may
change freely, and becomes true only when its event is stored and applied.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from interviewer.domain.grading import (
    Grade,
    GradedPitfall,
    GradedPoint,
    Origin,
    PointFinding,
    Verdict,
    better,
    quoted_in,
)
from interviewer.domain.interview import (
    Assessed,
    Assessment,
    Edited,
    Event,
    Inbound,
    MessageKind,
    Move,
    Moved,
    MoveKind,
    Plan,
    Received,
    Regraded,
    Sent,
    Started,
    Turn,
    Turned,
    Withdrawn,
)

MAX_SILENCE = 900.0


class Status(StrEnum):
    """Where an interview stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass
class QuestionState:
    """One question's standing. `aimed` are targets of probes used, `hinted` of hints; `follow_ups` those asked;
    `unaided` how many answers came before the first of them; `refusals` hints asked for and not given."""

    asked_at: datetime | None = None
    answers: list[str] = field(default_factory=list)
    points: dict[str, GradedPoint] = field(default_factory=dict)
    pitfalls: dict[str, GradedPitfall] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    probes: int = 0
    hints: int = 0
    repairs: int = 0
    redirects: int = 0
    refusals: int = 0
    aimed: set[str] = field(default_factory=set)
    hinted: set[str] = field(default_factory=set)
    follow_ups: set[str] = field(default_factory=set)
    deepened: int = 0
    unaided: int | None = None
    failure: str = ""
    signals: set[str] = field(default_factory=set)
    grade: Grade | None = None

    def verdict(self, point_id: str) -> Verdict:
        """The verdict that stands on a key point."""
        return self.points[point_id].verdict if point_id in self.points else Verdict.MISSING

    def copy(self) -> QuestionState:
        """A copy that can be changed alone; what the containers hold is immutable."""
        return replace(
            self,
            answers=[*self.answers],
            points={**self.points},
            pitfalls={**self.pitfalls},
            aimed={*self.aimed},
            hinted={*self.hinted},
            follow_ups={*self.follow_ups},
            signals={*self.signals},
        )

    @property
    def showed_anything(self) -> bool:
        """Whether any key point is at least partly made."""
        return any(p.credit > 0 for p in self.points.values())


@dataclass
class Interview:
    """An interview's state. Only `apply` changes one that is kept.

    `messages` holds every version of every message, `pending` those that wait for an answer. `place` is where in a chat
    the interview is held since `placed_at`, or "". `unanswered` counts messages and edits since the last turn, those
    too that wait no more. `withdrawn` are ids of messages taken back, `edited` the latest change of each message
    that was changed, `versions` the id of the message that each changed version is of.
    """

    id: str
    plan: Plan
    started_at: datetime
    candidate: str
    channel: str
    engine: str
    questions: dict[str, QuestionState]
    status: Status = Status.ACTIVE
    floor: str | None = None
    turns: list[Turn] = field(default_factory=list)
    messages: list[Inbound] = field(default_factory=list)
    pending: list[Inbound] = field(default_factory=list)
    unanswered: int = 0
    assessed: Assessed | None = None
    unsent: list[int] = field(default_factory=list)
    active_seconds: float = 0.0
    latest_at: datetime | None = None
    place: str = ""
    placed_at: datetime | None = None
    withdrawn: frozenset[str] = frozenset()
    edited: dict[str, Edited] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def current(self) -> QuestionState:
        """The state of the question on the floor. Raises LookupError when there is none."""
        if self.floor is None:
            raise LookupError(f"no question is on the floor of interview {self.id}")
        return self.questions[self.floor]

    @property
    def next_question(self) -> str | None:
        """The next planned question that has not been put."""
        return next((q for q in self.plan.questions if self.questions[q].asked_at is None), None)

    @property
    def number(self) -> int:
        """Which planned question is on the floor, 1-based; the count of those put when none is."""
        if self.floor is not None:
            return self.plan.questions.index(self.floor) + 1
        return sum(s.asked_at is not None for s in self.questions.values())

    def minutes_spent(self, now: datetime) -> float:
        """Minutes of interview so far: pauses do not count, and a silence counts for at most MAX_SILENCE seconds."""
        return (self.active_seconds + _silence(self, now)) / 60

    def grades(self) -> list[Grade]:
        """The grades settled so far, in plan order."""
        return [grade for q in self.plan.questions if (grade := self.questions[q].grade) is not None]

    def version(self, message_id: str) -> str:
        """The id of a message as it reads now."""
        edited = self.edited.get(message_id)
        return edited.version if edited else message_id

    def answered(self, message_id: str) -> str:
        """The id of the version of this message that a turn has answered; "" where none has."""
        consumed = (m for turn in self.turns for m in turn.consumed)
        return next((m for m in consumed if self.versions.get(m, m) == message_id), "")

    def answered_by(self, turn: Turn) -> list[Inbound]:
        """The messages that a turn answers, as they were when it was taken."""
        found = [m for m in self.pending if m.id in turn.consumed]
        if len(found) == len(turn.consumed):
            return found
        by_id = {m.id: m for m in self.messages}  # a message was changed or taken back while its answer came
        return [by_id[m] for m in turn.consumed if m in by_id]

    def changing(self, question_id: str) -> QuestionState:
        """A question's state to change: a copy, put in the place of the one that drafts may share."""
        state = self.questions[question_id] = self.questions[question_id].copy()
        return state

    def draft(self) -> Interview:
        """A copy that stays as it is, whatever happens to this one, and that may be changed without changing this."""
        return replace(
            self,
            questions={**self.questions},
            turns=[*self.turns],
            messages=[*self.messages],
            pending=[*self.pending],
            unsent=[*self.unsent],
        )


def fold(interview_id: str, events: list[Event]) -> Interview:
    """The interview that these events make. Raises ValueError unless the first is its start."""
    if not events or not isinstance(events[0], Started):
        raise ValueError(f"interview {interview_id} does not begin with its start")
    first = events[0]
    interview = Interview(
        id=interview_id,
        plan=first.plan,
        started_at=first.at,
        candidate=first.candidate,
        channel=first.channel,
        engine=first.engine,
        questions={q: QuestionState() for q in first.plan.questions},
    )
    for event in events[1:]:
        apply(interview, event)
    return interview


def apply(interview: Interview, event: Event) -> None:
    """Fold one more event into an interview."""
    _keep_time(interview, event)
    match event:
        case Received(message=message):
            _receive(interview, message)
        case Edited():
            _edit(interview, event)
        case Withdrawn(message_id=message_id) if not interview.answered(message_id):
            interview.withdrawn |= {message_id}
            interview.pending = [m for m in interview.pending if interview.versions.get(m.id, m.id) != message_id]
        case Moved(place=place, at=at) if place != interview.place:
            interview.place, interview.placed_at = place, at
        case Assessed():
            interview.assessed = event
        case Turned(turn=turn):
            _apply_turn(interview, turn)
        case Sent(number=number):
            interview.unsent = [n for n in interview.unsent if n != number]
        case Regraded(grades=grades):
            for grade in grades:
                interview.changing(grade.question_id).grade = grade


def _receive(interview: Interview, message: Inbound) -> None:
    """A message waits for its answer; a change of it, or its withdrawal, may have arrived before it did."""
    interview.unanswered += 1
    interview.messages.append(message)
    if message.id in interview.withdrawn or message.lapsed(interview.turns):
        return
    if interview.place:  # a chat tells when each message was written, and may deliver them in any order
        insort(interview.pending, message, key=lambda m: m.at)
    else:
        interview.pending.append(message)
    if message.id in interview.edited:
        _replace(interview, interview.edited[message.id])


def _edit(interview: Interview, event: Edited) -> None:
    interview.unanswered += 1
    latest = interview.edited.get(event.message_id)
    if latest is None or latest.at < event.at:
        interview.edited = {**interview.edited, event.message_id: event}
        _replace(interview, event)


def _replace(interview: Interview, event: Edited) -> None:
    """Put a new version in the place of a message that waits. It has an id of its own: a turn that is being taken on
    the old one still says which words it answered.
    """
    for index, old in enumerate(interview.pending):
        if interview.versions.get(old.id, old.id) == event.message_id:
            new = old.model_copy(update={"id": event.version, "text": event.text})
            interview.versions = {**interview.versions, new.id: event.message_id}
            interview.pending[index] = new
            interview.messages.append(new)


def _keep_time(interview: Interview, event: Event) -> None:
    at = event.message.at if isinstance(event, Received) else event.turn.at if isinstance(event, Turned) else None
    if at is not None:
        interview.active_seconds += _silence(interview, at)
        interview.latest_at = max(at, interview.latest_at or at)


def _silence(interview: Interview, now: datetime) -> float:
    if interview.status is not Status.ACTIVE:
        return 0.0
    since = (now - (interview.latest_at or interview.started_at)).total_seconds()
    return min(max(since, 0.0), MAX_SILENCE)


def said(messages: list[Inbound]) -> str:
    """The words of several messages as one answer; commands have none."""
    return "\n".join(m.text for m in messages if m.command is None and m.text.strip())


def hear(interview: Interview, words: str, assessment: Assessment | None, failure: str = "") -> None:
    """Enter a message under the question on the floor: its words, what they showed, here and of other questions."""
    if interview.floor is None:
        raise LookupError(f"no question is on the floor of interview {interview.id}")
    state = interview.changing(interview.floor)
    if words and (failure or (assessment and assessment.answers)):
        state.answers.append(words)
    if failure or assessment is None:
        state.failure = failure or state.failure
        return
    if assessment.answers:
        state.failure = ""
    state.signals |= set(assessment.signals)
    state.lacks = assessment.lacks if assessment.answers else state.lacks
    for found in assessment.points:
        point = _graded(found, found.id, _origin(state, found))
        state.points[found.id] = better(state.points.get(found.id), point)
    for pitfall in assessment.pitfalls:
        if pitfall.committed or pitfall.id not in state.pitfalls:
            state.pitfalls[pitfall.id] = GradedPitfall(
                id=pitfall.id, committed=pitfall.committed, confidence=pitfall.confidence, quote=pitfall.quote
            )
    for found in assessment.elsewhere:
        _credit_early(interview, found)


def _origin(state: QuestionState, found: PointFinding) -> Origin:
    """What it took to make a point that is new now: a hint at it, any probe or follow-up, or nothing.

    What shows it may have been said before anything of that, and only be noticed now; what completes a point that was
    half made came with the help.
    """
    noticed_late = state.verdict(found.id) is Verdict.MISSING
    if noticed_late and any(quoted_in(found.quote, answer) for answer in state.answers[: state.unaided]):
        return Origin.UNPROMPTED
    if found.id in state.hinted:
        return Origin.HINTED
    return Origin.UNPROMPTED if state.unaided is None else Origin.PROBED


def _credit_early(interview: Interview, found: PointFinding) -> None:
    question_id, _, point_id = found.id.partition("/")
    state = interview.questions.get(question_id)
    if state is None or state.asked_at is not None or found.verdict is not Verdict.COVERED:
        return
    state = interview.changing(question_id)
    state.points[point_id] = better(state.points.get(point_id), _graded(found, point_id, Origin.EARLY))


def _graded(found: PointFinding, point_id: str, origin: Origin) -> GradedPoint:
    return GradedPoint(
        id=point_id, verdict=found.verdict, confidence=found.confidence, quote=found.quote, origin=origin
    )


def _apply_turn(interview: Interview, turn: Turn) -> None:
    if interview.floor is not None and turn.consumed:
        hear(interview, said(interview.answered_by(turn)), turn.assessment, turn.failure)
    over = {interview.versions.get(m, m) for m in turn.consumed}
    interview.assessed = None
    interview.turns.append(turn)
    left = (m for m in interview.pending if interview.versions.get(m.id, m.id) not in over)
    interview.pending = [m for m in left if not m.lapsed(interview.turns)]
    interview.unanswered = len(interview.pending)
    interview.unsent.append(turn.number)
    _apply_move(interview, turn)
    for grade in turn.grades:
        interview.changing(grade.question_id).grade = grade


def status_after(move: MoveKind) -> Status:
    """Where a move leaves the interview."""
    return {MoveKind.PAUSE: Status.PAUSED, MoveKind.CLOSE: Status.ENDED}.get(move, Status.ACTIVE)


def _apply_move(interview: Interview, turn: Turn) -> None:
    move = turn.move
    interview.status = status_after(move.kind)
    if move.kind in (MoveKind.ASK, MoveKind.NEXT, MoveKind.CLOSE):
        interview.floor = move.question_id
        if move.question_id:
            interview.changing(move.question_id).asked_at = turn.at
        return
    if interview.floor:
        _count_move(interview.changing(interview.floor), move)


def _count_move(state: QuestionState, move: Move) -> None:
    if state.unaided is None and move.kind in (MoveKind.PROBE, MoveKind.FOLLOW_UP, MoveKind.HINT):
        state.unaided = len(state.answers)
    match move.kind:
        case MoveKind.PROBE:
            state.probes += 1
            state.aimed.add(move.target or "")
            state.follow_ups |= {move.wording} if move.wording else set()
        case MoveKind.FOLLOW_UP:
            state.deepened += 1
            state.follow_ups.add(move.target or "")
        case MoveKind.HINT:
            state.hints += 1
            state.hinted |= {move.target} if move.target else set()
        case MoveKind.CLARIFY | MoveKind.REPEAT:
            state.repairs += 1
        case MoveKind.REDIRECT if move.cause is MessageKind.HINT:
            state.refusals += 1
        case MoveKind.REDIRECT:
            state.redirects += 1
