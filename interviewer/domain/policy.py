"""What a skilled interviewer does next: a pure function of where the interview stands and what was just heard.

Code owns every budget, so an interview always ends: per question at most the plan's probes and follow-ups, three hints
and MAX_REFUSALS more that are refused, MAX_REPAIRS clarifications or repeats and MAX_REDIRECTS returns from elsewhere;
and no question is put twice.
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
MAX_REFUSALS = 4
WORDS = "words"
"""The target of a probe that asks for more than the few words that were said."""
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
        case MessageKind.SKIP:
            return _onward(interview, kind, time_up)
        case MessageKind.DONT_KNOW:
            return _after_not_knowing(interview, question, time_up, wordings or {})
        case MessageKind.CLARIFY | MessageKind.REPEAT:
            return _repair(interview, question, kind, time_up)
        case MessageKind.HINT:
            return _hint(interview, question, time_up)
        case MessageKind.OFF_TOPIC | MessageKind.STEERING:
            return _redirect(interview, question, kind, time_up)
        case MessageKind.ANSWER:
            return _after_answer(interview, question, heard, time_up, wordings or {})


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
    if interview.plan.mode is Mode.ASSESS or not open_points(interview, question) or state.hints >= MAX_HINTS:
        return _refuse_hint(interview, question, time_up)
    rung = state.hints + 1
    target = None if rung == 1 else _hint_target(interview, question)
    return Move(kind=MoveKind.HINT, question_id=question.id, target=target, rung=rung, cause=MessageKind.HINT)


def _refuse_hint(interview: Interview, question: Question, time_up: bool) -> Move:
    """Asking for a hint is no straying from the question, so it has a budget of its own."""
    if interview.current.refusals >= MAX_REFUSALS:
        return _onward(interview, MessageKind.HINT, time_up)
    return Move(kind=MoveKind.REDIRECT, question_id=question.id, cause=MessageKind.HINT)


def _hint_target(interview: Interview, question: Question) -> str:
    points = open_points(interview, question)
    hinted = [p.id for p in points if p.id in interview.current.hinted]
    return hinted[0] if hinted else points[0].id


def open_points(interview: Interview, question: Question) -> list[KeyPoint]:
    """Key points not yet covered, the most useful to ask about first: by weight, then half made, then in order."""
    state = interview.current
    still_open = [k for k in question.key_points if state.verdict(k.id) is not Verdict.COVERED]
    return sorted(still_open, key=lambda k: (-k.weight, state.verdict(k.id) is not Verdict.PARTIAL))


def _after_answer(
    interview: Interview, question: Question, heard: Assessment, time_up: bool, wordings: Mapping[str, str]
) -> Move:
    state, plan = interview.current, interview.plan
    if time_up:
        return _onward(interview, MessageKind.ANSWER, time_up)
    if heard.too_short and WORDS not in state.aimed and state.probes < plan.probes:
        return Move(kind=MoveKind.PROBE, question_id=question.id, target=WORDS, cause=MessageKind.ANSWER)
    if probe := _probe(interview, question, MessageKind.ANSWER, wordings):
        return probe
    if state.deepened < plan.follow_ups and state.showed_anything:
        unused = next((f.id for f in question.follow_ups if f.id not in state.follow_ups), None)
        if unused:
            return Move(kind=MoveKind.FOLLOW_UP, question_id=question.id, target=unused, cause=MessageKind.ANSWER)
    return _onward(interview, MessageKind.ANSWER, time_up)


def _after_not_knowing(interview: Interview, question: Question, time_up: bool, wordings: Mapping[str, str]) -> Move:
    """Who has answered and does not know one part may know another; who has not is spared."""
    probe = _probe(interview, question, MessageKind.DONT_KNOW, wordings) if interview.current.answers else None
    return probe if probe and not time_up else _onward(interview, MessageKind.DONT_KNOW, time_up)


def _probe(interview: Interview, question: Question, cause: MessageKind, wordings: Mapping[str, str]) -> Move | None:
    """A probe at what is most useful to ask about, while the plan has one left."""
    state = interview.current
    target = _probe_target(interview, question) if state.probes < interview.plan.probes else None
    if target is None:
        return None
    wording = wordings.get(target)
    return Move(
        kind=MoveKind.PROBE,
        question_id=question.id,
        target=target,
        wording=wording if wording not in state.follow_ups else None,
        cause=cause,
    )


def _probe_target(interview: Interview, question: Question) -> str | None:
    """The missing part of a story, for a behavioral answer; else the most useful open key point not aimed at yet."""
    state = interview.current
    if question.category is Category.BEHAVIORAL:
        part = next((p for p in STAR_ORDER if p in state.lacks and f"star:{p}" not in state.aimed), None)
        if part and not any(a.startswith("star:") for a in state.aimed):
            return f"star:{part}"
    tried = state.aimed | state.hinted
    return next((k.id for k in open_points(interview, question) if k.id not in tried), None)
