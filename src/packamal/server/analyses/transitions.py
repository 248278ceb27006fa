"""Every change of state. Each is one compare-and-set on (state, attempt): who comes second changes nothing.

    queued -> running        start           running -> done             finish
    running -> queued        fail, retried   running -> failed           fail
    queued, running -> cancelled             cancel

Nothing here reads a file, waits for a network or holds a row for longer than its own statements.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from packamal.config import Suppression
from packamal.server.analyses.endings import ended
from packamal.server.analyses.models import Analysis, Artifact, Attempt, FoundIndicator, FoundRule, StoredReport
from packamal.server.analyses.states import FINAL, RETRIED, Category, Lane, State

MAX_ATTEMPTS = 3
"""Of trouble that is not the package's; the third time it is said to be failed."""
BACK_OFF = datetime.timedelta(seconds=15)
"""Doubled with each attempt."""
LEASE = datetime.timedelta(seconds=60)
"""A worker renews three times within it; silence for longer is its death."""
DEADLINE_GRACE = datetime.timedelta(seconds=420)
"""From the time limit of the scan, which is kept by a kill, to the moment at which nobody waits any more: longer than a
Job takes to be made, to wait for a node and to deliver. A worker that is gone is found by its lease."""
LOOK_AHEAD = 8
"""Rows tried at once when several workers reach for the first."""
ERROR_CHARS = 500
DETAIL_CHARS = 8000
STAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to deliver the result of one attempt."""

    analysis_id: UUID
    attempt: int
    purl: str
    options: dict[str, object]
    request_id: str
    deadline_at: datetime.datetime
    queued_at: datetime.datetime | None = None
    """Since when it could have been taken."""
    accepted: tuple[Suppression, ...] = ()
    """Findings that do not count, once it is known what is scanned."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a validated report means to the rows."""

    report: StoredReport
    """Not saved yet."""
    level: str
    score: int
    reason: str
    findings_count: int
    artifacts: Sequence[Artifact] = ()
    rules: Sequence[FoundRule] = ()
    indicators: Sequence[FoundIndicator] = ()
    """Neither saved nor bound to an analysis yet."""


def start_next(worker: str, time_limit_s: int, lanes: Sequence[Lane] = tuple(Lane)) -> Lease | None:
    """Take the row that is due first; None when nothing waits."""
    waiting = Analysis.objects.filter(state=State.QUEUED, available_at__lte=timezone.now(), lane__in=lanes)
    while ids := list(waiting.order_by("due_at", "id").values_list("pk", flat=True)[:LOOK_AHEAD]):
        for analysis_id in ids:
            if lease := start(analysis_id, worker, time_limit_s):
                return lease
    return None


def start(analysis_id: UUID, worker: str, time_limit_s: int) -> Lease | None:
    """queued -> running; None when somebody else was first."""
    now = timezone.now()
    row = Analysis.objects.filter(pk=analysis_id, state=State.QUEUED).first()
    if row is None:
        return None
    number, deadline = row.attempt + 1, now + datetime.timedelta(seconds=time_limit_s) + DEADLINE_GRACE
    with transaction.atomic():
        taken = Analysis.objects.filter(pk=analysis_id, state=State.QUEUED, attempt=row.attempt).update(
            state=State.RUNNING,
            attempt=number,
            worker=worker,
            started_at=now,
            lease_until=now + LEASE,
            deadline_at=deadline,
            stage="",
            steps_done=0,
            steps_total=0,
        )
        if not taken:
            return None
        Attempt.objects.create(analysis_id=analysis_id, number=number, worker=worker, started_at=now)
    return Lease(analysis_id, number, row.purl, row.options, row.request_id, deadline, row.available_at)


def renew(analysis_id: UUID, attempt: int, stage: str = "", done: int = 0, total: int = 0) -> bool:
    """Say that the attempt lives and where it stands. False: it is no longer wanted, stop."""
    steps = {"steps_done": done, "steps_total": total, "stage": stage[:STAGE_CHARS]} if stage else {}
    return bool(_running(analysis_id, attempt).update(lease_until=timezone.now() + LEASE, **steps))


def finish(analysis_id: UUID, attempt: int, result: Result) -> bool:
    """running -> done, with everything the report says, at once. False: it had ended already; nothing was changed."""
    now = timezone.now()
    with transaction.atomic():
        StoredReport.objects.bulk_create([result.report], ignore_conflicts=True)
        done = _running(analysis_id, attempt).update(
            state=State.DONE,
            finished_at=now,
            lease_until=None,
            level=result.level,
            score=result.score,
            reason=result.reason[:ERROR_CHARS],
            findings_count=result.findings_count,
            report=result.report,
        )
        if not done:
            return False
        _store_findings(analysis_id, result)
        _end_attempt(analysis_id, attempt, "done", "")
        _tell(analysis_id)
    return True


def _store_findings(analysis_id: UUID, result: Result) -> None:
    Artifact.objects.bulk_create(result.artifacts, ignore_conflicts=True)
    judged = Analysis.artifacts.through
    judged.objects.bulk_create(
        [judged(analysis_id=analysis_id, artifact_id=artifact.pk) for artifact in result.artifacts],
        ignore_conflicts=True,
    )
    for rule in result.rules:
        rule.analysis_id = analysis_id
    for indicator in result.indicators:
        indicator.analysis_id = analysis_id
    FoundRule.objects.bulk_create(result.rules, ignore_conflicts=True)
    FoundIndicator.objects.bulk_create(result.indicators, ignore_conflicts=True)


def fail(analysis_id: UUID, attempt: int, category: Category, error: str, detail: str = "") -> bool:
    """running -> failed, or back to queued for trouble that is not the package's. False: it had ended already."""
    now = timezone.now()
    is_retried = category in RETRIED and attempt < MAX_ATTEMPTS
    with transaction.atomic():
        if is_retried:
            back_off = BACK_OFF * 2 ** (attempt - 1)
            changed = _running(analysis_id, attempt).update(
                state=State.QUEUED, available_at=now + back_off, lease_until=None, stage=""
            )
        else:
            changed = _running(analysis_id, attempt).update(
                state=State.FAILED,
                claim=None,
                finished_at=now,
                lease_until=None,
                error_category=category,
                error=error[:ERROR_CHARS],
            )
        if changed:
            _end_attempt(analysis_id, attempt, category, detail)
            if not is_retried:
                _tell(analysis_id)
    return bool(changed)


def cancel(analysis_id: UUID) -> bool:
    """queued or running -> cancelled; its worker learns it at its next renewal. False: it had ended already."""
    with transaction.atomic():
        changed = Analysis.objects.filter(~Q(state__in=FINAL), pk=analysis_id).update(
            state=State.CANCELLED,
            claim=None,
            finished_at=timezone.now(),
            lease_until=None,
            error_category=Category.CANCELLED,
        )
        if changed:
            open_ones = Attempt.objects.filter(analysis_id=analysis_id, ended_at=None)
            open_ones.update(ended_at=timezone.now(), outcome=Category.CANCELLED)
            _tell(analysis_id)
    return bool(changed)


def _running(analysis_id: UUID, attempt: int) -> QuerySet[Analysis]:
    return Analysis.objects.filter(pk=analysis_id, state=State.RUNNING, attempt=attempt)


def _tell(analysis_id: UUID) -> None:
    ended.send(Analysis, row=Analysis.objects.get(pk=analysis_id))


def _end_attempt(analysis_id: UUID, attempt: int, outcome: str, detail: str) -> None:
    Attempt.objects.filter(analysis_id=analysis_id, number=attempt).update(
        ended_at=timezone.now(), outcome=outcome, detail=detail[-DETAIL_CHARS:]
    )
