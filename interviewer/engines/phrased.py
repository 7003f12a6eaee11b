"""Speaks from the guide's own lines and the interviewer's phrases: no model, only what people wrote."""

from __future__ import annotations

from interviewer.domain.grading import quoted_in
from interviewer.domain.interview import MessageKind, MoveKind
from interviewer.ports import SpeakRequest
from interviewer.prompts import Phrases


def phrased(request: SpeakRequest, phrases: Phrases) -> str:
    """The words of a move."""
    turn, move = request.turn, request.move
    match move.kind:
        case MoveKind.PROBE:
            noted = "never_mind" if move.cause is MessageKind.DONT_KNOW else "answer"
            return _join(phrases.say(f"acknowledge.{noted}", turn), _probe(request, phrases))
        case MoveKind.FOLLOW_UP:
            lead = _join(phrases.say("acknowledge.answer", turn), phrases.say("follow_up.lead", turn))
            return _join(lead, request.aim)
        case MoveKind.HINT:
            return _hint(request, phrases)
        case MoveKind.CLARIFY:
            return _clarify(request, phrases)
        case MoveKind.REPEAT:
            return phrases.say(f"repeat.{request.circumstance or 'lead'}", turn)
        case MoveKind.REDIRECT:
            return _redirect(request, phrases)
        case MoveKind.PAUSE:
            return phrases.say("pause.line", turn)
        case MoveKind.ASK | MoveKind.NEXT | MoveKind.CLOSE:
            return phrases.acknowledge(move.cause, turn)


def _join(*parts: str) -> str:
    return " ".join(p for p in parts if p)


def _probe(request: SpeakRequest, phrases: Phrases) -> str:
    if request.label.startswith("star:"):
        return phrases.say(f"star.{request.label.removeprefix('star:')}", request.turn)
    if request.aim:
        return _join(phrases.say("probe.lead", request.turn), request.aim)
    return phrases.say("probe.half" if request.half else "probe.open", request.turn)


def _hint(request: SpeakRequest, phrases: Phrases) -> str:
    if request.move.rung == 1:
        return phrases.say(f"hint.{request.circumstance or 'pump'}", request.turn)
    if request.label:
        return phrases.say("hint.prompt", request.turn, label=request.label)
    if request.aim:
        return _join(phrases.say("hint.lead", request.turn), request.aim)
    return phrases.say("hint.masked", request.turn)


def _clarify(request: SpeakRequest, phrases: Phrases) -> str:
    lead = _join(phrases.say("clarify.lead", request.turn), phrases.say("clarify.plain", request.turn))
    fresh = [p for p in request.passages if not any(quoted_in(p, line) for _, line in request.dialogue)]
    return f"{lead}\n\n{phrases.say('clarify.background', request.turn, passage=fresh[0])}" if fresh else lead


def _redirect(request: SpeakRequest, phrases: Phrases) -> str:
    if request.move.cause is MessageKind.HINT:
        return phrases.say(f"hint.{request.label or 'none_left'}", request.turn)
    key = "steering" if request.move.cause is MessageKind.STEERING else "off_topic"
    return phrases.say(f"redirect.{key}", request.turn)
