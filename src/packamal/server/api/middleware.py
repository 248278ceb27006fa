"""What the framework answers below /api by itself, in the form of the API; and what a key has left, on every answer."""

from __future__ import annotations

import math
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from packamal.server.accounts.buckets import WINDOW_S, Taken
from packamal.server.api.problems import answer

PREFIX = "/api/"


class Problems:
    """A method that a path does not have is a problem like every other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, and put 405 into the form of the API."""
        response = self.get_response(request)
        taken: Taken | None = getattr(request, "taken", None)
        if taken is not None:
            _tell(response, taken)
        if not request.path.startswith(PREFIX) or not isinstance(response, HttpResponseNotAllowed):
            return response
        problem = answer(405, "this path does not have that method")
        problem["Allow"] = response["Allow"]
        return problem


def _tell(response: HttpResponse, taken: Taken) -> None:
    """As draft-ietf-httpapi-ratelimit-headers names them."""
    response["RateLimit-Policy"] = f'"key";q={taken.limit};w={WINDOW_S}'
    response["RateLimit"] = f'"key";r={taken.remaining};t={math.ceil(taken.reset_s)}'
    if not taken.is_allowed:
        response["Retry-After"] = str(math.ceil(taken.wait_s))
