"""What is known of models by their names, and the roles that they are given.

OpenAI's own models from 5.1 on may be told not to reason, which an interview wants: words at once. Those that reason
refuse a temperature. What a name does not tell, an endpoint's refusal does; see llm_client.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

OPENAI = "https://api.openai.com/v1"
GRADER = "gpt-5.4"
SPEAKER = "gpt-5.4-mini"
_NEWER = re.compile(r"(?:^|/)gpt-(\d+)(?:\.(\d+))?(?!.*chat)")
_SERIES_O = re.compile(r"(?:^|/)o\d")


@dataclass(frozen=True)
class Address:
    """Where the endpoint is, and the key that opens it."""

    base_url: str = OPENAI
    key: SecretStr | None = None

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own, or Azure's, which does the same."""
        host = urlsplit(self.base_url).hostname or ""
        return host.endswith(("api.openai.com", ".openai.azure.com"))

    def without_key(self, text: str) -> str:
        """A text to keep, in which a careless endpoint may have repeated the key."""
        key = self.key.get_secret_value() if self.key else ""
        return text.replace(key, "[key]") if key else text


@dataclass(frozen=True)
class Role:
    """A model bound to a job. What is None is chosen to suit the model's name.

    `timeout` is the longest silence of the endpoint, in seconds; `retries` how often a passing fault is tried again,
    within the time that the candidate waits; `max_tokens` bounds one reply, thinking included; `samples` how many
    readings vote on a grade; `stream` whether replies come as they are written, which costs more when nobody waits.
    """

    name: str
    model: str
    temperature: float | None = None
    timeout: float = 30.0
    retries: int = 2
    reasoning_effort: str | None = None
    max_tokens: int | None = None
    samples: int = 1
    stream: bool = True

    @property
    def limit(self) -> int:
        """The most tokens of one reply; more where thinking counts among them."""
        if self.max_tokens:
            return self.max_tokens
        most = 600 if self.name == "speaker" else 2000
        return most if self.effort in (None, "none") else 4 * most

    @property
    def effort(self) -> str | None:
        """The reasoning effort to ask for, or None to say nothing of it."""
        return self.reasoning_effort or least_effort(self.model)

    @property
    def heat(self) -> float | None:
        """The temperature to send, or None for a model that refuses one."""
        if not takes_temperature(self.model, self.effort):
            return None
        if self.temperature is not None:
            return self.temperature
        return 0.5 if self.name == "speaker" else 0.7 if self.samples > 1 else 0.0


def least_effort(model: str) -> str | None:
    """The least reasoning that a model of OpenAI's allows; None for any other."""
    version = _version(model)
    if _SERIES_O.search(model) or "astra" in model:
        return "low"
    if version is None or version < (5, 0):
        return None
    return "minimal" if version == (5, 0) else "none"


def takes_temperature(model: str, effort: str | None) -> bool:
    """Whether a model accepts a temperature: OpenAI's that reason do not, 5.1 to 5.4 do while they do not reason."""
    version = _version(model)
    if _SERIES_O.search(model):
        return False
    if version is None or version < (5, 0):
        return True
    return (5, 1) <= version <= (5, 4) and effort == "none"


def _version(model: str) -> tuple[int, int] | None:
    found = _NEWER.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else None
