"""What the framework answers below /api by itself, in the form of the API."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from packamal.server.api.problems import answer

PREFIX = "/api/"


class Problems:
    """A method that a path does not have is a problem like every other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, and put 405 into the form of the API."""
        response = self.get_response(request)
        if not request.path.startswith(PREFIX) or not isinstance(response, HttpResponseNotAllowed):
            return response
        problem = answer(405, "this path does not have that method")
        problem["Allow"] = response["Allow"]
        return problem
