"""Where each feed stands, and which releases it showed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from packamal.server.analyses.models import Analysis


class FeedState(models.Model):
    """One feed; changed by whoever holds its turn (`due_at` lies ahead meanwhile), and by administrators."""

    name = models.CharField(max_length=16, primary_key=True)
    cursor = models.TextField(default="")
    """What the source gave to go on from; empty before the first answer."""
    is_paused = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(default=timezone.now)
    polled_at = models.DateTimeField(null=True)
    """Tried last."""
    succeeded_at = models.DateTimeField(null=True)
    """Answered last: the age of the feed."""
    failures = models.PositiveIntegerField(default=0)
    """In a row."""
    error = models.TextField(default="")
    """The last one, empty after a success."""
    missed = models.PositiveBigIntegerField(default=0)
    """About how many releases a gap may have swallowed that was not made good since."""
    gap = models.TextField(default="")
    """The same in words."""
    gap_at = models.DateTimeField(null=True)
    held = models.TextField(default="")
    """Why releases wait at their source."""
    taken = models.PositiveBigIntegerField(default=0)
    """Releases since it began."""

    def __str__(self) -> str:
        return self.name


class ListState(models.Model):
    """How fresh the lists are that scans use: one row."""

    ONLY = "lists"
    name = models.CharField(max_length=16, primary_key=True, default=ONLY)
    digest = models.CharField(max_length=64, default="")
    """Names the lists in use; empty: the shipped ones."""
    due_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    def __str__(self) -> str:
        return self.digest or "shipped"


class Outcome(models.TextChoices):
    """What became of a release."""

    QUEUED = "queued"
    KNOWN = "known"
    """There is an analysis of it already."""
    UNSUPPORTED = "unsupported"
    """Seen and written down: its ecosystem is not analysed."""
    REFUSED = "refused"
    """The feed calls it what no package can be called."""


class SeenRelease(models.Model):
    """One release that a feed showed; showing it again changes nothing."""

    feed = models.CharField(max_length=16)
    name = models.TextField()
    """With its namespace."""
    version = models.TextField()
    published_at = models.DateTimeField(null=True)
    """As the source says."""
    seen_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    analysis = models.ForeignKey(Analysis, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """A release is once in a feed."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["feed", "name", "version"], name="seen_releases_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["feed", "-seen_at"], name="seen_releases_newest"),
            models.Index(fields=["seen_at"], name="seen_releases_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.feed}: {self.name} {self.version}"
