"""What a close look at a model's endpoint found."""

from __future__ import annotations

from interviewer.domain.guide import Frozen


class ModelReport(Frozen):
    """How one role's model did. Times in milliseconds; None where it could not be measured."""

    role: str
    model: str
    ok: bool
    problem: str = ""
    method: str = ""
    refuses: tuple[str, ...] = ()
    reads_rightly: bool | None = None
    streamed: bool | None = None
    first_ms: float | None = None
    tokens_per_second: float | None = None
    usage_reported: bool | None = None


class Examination(Frozen):
    """What was found. `usable`: an interview can be held. `available` are the endpoint's models, as far as it says."""

    address: str
    usable: bool
    reachable: bool
    key_accepted: bool | None
    available: tuple[str, ...] = ()
    models: tuple[ModelReport, ...] = ()
    advice: tuple[str, ...] = ()
