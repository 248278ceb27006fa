"""One attempt from the lease to the settled row; threads and Celery both call `run_next`."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence

from django.conf import settings

from packamal.executors.base import Order, Stage
from packamal.server.analyses import transitions
from packamal.server.analyses.states import Category, Lane
from packamal.server.analyses.transitions import Lease
from packamal.server.pipeline import parts
from packamal.server.pipeline.settle import settle

log = logging.getLogger(__name__)
RENEW_S = 10.0
"""Well within a lease; a new stage is told at once."""


def run_next(worker: str, lanes: Sequence[Lane] = tuple(Lane), is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Take what is due first and bring it to an end; False when nothing waits. Stops the scan when it is told to."""
    lease = transitions.start_next(worker, settings.PACKAMAL.time_limit_s, lanes)
    if lease is None:
        return False
    log.info("analysis=%s attempt=%d request=%s started", lease.analysis_id, lease.attempt, lease.request_id)
    try:
        settle(lease, parts.executor().run(_order(lease), _Renewer(lease, is_stopping)), parts.store())
    except Exception:
        log.exception("analysis=%s attempt=%d failed", lease.analysis_id, lease.attempt)
        detail = traceback.format_exc()
        transitions.fail(lease.analysis_id, lease.attempt, Category.INTERNAL, "a fault of the service", detail)
    return True


def _order(lease: Lease) -> Order:
    name = f"{lease.analysis_id}-{lease.attempt}"
    return Order(name, lease.purl, settings.PACKAMAL.time_limit_s, lease.request_id)


class _Renewer:
    """Tells the row what the executor sees, no oftener than it matters."""

    def __init__(self, lease: Lease, is_stopping: Callable[[], bool]) -> None:
        self.lease = lease
        self.is_stopping = is_stopping
        self.told = Stage()
        self.due = 0.0

    def __call__(self, stage: Stage) -> bool:
        if self.is_stopping():
            return False
        now = time.monotonic()
        if stage == self.told and now < self.due:
            return True
        self.told, self.due = stage, now + RENEW_S
        return transitions.renew(self.lease.analysis_id, self.lease.attempt, stage.name, stage.done, stage.total)
