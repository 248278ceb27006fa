"""The right of one attempt to call back: given out once, bound to one scope, good until the attempt's deadline."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from django.utils import timezone

from packamal.server.analyses.transitions import Lease
from packamal.server.operations.models import CallbackToken, TokenScope

TOKEN_BYTES = 32
MAX_TOKEN_CHARS = 100
NOBODY = "0" * 64
"""Compared with when there is no row, so that both take the same time."""


def issue(lease: Lease, scope: TokenScope) -> str:
    """A token for the trusted part of a job, never for what runs the package; only its digest is kept here."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CallbackToken.objects.create(
        digest=_digest(token),
        analysis_id=lease.analysis_id,
        attempt=lease.attempt,
        scope=scope,
        expires_at=lease.deadline_at,
    )
    return token


def find(token: str, analysis_id: UUID, attempt: int, scope: TokenScope) -> CallbackToken | None:
    """The row of a token that holds now for exactly this; compared in constant time."""
    rows = CallbackToken.objects.select_related("analysis")
    row = rows.filter(analysis_id=analysis_id, attempt=attempt, scope=scope).first()
    is_right = hmac.compare_digest(row.digest if row else NOBODY, _digest(token[:MAX_TOKEN_CHARS]))
    return row if row and is_right and row.expires_at > timezone.now() else None


def use(row: CallbackToken, content_digest: str) -> bool:
    """Bind the token to what is delivered with it: the same again is the same delivery, anything else is refused."""
    CallbackToken.objects.filter(pk=row.pk, delivered="").update(delivered=content_digest)
    row.refresh_from_db(fields=["delivered"])
    return hmac.compare_digest(row.delivered, content_digest)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
