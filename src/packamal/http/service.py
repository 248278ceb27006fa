"""Speaks to a Packamal service: JSON both ways, a key, few retries. The address is the user's own and is not guarded.

Nothing is followed elsewhere: a redirect would take the key along.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from packamal.errors import FetchError, NotFoundError, UsageError

if TYPE_CHECKING:
    import httpx2

TIMEOUT_S = 30.0
ATTEMPTS = 5
BACK_OFF_S = 0.5
"""Doubles with each attempt."""
MAX_WAIT_S = 60.0
"""Longest wait that the service may ask for."""
MAX_BYTES = 64 << 20
"""Of one answer; reports end at 32 MB."""
BUSY = frozenset({429, 502, 503, 504})
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
DETAIL_CHARS = 500


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """As an object. Raises FetchError."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise FetchError("the service answered with no JSON; check its address") from error
        if not isinstance(value, dict):
            raise FetchError("the service answered with no object; check its address")
        return value


class Service:
    """One service; not for use by several threads."""

    def __init__(self, url: str, key: str, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise UsageError("the service's address has to look like https://packamal.example")
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise UsageError("the key is sent over https alone, or over http to this machine")
        self.url = url.rstrip("/")
        self._key = key
        self._sleep = sleep
        self._made: httpx2.Client | None = None

    def get(self, path: str) -> Answer:
        """Ask. Raises FetchError, NotFoundError, UsageError."""
        return self._ask("GET", path, {}, {})

    def post(self, path: str, value: object) -> Answer:
        """Send JSON, once though it may be tried several times. Raises as `get`."""
        return self._ask("POST", path, {"content": json.dumps(value).encode()}, {"content-type": "application/json"})

    def post_bytes(self, path: str, content: bytes) -> Answer:
        """Send a file as the body. Raises as `get`."""
        return self._ask("POST", path, {"content": content}, {"content-type": "application/octet-stream"})

    def upload(self, path: str, file: Path) -> Answer:
        """Send a file as a form. Raises as `get`."""
        return self._ask("POST", path, {"files": {"file": (file.name, file.read_bytes())}}, {})

    def close(self) -> None:
        """Give the connection back."""
        if self._made is not None:
            self._made.close()
            self._made = None

    def _ask(self, method: str, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> Answer:
        sent = {
            **headers,
            "authorization": f"Bearer {self._key}",
            "accept": "application/json",
            "user-agent": "packamal",
        }
        if method == "POST":
            sent["idempotency-key"] = uuid.uuid4().hex
        for attempt in range(ATTEMPTS):
            answer, wait_s = self._once(method, path, body, sent)
            if answer is not None and answer.status not in BUSY and answer.status != 409:
                return _checked(answer)
            if answer is not None and answer.status == 409 and not wait_s:
                return _checked(answer)
            wait_s = max(wait_s, BACK_OFF_S * 2**attempt)
            if attempt + 1 == ATTEMPTS or wait_s > MAX_WAIT_S:
                break
            self._sleep(wait_s)
        if answer is None:
            raise FetchError(f"{self.url} does not answer; check the address, or try again later")
        return _checked(answer)

    def _once(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[Answer | None, float]:
        """The answer, None where there is none, and how long the service asks to wait."""
        import httpx2

        try:
            with self._client().stream(method, f"{self.url}/api/v1{path}", headers=headers, **body) as response:
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > MAX_BYTES:
                        raise FetchError("the service's answer is larger than any report")
                asked = response.headers.get("retry-after", "")
                return Answer(response.status_code, bytes(content)), float(asked) if asked.isdigit() else 0.0
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            logging.getLogger(__name__).info("no answer: %s", error)
            return None, 0.0

    def _client(self) -> httpx2.Client:
        import httpx2

        if self._made is None:
            for library in ("httpx2", "httpcore2"):
                logging.getLogger(library).setLevel(logging.WARNING)  # below, they log headers
            is_local = urlsplit(self.url).hostname in LOCAL
            self._made = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=not is_local)
        return self._made


def _checked(answer: Answer) -> Answer:
    if answer.status < 300:
        return answer
    if answer.status < 400:
        raise FetchError(f"the service redirects ({answer.status}); give the address it really has")
    try:
        detail = str(json.loads(answer.body).get("detail", ""))[:DETAIL_CHARS]
    except (ValueError, AttributeError, RecursionError):
        detail = ""
    said = f"the service answered {answer.status}" + (f": {detail}" if detail else "")
    if answer.status == 404:
        raise NotFoundError(f"{said}; check the id and the address")
    if answer.status in (400, 401, 403, 409, 413, 415, 422):
        raise UsageError(said)
    raise FetchError(said)
