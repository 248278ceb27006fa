"""The Celery tasks; threads of the embedded shape run them as well."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from packamal.server.webhooks.delivering import deliver, forget
from packamal.server.webhooks.outbox import TASK


@shared_task(name=TASK)  # type: ignore[untyped-decorator]
def deliver_messages() -> None:
    """One pass."""
    deliver()


@shared_task(name="packamal.forget_messages")  # type: ignore[untyped-decorator]
def forget_messages() -> None:
    """One pass."""
    forget(timezone.now())
