"""People with a role, API keys as prefix and digest, and the audit trail."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac


class Role(models.TextChoices):
    """What a person may do; each role may do all that the one before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


RANK = {role: rank for rank, role in enumerate(Role)}


class Scope(models.TextChoices):
    """What an API key is good for."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


class User(AbstractUser):
    """A person."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.VIEWER)
    ended_sessions = models.PositiveIntegerField(default=0)
    """One more each time that all of their sessions are ended."""

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What a session keeps and is compared with on each request: another password or role ends it as well."""
        said = f"{self.password}\n{self.role}\n{self.ended_sessions}"
        return salted_hmac("packamal.session", said, secret=secret, algorithm="sha256").hexdigest()


class ExternalIdentity(models.Model):
    """A person of a provider. Issuer and subject say who; names and e-mail change hands and say nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.TextField()
    subject = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One account for each."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="external_identity_once")]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"


class ApiKey(models.Model):
    """A key of a program. Only its digest is kept: the key itself is shown once, when it is made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keys")
    name = models.TextField()
    prefix = models.CharField(max_length=16, unique=True)
    """Finds the row; not secret, shown in lists and logs."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the whole key: 256 random bits need no slow hash."""
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    rate_per_minute = models.PositiveIntegerField(null=True)
    """NULL: what the settings say."""
    daily_quota = models.PositiveIntegerField(null=True)
    """New analyses a day; NULL: what the settings say."""

    def __str__(self) -> str:
        return f"{self.prefix} ({self.name})"


class DailyUse(models.Model):
    """How many analyses a key started on a day."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="use")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        """A day is counted in one place."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "day"], name="daily_use_once")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.day}: {self.used}"


class KeptAnswer(models.Model):
    """What was answered to a call with an Idempotency-Key."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    token = models.TextField()
    """As the caller chose it."""
    fingerprint = models.CharField(max_length=64)
    """SHA-256 over method, path and body: the same token for something else is a mistake."""
    status = models.PositiveSmallIntegerField(null=True)
    """NULL while the first call is in work."""
    body = models.TextField(default="")
    location = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """One call for each token."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "token"], name="kept_answers_once")]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="kept_answers_age")]

    def __str__(self) -> str:
        return f"{self.key_id} {self.status}"


class SignInBucket(models.Model):
    """How many tries to sign in an account or an address has left."""

    key = models.CharField(max_length=64, primary_key=True)
    """A keyed digest of the name or the address: what people type into the wrong field is not kept."""
    full_at = models.DateTimeField()
    """When all tries are there again."""

    class Meta:
        """Removed by age."""

        indexes: ClassVar = [models.Index(fields=["full_at"], name="sign_in_buckets_age")]

    def __str__(self) -> str:
        return self.key


class AuditEvent(models.Model):
    """Something that somebody did; kept when what it was done to is gone."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.TextField()
    """`user:NAME`, `key:PREFIX` or `system`."""
    action = models.CharField(max_length=64)
    subject = models.TextField(default="")
    request_id = models.CharField(max_length=64, default="")
    detail = models.JSONField(default=dict)

    class Meta:
        """Searched by time and by what it was done to."""

        indexes: ClassVar = [models.Index(fields=["at"]), models.Index(fields=["subject", "at"])]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"
