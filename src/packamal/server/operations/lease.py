"""Which beat is the active one: whoever holds the row. Both steps are one compare-and-set in the database."""

from __future__ import annotations

import datetime

from django.db.models import Q
from django.utils import timezone

from packamal.server.operations.models import BeatLease, ScheduledRun

NAME = "beat"
LEASE = datetime.timedelta(seconds=30)
"""Silence for longer, and another beat takes over."""


def hold(holder: str) -> bool:
    """Take or renew the lease; False while another beat holds it."""
    now = timezone.now()
    terms = {"holder": holder, "until": now + LEASE, "renewed_at": now}
    free = Q(holder=holder) | Q(until__lt=now)
    if BeatLease.objects.filter(free, pk=NAME).update(**terms):
        return True
    BeatLease.objects.bulk_create([BeatLease(name=NAME, **terms)], ignore_conflicts=True)
    return BeatLease.objects.filter(pk=NAME, holder=holder).exists()


def give_up(holder: str) -> None:
    """Let another beat take over at once."""
    BeatLease.objects.filter(pk=NAME, holder=holder).update(until=timezone.now() - LEASE)


def last_runs() -> dict[str, datetime.datetime]:
    """Job -> when it was sent last."""
    return dict(ScheduledRun.objects.values_list("name", "last_run_at"))


def claim_run(name: str, period: datetime.timedelta) -> bool:
    """The right to send a job now; False when it was sent within half a period, by whomever."""
    now = timezone.now()
    if ScheduledRun.objects.filter(pk=name, last_run_at__lte=now - period / 2).update(last_run_at=now):
        return True
    _, is_new = ScheduledRun.objects.get_or_create(name=name, defaults={"last_run_at": now})
    return is_new


def give_run_back(name: str, last_run_at: datetime.datetime) -> None:
    """It could not be sent."""
    ScheduledRun.objects.filter(pk=name).update(last_run_at=last_run_at)
