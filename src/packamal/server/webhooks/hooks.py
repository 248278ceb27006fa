"""What people and programs do with webhooks: make, rotate, pause, resume, end, try. The API and the pages come here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from packamal.errors import FetchError, PackamalError
from packamal.http.addresses import origin
from packamal.http.push import check_address
from packamal.model import Level
from packamal.server.accounts import audit
from packamal.server.accounts.models import User
from packamal.server.webhooks.models import Delivery, DeliveryState, Event, HookState, Webhook
from packamal.server.webhooks.outbox import REACHED, put
from packamal.server.webhooks.sealing import seal
from packamal.server.webhooks.signing import new_secret

MAX_HOOKS = 20
"""Of one person: each costs a message for each event."""
OVERLAP = datetime.timedelta(hours=24)
"""After a rotation the old secret signs as well for so long, so that a receiver can change over."""
CHOICES = tuple(event for event in Event if event is not Event.PING)


class AddressError(PackamalError):
    """Nothing can be sent there."""


class HookRefusedError(PackamalError):
    """The webhook cannot be made or changed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A webhook to be made."""

    url: str
    events: tuple[Event, ...]
    level: Level = Level.MALICIOUS
    """For `verdict.reached`."""


class NewSecret(NamedTuple):
    """A secret at the only moment at which it can be shown."""

    row: Webhook
    secret: str


def create(actor: str, owner: User, wanted: Wanted) -> NewSecret:
    """A new webhook, in the trail. Raises AddressError, HookRefusedError."""
    try:
        check_address(wanted.url, settings.PACKAMAL.inner_receivers)
    except FetchError as error:
        raise AddressError(str(error)) from error
    if not wanted.events or not set(wanted.events) <= set(CHOICES):
        raise HookRefusedError("choose at least one event")
    level = wanted.level if Event.VERDICT_REACHED in wanted.events else ""
    if level and level not in REACHED:
        raise HookRefusedError("the level is suspicious or malicious")
    secret = new_secret()
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=owner.pk))
        if Webhook.objects.filter(owner=owner).count() >= MAX_HOOKS:
            raise HookRefusedError(f"there are {MAX_HOOKS} webhooks; remove one first")
        row = Webhook.objects.create(
            owner=owner, url=wanted.url, events=_sorted(wanted.events), level=level, sealed=seal(secret)
        )
        audit.record(actor, "webhook.create", str(row.pk), host=origin(row.url)[1], events=",".join(row.events))
    return NewSecret(row, secret)


def rotate(actor: str, row: Webhook) -> NewSecret:
    """A new secret; the old one signs as well for OVERLAP."""
    secret = new_secret()
    with transaction.atomic():
        row = Webhook.objects.select_for_update(no_key=True).get(pk=row.pk)
        row.sealed, row.sealed_before, row.before_until = seal(secret), row.sealed, timezone.now() + OVERLAP
        row.save(update_fields=["sealed", "sealed_before", "before_until"])
        audit.record(actor, "webhook.rotate", str(row.pk))
    return NewSecret(row, secret)


def pause(actor: str, row: Webhook) -> None:
    """Send nothing; what happens meanwhile is not told later. Raises HookRefusedError when nothing is sent anyway."""
    _change(actor, "webhook.pause", row, [HookState.ACTIVE], HookState.PAUSED)


def resume(actor: str, row: Webhook) -> None:
    """Send again, first what waited. Raises HookRefusedError when it is sent anyway."""
    _change(actor, "webhook.resume", row, [HookState.PAUSED, HookState.DISABLED], HookState.ACTIVE)


def remove(actor: str, row: Webhook) -> None:
    """End it, with what waits."""
    with transaction.atomic():
        key = str(row.pk)
        row.delete()
        audit.record(actor, "webhook.delete", key)


def ping(actor: str, row: Webhook) -> Delivery:
    """Send a message that says nothing. Raises HookRefusedError while the last one waits, or when nothing is sent."""
    with transaction.atomic():
        held = Webhook.objects.select_for_update(no_key=True).get(pk=row.pk)
        if held.state != HookState.ACTIVE:
            raise HookRefusedError(f"this webhook is {held.state}")
        if Delivery.objects.filter(webhook=held, event=Event.PING, state=DeliveryState.PENDING).exists():
            raise HookRefusedError("a ping is on its way")
        audit.record(actor, "webhook.ping", str(row.pk))
        return put([held], Event.PING, {})[0]


def _change(actor: str, action: str, row: Webhook, before: Iterable[HookState], after: HookState) -> None:
    with transaction.atomic():
        rows = Webhook.objects.filter(pk=row.pk, state__in=list(before))
        if not rows.update(state=after, note="", failures=0):
            raise HookRefusedError(f"this webhook is {row.state}")
        audit.record(actor, action, str(row.pk))


def _sorted(events: Iterable[Event]) -> list[str]:
    wanted = set(events)
    return [event.value for event in CHOICES if event in wanted]
