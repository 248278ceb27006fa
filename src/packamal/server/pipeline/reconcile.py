"""Ends what nobody else ended, and rings for what nobody heard. Each pass is bounded and may run twice without harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from itertools import takewhile
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Category, Lane, State
from packamal.server.metrics import RECONCILED
from packamal.server.pipeline import parts
from packamal.server.pipeline.bells import ring, waiting
from packamal.server.pipeline.run import attempt_name

MAX_ROWS = 500
"""In one pass; the next one comes soon."""


class Reconciled(NamedTuple):
    """What one pass did."""

    timed_out: int
    lost: int
    rung: int
    ended: int
    """Scans that ran elsewhere for nobody."""


def reconcile(ring_bell: Callable[[Lane], bool] = ring, count_bells: Callable[[Lane], int] = waiting) -> Reconciled:
    """One pass."""
    now = timezone.now()
    running = Analysis.objects.filter(state=State.RUNNING)
    timed_out = _fail(running.filter(deadline_at__lt=now), Category.TIMEOUT, "took longer than it may")
    lost = _fail(running.filter(lease_until__lt=now), Category.CLUSTER_ERROR, "its worker went away")
    queued = Analysis.objects.filter(state=State.QUEUED, available_at__lte=now).order_by("due_at", "id")
    counts = Counter(Lane(lane) for lane in queued.values_list("lane", flat=True)[:MAX_ROWS])
    unheard = [lane for lane, count in counts.items() for _ in range(count - count_bells(lane))]
    rung = sum(1 for _ in takewhile(ring_bell, unheard))  # without a broker one failure is enough
    done = Reconciled(timed_out, lost, rung, ended=parts.executor().sweep(_wanted))
    for kind, count in done._asdict().items():
        RECONCILED.labels(kind).inc(count)
    return done


def release_all() -> int:
    """After a restart of the one process there is: whatever runs has no worker any more."""
    return _fail(Analysis.objects.filter(state=State.RUNNING), Category.CLUSTER_ERROR, "the service was restarted")


def _wanted(names: Set[str]) -> Set[str]:
    """The attempts among them that still run."""
    running = Analysis.objects.filter(state=State.RUNNING).values_list("pk", "attempt")
    return {attempt_name(*row) for row in running} & names


def _fail(rows: QuerySet[Analysis], category: Category, error: str) -> int:
    found = list(rows.values_list("pk", "attempt")[:MAX_ROWS])
    return sum(transitions.fail(analysis_id, attempt, category, error) for analysis_id, attempt in found)
