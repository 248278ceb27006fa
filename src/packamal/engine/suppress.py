"""Findings a team has looked at and accepted: they stay in the report with the reason, and do not count."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from packamal.config import Suppression
from packamal.model import Artifact, Finding


def suppress(
    findings: Sequence[Finding], artifacts: Sequence[Artifact], suppressions: Sequence[Suppression]
) -> tuple[Finding, ...]:
    """Mark every finding that an unexpired suppression accepts."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    valid = [entry for entry in suppressions if not entry.expires or entry.expires >= today]
    return tuple(_marked(finding, artifacts, valid) for finding in findings)


def _marked(finding: Finding, artifacts: Sequence[Artifact], valid: Sequence[Suppression]) -> Finding:
    for entry in valid:
        if _accepts(entry, finding, artifacts):
            return replace(finding, suppressed=entry.reason)
    return finding


def _accepts(entry: Suppression, finding: Finding, artifacts: Sequence[Artifact]) -> bool:
    """Every piece of evidence must be accepted: a new place of an old finding is a new finding."""
    by_name = {artifact.filename: artifact for artifact in artifacts}
    touched = [by_name[item.artifact] for item in finding.evidence if item.artifact in by_name] or list(artifacts)
    return (
        fnmatchcase(finding.rule, entry.rule)
        and all(fnmatchcase(artifact.purl, entry.purl) for artifact in touched)
        and all(not entry.sha256 or artifact.sha256 == entry.sha256 for artifact in touched)
        and all(fnmatchcase(item.path, entry.path) for item in finding.evidence)
    )
