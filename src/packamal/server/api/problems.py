"""Errors as RFC 9457 problem details: what is wrong and the request's id, never the text of an exception of ours."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from packamal.errors import TargetError
from packamal.server.accounts.keyring import KeyRefusedError
from packamal.server.accounts.quota import QuotaError
from packamal.server.request_id import current_request_id
from packamal.server.webhooks.hooks import AddressError, HookRefusedError

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
AWAY_S = 5
"""A restart of the database takes about as long."""
MAX_ERRORS = 20


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Schema):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    errors: list[FieldError] = Field(default_factory=list)


def answer(status: int, detail: str = "", errors: list[FieldError] | None = None) -> HttpResponse:
    """The answer for a problem."""
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=detail, request_id=current_request_id(), errors=errors or [])
    return JsonResponse(problem.model_dump(), status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, path: str = "") -> HttpResponse:
    """Any path below /api that there is not."""
    return answer(404, "there is no such resource")


def add_handlers(api: NinjaAPI) -> None:
    """Every way in which a call can end badly."""
    api.exception_handler(ValidationError)(_invalid)
    api.exception_handler(AuthenticationError)(_unauthenticated)
    api.exception_handler(HttpError)(lambda request, error: answer(error.status_code, str(error)))
    api.exception_handler(Http404)(not_found_error)
    api.exception_handler(TargetError)(_wrong_target)
    api.exception_handler(QuotaError)(_used_up)
    api.exception_handler(OperationalError)(_away)
    api.exception_handler(RequestDataTooBig)(_too_big)
    api.exception_handler(SuspiciousOperation)(_malformed)
    api.exception_handler(UnreadablePostError)(_malformed)
    for refusal, status in ((KeyRefusedError, 409), (HookRefusedError, 409), (AddressError, 422)):
        api.exception_handler(refusal)(lambda request, error, status=status: answer(status, str(error)))
    api.exception_handler(Exception)(_fault)


def not_found_error(request: HttpRequest, error: Exception) -> HttpResponse:
    """Unknown or not yours: the same answer."""
    return answer(404, "there is no such resource")


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = [
        FieldError(field=".".join(map(str, one.get("loc", ())[1:])), message=str(one.get("msg", "")))
        for one in error.errors[:MAX_ERRORS]
    ]
    return answer(422, "the request cannot be understood", found)


def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = answer(401, "an API key is needed: Authorization: Bearer KEY")
    response["WWW-Authenticate"] = "Bearer"
    return response


def _wrong_target(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(422, str(error), [FieldError(field="purl", message=str(error))])


def _too_big(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(413, f"a request may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes; send less at a time")


def _malformed(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(400, "the request came in pieces that make no whole")


def _away(request: HttpRequest, error: OperationalError) -> HttpResponse:
    log.warning("request=%s the database cannot be used: %s", current_request_id(), error)
    response = answer(503, "the service is away for the moment")
    response["Retry-After"] = str(AWAY_S)
    return response


def _used_up(request: HttpRequest, error: QuotaError) -> HttpResponse:
    response = answer(429, str(error))
    response["Retry-After"] = str(error.wait_s)
    return response


def _fault(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("request=%s failed", current_request_id(), exc_info=error)
    return answer(500, "a fault of the service; tell its administrator the request id")
