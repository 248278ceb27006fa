"""Which accepted findings hold: a scan is started with them, and a change among them makes another question."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from fnmatch import fnmatchcase

from django.db.models import QuerySet
from django.utils import timezone
from packageurl import PackageURL

from packamal.config import Suppression as Entry
from packamal.server.analyses.claims import name_of
from packamal.server.review.models import Suppression

MAX_ENTRIES = 200
"""Of one package, the oldest first: with reasons as long as they may be, half of what the scanner reads of settings."""


def in_force() -> QuerySet[Suppression]:
    """Those that nobody took back and whose day has not come."""
    rows = Suppression.objects.select_related("decision").filter(decision__undone_at=None)
    return rows.filter(ends_on__gte=timezone.now().date())


def holding(purl: PackageURL, is_exact: bool, upload: str = "") -> tuple[Entry, ...]:
    """What holds for this package, as the scanner's settings take it.

    `upload`: digest of the file, for a package that was sent. Each entry is for one content alone, so its pattern of
    packages has done its work here, and a file that calls itself something else is still the file.
    """
    rows = in_force().order_by("pk")
    if upload:
        rows = rows.filter(sha256=upload)
    else:
        rows = rows.filter(decision__analysis__ecosystem=purl.type, decision__analysis__name=name_of(purl))
    text = purl.to_string()
    found = [row for row in rows[:MAX_ENTRIES] if upload or not is_exact or fnmatchcase(text, row.purl)]
    return tuple(replace(entry_of(row), purl="*") for row in found)


def digest_of(entries: tuple[Entry, ...]) -> str:
    """What tells their effect from that of others, until when it lasts aside; empty for none."""
    if not entries:
        return ""
    return hashlib.sha256(json.dumps([asdict(replace(entry, expires="")) for entry in entries]).encode()).hexdigest()


def entry_of(row: Suppression) -> Entry:
    """As `.packamal.yaml` takes it."""
    return Entry(
        rule=row.rule,
        purl=row.purl,
        path=row.path,
        sha256=row.sha256,
        reason=row.decision.reason,
        expires=row.ends_on.isoformat(),
    )
