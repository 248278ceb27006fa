"""What a job that runs elsewhere calls: its result once, a heartbeat in between. Everything it sends is hostile input.

Answers: 200 taken (also when it comes again), 204 heard, 400 and 422 wrong, 401 no right, 409 no longer wanted, 411 and
413 size. None of these gets better by trying again; 503 does. What lies in files, not in requests: `job_files`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from packamal.executors.base import MAX_REPORT_BYTES, Ending, Outcome
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Attempt
from packamal.server.analyses.transitions import Lease
from packamal.server.api.problems import answer
from packamal.server.metrics import CALLBACKS
from packamal.server.operations import health, tokens
from packamal.server.operations.models import CallbackToken, TokenScope
from packamal.server.pipeline import parts
from packamal.server.pipeline.run import DONE
from packamal.server.pipeline.settle import settle
from packamal.server.request_id import bound

BEARER = "Bearer "
DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
"""RFC 9530, the one algorithm we take."""
CHUNK_BYTES = 1 << 16
MAX_HEARTBEAT_BYTES = 4096
MAX_STEPS = 1_000_000
RETRY_S = 15
View = Callable[..., HttpResponseBase]
Delivery = Callable[[HttpRequest, CallbackToken], HttpResponseBase]


def with_token(scope: TokenScope, method: str = "POST") -> Callable[[Delivery], View]:
    """Look for the right first: without it nothing of the request is read."""

    def decorate(view: Delivery) -> View:
        @require_http_methods([method])
        @wraps(view)
        def checked(request: HttpRequest, analysis_id: UUID, attempt: int) -> HttpResponseBase:
            try:
                response = _authorized(view, request, scope, (analysis_id, attempt))
            except DatabaseError:
                response = later("the database is away")
            CALLBACKS.labels(scope.value, str(response.status_code)).inc()
            return response

        return checked

    return decorate


def _authorized(view: Delivery, request: HttpRequest, scope: TokenScope, of: tuple[UUID, int]) -> HttpResponseBase:
    given = request.headers.get("Authorization", "")
    token = tokens.find(given.removeprefix(BEARER), *of, scope) if given.startswith(BEARER) else None
    if token is None:
        return answer(401, "a token for this attempt is needed")
    with bound(token.analysis.request_id):
        return view(request, token)


@with_token(TokenScope.RESULT)
def result(request: HttpRequest, token: CallbackToken) -> HttpResponse:
    """The report of an attempt, with its digest in `Content-Digest`."""
    digest = stated_digest(request.headers.get("Content-Digest", ""))
    if not request.META.get("CONTENT_LENGTH"):
        return answer(411, "the length is needed")
    if digest is None:
        return answer(400, "Content-Digest with sha-256 is needed")
    content = _read(request, MAX_REPORT_BYTES)
    if content is None:
        return answer(413, "no report is that large")
    if hashlib.sha256(content).hexdigest() != digest:
        return answer(422, "this is not what Content-Digest says")
    return take(token, content, digest)


@with_token(TokenScope.HEARTBEAT)
def heartbeat(request: HttpRequest, token: CallbackToken) -> HttpResponse:
    """Where the attempt stands: {"stage": "fetch", "done": 1, "total": 3}. 409: nobody wants it any more, stop."""
    stage = _stage(_read(request, MAX_HEARTBEAT_BYTES))
    if stage is None:
        return answer(400, "stage, done and total are needed")
    if not transitions.renew(token.analysis_id, token.attempt, *stage):
        return answer(409, "this attempt has ended")
    return HttpResponse(status=204)


def take(token: CallbackToken, content: bytes, digest: str) -> HttpResponse:
    """Settle the attempt with a report of this digest, however it came.

    Settling twice changes nothing, so a delivery that broke off in between is simply made again.
    """
    if not health.has_store():
        return later("the results store is away or full")
    if not tokens.use(token, digest):
        return answer(409, "this token delivered something else")
    settle(lease_of(token), Outcome(Ending.REPORTED, content), parts.store())
    return standing(token, digest)


def standing(token: CallbackToken, digest: str) -> HttpResponse:
    """What became of the attempt, to whoever delivered this."""
    row = token.analysis
    outcome = Attempt.objects.filter(analysis_id=row.pk, number=token.attempt).values_list("outcome", flat=True).get()
    row.refresh_from_db(fields=["report_id", "attempt"])
    if outcome == DONE and row.report_id == digest and row.attempt == token.attempt:
        return JsonResponse({"status": "taken"})
    if outcome == "result_invalid":
        return answer(422, "this is no report on this package")
    return answer(409, "this attempt has ended")


def lease_of(token: CallbackToken) -> Lease:
    """The right that the token stands for."""
    row = token.analysis
    return Lease(row.pk, token.attempt, row.purl, row.options, row.request_id, token.expires_at)


def stated_digest(text: str) -> str | None:
    """The digest in such a header, in hexadecimal; None where there is none."""
    found = DIGEST.fullmatch(text)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else None
    except binascii.Error:
        return None


def _read(request: HttpRequest, limit: int) -> bytes | None:
    """The body; None when it is longer than it may be, of which no more is read."""
    stated = request.META.get("CONTENT_LENGTH") or "0"
    if not stated.isascii() or not stated.isdigit() or int(stated) > limit:
        return None
    content = bytearray()
    while chunk := request.read(CHUNK_BYTES):
        content += chunk
        if len(content) > limit:
            return None
    return bytes(content)


def _stage(content: bytes | None) -> tuple[str, int, int] | None:
    try:
        value = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.keys() != {"stage", "done", "total"}:
        return None
    stage, done, total = value["stage"], value["done"], value["total"]
    if not isinstance(stage, str) or "\0" in stage:
        return None
    counts = [count for count in (done, total) if type(count) is int and 0 <= count <= MAX_STEPS]
    return (stage, done, total) if len(counts) == 2 else None


def later(why: str) -> HttpResponse:
    """Trouble of ours: the same may be asked again in a while."""
    response = answer(503, why)
    response["Retry-After"] = str(RETRY_S)
    return response
