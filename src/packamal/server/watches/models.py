"""A package is watched once however many people watch it: one row to ask the index for, one trail of events."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class WatchedPackage(models.Model):
    """What is known of a package, and when its index is asked next."""

    ecosystem = models.CharField(max_length=32)
    name = models.TextField()
    """With its namespace: `@scope/name`."""
    purl = models.TextField()
    """Without a version."""
    newest_version = models.TextField(default="", blank=True)
    """Empty until the index has answered."""
    release_digest = models.CharField(max_length=64, default="", blank=True)
    """Over what the index lists of that version: files can be added to a version."""
    level = models.CharField(max_length=16, default="", blank=True)
    """The last verdict on a version that was the newest one then."""
    judged_version = models.TextField(default="", blank=True)
    """Which version that was."""
    latest = models.ForeignKey("analyses.Analysis", null=True, on_delete=models.SET_NULL, related_name="+")
    """The analysis of the newest version, also while it runs."""
    checked_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0)
    """In a row."""
    trouble = models.TextField(default="", blank=True)
    """Why the index could not be asked, in one line of ours."""

    class Meta:
        """Found whenever an analysis ends, and when it is due."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["ecosystem", "name"], name="watched_packages_once")]
        indexes: ClassVar = [models.Index(fields=["next_at"], name="watched_packages_due")]

    def __str__(self) -> str:
        return self.purl


class Watch(models.Model):
    """Somebody watches a package."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    key = models.ForeignKey("accounts.ApiKey", null=True, on_delete=models.SET_NULL, related_name="watches")
    """With which it was made; NULL: on the page."""
    package = models.ForeignKey(WatchedPackage, on_delete=models.CASCADE, related_name="watches")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Once for each person."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "package"], name="watches_once")]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at", "-id"], name="watches_newest")]

    def __str__(self) -> str:
        return str(self.pk)


class Kind(models.TextChoices):
    """What happened."""

    NEW_VERSION = "new_version"
    VERDICT = "verdict"
    """The first one on the newest version."""
    CHANGED_VERDICT = "changed_verdict"
    """The same version was judged anew and has another one."""
    TURNED_BAD = "turned_bad"
    """Suspicious or malicious, and not before."""


class WatchEvent(models.Model):
    """Something that happened to a watched package; whoever watched it then may see it."""

    package = models.ForeignKey(WatchedPackage, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    purl = models.TextField()
    version = models.TextField()
    level = models.CharField(max_length=16, default="", blank=True)
    previous = models.CharField(max_length=16, default="", blank=True)
    """The level before; empty: there was none."""
    analysis = models.ForeignKey("analyses.Analysis", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first, of one package or of several."""

        indexes: ClassVar = [
            models.Index(fields=["package", "-id"], name="watch_events_newest"),
            models.Index(fields=["at"], name="watch_events_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.purl}"
