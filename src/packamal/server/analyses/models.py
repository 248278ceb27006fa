"""The tables. Rows change state in `transitions` only; names and versions have no length that could fail late."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from packamal.server.analyses.states import FINAL, Category, Lane, State


class StoredReport(models.Model):
    """A report in the results store, by the digest of its bytes."""

    digest = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.BigIntegerField()
    schema_version = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest


class Artifact(models.Model):
    """One judged file; the same file is one row however often it is judged."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    filename = models.TextField()
    kind = models.TextField()
    purl = models.TextField()
    size_bytes = models.BigIntegerField()
    first_seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.filename


class Analysis(models.Model):
    """One package, judged once under one set of rules and options."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Not guessable: it stands in links."""
    requested = models.TextField()
    """What was asked for, canonical."""
    purl = models.TextField()
    """The exact version, once the worker has asked the index."""
    ecosystem = models.CharField(max_length=32)
    name = models.TextField()
    """With its namespace: `@scope/name`."""
    version = models.TextField()
    release_digest = models.CharField(max_length=64)
    """Over the digests of the files that the index listed; tells two contents of one version apart. Empty until the
    worker has asked the index."""
    rules_version = models.CharField(max_length=32)
    options = models.JSONField(default=dict)
    accepted = models.CharField(max_length=64, default="", db_default="", blank=True)
    """Digest of the accepted findings that held for it; those of the scan once the worker has asked the index."""
    is_forced = models.BooleanField(default=False)
    """Judged again though there is an answer."""
    claim = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  NULL claims nothing, '' would
    """What was asked for, rules, options and accepted findings in one digest; emptied when the row stops being the
    answer to it."""

    lane = models.CharField(max_length=16, choices=Lane.choices, default=Lane.BULK)
    due_at = models.DateTimeField(default=timezone.now)
    """Order of the queue: when it came plus what its lane and its owner's other work can wait."""
    available_at = models.DateTimeField(default=timezone.now)
    """Not started before: back-off of a retry."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="analyses")
    key = models.ForeignKey("accounts.ApiKey", null=True, on_delete=models.SET_NULL, related_name="analyses")
    request_id = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField(default=timezone.now)

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    worker = models.TextField(default="")
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    """The worker said so far that it lives."""
    deadline_at = models.DateTimeField(null=True)
    """Killed after."""
    stage = models.TextField(default="")
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    error_category = models.CharField(max_length=32, choices=Category.choices, default="", blank=True)
    error = models.TextField(default="")
    """Short, for callers; details stand with the attempt."""

    level = models.CharField(max_length=16, default="")
    score = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(default="")
    """The heaviest one, as the report says it."""
    findings_count = models.PositiveIntegerField(default=0)
    report = models.ForeignKey(StoredReport, null=True, on_delete=models.PROTECT, related_name="analyses")
    artifacts = models.ManyToManyField(Artifact, related_name="analyses")

    class Meta:
        """Each index serves one question that is asked all the time."""

        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state="queued"), name="analyses_queue"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="analyses_leases"),
            models.Index(fields=["-created_at", "-id"], name="analyses_newest"),
            models.Index(fields=["ecosystem", "name", "-created_at"], name="analyses_package"),
            models.Index(fields=["level", "-created_at", "-id"], name="analyses_level"),
            models.Index(fields=["owner", "-created_at", "-id"], name="analyses_owner"),
        ]

    def __str__(self) -> str:
        return self.purl

    @property
    def is_final(self) -> bool:
        """Nothing changes any more."""
        return self.state in FINAL


class Attempt(models.Model):
    """One try to run an analysis."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.TextField()
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=32, default="")
    """`done`, or a Category."""
    detail = models.TextField(default="")
    """For administrators: the end of standard error, a traceback."""

    class Meta:
        """A number is used once."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["analysis", "number"], name="attempts_number")]

    def __str__(self) -> str:
        return f"{self.analysis_id} #{self.number}"


class AlsoAsked(models.Model):
    """Somebody else who asked for an analysis before it had ended, and is told when it has."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="also_asked")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        """Once, however often they asked."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["analysis", "user"], name="also_asked_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.analysis_id}"


class FoundRule(models.Model):
    """For search: a rule that speaks in a report."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="rules")
    rule = models.TextField()
    severity = models.CharField(max_length=16)
    places = models.PositiveIntegerField()

    class Meta:
        """A rule once for each analysis."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["rule", "analysis"], name="found_rules_once")]

    def __str__(self) -> str:
        return self.rule


class FoundIndicator(models.Model):
    """For search: a host, address, file or digest in a suspicious or malicious report, defanged."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="indicators")
    kind = models.CharField(max_length=16)
    value = models.TextField()

    class Meta:
        """An indicator once for each analysis."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["value", "kind", "analysis"], name="found_indicators_once")
        ]

    def __str__(self) -> str:
        return self.value
