"""The Celery tasks: thin, since the work is the same as in the threads of the embedded shape."""

from __future__ import annotations

import os
import platform

from celery import current_app, shared_task

from packamal.server.analyses.states import Lane
from packamal.server.operations.retention import retain
from packamal.server.pipeline.bells import TASK
from packamal.server.pipeline.reconcile import reconcile
from packamal.server.pipeline.run import run_next


@shared_task(name=TASK)  # type: ignore[untyped-decorator]
def analyse(lane: str) -> None:
    """Run what is due first in the lanes that this worker serves; a bell too many finds nothing."""
    served = [Lane(queue) for queue in current_app.amqp.queues.consume_from if queue in Lane.values]
    run_next(f"celery-{platform.node()}-{os.getpid()}", served or [Lane(lane)])


@shared_task(name="packamal.reconcile")  # type: ignore[untyped-decorator]
def reconcile_rows() -> None:
    """One pass."""
    reconcile()


@shared_task(name="packamal.retention")  # type: ignore[untyped-decorator]
def retain_rows() -> None:
    """One pass."""
    retain()
