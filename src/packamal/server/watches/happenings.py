"""What is worth telling about a watched package, written together with what brought it about."""

from __future__ import annotations

import datetime

from packamal.model import Level
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.watches.models import Kind, Watch, WatchedPackage, WatchEvent
from packamal.server.webhooks.models import Event
from packamal.server.webhooks.outbox import about, put_for

BAD = (Level.SUSPICIOUS, Level.MALICIOUS)
TOLD_AS = {
    Kind.NEW_VERSION: Event.WATCH_NEW_VERSION,
    Kind.VERDICT: Event.WATCH_VERDICT,
    Kind.CHANGED_VERDICT: Event.WATCH_CHANGED_VERDICT,
    Kind.TURNED_BAD: Event.WATCH_TURNED_BAD,
}
KEPT = datetime.timedelta(days=730)
"""Events: as long as analyses are, unless the settings say otherwise."""
UNWATCHED = datetime.timedelta(days=30)
"""A package that nobody watches any more is forgotten after that."""


def hear(sender: object, row: Analysis, **more: object) -> None:
    """An analysis ended; most are of packages that nobody watches."""
    if row.state != State.DONE:
        return
    watched = WatchedPackage.objects.select_for_update(no_key=True).filter(ecosystem=row.ecosystem, name=row.name)
    if package := watched.first():
        judged(package, row)


def judged(package: WatchedPackage, row: Analysis) -> None:
    """Compare an answer with what was known before. The package's row is held by the caller.

    Nothing known before counts as not bad, so that whoever wants to hear of bad ones alone hears of the first as well.
    """
    is_newest = row.version == package.newest_version
    if is_newest:
        previous = package.level
        known = previous if package.judged_version == row.version else ""
        package.level, package.judged_version, package.latest = row.level, row.version, row
        package.save(update_fields=["level", "judged_version", "latest"])
    else:
        previous = known = _level_before(row)
    if known == row.level or not (known or is_newest):
        return
    record(package, Kind.CHANGED_VERDICT if known else Kind.VERDICT, row.purl, row, previous)
    if row.level in BAD and previous not in BAD:
        record(package, Kind.TURNED_BAD, row.purl, row, previous)


def record(package: WatchedPackage, kind: Kind, purl: str, row: Analysis | None = None, previous: str = "") -> None:
    """Write an event down and tell the webhooks of those who watch."""
    version = row.version if row else package.newest_version
    level = row.level if row else ""
    WatchEvent.objects.create(
        package=package, kind=kind, purl=purl, version=version, level=level, previous=previous, analysis=row
    )
    owners = Watch.objects.filter(package=package).values_list("owner_id", flat=True)
    data = {
        "package": package.purl,
        "purl": purl,
        "version": version,
        "level": level or None,
        "previous": previous or None,
        "analysis": about(row) if row else None,
    }
    put_for(owners, TOLD_AS[kind], data)


def forget(now: datetime.datetime) -> int:
    """Remove old events, and packages that nobody watches: those are never asked for, so that they stay due."""
    unwatched = WatchedPackage.objects.filter(watches=None, next_at__lt=now - UNWATCHED)
    return WatchEvent.objects.filter(at__lt=now - KEPT).delete()[0] + unwatched.delete()[0]


def _level_before(row: Analysis) -> str:
    same = Analysis.objects.filter(ecosystem=row.ecosystem, name=row.name, version=row.version, state=State.DONE)
    found = same.exclude(pk=row.pk).order_by("-created_at").first()
    return found.level if found else ""
