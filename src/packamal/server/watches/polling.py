"""Asks the indexes of watched packages which version is the newest, and has judged what is new. Metadata only."""

from __future__ import annotations

import datetime
import time
from collections import Counter

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from packamal.errors import AnalysisError, NotFoundError, UsageError
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.states import Lane, State
from packamal.server.metrics import WATCH_POLLS
from packamal.server.pipeline.resolving import Resolved, resolve
from packamal.server.pipeline.submit import submit
from packamal.server.watches.happenings import judged, record
from packamal.server.watches.models import Kind, Watch, WatchedPackage
from packamal.targets import parse_purl

PERIOD = datetime.timedelta(hours=1)
"""How often an index is asked for each package, whoever watches it."""
BACK_OFF = datetime.timedelta(minutes=10)
"""After a failure; doubled with each."""
MAX_BACK_OFF = datetime.timedelta(hours=24)
HELD = datetime.timedelta(minutes=10)
"""A process that dies while it asks leaves the package to the next one after that."""
PASS_S = 15.0
"""Other work waits in the same queue."""
MAX_ROWS = 500
MAX_AWAY = 3
"""Failures in a row after which an ecosystem is left alone for the rest of a pass: its index is away."""
MISSING = "the package index has no such package"
AWAY = "the package index did not answer"
ODD = "the package index names a version that cannot be asked for"


def poll() -> Counter[str]:
    """One pass over what is due, the longest due first; gives how often each outcome came."""
    end, outcomes, away = time.monotonic() + PASS_S, Counter[str](), Counter[str]()
    for row in _due()[:MAX_ROWS]:
        if time.monotonic() > end:
            break
        if away[row.ecosystem] >= MAX_AWAY or not _claim(row):
            continue
        outcome = _look(row)
        away[row.ecosystem] = away[row.ecosystem] + 1 if outcome == "away" else 0
        WATCH_POLLS.labels(outcome).inc()
        outcomes[outcome] += 1
    return outcomes


def _due() -> QuerySet[WatchedPackage]:
    watched = Exists(Watch.objects.filter(package=OuterRef("pk"), owner__is_active=True))
    return WatchedPackage.objects.filter(watched, next_at__lte=timezone.now()).order_by("next_at", "id")


def _claim(row: WatchedPackage) -> bool:
    mine = WatchedPackage.objects.filter(pk=row.pk, next_at=row.next_at)
    return bool(mine.update(next_at=timezone.now() + HELD))


def _look(row: WatchedPackage) -> str:
    """same, new, missing, away or odd."""
    try:
        found = resolve(parse_purl(row.purl))
    except NotFoundError:
        return _wait(row, "missing", MISSING)
    except AnalysisError:
        return _wait(row, "away", AWAY)
    try:
        return _answered(row.pk, found)
    except UsageError:
        return _wait(row, "odd", ODD)


def _wait(row: WatchedPackage, outcome: str, trouble: str) -> str:
    now, failures = timezone.now(), row.failures + 1
    back_off = min(BACK_OFF * 2 ** min(failures - 1, 10), MAX_BACK_OFF)
    WatchedPackage.objects.filter(pk=row.pk).update(
        checked_at=now, next_at=now + back_off, failures=failures, trouble=trouble
    )
    return outcome


def _answered(package_id: int, found: Resolved) -> str:
    """What the index says, against what is known; what is new is submitted. Raises UsageError."""
    now, version = timezone.now(), found.purl.version or ""
    with transaction.atomic():
        package = WatchedPackage.objects.select_for_update(no_key=True).get(pk=package_id)
        is_first, is_new = not package.newest_version, package.newest_version != version
        is_other = is_new or package.release_digest != found.digest
        package.newest_version, package.release_digest = version, found.digest
        package.checked_at, package.next_at, package.failures, package.trouble = now, now + PERIOD, 0, ""
        if is_new:
            package.latest = None
        package.save()
        if is_new and not is_first:
            record(package, Kind.NEW_VERSION, found.purl.to_string())
        if is_other:
            _submit(package, found.purl.to_string(), is_forced=not is_new)
    return "new" if is_other else "same"


def _submit(package: WatchedPackage, purl: str, is_forced: bool) -> None:
    """Have it judged, in the name of who watches it longest; other content under the same version is judged anew."""
    first = Watch.objects.filter(package=package, owner__is_active=True).order_by("created_at").first()
    claimed = submit(purl, Asker(first.owner if first else None), Lane.BULK, is_forced)
    package.latest = claimed.analysis
    package.save(update_fields=["latest"])
    if claimed.analysis.state == State.DONE:
        judged(package, claimed.analysis)
