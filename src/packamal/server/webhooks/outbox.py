"""Writes messages, in the transaction of what they tell: an event is told at least once, or did not happen."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from packamal.model import Level
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pipeline.bells import call
from packamal.server.webhooks.models import Delivery, Event, HookState, Webhook

TASK = "packamal.deliver"
REACHED: dict[str, tuple[Level, ...]] = {
    Level.SUSPICIOUS: (Level.SUSPICIOUS,),
    Level.MALICIOUS: (Level.SUSPICIOUS, Level.MALICIOUS),
}
"""Verdict -> the levels that it reaches; no other verdict reaches one."""


def put(hooks: Iterable[Webhook], event: Event, data: Mapping[str, object]) -> list[Delivery]:
    """One message for each webhook; sent after the transaction. `data` is what the event is about."""
    rows = [_message(hook, event, data) for hook in hooks]
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(lambda: call(TASK))
    return rows


def put_for(owners: Iterable[int], event: Event, data: Mapping[str, object]) -> None:
    """Messages for the webhooks of these people that want to know of it."""
    hooks = _active().filter(owner__in=list(owners))
    put([hook for hook in hooks if event.value in hook.events], event, data)


def put_ended(sender: object, row: Analysis, **more: object) -> None:
    """An analysis ended: who asked for it is told, and who wants to know of verdicts of this level."""
    reached = REACHED.get(row.level, ()) if row.state == State.DONE else ()
    asked = {row.owner_id, *row.also_asked.values_list("user", flat=True)}
    hooks = list(_active().filter(Q(owner__in=asked - {None}) | Q(level__in=reached)))
    data = about(row)
    own = [hook for hook in hooks if hook.owner_id in asked]
    put([hook for hook in own if Event.ANALYSIS_FINISHED.value in hook.events], Event.ANALYSIS_FINISHED, data)
    put([hook for hook in hooks if hook.level in reached], Event.VERDICT_REACHED, data)


def about(row: Analysis) -> dict[str, object]:
    """An analysis in short. `reason` is the text of a stranger."""
    has_report = row.state == State.DONE
    address = settings.PACKAMAL.public_url
    return {
        "id": str(row.pk),
        "purl": row.purl,
        "state": row.state,
        "verdict": {"level": row.level, "score": row.score or 0, "reason": row.reason} if has_report else None,
        "error": row.error_category or None,
        "links": {"self": f"{address}/api/v1/analyses/{row.pk}", "page": f"{address}/analyses/{row.pk}"},
    }


def _active() -> QuerySet[Webhook]:
    return Webhook.objects.filter(state=HookState.ACTIVE, owner__is_active=True)


def _message(hook: Webhook, event: Event, data: Mapping[str, object]) -> Delivery:
    now, key = timezone.now(), uuid.uuid4()
    body = json.dumps({"id": str(key), "event": event.value, "at": now.isoformat(), "data": data})
    return Delivery(id=key, webhook=hook, event=event, body=body, created_at=now, next_at=now)
