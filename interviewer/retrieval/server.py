"""Where a Chroma server is, and whether one answers there; without Chroma's client, which takes a second to load."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from interviewer.domain.errors import SettingsError
from interviewer.retrieval.failures import StoreFailed

DEFAULT_PORT = 8000
GREETING_SECONDS = 5.0
MOST_READ = 10_000


@dataclass(frozen=True)
class ServerAddress:
    """http(s)://[user:password@]host[:port]. Chroma itself asks for no password; a proxy before it may."""

    host: str
    port: int
    secure: bool = False
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> ServerAddress:
        """The address that a setting holds. Raises SettingsError, without any of it in its text."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise SettingsError(
                "CHROMA_URL is no address of a Chroma server.", "It looks like http://chroma:8000, and has no path."
            )
        secure = parts.scheme == "https"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or (443 if secure else DEFAULT_PORT), secure, user, password)

    def __str__(self) -> str:
        """The address without its password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"

    def headers(self) -> dict[str, str]:
        """What lets a request pass."""
        if not self.user and not self.password:
            return {}
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}


def greet(address: ServerAddress) -> None:
    """See whether a Chroma server answers there. Raises StoreFailed."""
    request = urllib.request.Request(f"{address}/api/v2/heartbeat", headers=address.headers())  # noqa: S310 - http(s)
    try:
        with urllib.request.urlopen(request, timeout=GREETING_SECONDS) as answer:  # noqa: S310
            if "nanosecond heartbeat" not in json.loads(answer.read(MOST_READ)):
                raise ValueError
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise StoreFailed(
                f"The Chroma server at {address} does not let us in.", "Put user:password@ into CHROMA_URL."
            ) from None
        raise _stranger(address, f"answers with {error.code}") from None
    except (ValueError, TypeError):
        raise _stranger(address, "answers with something else") from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise StoreFailed(
            f"The Chroma server at {address} does not answer: {why}.", "Check that it runs, and CHROMA_URL."
        ) from None


def _stranger(address: ServerAddress, does: str) -> StoreFailed:
    return StoreFailed(
        f"What is at {address} {does}, and is no Chroma server of version 1 or newer.", "Correct CHROMA_URL."
    )
