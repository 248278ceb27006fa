"""One id for a request, from the proxy through the log and the row to the scan and back in the answer."""

from __future__ import annotations

import contextlib
import contextvars
import re
import uuid
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What is taken over from a proxy; anything else could forge log lines."""
_current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request in hand; empty outside of one."""
    return _current.get()


@contextlib.contextmanager
def bound(request_id: str) -> Iterator[None]:
    """Work for an earlier request: its lines carry that request's id."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


class RequestId:
    """Outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Take the id over or make one, bind it, and send it back."""
        given = request.headers.get(HEADER, "")
        found = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        with bound(found):
            response = self.get_response(request)
        response[HEADER] = found
        return response
