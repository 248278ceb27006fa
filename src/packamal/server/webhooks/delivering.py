"""Sends what is due, each webhook in turn, so that a receiver that fails or lingers holds up no other for long."""

from __future__ import annotations

import datetime
import itertools
import logging
import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from packamal.errors import FetchError
from packamal.http.push import push
from packamal.server.accounts import audit
from packamal.server.metrics import DELIVERIES
from packamal.server.webhooks.models import Delivery, DeliveryState, HookState, Webhook
from packamal.server.webhooks.sealing import SealError
from packamal.server.webhooks.signing import headers_of

log = logging.getLogger(__name__)
PASS_S = 20.0
"""The reconciler runs in the same queue."""
MAX_HOOKS = 100
MAX_EACH = 20
"""Messages of one webhook in a pass."""
CLAIM = datetime.timedelta(seconds=60)
"""Longer than a try takes; a process that dies within it leaves the message to the next one."""
MAX_ATTEMPTS = 10
BACK_OFF = datetime.timedelta(seconds=30)
"""Doubled with each attempt."""
MAX_BACK_OFF = datetime.timedelta(hours=1)
"""With ten attempts a message is given up after three hours."""
MAX_FAILURES = 20
"""In a row, over all messages; then the webhook is disabled until its owner resumes it."""
KEPT = datetime.timedelta(days=30)
"""Messages and what became of them."""
NO_SECRET = "its secret cannot be read any more; rotate it and resume"  # noqa: S105  a note


def deliver() -> Counter[str]:
    """One pass; gives how often each outcome came."""
    end, outcomes, failing = time.monotonic() + PASS_S, Counter[str](), set[UUID]()
    for row in _due():
        if time.monotonic() > end:
            break
        if row.webhook_id in failing or not _claim(row):
            continue
        outcome = _try(row)
        if outcome != DeliveryState.DELIVERED:
            failing.add(row.webhook_id)
        DELIVERIES.labels(outcome).inc()
        outcomes[outcome] += 1
    return outcomes


def forget(now: datetime.datetime) -> int:
    """Remove old messages, also those that waited for a paused webhook."""
    return Delivery.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _due() -> Iterator[Delivery]:
    """The first one of each webhook, then the second one of each."""
    waiting = Delivery.objects.filter(
        state=DeliveryState.PENDING,
        next_at__lte=timezone.now(),
        webhook__state=HookState.ACTIVE,
        webhook__owner__is_active=True,
    )
    first = waiting.order_by().values_list("webhook").annotate(first=Min("next_at")).order_by("first")[:MAX_HOOKS]
    own = [waiting.filter(webhook=key).select_related("webhook").order_by("next_at")[:MAX_EACH] for key, _ in first]
    return (row for rank in itertools.zip_longest(*own) for row in rank if row is not None)


def _claim(row: Delivery) -> bool:
    now = timezone.now()
    mine = Delivery.objects.filter(pk=row.pk, state=DeliveryState.PENDING, attempts=row.attempts)
    if not mine.update(attempts=F("attempts") + 1, next_at=now + CLAIM):
        return False
    row.attempts += 1
    return True


def _try(row: Delivery) -> str:
    """delivered, refused, unreachable, given_up or disabled."""
    status: int | None = None
    try:
        headers = headers_of(row, timezone.now())
    except SealError:
        return _disable(row.webhook_id, NO_SECRET)
    try:
        status = push(row.webhook.url, row.body.encode(), headers, settings.PACKAMAL.inner_receivers)
    except FetchError:
        log.info("a receiver cannot be reached", extra={"fields": {"webhook": str(row.webhook_id)}})
    if status is not None and 200 <= status < 300:
        _end(row, DeliveryState.DELIVERED, status)
        Webhook.objects.filter(pk=row.webhook_id, failures__gt=0).update(failures=0)
        return DeliveryState.DELIVERED
    return _failed(row, status)


def _failed(row: Delivery, status: int | None) -> str:
    Webhook.objects.filter(pk=row.webhook_id).update(failures=F("failures") + 1)
    is_over = row.attempts >= MAX_ATTEMPTS
    if is_over:
        _end(row, DeliveryState.GIVEN_UP, status)
    else:
        wait = min(BACK_OFF * 2 ** (row.attempts - 1), MAX_BACK_OFF)
        _mine(row).update(next_at=timezone.now() + wait, status=status)
    if Webhook.objects.filter(pk=row.webhook_id, failures__gte=MAX_FAILURES).exists():
        said = f"answered {status}" if status else "could not be reached"
        return _disable(row.webhook_id, f"{MAX_FAILURES} deliveries in a row failed; the last one {said}")
    if is_over:
        return DeliveryState.GIVEN_UP
    return "refused" if status else "unreachable"


def _end(row: Delivery, state: DeliveryState, status: int | None) -> None:
    _mine(row).update(state=state, status=status, ended_at=timezone.now())


def _mine(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=row.pk, attempts=row.attempts, state=DeliveryState.PENDING)


def _disable(webhook_id: UUID, note: str) -> str:
    with transaction.atomic():
        rows = Webhook.objects.filter(pk=webhook_id, state=HookState.ACTIVE)
        if rows.update(state=HookState.DISABLED, note=note):
            audit.record("system", "webhook.disable", str(webhook_id))
    return HookState.DISABLED
