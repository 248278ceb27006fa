"""One attempt from the lease to the settled row; threads and Celery both call `run_next`."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from packamal.executors.base import Delivery, Order, Outcome, Stage
from packamal.server import tracing
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import UPLOAD
from packamal.server.analyses.models import Attempt
from packamal.server.analyses.states import Category, Lane
from packamal.server.analyses.transitions import Lease
from packamal.server.metrics import count_scan
from packamal.server.operations import tokens
from packamal.server.operations.models import TokenScope
from packamal.server.pipeline import parts
from packamal.server.pipeline.identify import identify
from packamal.server.pipeline.quarantine import find
from packamal.server.pipeline.results import StoreError
from packamal.server.pipeline.settle import settle
from packamal.server.request_id import bound

log = logging.getLogger(__name__)
DONE = "done"
SETTLE_WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Half a minute: a restart of PostgreSQL takes less, and a lease holds twice as long."""
RENEW_S = 10.0
"""Well within a lease; a new stage is told at once."""


def run_next(worker: str, lanes: Sequence[Lane] = tuple(Lane), is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Take what is due first and bring it to an end. Stops the scan when it is told to.

    False when nothing waits, and while no report could be stored: rows wait for that, their attempts would not.
    """
    try:
        parts.store().check()
    except StoreError as error:
        log.warning("nothing is taken: %s", error)
        return False
    lease = transitions.start_next(worker, settings.PACKAMAL.time_limit_s, lanes)
    if lease is None:
        return False
    with bound(lease.request_id):
        if lease.queued_at:
            tracing.past("queue", lease.queued_at, timezone.now())
        with tracing.step("attempt", True, analysis=str(lease.analysis_id), attempt=lease.attempt) as note:
            note("packamal.outcome", _run(lease, is_stopping))
    return True


def _run(lease: Lease, is_stopping: Callable[[], bool]) -> str:
    """Gives how it ended."""
    fields = {"analysis": str(lease.analysis_id), "attempt": lease.attempt}
    log.info("started", extra={"fields": fields})
    renewer, started = _Renewer(lease, is_stopping), time.monotonic()
    try:
        with tracing.step("identify"):
            exact = identify(lease)
        if exact:
            _scan(exact, renewer)
        outcome = _outcome(lease)
    except DatabaseError:
        log.exception("left to the reconciler", extra={"fields": fields})
        outcome = "left"
    except Exception:
        log.exception("failed", extra={"fields": fields})
        detail = traceback.format_exc()
        transitions.fail(lease.analysis_id, lease.attempt, Category.INTERNAL, "a fault of the service", detail)
        outcome = Category.INTERNAL.value
    seconds = time.monotonic() - started
    log.info("ended", extra={"fields": {**fields, "outcome": outcome, "seconds": round(seconds, 2)}})
    count_scan(outcome, renewer.told.name or "start", seconds)
    return outcome


def _scan(lease: Lease, renewer: _Renewer) -> None:
    with tracing.step("scan") as note:
        outcome = parts.executor().run(_order(lease), renewer)
        note("packamal.ending", outcome.ending.value)
    with tracing.step("settle"):
        _settle(lease, outcome)


def _settle(lease: Lease, outcome: Outcome) -> None:
    """Tried again while the database restarts: the scan is paid for."""
    for wait_s in SETTLE_WAITS_S:
        try:
            settle(lease, outcome, parts.store())
            return
        except DatabaseError as error:
            log.warning("the database cannot be used: %s", error)
            close_old_connections()
            time.sleep(wait_s)
    settle(lease, outcome, parts.store())


def _outcome(lease: Lease) -> str:
    """For counting: the level, the category, or that it was stopped in between."""
    attempts = Attempt.objects.filter(analysis_id=lease.analysis_id, number=lease.attempt)
    outcome, level = attempts.values_list("outcome", "analysis__level").get()
    return level if outcome == DONE else outcome


def attempt_name(analysis_id: UUID, attempt: int) -> str:
    """Of the order that is made of it, from which an executor names what it starts."""
    return f"{analysis_id}-{attempt}"


def _order(lease: Lease) -> Order:
    name = attempt_name(lease.analysis_id, lease.attempt)
    path = find(settings.PACKAMAL.quarantine_dir, str(lease.options[UPLOAD])) if UPLOAD in lease.options else None
    delivery = _delivery(lease) if settings.PACKAMAL.jobs else None
    limit_s = settings.PACKAMAL.time_limit_s
    return Order(name, lease.purl, limit_s, lease.request_id, path, delivery, accepted=lease.accepted)


def _delivery(lease: Lease) -> Delivery:
    """The tokens of this attempt, which are given out once."""
    result, heartbeat = tokens.issue(lease, TokenScope.RESULT), tokens.issue(lease, TokenScope.HEARTBEAT)
    return Delivery(f"attempts/{lease.analysis_id}/{lease.attempt}", result, heartbeat)


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
        try:
            return transitions.renew(self.lease.analysis_id, self.lease.attempt, stage.name, stage.done, stage.total)
        except DatabaseError as error:  # it may be back before the lease ends
            log.warning("the database cannot be used: %s", error)
            close_old_connections()
            return True
