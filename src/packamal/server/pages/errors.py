"""Errors as pages: what happened, what to do, the id to hand over; never the text of an exception of ours."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from packamal.server.request_id import current_request_id

API = "/api/"
PROBLEM = "application/problem+json"


class Told(NamedTuple):
    """What an error page says."""

    status: int
    title: str
    text: str


NOT_FOUND = Told(404, "There is no such page", "The address was never given out, or it belongs to somebody else.")
FORBIDDEN = Told(403, "Your role does not allow this", "Ask an administrator for the role, or go back.")
REFUSED = Told(400, "The request cannot be read", "Go back and try again; nothing was changed.")
EXPIRED = Told(
    403, "The form is too old", "The page stood open for too long, or cookies are off. Go back and load it again."
)
BROKEN = Told(500, "Something broke here", "It is our fault and it is recorded. Nothing you sent is lost; try again.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _page(request, NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(request, FORBIDDEN)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, REFUSED)


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token."""
    return _page(request, EXPIRED)


def broken(request: HttpRequest) -> HttpResponse:
    """500: no database, no session, no context, since any of them may be what broke."""
    if request.path.startswith(API):
        return _problem(BROKEN)
    content = render_to_string("pages/broken.html", {"told": BROKEN, "request_id": current_request_id()})
    return HttpResponse(content, status=BROKEN.status)


def _page(request: HttpRequest, told: Told) -> HttpResponse:
    if request.path.startswith(API):
        return _problem(told)
    context = {"error": told, "request_id": current_request_id()}
    return render(request, "pages/error.html", context, status=told.status)


def _problem(told: Told) -> JsonResponse:
    body = {"type": "about:blank", "title": told.title, "status": told.status, "request_id": current_request_id()}
    return JsonResponse(body, status=told.status, content_type=PROBLEM)
