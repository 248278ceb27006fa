"""Asks one party that an administrator configured for small JSON documents, and posts forms to it.

For an identity provider: nothing is followed elsewhere (a redirect would take secrets along), nothing is tried twice (a
code is good once), and somebody waits for the answer.
"""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from packamal.errors import FetchError
from packamal.http import USER_AGENT
from packamal.http.access import Access
from packamal.http.addresses import shown
from packamal.http.body import read_body
from packamal.http.client import Client, Peer

TIMEOUT_S = 5.0
DEADLINE_S = 10.0
"""For all that is asked, however slowly it comes."""
MAX_BYTES = 256_000
"""A set of keys is below 20 kB."""
JSON = "application/json"


class Answer(NamedTuple):
    """What came back."""

    status: int
    document: dict[str, object]


class Exchange:
    """One party; it may be inside, as what its own document names (`allow`) may, but for link-local numbers."""

    def __init__(self, url: str) -> None:
        self._end = time.monotonic() + DEADLINE_S
        access = Access(timeout_s=TIMEOUT_S, deadline_s=DEADLINE_S)
        self._client = Client(access, Peer((url,)), self._end)

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def allow(self, url: str) -> None:
        """Let a host be asked that the party named."""
        self._client.allow(url)

    def get(self, url: str) -> dict[str, object]:
        """A document. Raises FetchError."""
        answer = self._ask("GET", url, {}, None)
        if answer.status != 200:
            raise FetchError(f"{shown(url)} answered {answer.status}")
        return answer.document

    def post(self, url: str, form: dict[str, str], credentials: tuple[str, str] | None = None) -> Answer:
        """What a form is answered with, whatever its status; `credentials` go into the header. Raises FetchError."""
        return self._ask("POST", url, form, credentials)

    def _ask(self, method: str, url: str, form: dict[str, str], credentials: tuple[str, str] | None) -> Answer:
        import httpx2

        headers = {"accept": JSON, "accept-encoding": "identity", "user-agent": USER_AGENT}
        client = self._client.connection(url)
        try:
            data, auth = form or None, httpx2.BasicAuth(*credentials) if credentials else None
            with client.stream(method, url, headers=headers, data=data, auth=auth) as response:
                body, status = read_body(response, MAX_BYTES, self._end), response.status_code
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise FetchError(f"{shown(url)} does not answer: {type(error).__name__}") from error
        if (document := _object(body)) is None:
            raise FetchError(f"{shown(url)} answered {status} with no JSON object")
        return Answer(status, document)


def _object(body: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
