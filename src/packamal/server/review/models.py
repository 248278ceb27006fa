"""Decisions stand beside the machine's verdict and never replace it; what is taken back stays, marked."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from packamal.server.analyses.models import Analysis


class Kind(models.TextChoices):
    """What somebody did."""

    CONFIRM = "confirm"
    OVERRIDE = "override"
    NOTE = "note"
    SUPPRESS = "suppress"


DECIDES = (Kind.CONFIRM, Kind.OVERRIDE)
"""Kinds that settle a verdict; a note and an accepted finding do not."""


class Decision(models.Model):
    """One act of one person on one analysis."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    level = models.CharField(max_length=16, default="", blank=True)
    """Of an override: what the person says it is."""
    reason = models.TextField(default="", blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="decisions")
    author_name = models.TextField()
    """Kept when the account is gone."""
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        """Asked for by analysis, and by time."""

        indexes: ClassVar = [models.Index(fields=["analysis", "-at"]), models.Index(fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.author_name} {self.kind} {self.analysis_id}"


class Suppression(models.Model):
    """One finding that the team accepts, for exactly this content, until a day."""

    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="suppression")
    rule = models.TextField()
    purl = models.TextField()
    """With wildcards, like `pkg:npm/colour-utils@*`."""
    path = models.TextField()
    sha256 = models.CharField(max_length=64)
    """Of the artifact; other content is another question."""
    ends_on = models.DateField()
    owner = models.TextField()

    def __str__(self) -> str:
        return f"{self.rule} in {self.purl}"
