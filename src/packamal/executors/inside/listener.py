"""The internal listener as a Job sees it: five requests, each with the token that it is for.

The address is configuration, so it may be inside the network; nothing else is let through by it, no proxy is asked and
no redirect followed. Paths and statuses: server/operations/callbacks.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from packamal.executors.base import Stage
from packamal.executors.inside.credentials import Tokens
from packamal.http.addresses import origin
from packamal.http.pull import Pulled, pull
from packamal.http.push import check_address, push

MAX_STAGE_CHARS = 200
MAX_STEPS = 1_000_000
"""More is no progress; the listener takes no more."""
JSON = "application/json"


class Listener:
    """One attempt's part of it: http://HOST:8001/internal/v1/attempts/ID/N."""

    def __init__(self, address: str, tokens: Tokens, request_id: str) -> None:
        """Raises FetchError for what is no address."""
        self._address = address.rstrip("/")
        self._tokens = tokens
        self._request_id = request_id
        self._inner = (origin(address)[1:],)
        check_address(self._address, self._inner)

    def beat(self, stage: Stage, deadline_s: float) -> int:
        """Say where the scan stands; gives the status. Raises FetchError, as all of these."""
        body = json.dumps({"stage": _named(stage.name), "done": _counted(stage.done), "total": _counted(stage.total)})
        return self._post("heartbeat", self._tokens.heartbeat, body.encode(), deadline_s)

    def deliver(self, content: bytes, deadline_s: float) -> int:
        """Send the report."""
        more = {"content-digest": digest_of(content)}
        return self._post("result", self._tokens.result, content, deadline_s, more)

    def announce(self, content: bytes, deadline_s: float) -> int:
        """Say that the report lies on the volume, and which one it is."""
        more = {"report-digest": digest_of(content), "report-length": str(len(content))}
        return self._post("stored", self._tokens.result, b"", deadline_s, more)

    def upload(self, take: Callable[[bytes], object], deadline_s: float) -> Pulled:
        """Fetch the archive that the attempt is about."""
        return self._pull("upload", take, deadline_s)

    def accepted(self, take: Callable[[bytes], object], deadline_s: float) -> Pulled:
        """Fetch the findings that do not count: a list of entries of a settings file, as JSON."""
        return self._pull("accepted", take, deadline_s)

    def _pull(self, path: str, take: Callable[[bytes], object], deadline_s: float) -> Pulled:
        return pull(f"{self._address}/{path}", self._headers(self._tokens.result), take, self._inner, deadline_s)

    def _post(self, path: str, token: str, body: bytes, deadline_s: float, more: dict[str, str] | None = None) -> int:
        headers = self._headers(token) | {"content-type": JSON} | (more or {})
        return push(f"{self._address}/{path}", body, headers, self._inner, deadline_s)

    def _headers(self, token: str) -> dict[str, str]:
        named = {"x-request-id": self._request_id} if self._request_id.isascii() and self._request_id else {}
        return {"authorization": f"Bearer {token}", **named}


def digest_of(content: bytes) -> str:
    """As in Content-Digest (RFC 9530)."""
    return stated(hashlib.sha256(content).digest())


def stated(digest: bytes) -> str:
    """A SHA-256 as in Content-Digest."""
    return f"sha-256=:{base64.b64encode(digest).decode()}:"


def _named(stage: str) -> str:
    return stage.replace("\0", "")[:MAX_STAGE_CHARS].encode("utf-8", "replace").decode()


def _counted(steps: int) -> int:
    return min(max(steps, 0), MAX_STEPS)
