"""SARIF 2.1.0, for code hosts and editors (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

A run for each report: what the terminal shows is all there, what did not run is a notification, and paths are relative
to the artifact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote

from packamal.model import Artifact, Confidence, Evidence, Finding, Problem, Report, Severity
from packamal.render import words
from packamal.render.safe import code, prose, visible
from packamal.render.view import View

Json = dict[str, object]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
VERSION = "2.1.0"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.5",
}
"""Middle of the bands that code hosts draw from the number."""
PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
MAX_LOCATIONS = 10
FINGERPRINT = "packamal/v1"


def sarif(reports: Sequence[Report], view: View) -> str:
    """One log with a run for each report."""
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [_run(report, view) for report in reports]}
    return json.dumps(log, indent=2) + "\n"


def _run(report: Report, view: View) -> Json:
    rules = {finding.rule: finding for finding in reversed(report.findings)}
    order = sorted(rules)
    return {
        "tool": {"driver": _driver(report, [rules[name] for name in order])},
        "automationDetails": {"id": f"packamal/{visible(words.subject(report))}"},
        "invocations": [_invocation(report, view)],
        "artifacts": _once([_artifact(artifact) for artifact in report.artifacts]),
        "results": [_result(report, finding, order.index(finding.rule)) for finding in report.findings],
        "columnKind": "unicodeCodePoints",
        "properties": _verdict(report),
    }


def _driver(report: Report, rules: Sequence[Finding]) -> Json:
    return {
        "name": "Packamal",
        "semanticVersion": visible(report.tool_version) or "0.0.0",
        "properties": {"rulesVersion": visible(report.rules_version)},
        "rules": [_rule(finding) for finding in rules],
    }


def _rule(finding: Finding) -> Json:
    techniques = list(dict.fromkeys(map(visible, finding.techniques)))
    rule = visible(finding.rule)
    refers = f" ATT&CK: {', '.join(techniques)}." if techniques else ""
    hint = f"{prose(finding.title)}.{refers} More with `packamal explain {rule}`."
    return {
        "id": rule,
        "shortDescription": {"text": prose(finding.title)},
        "help": {"text": hint},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "properties": {
            "security-severity": SECURITY_SEVERITY[finding.severity],
            "precision": PRECISION[finding.confidence],
            "tags": ["security", "malicious-package", *techniques],
        },
    }


def _result(report: Report, finding: Finding, index: int) -> Json:
    places = _once([_location(evidence) for evidence in finding.evidence[:MAX_LOCATIONS]])
    result: Json = {
        "ruleId": visible(finding.rule),
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": prose(finding.says or finding.title)},
        "locations": places[:1],
        "relatedLocations": places[1:],
        "partialFingerprints": {FINGERPRINT: _fingerprint(report, finding)},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "role": finding.role,
            "relation": finding.relation,
        },
    }
    if finding.suppressed:
        result["suppressions"] = [{"kind": "external", "justification": prose(finding.suppressed)}]
    return result


def _fingerprint(report: Report, finding: Finding) -> str:
    """Stays the same while versions go by and lines move."""
    package = report.purl.partition("@")[0]  # canonical: the @ of a scope is %40
    first = finding.evidence[0] if finding.evidence else Evidence()
    parts = (finding.rule, package, first.path.partition("/")[2] or first.path, "".join(first.snippet.split()))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _once(objects: Sequence[Json]) -> list[Json]:
    """The schema wants unique items."""
    return list({json.dumps(item, sort_keys=True): item for item in objects}.values())


def _location(evidence: Evidence) -> Json:
    physical: Json = {"artifactLocation": {"uri": _uri(evidence.path or evidence.artifact or "package")}}
    if evidence.line > 0:
        region: Json = {"startLine": evidence.line}
        if evidence.snippet:
            region["snippet"] = {"text": "\n".join(code(evidence.snippet))}
        physical["region"] = region
    location: Json = {"physicalLocation": physical}
    if evidence.artifact:
        location["logicalLocations"] = [{"name": visible(evidence.artifact), "kind": "package"}]
    if evidence.decoded:
        steps = ", ".join(map(visible, evidence.steps)) or "hidden text"
        text = "\n".join((f"Decoded ({steps}):", *code(evidence.decoded)))
        location["message"] = {"text": text}
    return location


def _uri(path: str) -> str:
    return quote(path, safe="/", errors="replace")


def _artifact(artifact: Artifact) -> Json:
    return {
        "location": {"uri": _uri(artifact.filename)},
        "length": artifact.size_bytes,
        "hashes": {"sha-256": visible(artifact.sha256)},
        "properties": {"purl": visible(artifact.purl), "kind": visible(artifact.kind)},
    }


def _invocation(report: Report, view: View) -> Json:
    return {
        "executionSuccessful": not any(problem.is_partial for problem in report.errors),
        "endTimeUtc": view.now,
        "toolExecutionNotifications": [_notification(problem) for problem in report.errors],
    }


def _notification(problem: Problem) -> Json:
    notification: Json = {
        "level": "error" if problem.is_partial else "warning",
        "message": {"text": f"{visible(problem.stage)}: {prose(problem.message)}"},
    }
    if problem.path:
        notification["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": _uri(problem.path)}}}]
    return notification


def _verdict(report: Report) -> Json:
    reasons = [
        {"rule": visible(reason.rule), "points": reason.points, "text": prose(reason.text)}
        for reason in report.verdict.reasons
    ]
    return {
        "target": visible(report.target),
        "purl": visible(report.purl),
        "level": report.verdict.level,
        "score": report.verdict.score,
        "reasons": reasons,
        "files": report.files,
        "notes": [prose(note) for note in report.notes],
    }
