"""API keys over the API: those of the caller's owner; with the scope admin everybody's, and the trail."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictInt

from packamal.server.accounts import keyring
from packamal.server.accounts.keys import NewKey
from packamal.server.accounts.models import ApiKey, AuditEvent, Scope
from packamal.server.api.auth import ADMIN, READ, actor
from packamal.server.api.fields import Text
from packamal.server.api.problems import Problem

router = Router(tags=["keys"])
MAX_DAYS = 3650
MAX_OVERLAP_H = 24 * 30
MAX_SHOWN = 500
REFUSALS = (400, 401, 403, 404, 409, 422, 429)
Prefix = Annotated[str, Path(pattern=r"^[0-9a-f]{1,16}$")]


class KeyIn(Schema):
    """A key to make."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[Text, Field(min_length=1, max_length=80)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    days: Annotated[StrictInt | None, Field(ge=1, le=MAX_DAYS)] = 90
    """null: no end."""


class RotateIn(Schema):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid")
    overlap_hours: Annotated[StrictInt, Field(ge=0, le=MAX_OVERLAP_H)] = 24
    """How long the old one still holds."""


class KeyOut(Schema):
    """A key without its secret."""

    prefix: str
    name: str
    owner: str
    scopes: list[str]
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    revoked_at: datetime.datetime | None
    last_used_at: datetime.datetime | None


class NewKeyOut(KeyOut):
    """A key at the only moment at which it can be read."""

    key: str


class KeysOut(Schema):
    """Newest first."""

    items: list[KeyOut]


class EventOut(Schema):
    """Something that somebody did."""

    id: int
    at: datetime.datetime
    actor: str
    action: str
    subject: str
    request_id: str
    detail: dict[str, object]


class EventsOut(Schema):
    """Newest first."""

    items: list[EventOut]


class TrailQuery(Schema):
    """Which part of the trail."""

    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    """Id of the last event of the page before."""
    subject: Annotated[Text, Field(max_length=1000)] = ""


@router.get("/keys", auth=READ, response={200: KeysOut, REFUSALS: Problem}, url_name="keys")
def list_keys(request: HttpRequest) -> KeysOut:
    """Keys of the caller's owner; with admin of everybody."""
    return KeysOut(items=[_shown(row) for row in _visible(request).order_by("-created_at")[:MAX_SHOWN]])


@router.post("/keys", auth=READ, response={201: NewKeyOut, REFUSALS: Problem}, url_name="keys-create")
def create_key(request: HttpRequest, body: KeyIn) -> Status[NewKeyOut]:
    """Make a key for the caller's owner, with no scope that the calling key lacks. It is shown this once."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if not {*body.scopes} <= {Scope(scope) for scope in key.scopes} and Scope.ADMIN.value not in key.scopes:
        raise keyring.KeyRefusedError("a key makes no key that may do more than itself")
    lifetime = datetime.timedelta(days=body.days) if body.days else None
    return Status(201, _new(keyring.create(actor(request), key.owner, body.name, body.scopes, lifetime)))


@router.post("/keys/{prefix}/rotate", auth=READ, response={201: NewKeyOut, REFUSALS: Problem}, url_name="key-rotate")
def rotate_key(request: HttpRequest, prefix: Prefix, body: RotateIn) -> Status[NewKeyOut]:
    """Replace a key by a new one like it; the old one holds for the overlap and then ends."""
    row = get_object_or_404(_changeable(request), prefix=prefix)
    return Status(201, _new(keyring.rotate(actor(request), row, datetime.timedelta(hours=body.overlap_hours))))


@router.delete("/keys/{prefix}", auth=READ, response={204: None, REFUSALS: Problem}, url_name="key-revoke")
def revoke_key(request: HttpRequest, prefix: Prefix) -> Status[None]:
    """End a key at once; 409 when it has ended."""
    if not keyring.revoke(actor(request), get_object_or_404(_changeable(request), prefix=prefix)):
        raise keyring.KeyRefusedError("this key has ended")
    return Status(204, None)


@router.get("/audit", auth=ADMIN, response={200: EventsOut, REFUSALS: Problem}, url_name="audit")
def list_events(request: HttpRequest, query: Query[TrailQuery]) -> EventsOut:
    """The trail, newest first, a page at a time."""
    rows = AuditEvent.objects.order_by("-id")
    rows = rows.filter(id__lt=query.before) if query.before else rows
    rows = rows.filter(subject=query.subject) if query.subject else rows
    items = [
        EventOut(
            id=row.pk,
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            request_id=row.request_id,
            detail=row.detail,
        )
        for row in rows[:MAX_SHOWN]
    ]
    return EventsOut(items=items)


def _visible(request: HttpRequest) -> QuerySet[ApiKey]:
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    rows = ApiKey.objects.select_related("owner")
    return rows if Scope.ADMIN.value in key.scopes else rows.filter(owner=key.owner)


def _changeable(request: HttpRequest) -> QuerySet[ApiKey]:
    """A key may change itself; more needs admin: one that leaked must not end or replace its owner's others."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return _visible(request) if Scope.ADMIN.value in key.scopes else _visible(request).filter(pk=key.pk)


def _shown(row: ApiKey) -> KeyOut:
    return KeyOut(**_fields(row))


def _new(made: NewKey) -> NewKeyOut:
    return NewKeyOut(**_fields(made.row), key=made.text)


def _fields(row: ApiKey) -> dict[str, Any]:
    names = ("prefix", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {"owner": row.owner.username, **{name: getattr(row, name) for name in names}}
