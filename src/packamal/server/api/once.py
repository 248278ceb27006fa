"""`Idempotency-Key`: a call that is sent twice is answered once. The database decides which of two was first.

As draft-ietf-httpapi-idempotency-key-header has it: the same key with another request is 422, while the first one is in
work 409, afterwards the first answer again. A call that failed may be tried again under its key.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import re
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Schema, Status
from ninja.errors import HttpError
from ninja.responses import NinjaJSONEncoder

from packamal.server.accounts.models import ApiKey, KeptAnswer

HEADER = "Idempotency-Key"
TOKEN = re.compile(r"[\x21-\x7e]{1,200}")
KEPT = datetime.timedelta(hours=24)
"""How long an answer stands."""
IN_WORK = datetime.timedelta(seconds=60)
"""A call without an answer for longer has died."""
REPEATED = "Idempotency-Replayed"
PARAMETER = {
    "parameters": [
        {
            "in": "header",
            "name": HEADER,
            "required": False,
            "description": "Sent again with the same request within 24 hours, the first answer comes again.",
            "schema": {"type": "string", "pattern": f"^{TOKEN.pattern}$", "maxLength": 200},
        }
    ]
}
"""For the document; operations that call `once` name it as `openapi_extra`."""
Out = TypeVar("Out", bound=Schema)


def once(
    request: HttpRequest,
    response: HttpResponse,
    content: bytes,
    work: Callable[[], Status[Out]],
    hidden: frozenset[str] = frozenset(),
) -> Status[Out] | HttpResponse:
    """Do the work, or repeat what was answered; `content` tells one request from another. Raises HttpError 409, 422.

    `hidden`: fields of the answer that are not kept, and so are not repeated: secrets.
    """
    token = request.headers.get(HEADER)
    if token is None:
        return work()
    if not TOKEN.fullmatch(token):
        raise HttpError(422, f"{HEADER}: 1 to 200 visible ASCII characters expected")
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\0".encode() + content).hexdigest()
    kept = _begin(request.auth, token, fingerprint)  # type: ignore[attr-defined]
    if kept.status is not None:
        return _again(kept)
    with contextlib.ExitStack() as failed:
        failed.callback(kept.delete)
        answer = work()
        failed.pop_all()
    body = json.dumps(answer.value.model_dump(exclude=set(hidden)), cls=NinjaJSONEncoder)
    location = response.get("Location", "")
    KeptAnswer.objects.filter(pk=kept.pk).update(status=answer.status_code, body=body, location=location)
    return answer


def forget(now: datetime.datetime | None = None) -> int:
    """Remove answers that no longer stand."""
    return KeptAnswer.objects.filter(created_at__lt=(now or timezone.now()) - KEPT).delete()[0]


def _begin(key: ApiKey, token: str, fingerprint: str) -> KeptAnswer:
    """The row of this call: a new one without a status, or the answered one."""
    now = timezone.now()
    own = KeptAnswer.objects.filter(key=key, token=token)
    own.filter(created_at__lt=now - KEPT).delete()
    own.filter(created_at__lt=now - IN_WORK, status=None).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(key=key, token=token, fingerprint=fingerprint)
    except IntegrityError:
        kept = own.first()
    if kept is None or (kept.status is None and kept.fingerprint == fingerprint):
        raise HttpError(409, f"a request with this {HEADER} is in work; ask again in a second")
    if kept.fingerprint != fingerprint:
        raise HttpError(422, f"this {HEADER} was used for another request")
    return kept


def _again(kept: KeptAnswer) -> HttpResponse:
    answer = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    answer[REPEATED] = "true"
    if kept.location:
        answer["Location"] = kept.location
    return answer
