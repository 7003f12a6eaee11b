"""Words a move: the engine speaks, the guard listens, and code adds what must be verbatim: question, feedback, answer.

Only what a move discloses is handed to the engine; see ports.SpeakRequest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from interviewer.conduct.feedback import feedback
from interviewer.conduct.guard import Guard, Leak, secrets_of
from interviewer.conduct.wording import name_of, spoken
from interviewer.domain.errors import EngineError, EngineUnusable
from interviewer.domain.grading import Grade, Verdict
from interviewer.domain.guide import Guide, Question
from interviewer.domain.interview import MessageKind, Mode, ModelCall, Move, MoveKind, Plan
from interviewer.domain.policy import WORDS, open_points
from interviewer.domain.state import Interview, Status, said
from interviewer.domain.text import content_stems, counted, posed, sentences
from interviewer.ports import Engine, Listener, Retriever, SpeakRequest
from interviewer.prompts import Phrases

DIALOGUE_TURNS = 4
LONGEST_LINE = 1_200
PASSAGE_SENTENCES = 2
_ASKING_WORDS = frozenset(
    content_stems("mean meaning clarify exactly explain question rephrase understand sure specific context example")
)


@dataclass(frozen=True)
class Spoken:
    """A reply as it was said, how many versions of it the guard held back, what it cost, and why code said it."""

    text: str
    blocked: int = 0
    calls: tuple[ModelCall, ...] = ()
    failure: str = ""


def opening(plan: Plan, guide: Guide, phrases: Phrases) -> str:
    """The first words of an interview, and its first question; no engine is needed for them."""
    first = guide.question(plan.questions[0])
    greeting = phrases.say(
        f"greeting.{plan.mode}", 0, count=counted(len(plan.questions), "question"), title=plan.guide_title
    )
    timed = " " + phrases.say("greeting.timed", 0, minutes=plan.minutes) if plan.minutes else ""
    return f"{greeting}{timed}\n\n{posed(first.text, 1, len(plan.questions)) if first else ''}"


async def speak(
    engine: Engine | None,
    request: SpeakRequest,
    guard: Guard,
    phrases: Phrases,
    listen: Listener,
    seconds: float,
) -> Spoken:
    """The engine's words for a move, streamed to the listener as they pass the guard; without an engine, code's own.

    A version that would leak is spoken once more, then replaced by a line of code's own; so is one that fails, says
    nothing, or is not done within `seconds` of the first beginning. When words were already heard, what follows begins
    on a new line. Raises EngineUnusable when nothing was heard yet.
    """
    until = asyncio.get_running_loop().time() + seconds
    saying = _Saying(listen)
    for attempt in range(2 if engine else 0):
        assert engine is not None
        version = request.model_copy(update={"turn": request.turn + attempt})
        if await saying.tried(guard.passed(saying.words(engine.speak(version))), until):
            return saying.spoken()
        if saying.heard or saying.failure:
            break
    await saying.hear(("\n\n" if saying.heard.strip() else "") + safe_line(request.move, phrases, request.turn))
    return saying.spoken()


@dataclass
class _Saying:
    """A reply while it is being said."""

    listen: Listener
    heard: str = ""
    blocked: int = 0
    failure: str = ""
    calls: list[ModelCall] = field(default_factory=list)

    async def tried(self, pieces: AsyncIterator[str], until: float) -> bool:
        """Say these pieces; whether that went well. Raises EngineUnusable when nothing was heard yet."""
        try:
            async with asyncio.timeout_at(until):
                async for piece in pieces:
                    await self.hear(piece)
        except Leak:
            self.blocked += 1
        except EngineError as error:
            if isinstance(error, EngineUnusable) and not self.heard:
                raise
            self.failure = error.reason
        except TimeoutError:
            self.failure = "timeout"
        else:
            return bool(self.heard.strip())
        return False

    async def words(self, pieces: AsyncIterator[str | ModelCall]) -> AsyncIterator[str]:
        """The words among what an engine hands over; the calls are kept."""
        async for piece in pieces:
            if isinstance(piece, ModelCall):
                self.calls.append(piece)
            else:
                yield piece

    async def hear(self, piece: str) -> None:
        """Hand a piece to the listener."""
        self.heard += piece
        await self.listen(piece)

    def spoken(self) -> Spoken:
        """What was said in the end."""
        return Spoken(self.heard, self.blocked, tuple(self.calls), self.failure)


def safe_line(move: Move, phrases: Phrases, turn: int) -> str:
    """A line for a move that knows nothing of the guide, and so can give nothing away."""
    key = {
        MoveKind.PROBE: "probe.open",
        MoveKind.FOLLOW_UP: "probe.open",
        MoveKind.HINT: "hint.pump",
        MoveKind.CLARIFY: "clarify.plain",
        MoveKind.REPEAT: "repeat.lead",
        MoveKind.REDIRECT: "redirect.off_topic",
        MoveKind.PAUSE: "pause.line",
    }.get(move.kind)
    return phrases.say(key, turn) if key else phrases.acknowledge(move.cause, turn)


async def speak_request(
    interview: Interview, guide: Guide, question: Question, move: Move, retriever: Retriever
) -> SpeakRequest:
    """What the engine may know to word this move."""
    aim, label, half = _aim(interview, question, move)
    passages = await _passages(interview, guide, question, retriever) if move.kind is MoveKind.CLARIFY else ()
    return SpeakRequest(
        move=move,
        mode=interview.plan.mode,
        question=question.text,
        category=question.category,
        turn=len(interview.turns) + interview.plan.seed,
        aim=aim,
        label=label,
        half=half,
        circumstance=_circumstance(interview, move),
        passages=passages,
        dialogue=_dialogue(interview),
    )


def _aim(interview: Interview, question: Question, move: Move) -> tuple[str, str, bool]:
    """The spoken line of a probe, hint or follow-up; its target's name where that may be said; whether half made."""
    if move.kind is MoveKind.REDIRECT and move.cause is MessageKind.HINT:
        return "", _why_no_hint(interview, question), False
    if move.target and move.target.startswith("star:"):
        return "", move.target, False
    if move.target == WORDS:
        return "", "", True
    follow_up = next((f for f in question.follow_ups if f.id in (move.target, move.wording)), None)
    if follow_up:
        return spoken(follow_up.text), "", False
    point = next((k for k in question.key_points if k.id == move.target), None)
    if point is None:
        return "", "", False
    half = interview.current.verdict(point.id) is Verdict.PARTIAL
    if move.kind is MoveKind.PROBE:
        return point.probe or "", "", half
    name = name_of(point.label, point.text, question.text) if move.rung == 3 else ""
    return (point.hint or point.probe or "") if move.rung == 2 else "", name, half


def _why_no_hint(interview: Interview, question: Question) -> str:
    if interview.plan.mode is Mode.ASSESS:
        return "not_here"
    return "none_left" if open_points(interview, question) else "nothing_open"


def _circumstance(interview: Interview, move: Move) -> str:
    """What a hint or a repetition has to take account of; see ports.SpeakRequest."""
    if move.kind is MoveKind.REPEAT and interview.status is Status.PAUSED:
        return "back"
    return "start" if move.kind is MoveKind.HINT and move.rung == 1 and not interview.current.answers else ""


async def _passages(interview: Interview, guide: Guide, question: Question, retriever: Retriever) -> tuple[str, ...]:
    """Sentences of the guide's background about the very words that the candidate asks about, if there are any."""
    asked = set(content_stems(said(interview.pending))) - _ASKING_WORDS
    if not asked:
        return ()
    near = await retriever.background(guide, f"{said(interview.pending)} {question.text}")
    about = [s for passage in near for s in sentences(passage) if asked & set(content_stems(s))]
    return (" ".join(about[:PASSAGE_SENTENCES]),) if about else ()


def _dialogue(interview: Interview) -> tuple[tuple[str, str], ...]:
    """The latest exchanges, oldest first, and what is being answered; long messages without their middle."""
    by_id = {m.id: m.text for m in interview.messages}
    lines: list[tuple[str, str]] = []
    for turn in interview.turns[-DIALOGUE_TURNS:]:
        lines += [("candidate", _clipped(by_id[m])) for m in turn.consumed if by_id.get(m)]
        lines.append(("interviewer", _clipped(turn.reply)))
    return (*lines, *(("candidate", _clipped(m.text)) for m in interview.pending if m.text))


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE // 2]} … {text[-LONGEST_LINE // 2 :]}"


def guard_for(interview: Interview, guide: Guide, request: SpeakRequest) -> Guard:
    """The guard of this moment: everything of the guide is undisclosed but what was put, said or over in practice."""
    practice = interview.plan.mode is Mode.PRACTICE
    over = {q for q, s in interview.questions.items() if practice and s.grade is not None}
    seen = [q.text for q in guide.questions if q.id in interview.questions]
    said_before = [m.text for m in interview.messages]
    return Guard(secrets_of(guide), over, [*seen, *said_before, request.aim, request.label, *request.passages])


async def added(
    interview: Interview, guide: Guide, move: Move, grade: Grade | None, phrases: Phrases
) -> AsyncIterator[str]:
    """What code says after the engine's words: feedback on what is over, then the next question or the last words."""
    turn = len(interview.turns) + interview.plan.seed
    settled = guide.question(move.settles or "")
    if settled and grade and (interview.plan.mode is Mode.PRACTICE or grade.reason):
        yield feedback(settled, grade, phrases, turn)
    following = guide.question(move.question_id or "")
    if following and move.kind is MoveKind.REPEAT:
        yield f"\n\n{following.text}"
        if latest := _latest_asked(interview, following):
            yield f"\n\n{phrases.say('repeat.latest', turn, line=latest)}"
    if following and move.kind is MoveKind.NEXT:
        of = len(interview.plan.questions)
        number = interview.plan.questions.index(following.id) + 1
        yield f"\n\n{phrases.say('ask.last' if number == of else 'ask.next', turn)}"
        yield f"\n\n{posed(following.text, number, of)}"
    if move.kind is MoveKind.CLOSE:
        yield f"\n\n{phrases.say(_closing(move), turn)}"


def _latest_asked(interview: Interview, question: Question) -> str:
    """The latest probe or follow-up under the one on the floor, in the guide's words or as it was put; "" if none."""
    for turn in reversed(interview.turns):
        if turn.move.kind in (MoveKind.ASK, MoveKind.NEXT):
            return ""
        if turn.move.kind in (MoveKind.PROBE, MoveKind.FOLLOW_UP):
            return _aim(interview, question, turn.move)[0] or (sentences(turn.reply) or [""])[-1]
    return ""


def _closing(move: Move) -> str:
    if move.cause is MessageKind.STOP:
        return "close.stopped"
    return "close.time_up" if move.time_up else "close.done"
