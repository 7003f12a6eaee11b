"""Why an answer could not be graded or was not read as one, in words, for the short codes that engines store."""

from __future__ import annotations

REASONS = {
    "unreachable": "nothing answered at the model's address",
    "dns": "the name of the model's endpoint could not be found",
    "tls": "the certificate of the model's endpoint was not trusted",
    "auth": "the model's endpoint did not accept the key",
    "forbidden": "the key may not use this model",
    "model": "the endpoint had no such model",
    "address": "the model's address was not that of an API",
    "quota": "the account with the model's provider had no credit left",
    "rate_limit": "the model's endpoint took no more requests",
    "server": "the model's endpoint failed",
    "overloaded": "the model's endpoint was overloaded",
    "stalled": "the model's endpoint fell silent",
    "timeout": "reading the answer took too long",
    "dropped": "the connection to the model broke",
    "incomplete": "the model's reply ended before it was complete",
    "empty": "the model's reply was empty",
    "cut_off": "the model's reply was cut at its length limit",
    "refusal": "the model refused to read the answer",
    "filtered": "the provider's content filter stopped the model",
    "too_long": "the conversation was longer than the model can read",
    "format": "the model's reply was not a filled assessment",
    "rejected": "the model's endpoint did not accept the request",
    "protocol": "the reply of the model's endpoint made no sense",
}

NO_ANSWERS = {
    "dont_know": "it says that it does not know",
    "clarify": "it asks what is meant",
    "repeat": "it asks to hear the question again",
    "hint": "it asks for a hint",
    "skip": "it asks to go on to another question",
    "pause": "it asks for a pause",
    "stop": "it asks to end",
    "off_topic": "it says nothing about the question",
    "steering": "it talks to the grader",
}


def why(reason: str) -> str:
    """The words for a reason; one that is not a code known here is words already."""
    return REASONS.get(reason, reason)


def why_not_read(kind: str, too_short: bool) -> str:
    """A sentence on why an answer was not read as one; nothing for one that was."""
    if kind in NO_ANSWERS:
        return f"Not read as an answer: {NO_ANSWERS[kind]}."
    return "Too short to be read: say it in a whole sentence or two." if too_short else ""
