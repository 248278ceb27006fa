"""Webhooks of people, and the outbox: a row for each message, there until it is delivered or given up."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Event(models.TextChoices):
    """What a message may tell; `ping` is only sent on request."""

    PING = "ping"
    ANALYSIS_FINISHED = "analysis.finished"
    VERDICT_REACHED = "verdict.reached"
    WATCH_NEW_VERSION = "watch.new_version"
    WATCH_VERDICT = "watch.verdict"
    WATCH_CHANGED_VERDICT = "watch.changed_verdict"
    WATCH_TURNED_BAD = "watch.turned_bad"


class HookState(models.TextChoices):
    """Whether messages are sent."""

    ACTIVE = "active"
    PAUSED = "paused"
    """By its owner."""
    DISABLED = "disabled"
    """By the service: its receiver failed too often."""


class Webhook(models.Model):
    """Where somebody wants messages."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.TextField()
    """May hold a token of the receiver: shown to its owner alone, in no log and no trail."""
    events = models.JSONField(default=list)
    level = models.CharField(max_length=16, default="", blank=True)
    """From which verdict on `verdict.reached` is told; empty: it is not."""
    sealed = models.TextField()
    """The secret, encrypted (`sealing`): it has to sign, so that a digest would not do."""
    sealed_before = models.TextField(default="", blank=True)
    """The secret before the last rotation, which signs as well until `before_until`."""
    before_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=HookState.choices, default=HookState.ACTIVE)
    note = models.TextField(default="", blank=True)
    """Why it is disabled."""
    failures = models.PositiveIntegerField(default=0)
    """In a row."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Asked for whenever an analysis ends."""

        indexes: ClassVar = [
            models.Index(fields=["level"], condition=models.Q(state="active") & ~models.Q(level=""), name="hooks_level")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class DeliveryState(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """One message to one webhook. Nothing of an answer is kept but its status."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Stands in the message, so that a receiver knows one that comes twice."""
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32, choices=Event.choices)
    body = models.TextField()
    state = models.CharField(max_length=16, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    """What the receiver answered last; NULL: nothing."""
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """What is due, and what was sent lately."""

        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=models.Q(state="pending"), name="deliveries_due"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="deliveries_newest"),
            models.Index(fields=["created_at"], name="deliveries_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"
