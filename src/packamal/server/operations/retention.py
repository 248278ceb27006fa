"""Removes what is older than the service is told to keep. The audit trail has a term of its own."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Set
from typing import NamedTuple

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from packamal.executors import volume
from packamal.executors.kubernetes.names import job_name
from packamal.server.accounts.models import AuditEvent, KeptAnswer, SignInBucket
from packamal.server.analyses.models import Analysis, StoredReport
from packamal.server.analyses.states import FINAL, State
from packamal.server.operations.models import CallbackToken
from packamal.server.pipeline import parts
from packamal.server.pipeline.quarantine import sweep
from packamal.server.pipeline.results import ResultsStore
from packamal.server.pipeline.run import attempt_name

log = logging.getLogger(__name__)

MAX_ROWS = 1000
"""In one pass; the next one is an hour away and a backlog has time."""
YOUNG = datetime.timedelta(days=1)
"""A report is stored before its row is: younger ones are left alone."""
CHUNK = 1000
"""Digests in one question; databases limit how many there may be."""
PERIOD_S = 3600
"""From one pass to the next: which part of the store has its turn."""

PARTS_KEPT = datetime.timedelta(hours=1)
"""A report on the volume was stored here when its Job ended; it is left for a look."""
UPLOADS_KEPT = datetime.timedelta(days=7)
"""Uploaded archives are kept so long for another look; the report stays."""


class Retained(NamedTuple):
    """What one pass removed."""

    analyses: int
    reports: int
    files: int
    """Of reports that no row speaks of, or no longer."""
    audit_events: int
    tokens: int
    answers: int
    uploads: int
    sessions: int
    """Expired ones, and buckets of sign-ins that are full again."""
    parts: int
    """Of Jobs that ended, on the volume that their reports come by."""


def retain(store: ResultsStore | None = None) -> Retained:
    """One pass; running it twice does no harm."""
    now = timezone.now()
    analyses = Analysis.objects.filter(state__in=FINAL, finished_at__lt=now - _days(settings.PACKAMAL.keep_days))
    events = AuditEvent.objects.filter(at__lt=now - _days(settings.PACKAMAL.keep_audit_days))
    files = _sweep(now, store or parts.store())  # before rows go: an hour later nobody is about to use them any more
    return Retained(
        files=files,
        analyses=_delete(Analysis, analyses.values_list("pk", flat=True)),
        reports=_delete_reports(now),
        audit_events=_delete(AuditEvent, events.values_list("pk", flat=True)),
        tokens=CallbackToken.objects.filter(expires_at__lt=now - YOUNG).delete()[0],
        answers=KeptAnswer.objects.filter(created_at__lt=now - YOUNG).delete()[0],
        sessions=Session.objects.filter(expire_date__lt=now).delete()[0]
        + SignInBucket.objects.filter(full_at__lt=now).delete()[0],
        uploads=sweep(settings.PACKAMAL.quarantine_dir, UPLOADS_KEPT.total_seconds()),
        parts=_delete_parts(),
    )


def _days(count: int) -> datetime.timedelta:
    return datetime.timedelta(days=count)


def _delete(model, keys) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001  two models
    found = list(keys[:MAX_ROWS])
    model.objects.filter(pk__in=found).delete()
    return len(found)


def _delete_reports(now: datetime.datetime) -> int:
    """Rows alone, their files go in the next sweep: a row without a file is a fault."""
    unused = StoredReport.objects.filter(analyses=None, created_at__lt=now - YOUNG)
    digests = list(unused.values_list("pk", flat=True)[:MAX_ROWS])
    return sum(StoredReport.objects.filter(pk=digest, analyses=None).delete()[0] for digest in digests)


def _sweep(now: datetime.datetime, store: ResultsStore) -> int:
    """Nothing where there is no row at all: then it is the database that is missing."""
    if not StoredReport.objects.exists():
        return 0
    return store.sweep(int(now.timestamp() // PERIOD_S), YOUNG.total_seconds(), _known)


def _known(digests: Set[str]) -> Set[str]:
    found: set[str] = set()
    rest = sorted(digests)
    while rest:
        found.update(StoredReport.objects.filter(pk__in=rest[:CHUNK]).values_list("pk", flat=True))
        del rest[:CHUNK]
    return found


def _delete_parts() -> int:
    """Looked for first, asked about then: a part is never there before its attempt runs."""
    jobs = settings.PACKAMAL.jobs
    if jobs is None or jobs.results_dir is None:
        return 0
    try:
        found = volume.old_parts(jobs.results_dir, PARTS_KEPT.total_seconds(), MAX_ROWS)
    except OSError as error:
        log.warning("the volume of results cannot be looked through: %s", error.strerror)
        return 0
    running = Analysis.objects.filter(state=State.RUNNING).values_list("pk", "attempt")
    wanted = {job_name(attempt_name(*one)) for one in running} if found else set()
    return sum(volume.remove(jobs.results_dir, part) for part in found if part not in wanted)
