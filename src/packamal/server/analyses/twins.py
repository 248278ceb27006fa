"""Two rows on the same content: the second one takes over what the first one found, without a scan."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from packageurl import PackageURL

from packamal.server.analyses.models import Analysis, FoundIndicator, FoundRule
from packamal.server.analyses.states import State
from packamal.server.analyses.transitions import Result


class Content(NamedTuple):
    """What an attempt turned out to be about."""

    purl: PackageURL
    release_digest: str
    accepted: str
    """Digest of the accepted findings that hold for it."""


def identify(analysis_id: UUID, attempt: int, content: Content) -> bool:
    """Write down which version and content is meant. False: the attempt is no longer wanted."""
    mine = Analysis.objects.filter(pk=analysis_id, attempt=attempt, state=State.RUNNING)
    purl = content.purl
    return bool(
        mine.update(
            purl=purl.to_string(),
            version=purl.version or "",
            release_digest=content.release_digest,
            accepted=content.accepted,
        )
    )


def twin_of(analysis_id: UUID) -> Analysis | None:
    """The newest answer on the same content, under the same rules, options and accepted findings.

    None when this one was forced.
    """
    row = Analysis.objects.get(pk=analysis_id)
    if row.is_forced:
        return None
    same = Analysis.objects.filter(
        ecosystem=row.ecosystem,
        name=row.name,
        purl=row.purl,
        release_digest=row.release_digest,
        rules_version=row.rules_version,
        options=row.options,
        accepted=row.accepted,
        state=State.DONE,
    )
    return same.exclude(pk=row.pk).exclude(level="incomplete").order_by("-created_at").first()


def result_of(twin: Analysis) -> Result:
    """What it found, for another row."""
    assert twin.report is not None
    return Result(
        report=twin.report,
        level=twin.level,
        score=twin.score or 0,
        reason=twin.reason,
        findings_count=twin.findings_count,
        artifacts=list(twin.artifacts.all()),
        rules=[FoundRule(rule=one.rule, severity=one.severity, places=one.places) for one in twin.rules.all()],
        indicators=[FoundIndicator(kind=one.kind, value=one.value) for one in twin.indicators.all()],
    )
