"""What people and programs do with watches: add, add many, end, look. The API and the pages come through here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone
from packageurl import PackageURL

from packamal.errors import TargetError
from packamal.server.accounts import audit
from packamal.server.accounts.models import ApiKey, User
from packamal.server.analyses.claims import name_of
from packamal.server.watches.models import Watch, WatchedPackage, WatchEvent
from packamal.targets import TargetKind, parse_purl, parse_target

MAX_WATCHES = 5000
"""Of one person: as many as the largest lock file names."""
SPREAD = datetime.timedelta(seconds=1)
"""Each further package of a call is asked for this much later: a long list does not hold up what others add."""
FULL = f"there are {MAX_WATCHES} watches; remove some first"


class Entry(NamedTuple):
    """What became of one package of a list."""

    requested: str
    watch: Watch | None = None
    is_new: bool = False
    error: str = ""


def add(actor: str, owner: User, key: ApiKey | None, texts: Iterable[str]) -> list[Entry]:
    """Watch these packages (addresses, whose versions do not count), in their order; each has an answer of its own."""
    wanted: dict[str, PackageURL | str] = {text: _understood(text) for text in dict.fromkeys(texts)}
    purls = {purl.to_string(): purl for purl in wanted.values() if isinstance(purl, PackageURL)}
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=owner.pk))
        before = {watch.package.purl for watch in _of(owner).filter(package__purl__in=list(purls))}
        room = MAX_WATCHES - Watch.objects.filter(owner=owner).count()
        new = [purl for text, purl in purls.items() if text not in before][: max(0, room)]
        packages = _packages(new)
        Watch.objects.bulk_create(Watch(owner=owner, key=key, package=package) for package in packages)
        if new:
            audit.record(actor, "watch.create", new[0].to_string() if len(new) == 1 else "", count=len(new))
        held = {watch.package.purl: watch for watch in _of(owner).filter(package__purl__in=list(purls))}
    entries = []
    for text, purl in wanted.items():
        if not isinstance(purl, PackageURL):
            entries.append(Entry(text, error=purl))
            continue
        watch = held.get(purl.to_string())
        entries.append(Entry(text, watch, bool(watch) and purl.to_string() not in before, "" if watch else FULL))
    return entries


def remove(actor: str, row: Watch) -> None:
    """End one; what happened to the package is kept for others."""
    with transaction.atomic():
        purl = row.package.purl
        row.delete()
        audit.record(actor, "watch.delete", purl)


def watches_of(owner: User) -> QuerySet[Watch]:
    """With the package, its latest analysis, and `last_kind`, `last_at` of the newest event since it is watched."""
    newest = WatchEvent.objects.filter(package=OuterRef("package"), at__gte=OuterRef("created_at")).order_by("-id")
    return _of(owner).annotate(last_kind=Subquery(newest.values("kind")[:1]), last_at=Subquery(newest.values("at")[:1]))


def events_of(owner: User) -> QuerySet[WatchEvent]:
    """What happened to the packages that somebody watches since they do, newest first."""
    own = WatchEvent.objects.filter(package__watches__owner=owner, at__gte=F("package__watches__created_at"))
    return own.select_related("package", "analysis").order_by("-id")


def _of(owner: User) -> QuerySet[Watch]:
    return Watch.objects.filter(owner=owner).select_related("package__latest")


def _understood(text: str) -> PackageURL | str:
    """The package without its version, or what is wrong."""
    text = text.strip()
    try:
        if not text.lower().startswith("pkg:"):
            raise TargetError("a package address is needed, like pkg:pypi/requests")
        target = parse_target(text)
    except TargetError as error:
        return str(error)
    if target.kind is not TargetKind.PACKAGE or target.purl is None:
        return "a package address is needed, like pkg:pypi/requests"
    bare = target.purl._replace(version=None, qualifiers={}, subpath=None)
    return parse_purl(bare.to_string())  # the spelling that a submission of this text has


def _packages(purls: list[PackageURL]) -> list[WatchedPackage]:
    now = timezone.now()
    WatchedPackage.objects.bulk_create(
        (
            WatchedPackage(
                ecosystem=purl.type, name=name_of(purl), purl=purl.to_string(), next_at=now + number * SPREAD
            )
            for number, purl in enumerate(purls)
        ),
        ignore_conflicts=True,
    )
    return list(WatchedPackage.objects.filter(purl__in=[purl.to_string() for purl in purls]))
