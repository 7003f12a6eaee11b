"""What an endpoint does wrong, as our errors: a short reason to store, a sentence, and what to do about it.

Nothing that an endpoint said is repeated, since it may hold the key, the prompt or the answer; only its status is.
`Fault.passing` faults may be gone in a moment and are tried again. Those that a person must mend stop the interview
where it stands (EngineUnusable); all others leave one answer ungraded.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from interviewer.domain.errors import EngineError, EngineUnusable

DOCTOR = "`interviewer doctor` looks at the endpoint closely."
WAIT = "Try again in a while; `interviewer regrade` grades what was missed."


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `passing`: worth another try. `fatal`: nothing will work until a person mends it."""

    message: str
    remedy: str
    passing: bool = False
    fatal: bool = False


KINDS = {
    "unreachable": Kind("Nothing answers at the model's address.",
                        "Is the server running, and OPENAI_BASE_URL right? " + DOCTOR, passing=True),
    "dns": Kind("The name of the model's endpoint cannot be found.",
                "Look at OPENAI_BASE_URL and at the network. " + DOCTOR, passing=True),
    "tls": Kind("The endpoint's certificate is not trusted.", "Look at OPENAI_BASE_URL. " + DOCTOR, fatal=True),
    "auth": Kind("The endpoint does not accept the key.", "Set OPENAI_API_KEY to one that is valid.", fatal=True),
    "forbidden": Kind("The key may not use this model.", "Choose another model or key. " + DOCTOR, fatal=True),
    "model": Kind("The endpoint has no such model.",
                  "Set INTERVIEWER_GRADER__MODEL and INTERVIEWER_SPEAKER__MODEL; `interviewer doctor` lists them.",
                  fatal=True),
    "address": Kind("The address is not that of an OpenAI-compatible API.",
                    "Look at OPENAI_BASE_URL; it usually ends in /v1.", fatal=True),
    "quota": Kind("The account has no credit left.", "Top it up, or use another key.", fatal=True),
    "rate_limit": Kind("The endpoint takes no more requests for now.", WAIT, passing=True),
    "server": Kind("The endpoint failed.", WAIT, passing=True),
    "overloaded": Kind("The endpoint is overloaded.", WAIT, passing=True),
    "stalled": Kind("The endpoint fell silent.", WAIT + " " + DOCTOR, passing=True),
    "timeout": Kind("The endpoint took too long.", "Raise INTERVIEWER_TURN_SECONDS or choose a faster model."),
    "dropped": Kind("The connection broke in the middle of a reply.", WAIT, passing=True),
    "incomplete": Kind("The endpoint's reply ended before it was complete.", WAIT, passing=True),
    "empty": Kind("The endpoint sent an empty reply.", WAIT, passing=True),
    "cut_off": Kind("The reply was cut at its length limit.",
                    "Raise INTERVIEWER_GRADER__MAX_TOKENS (or SPEAKER), or lower the reasoning effort."),
    "refusal": Kind("The model refused to read this answer.", "Look at the answer; another model may read it."),
    "filtered": Kind("The endpoint's content filter stopped the reply.", "Look at the answer, or at the filter."),
    "too_long": Kind("The conversation is longer than the model can read.", "Choose a model with a larger context."),
    "format": Kind("The model's reply was not a filled assessment, twice.",
                   "Choose a larger model. " + DOCTOR),
    "rejected": Kind("The endpoint did not accept the request.", DOCTOR),
    "protocol": Kind("The endpoint's reply makes no sense.", DOCTOR),
}  # fmt: skip


class Fault(Exception):
    """A call that failed, on its way to becoming an EngineError. `wait`: seconds the endpoint asks to wait, if any."""

    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.wait = wait

    @property
    def passing(self) -> bool:
        """Whether it may be gone in a moment."""
        return KINDS[self.reason].passing

    def error(self) -> EngineError:
        """It as the house's own error."""
        kind = KINDS[self.reason]
        status = f" (HTTP {self.status})" if self.status else ""
        made = EngineUnusable if kind.fatal else EngineError
        message = kind.message.removesuffix(".") + status + "."
        return made(message, kind.remedy, reason=self.reason, passing=kind.passing, wait=self.wait)


_TOO_LONG = re.compile(
    r"context.{0,3}(length|window|size)|maximum context|prompt is too long|input tokens exceed|too many tokens"
)
_NO_CREDIT = re.compile(r"insufficient_quota|billing|exceeded your current quota|credit balance")


_STATUS = {401: "auth", 402: "quota", 403: "forbidden", 405: "address", 408: "stalled", 429: "rate_limit",
           501: "address", 503: "overloaded", 504: "stalled", 529: "overloaded"}  # fmt: skip


def of_status(status: int, told: str, wait: float | None = None) -> Fault:
    """The fault behind a status and what was told with it, in lower case; `told` is only looked at."""
    if _TOO_LONG.search(told) and status in (400, 413, 422, 500):
        return Fault("too_long", status)
    if status in (402, 429) and _NO_CREDIT.search(told):
        return Fault("quota", status)
    if status in (400, 403) and ("content_filter" in told or "content management policy" in told):
        return Fault("filtered", status)
    if status == 404:
        return Fault("model" if "model" in told or "deployment" in told else "address", status)
    return Fault(_STATUS.get(status, "server" if status >= 500 else "rejected"), status, wait)


def of_told(told: str) -> Fault:
    """The fault behind an error that came in the middle of a stream, in lower case."""
    if _TOO_LONG.search(told):
        return Fault("too_long")
    if _NO_CREDIT.search(told):
        return Fault("quota")
    if "content_filter" in told:
        return Fault("filtered")
    return Fault("rate_limit" if "rate_limit" in told or "rate limit" in told else "server")


def of_connection(error: BaseException) -> Fault:
    """The fault behind a connection that failed."""
    causes = list(_causes(error))
    if any(isinstance(c, socket.gaierror) for c in causes):
        return Fault("dns")
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        return Fault("tls")
    if any(isinstance(c, ConnectionRefusedError) for c in causes):
        return Fault("unreachable")
    names = {type(c).__name__ for c in causes}
    if names & {"UnsupportedProtocol", "InvalidURL", "OverflowError"}:
        return Fault("address")
    if names & {"ConnectError", "ConnectTimeout"}:
        return Fault("unreachable")
    return Fault("dropped")


def of_surprise(error: BaseException) -> Fault:
    """The fault behind an error that the client does not raise for a living: a bad address, or a reply beyond sense."""
    found = of_connection(error)
    return Fault("protocol") if found.reason == "dropped" else found


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what caused it and so on, groups included."""
    seen = 0
    waiting = [error]
    while waiting and seen < 40:
        each = waiting.pop()
        if each is None:
            continue
        seen += 1
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
