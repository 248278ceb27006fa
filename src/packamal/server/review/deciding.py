"""The acts of a review, each one row and one event of the audit trail."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from packamal.config import Suppression as Entry
from packamal.errors import PackamalError
from packamal.model import Finding, Level, Report, Verdict
from packamal.server.accounts import audit
from packamal.server.accounts.models import User
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.review.models import DECIDES, Decision, Kind, Suppression
from packamal.verdict.judge import judge

MAX_REASON_CHARS = 2000
MAX_DAYS = 180
"""An accepted finding is looked at again at the latest then."""
UNDO = datetime.timedelta(seconds=10)
UNDO_GRACE = datetime.timedelta(seconds=5)
"""For the way to the server."""
REVIEWED = (Level.MALICIOUS, Level.SUSPICIOUS, Level.INCOMPLETE)
QUEUE = 100
"""Newest undecided ones of each level that are sorted by score."""


class DecisionError(PackamalError):
    """What was asked for cannot be decided so; its text is for the person."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an accepted finding would change."""

    findings: int
    before: Verdict
    after: Verdict


def decide(analysis: Analysis, user: User, kind: Kind, reason: str, level: str = "") -> Decision:
    """Confirm, override or note. Raises DecisionError."""
    reason = reason.strip()
    if len(reason) > MAX_REASON_CHARS:
        raise DecisionError(f"The reason is longer than {MAX_REASON_CHARS} characters.")
    if kind is not Kind.CONFIRM and not reason:
        raise DecisionError("Say why; it goes to the audit.")
    if kind is Kind.OVERRIDE and (level not in set(Level) or level == analysis.level):
        raise DecisionError("Choose another verdict than the machine's.")
    chosen = level if kind is Kind.OVERRIDE else ""
    with transaction.atomic():
        row = Decision.objects.create(
            analysis=analysis, kind=kind, level=chosen, reason=reason, author=user, author_name=user.get_username()
        )
        audit.record(f"user:{user}", f"review.{kind.value}", str(analysis.pk), decision=row.pk, level=chosen)
    return row


def accept(analysis: Analysis, user: User, entry: Entry, owner: str) -> Decision:
    """Suppress one finding for exactly this content. Raises DecisionError."""
    _check(entry, analysis)
    with transaction.atomic():
        row = decide(analysis, user, Kind.SUPPRESS, entry.reason)
        Suppression.objects.create(
            decision=row,
            rule=entry.rule,
            purl=entry.purl,
            path=entry.path,
            sha256=entry.sha256,
            ends_on=datetime.date.fromisoformat(entry.expires),
            owner=owner.strip()[:MAX_REASON_CHARS] or user.get_username(),
        )
    return row


def undo(decision: Decision, user: User) -> bool:
    """Take it back; only its author, and only for a few seconds. The row and the audit trail keep it."""
    since = timezone.now() - UNDO - UNDO_GRACE
    rows = Decision.objects.filter(pk=decision.pk, author=user, undone_at=None, at__gte=since)
    if not rows.update(undone_at=timezone.now()):
        return False
    audit.record(f"user:{user}", "review.undo", str(decision.analysis_id), decision=decision.pk)
    return True


def effect(report: Report, entry: Entry) -> Effect:
    """The verdict with and without the findings that the entry accepts."""
    hidden = [finding for finding in report.findings if _accepts(entry, finding, report)]
    kept = [replace(one, suppressed=entry.reason or "accepted") if one in hidden else one for one in report.findings]
    return Effect(len(hidden), report.verdict, judge(kept, report.errors))


def decisions_on(ids: Iterable[UUID]) -> dict[UUID, Decision]:
    """The decision that holds for each analysis that has one."""
    rows = Decision.objects.filter(analysis__in=list(ids), kind__in=DECIDES, undone_at=None)
    return {row.analysis_id: row for row in rows.order_by("at", "pk")}


def waiting() -> list[Analysis]:
    """What nobody decided yet: malicious before suspicious before incomplete, then by score."""
    found: list[Analysis] = []
    for level in REVIEWED:
        rows = _undecided(Analysis.objects.filter(level=level, state=State.DONE, report__isnull=False))
        found += sorted(rows.order_by("-created_at", "-id")[:QUEUE], key=lambda row: -(row.score or 0))
    return found


def count_waiting() -> int:
    """How many malicious and suspicious ones wait, up to QUEUE of each."""
    levels = (Level.MALICIOUS, Level.SUSPICIOUS)
    return sum(_undecided(Analysis.objects.filter(level=level, state=State.DONE))[:QUEUE].count() for level in levels)


def _undecided(rows: QuerySet[Analysis]) -> QuerySet[Analysis]:
    decided = Decision.objects.filter(analysis=OuterRef("pk"), kind__in=DECIDES, undone_at=None)
    return rows.filter(~Exists(decided))


def _check(entry: Entry, analysis: Analysis) -> None:
    today = timezone.now().date()
    try:
        ends = datetime.date.fromisoformat(entry.expires)
    except ValueError as error:
        raise DecisionError("Say when it ends, like 2027-03-01.") from error
    if not today < ends <= today + datetime.timedelta(days=MAX_DAYS):
        raise DecisionError(f"It has to end within {MAX_DAYS} days.")
    if not entry.rule or any(char in entry.rule for char in "*?["):
        raise DecisionError("Name one rule.")
    if not fnmatchcase(analysis.purl, entry.purl):
        raise DecisionError("The package does not fit this analysis.")
    if not analysis.artifacts.filter(sha256=entry.sha256).exists():
        raise DecisionError("The sha256 is not that of a file of this analysis.")


def _accepts(entry: Entry, finding: Finding, report: Report) -> bool:
    by_name = {artifact.filename: artifact for artifact in report.artifacts}
    touched = [by_name[place.artifact] for place in finding.evidence if place.artifact in by_name] or report.artifacts
    return (
        finding.rule == entry.rule
        and all(artifact.sha256 == entry.sha256 for artifact in touched)
        and all(fnmatchcase(place.path, entry.path) for place in finding.evidence)
    )
