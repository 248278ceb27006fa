"""One careful GET to an address that the settings name, streamed: one try, one deadline, nothing followed.

For files that may be larger than memory has room for; the counterpart of `push`, with the same guard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from packamal.errors import FetchError
from packamal.http import USER_AGENT
from packamal.http.guard import Place
from packamal.http.push import check_address, connected

OK = 200


class Pulled(NamedTuple):
    """What was answered."""

    status: int
    digest: str
    """The header Content-Digest as it was sent; empty: there was none."""


def pull(
    url: str,
    headers: Mapping[str, str],
    take: Callable[[bytes], object],
    inner: Iterable[Place],
    deadline_s: float,
) -> Pulled:
    """Give each piece of the body of a 200 to `take`, which may raise to end it. Raises FetchError."""
    import httpx2

    check_address(url, inner)
    sent = {"user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "identity", **headers}
    with connected(inner, time.monotonic() + deadline_s) as client:
        try:
            with client.stream("GET", url, headers=sent) as response:
                if response.status_code == OK:
                    for piece in response.iter_raw():
                        take(piece)
                return Pulled(int(response.status_code), str(response.headers.get("content-digest", "")))
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise FetchError("the sender cannot be reached") from error
