"""The Celery tasks: thin, since the work is the same as in the threads of the embedded shape."""

from __future__ import annotations

import os

from celery import shared_task

from packamal.server.analyses.states import Lane
from packamal.server.pipeline.bells import TASK
from packamal.server.pipeline.reconcile import reconcile
from packamal.server.pipeline.run import run_next


@shared_task(name=TASK)  # type: ignore[untyped-decorator]
def analyse(lane: str) -> None:
    """Run what is due first in a lane; a bell too many finds nothing."""
    run_next(f"celery-{os.getpid()}", [Lane(lane)])


@shared_task(name="packamal.reconcile")  # type: ignore[untyped-decorator]
def reconcile_rows() -> None:
    """One pass."""
    reconcile()
