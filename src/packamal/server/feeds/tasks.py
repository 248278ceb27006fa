"""The Celery tasks: thin, since the threads of the embedded shape run the same."""

from __future__ import annotations

from celery import shared_task

from packamal.server.feeds.poll import poll_due
from packamal.server.feeds.refresh import refresh_due


@shared_task(name="packamal.feeds")  # type: ignore[untyped-decorator]
def poll_feeds() -> None:
    """One turn for each feed whose time has come."""
    poll_due()


@shared_task(name="packamal.lists")  # type: ignore[untyped-decorator]
def refresh_lists() -> None:
    """Once a day, however often it is sent."""
    refresh_due()
