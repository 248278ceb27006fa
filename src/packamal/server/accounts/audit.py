"""Writes the audit trail."""

from __future__ import annotations

from packamal.server.accounts.models import AuditEvent
from packamal.server.request_id import current_request_id


def record(actor: str, action: str, subject: str = "", **detail: str | int | bool) -> None:
    """One event; `detail` holds no secret and no text of a package beyond its purl."""
    AuditEvent.objects.create(
        actor=actor, action=action, subject=subject, request_id=current_request_id(), detail=detail
    )
