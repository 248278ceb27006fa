"""One careful POST to an address that a stranger chose: one try, one deadline, nothing followed, nothing kept.

The number that was checked is the one connected to, as for every request of ours (`guard`); of the answer only the
status is looked at. A proxy is never used: it would resolve the name itself, out of the guard's sight.
"""

from __future__ import annotations

import functools
import logging
import math
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from packamal.errors import FetchError
from packamal.http import USER_AGENT
from packamal.http.addresses import origin, split
from packamal.http.ending import Ending
from packamal.http.guard import Guard, Place

if TYPE_CHECKING:
    import httpcore2
    import httpx2

DEADLINE_S = 10.0
"""For all of it, however slowly a receiver drips its answer."""
MAX_URL_CHARS = 2000


def check_address(url: str, inner: Iterable[Place] = ()) -> None:
    """Whether it may be pushed to, as far as the address itself tells. Raises FetchError, one line, for its owner.

    `inner`: (host, port) of receivers inside the network that may be reached, also without TLS.
    """
    parts = split(url)
    if parts is None or len(url) > MAX_URL_CHARS or not url.isascii() or any(letter <= " " for letter in url):
        raise FetchError(f"an address like https://hooks.example/packamal of at most {MAX_URL_CHARS} letters is needed")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise FetchError("the address may hold neither a user nor a password nor a fragment")
    place = origin(url)[1:]
    if parts.scheme != "https" and place not in set(inner):
        raise FetchError("the address has to begin with https://")
    try:
        _guard(inner).check_literal(*place)
    except FetchError as error:
        raise FetchError("an address of the inner network is not reached") from error


def push(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    inner: Iterable[Place] = (),
    deadline_s: float = 0.0,
) -> int:
    """Send it; gives the status, whichever it is. `deadline_s`: 0 is DEADLINE_S.

    Raises FetchError where there is none, with one text for every reason: which names and numbers there are inside is
    not told.
    """
    import httpx2

    check_address(url, inner)
    sent = {"user-agent": USER_AGENT, **headers}
    with connected(inner, time.monotonic() + (deadline_s or DEADLINE_S)) as client:
        try:
            with client.stream("POST", url, content=body, headers=sent) as response:
                return int(response.status_code)
        except (FetchError, httpx2.TransportError, httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise FetchError("the receiver cannot be reached") from error


def connected(inner: Iterable[Place], end: float) -> httpx2.Client:
    """A client for one request, guarded, without proxies, whose connections end at a time of time.monotonic()."""
    import httpx2

    for library in ("httpx2", "httpcore2"):
        logging.getLogger(library).setLevel(logging.WARNING)  # below, they log addresses, which may hold tokens
    transport = httpx2.HTTPTransport(verify=_trusted(), trust_env=False, retries=0)
    # As in `client`: the pool takes its backend in its constructor only, and HTTPTransport passes none on.
    transport._pool._network_backend = cast("httpcore2.NetworkBackend", _guard(inner, end))
    timeout = max(0.0, end - time.monotonic())
    return httpx2.Client(transport=transport, timeout=timeout, trust_env=False, follow_redirects=False)


@functools.cache
def _trusted() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()


def _guard(inner: Iterable[Place], end: float = math.inf) -> Guard:
    import httpcore2

    guard = Guard(cast("httpcore2.NetworkBackend", Ending(httpcore2.SyncBackend(), end)))
    for place in inner:
        guard.allow_configured(place)
    return guard
