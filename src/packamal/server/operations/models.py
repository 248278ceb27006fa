"""The rows that parts of the service agree through: who may schedule, what ran when, who may deliver a result."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from packamal.server.analyses.models import Analysis


class BeatLease(models.Model):
    """The right to schedule: one row, held by one beat at a time."""

    name = models.CharField(max_length=32, primary_key=True)
    holder = models.TextField()
    until = models.DateTimeField()
    renewed_at = models.DateTimeField(default=timezone.now)
    """The heartbeat that alerts look at."""

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class ScheduledRun(models.Model):
    """When a job of the schedule was sent last, by whichever beat: a restart neither repeats nor skips it."""

    name = models.CharField(max_length=64, primary_key=True)
    last_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class TokenScope(models.TextChoices):
    """What a token of a scan is good for."""

    RESULT = "result"
    HEARTBEAT = "heartbeat"


class CallbackToken(models.Model):
    """The right of one attempt to call back; only the token's digest is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    """SHA-256 of the token: 256 random bits need no slow hash."""
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="callback_tokens")
    attempt = models.PositiveIntegerField()
    scope = models.CharField(max_length=16, choices=TokenScope.choices)
    expires_at = models.DateTimeField()
    delivered = models.CharField(max_length=64, default="")
    """SHA-256 of what was delivered with it; once set, nothing else is taken."""

    class Meta:
        """One for each scope of an attempt."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["analysis", "attempt", "scope"], name="callback_tokens_once")
        ]

    def __str__(self) -> str:
        return f"{self.analysis_id} #{self.attempt} {self.scope}"
