"""Reads what is left of a refused request's body, so that the proxy before us can finish sending it.

A server that closes a connection with bytes unread resets it; nginx then says that the service is away, instead of
passing on that a key is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, UnreadablePostError

CHUNK_BYTES = 1 << 16
MAX_BYTES = 1 << 28
"""Above the largest body that is taken; beyond, the caller is cut off rather than listened to. Where no proxy stands
before us, as before the internal listener, nothing else bounds it."""
TOO_LARGE = 413
BODIES = frozenset({"POST", "PUT", "PATCH"})


class Drained:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and leave nothing unread where the answer is no success; what is too large is not read at all."""
        response = self.get_response(request)
        if request.method in BODIES and response.status_code >= 300 and response.status_code != TOO_LARGE:
            _drain(request)
        return response


def _drain(request: HttpRequest) -> None:
    try:
        for _ in range(MAX_BYTES // CHUNK_BYTES):
            if not request.read(CHUNK_BYTES):
                return
    except UnreadablePostError:  # the caller went away
        return
