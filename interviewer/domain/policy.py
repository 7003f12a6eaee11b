"""What a skilled interviewer does next: a pure function of where the interview stands and what was just heard.

Code owns every budget, so an interview always ends: per question at most the plan's probes and follow-ups, three hints,
MAX_REPAIRS clarifications or repeats and MAX_REDIRECTS returns from elsewhere; and no question is put twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from interviewer.domain.grading import Verdict
from interviewer.domain.guide import Category, KeyPoint, Question
from interviewer.domain.interview import Assessment, MessageKind, Mode, Move, MoveKind
from interviewer.domain.state import Interview

MAX_HINTS = 3
MAX_REPAIRS = 4
MAX_REDIRECTS = 2
STAR_ORDER = ("own", "action", "result", "situation", "task")


def decide(
    interview: Interview,
    question: Question,
    heard: Assessment | None,
    *,
    time_up: bool = False,
    wordings: Mapping[str, str] | None = None,
) -> Move:
    """The next move. `interview` already holds what was heard; `heard` is None when the engine failed.

    `question` is the one on the floor. `time_up`: the plan's minutes are over, so nothing new is begun. `wordings` maps
    a key point's id to the follow-up of the guide that would draw it out.
    """
    if heard is None:
        return _onward(interview, None, time_up)
    kind = heard.kind
    match kind:
        case MessageKind.PAUSE:
            return Move(kind=MoveKind.PAUSE, question_id=question.id, cause=kind)
        case MessageKind.STOP:
            return Move(kind=MoveKind.CLOSE, settles=question.id, cause=kind)
        case MessageKind.SKIP | MessageKind.DONT_KNOW:
            return _onward(interview, kind, time_up)
        case MessageKind.CLARIFY | MessageKind.REPEAT:
            return _repair(interview, question, kind, time_up)
        case MessageKind.HINT:
            return _hint(interview, question, time_up)
        case MessageKind.OFF_TOPIC | MessageKind.STEERING:
            return _redirect(interview, question, kind, time_up)
        case MessageKind.ANSWER:
            return _after_answer(interview, question, time_up, wordings or {})


def _onward(interview: Interview, cause: MessageKind | None, time_up: bool) -> Move:
    """To the next question, or to the end when there is none or no time."""
    following = None if time_up else interview.next_question
    kind = MoveKind.NEXT if following else MoveKind.CLOSE
    ran_out = time_up and interview.next_question is not None
    return Move(kind=kind, question_id=following, settles=interview.floor, cause=cause, time_up=ran_out)


def _repair(interview: Interview, question: Question, kind: MessageKind, time_up: bool) -> Move:
    if interview.current.repairs >= MAX_REPAIRS:
        return _onward(interview, kind, time_up)
    repair = MoveKind.REPEAT if kind is MessageKind.REPEAT else MoveKind.CLARIFY
    return Move(kind=repair, question_id=question.id, cause=kind)


def _redirect(interview: Interview, question: Question, kind: MessageKind, time_up: bool) -> Move:
    if interview.current.redirects >= MAX_REDIRECTS:
        return _onward(interview, kind, time_up)
    return Move(kind=MoveKind.REDIRECT, question_id=question.id, cause=kind)


def _hint(interview: Interview, question: Question, time_up: bool) -> Move:
    """One rung down the ladder: an open nudge, then a hint at one point, then a prompt for the same point."""
    state = interview.current
    if interview.plan.mode is Mode.ASSESS or not open_points(interview, question):
        return _redirect(interview, question, MessageKind.HINT, time_up)
    if state.hints >= MAX_HINTS:
        return _redirect(interview, question, MessageKind.HINT, time_up)
    rung = state.hints + 1
    target = None if rung == 1 else _hint_target(interview, question)
    return Move(kind=MoveKind.HINT, question_id=question.id, target=target, rung=rung, cause=MessageKind.HINT)


def _hint_target(interview: Interview, question: Question) -> str:
    points = open_points(interview, question)
    hinted = [p.id for p in points if p.id in interview.current.hinted]
    return hinted[0] if hinted else points[0].id


def open_points(interview: Interview, question: Question) -> list[KeyPoint]:
    """Key points not yet covered, the most useful to ask about first: by weight, then half made, then in order."""
    state = interview.current
    still_open = [k for k in question.key_points if state.verdict(k.id) is not Verdict.COVERED]
    return sorted(still_open, key=lambda k: (-k.weight, state.verdict(k.id) is not Verdict.PARTIAL))


def _after_answer(interview: Interview, question: Question, time_up: bool, wordings: Mapping[str, str]) -> Move:
    state, plan = interview.current, interview.plan
    if time_up:
        return _onward(interview, MessageKind.ANSWER, time_up)
    if state.probes < plan.probes and (target := _probe_target(interview, question)):
        wording = wordings.get(target)
        return Move(
            kind=MoveKind.PROBE,
            question_id=question.id,
            target=target,
            wording=wording if wording not in state.follow_ups else None,
            cause=MessageKind.ANSWER,
        )
    if state.deepened < plan.follow_ups and state.showed_anything:
        unused = next((f.id for f in question.follow_ups if f.id not in state.follow_ups), None)
        if unused:
            return Move(kind=MoveKind.FOLLOW_UP, question_id=question.id, target=unused, cause=MessageKind.ANSWER)
    return _onward(interview, MessageKind.ANSWER, time_up)


def _probe_target(interview: Interview, question: Question) -> str | None:
    """The missing part of a story, for a behavioral answer; else the most useful open key point not aimed at yet."""
    state = interview.current
    if question.category is Category.BEHAVIORAL:
        part = next((p for p in STAR_ORDER if p in state.lacks and f"star:{p}" not in state.aimed), None)
        if part and not any(a.startswith("star:") for a in state.aimed):
            return f"star:{part}"
    tried = state.aimed | state.hinted
    return next((k.id for k in open_points(interview, question) if k.id not in tried), None)
