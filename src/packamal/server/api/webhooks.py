"""Webhooks over the API: those of the caller's owner alone, since their addresses may hold tokens."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from packamal.http.push import MAX_URL_CHARS
from packamal.model import Level
from packamal.server.api.auth import READ, SUBMIT, actor, asker, owner
from packamal.server.api.cursors import Paging, page
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.webhooks import hooks
from packamal.server.webhooks.hooks import NewSecret, Wanted
from packamal.server.webhooks.models import Delivery, DeliveryState, Event, HookState, Webhook

router = Router(tags=["webhooks"])
REFUSALS = (400, 401, 403, 404, 409, 422, 429)
SECRET = frozenset({"secret"})
EventName = Literal[
    "analysis.finished",
    "verdict.reached",
    "watch.new_version",
    "watch.verdict",
    "watch.changed_verdict",
    "watch.turned_bad",
]


class WebhookIn(Schema):
    """A webhook to make."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARS, examples=["https://hooks.example/packamal"])]
    events: Annotated[list[EventName], Field(min_length=1, max_length=6)]
    """analysis.finished: of one's own; verdict.reached: any analysis of the service; watch.*: of watched packages."""
    level: Literal["suspicious", "malicious"] = "malicious"
    """From which verdict on verdict.reached is told."""


class WebhookOut(Schema):
    """A webhook without its secret."""

    id: UUID
    url: str
    events: list[str]
    level: str
    state: HookState
    note: str
    """Why the service disabled it."""
    failures: int
    """In a row."""
    created_at: datetime.datetime


class NewWebhookOut(WebhookOut):
    """A webhook at the only moment at which its secret can be read."""

    secret: str = ""
    """Left out of an answer that is repeated for an Idempotency-Key."""


class WebhooksOut(Schema):
    """Newest first."""

    items: list[WebhookOut]


class DeliveryOut(Schema):
    """A message and what became of it."""

    id: UUID
    event: Event
    state: DeliveryState
    attempts: int
    status: int | None
    """What the receiver answered last; null: nothing."""
    created_at: datetime.datetime
    next_at: datetime.datetime | None
    """Of the next try; null when there is none."""
    ended_at: datetime.datetime | None


class DeliveriesOut(Schema):
    """One page, newest first."""

    items: list[DeliveryOut]
    next: str | None


@router.get("/webhooks", auth=READ, response={200: WebhooksOut, REFUSALS: Problem}, url_name="webhooks")
def list_webhooks(request: HttpRequest) -> WebhooksOut:
    """Those of the key's owner."""
    return WebhooksOut(items=[_shown(row) for row in _own(request).order_by("-created_at")])


@router.post(
    "/webhooks",
    auth=SUBMIT,
    response={201: NewWebhookOut, REFUSALS: Problem},
    url_name="webhooks-create",
    openapi_extra=PARAMETER,
)
def create_webhook(
    request: HttpRequest, response: HttpResponse, body: WebhookIn
) -> Status[NewWebhookOut] | HttpResponse:
    """Make one; its secret is shown this once. How a receiver checks a message: docs/webhooks.md."""
    wanted = Wanted(body.url, tuple(Event(event) for event in body.events), Level(body.level))

    def work() -> Status[NewWebhookOut]:
        return Status(201, _new(hooks.create(actor(request), owner(request), wanted)))

    return once(request, response, request.body, work, SECRET)


@router.get("/webhooks/{uuid:webhook_id}", auth=READ, response={200: WebhookOut, REFUSALS: Problem}, url_name="webhook")
def get_webhook(request: HttpRequest, webhook_id: UUID) -> WebhookOut:
    """One."""
    return _shown(_one(request, webhook_id))


@router.delete(
    "/webhooks/{uuid:webhook_id}", auth=SUBMIT, response={204: None, REFUSALS: Problem}, url_name="webhook-delete"
)
def delete_webhook(request: HttpRequest, webhook_id: UUID) -> Status[None]:
    """End it, with the messages that wait."""
    hooks.remove(actor(request), _one(request, webhook_id))
    return Status(204, None)


@router.post(
    "/webhooks/{uuid:webhook_id}/rotate",
    auth=SUBMIT,
    response={201: NewWebhookOut, REFUSALS: Problem},
    url_name="webhook-rotate",
    openapi_extra=PARAMETER,
)
def rotate_webhook(
    request: HttpRequest, response: HttpResponse, webhook_id: UUID
) -> Status[NewWebhookOut] | HttpResponse:
    """Give it a new secret; for a day messages are signed with the old one as well."""
    row = _one(request, webhook_id)
    return once(request, response, b"", lambda: Status(201, _new(hooks.rotate(actor(request), row))), SECRET)


@router.post(
    "/webhooks/{uuid:webhook_id}/pause",
    auth=SUBMIT,
    response={200: WebhookOut, REFUSALS: Problem},
    url_name="webhook-pause",
)
def pause_webhook(request: HttpRequest, webhook_id: UUID) -> WebhookOut:
    """Send nothing until it is resumed; what happens meanwhile is not told later. 409 when it is not active."""
    return _changed(request, webhook_id, hooks.pause)


@router.post(
    "/webhooks/{uuid:webhook_id}/resume",
    auth=SUBMIT,
    response={200: WebhookOut, REFUSALS: Problem},
    url_name="webhook-resume",
)
def resume_webhook(request: HttpRequest, webhook_id: UUID) -> WebhookOut:
    """Send again, also when the service had disabled it; 409 when it is active."""
    return _changed(request, webhook_id, hooks.resume)


@router.post(
    "/webhooks/{uuid:webhook_id}/ping",
    auth=SUBMIT,
    response={202: DeliveryOut, REFUSALS: Problem},
    url_name="webhook-ping",
    openapi_extra=PARAMETER,
)
def ping_webhook(request: HttpRequest, response: HttpResponse, webhook_id: UUID) -> Status[DeliveryOut] | HttpResponse:
    """Send a message that says nothing; 409 while the last one is on its way."""
    row = _one(request, webhook_id)
    return once(request, response, b"", lambda: Status(202, _delivery(hooks.ping(actor(request), row))))


@router.get(
    "/webhooks/{uuid:webhook_id}/deliveries",
    auth=READ,
    response={200: DeliveriesOut, REFUSALS: Problem},
    url_name="webhook-deliveries",
)
def list_deliveries(request: HttpRequest, webhook_id: UUID, paging: Query[Paging]) -> DeliveriesOut:
    """What was sent in the last thirty days; of the answers their status alone."""
    rows = Delivery.objects.filter(webhook=_one(request, webhook_id))
    found, following = page(rows, paging.cursor, paging.limit)
    return DeliveriesOut(items=[_delivery(row) for row in found], next=following)


def _own(request: HttpRequest) -> QuerySet[Webhook]:
    return Webhook.objects.filter(owner=asker(request).owner)


def _one(request: HttpRequest, webhook_id: UUID) -> Webhook:
    return get_object_or_404(_own(request), pk=webhook_id)


def _changed(request: HttpRequest, webhook_id: UUID, change: Callable[[str, Webhook], None]) -> WebhookOut:
    row = _one(request, webhook_id)
    change(actor(request), row)
    row.refresh_from_db()
    return _shown(row)


def _shown(row: Webhook) -> WebhookOut:
    return WebhookOut(**_fields(row))


def _new(made: NewSecret) -> NewWebhookOut:
    return NewWebhookOut(**_fields(made.row), secret=made.secret)


def _fields(row: Webhook) -> dict[str, Any]:
    names = ("id", "url", "events", "level", "state", "note", "failures", "created_at")
    return {name: getattr(row, name) for name in names}


def _delivery(row: Delivery) -> DeliveryOut:
    names = ("id", "event", "state", "attempts", "status", "created_at", "ended_at")
    is_pending = row.state == DeliveryState.PENDING
    return DeliveryOut(**{name: getattr(row, name) for name in names}, next_at=row.next_at if is_pending else None)
