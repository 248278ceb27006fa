"""A draft for the OSV database (https://ossf.github.io/osv-schema/), one entry for each malicious package.

A draft: `id` is a placeholder that whoever publishes it replaces, and only the judged version is named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import unquote

from packamal.model import Artifact, Level, Report
from packamal.render import words
from packamal.render.safe import prose, visible
from packamal.render.view import View

Json = dict[str, object]

SCHEMA_VERSION = "1.7.3"
DRAFT_ID = "MAL-0000-draft"
ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm", "gem": "RubyGems", "cargo": "crates.io", "golang": "Go", "maven": "Maven"}
"""purl type -> OSV's name; others keep the purl alone."""


def osv(reports: Sequence[Report], view: View) -> str:
    """One object for one malicious report, else an array of as many as there are."""
    drafts = [_draft(report, view) for report in reports if report.verdict.level is Level.MALICIOUS]
    return json.dumps(drafts[0] if len(drafts) == len(reports) == 1 else drafts, indent=2) + "\n"


def _draft(report: Report, view: View) -> Json:
    return {
        "schema_version": SCHEMA_VERSION,
        "id": DRAFT_ID,
        "modified": view.now,
        "published": view.now,
        "summary": f"Malicious code in {visible(words.subject(report))}",
        "details": _details(report),
        "affected": [_affected(report)],
        "database_specific": {
            "packamal": {
                "score": report.verdict.score,
                "tool_version": visible(report.tool_version),
                "rules_version": visible(report.rules_version),
                "artifacts": [_artifact(artifact) for artifact in report.artifacts],
            }
        },
    }


def _details(report: Report) -> str:
    claims = [f"- {prose(finding.says or finding.title)}" for finding in report.findings if not finding.suppressed]
    return "\n".join(claims) or "No finding is told."


def _affected(report: Report) -> Json:
    kind, name, version = _parts(report.purl)
    package: Json = {"name": visible(name or report.target)}
    if kind in ECOSYSTEMS:
        package = {"ecosystem": ECOSYSTEMS[kind], **package}
    if report.purl:
        package["purl"] = visible(f"pkg:{kind}/{report.purl.removeprefix(f'pkg:{kind}/').rpartition('@')[0]}")
    return {"package": package, "versions": [visible(version)] if version else []}


def _parts(purl: str) -> tuple[str, str, str]:
    """Type, name with namespace, version of a canonical purl with version."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    name, _, version = rest.partition("?")[0].partition("#")[0].rpartition("@")
    return kind, unquote(name), unquote(version)


def _artifact(artifact: Artifact) -> Json:
    return {"filename": visible(artifact.filename), "sha256": visible(artifact.sha256), "size": artifact.size_bytes}
