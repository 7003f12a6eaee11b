"""Finds out what a message is and what it shows, through the engine; code checks every quote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from interviewer.conduct.integrity import bounded, signals_of
from interviewer.domain.errors import EngineError
from interviewer.domain.grading import PointFinding, Verdict, verify_pitfalls, verify_points
from interviewer.domain.guide import Guide, KeyPoint, Question
from interviewer.domain.interview import Assessment, Inbound, MessageKind, MoveKind
from interviewer.domain.state import Interview, said
from interviewer.ports import AssessRequest, Engine, Retriever

ELSEWHERE_COUNT = 3
ELSEWHERE_NEAR = 0.5


async def assess(
    engine: Engine, retriever: Retriever, interview: Interview, guide: Guide, question: Question, seconds: float
) -> AsyncIterator[Assessment]:
    """Assessments of the pending messages, ever more complete, quotes verified. Raises EngineError.

    A command needs no engine; words that came with one are read first, and the command says what happens next.
    `seconds` bounds the whole of it.
    """
    text = bounded(said(interview.pending))
    command = commanded(interview.pending)
    if not text:
        yield Assessment(kind=command or MessageKind.REPEAT)
        return
    request = AssessRequest(
        question=question,
        message=text,
        earlier=tuple(bounded(text) for text in interview.current.answers),
        asked=_asked(interview),
        elsewhere=await _elsewhere(retriever, interview, guide, question, text),
    )
    try:
        async with asyncio.timeout(seconds):
            async for assessment in engine.assess(request):
                yield checked(assessment, request, command)
    except TimeoutError:
        raise EngineError("The engine took too long to read the answer.", reason="timeout") from None


def _asked(interview: Interview) -> str:
    """The latest line under the question; nothing when the question itself was the latest, behind the last feedback."""
    latest = interview.turns[-1]
    return "" if latest.move.kind in (MoveKind.ASK, MoveKind.NEXT) else latest.reply


def commanded(messages: Sequence[Inbound]) -> MessageKind | None:
    """The last command among some messages."""
    return next((m.command for m in reversed(messages) if m.command), None)


def checked(assessment: Assessment, request: AssessRequest, command: MessageKind | None = None) -> Assessment:
    """The assessment with unverified quotes dropped, once quotes are there, and a command's kind if one came."""
    update: dict[str, object] = {"kind": command} if command else {}
    update["signals"] = (*assessment.signals, *signals_of(request.message, request.question))
    if assessment.evidence:
        update |= {
            "points": verify_points(assessment.points, request.said),
            "pitfalls": verify_pitfalls(assessment.pitfalls, request.said),
            "elsewhere": _made(verify_points(assessment.elsewhere, request.message)),
        }
    return assessment.model_copy(update=update)


def _made(findings: Sequence[PointFinding]) -> tuple[PointFinding, ...]:
    return tuple(f for f in findings if f.verdict is Verdict.COVERED)


async def _elsewhere(
    retriever: Retriever, interview: Interview, guide: Guide, question: Question, text: str
) -> tuple[KeyPoint, ...]:
    """Key points of questions still to come that the message may make, named "question/point"."""
    coming = {q for q, s in interview.questions.items() if s.asked_at is None}
    found = []
    for match in await retriever.match(guide, text, exclude_question=question.id, count=ELSEWHERE_COUNT * 4):
        other = guide.question(match.question_id or "")
        if match.score < ELSEWHERE_NEAR or other is None or other.id not in coming:
            continue
        found += [k.model_copy(update={"id": f"{other.id}/{k.id}"}) for k in other.key_points if k.id == match.item_id]
    return tuple(found[:ELSEWHERE_COUNT])
