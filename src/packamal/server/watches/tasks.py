"""The Celery tasks; threads of the embedded shape run them as well."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from packamal.server.watches.happenings import forget
from packamal.server.watches.polling import poll


@shared_task(name="packamal.poll_watches")  # type: ignore[untyped-decorator]
def poll_watches() -> None:
    """One pass."""
    poll()


@shared_task(name="packamal.forget_watch_events")  # type: ignore[untyped-decorator]
def forget_watch_events() -> None:
    """One pass."""
    forget(timezone.now())
