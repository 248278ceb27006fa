"""What becomes of an outcome: checked as a stranger's file, stored, and written into the rows at once."""

from __future__ import annotations

from collections import Counter

from packamal.errors import ReportError
from packamal.executors.base import Ending, Outcome
from packamal.model import Level, Report
from packamal.render.indicators import of_report
from packamal.render.reading import decode
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import UPLOAD
from packamal.server.analyses.models import Artifact, FoundIndicator, FoundRule, StoredReport
from packamal.server.analyses.states import Category
from packamal.server.analyses.transitions import Lease, Result
from packamal.server.pipeline.results import ResultsStore, StoreError

FAILURES: dict[Ending, tuple[Category, str]] = {
    Ending.REFUSED: (Category.INVALID_INPUT, "the scanner does not take this package"),
    Ending.CRASHED: (Category.INTERNAL, "the scan ended without a report"),
    Ending.TIMEOUT: (Category.TIMEOUT, "the scan took longer than it may and was stopped"),
    Ending.TOO_LARGE: (Category.RESOURCE_LIMIT, "the report is larger than any report may be"),
    Ending.DELIVERED: (Category.RESULT_MISSING, "the scan ended, but its report did not arrive"),
    Ending.OUT_OF_MEMORY: (Category.RESOURCE_LIMIT, "the scan needed more memory or storage than it may"),
    Ending.UNSAFE: (Category.SANDBOX_UNAVAILABLE, "the scan was not shut in as it should be"),
    Ending.NO_IMAGE: (Category.IMAGE_ERROR, "the image of scans could not be had"),
    Ending.LOST: (Category.CLUSTER_ERROR, "the scan could not be run"),
    Ending.STOPPED: (Category.CLUSTER_ERROR, "the service was stopped"),
}
"""STOPPED changes nothing after a cancellation, DELIVERED nothing after the report came, which ended the attempt."""
INDICATED = frozenset({Level.SUSPICIOUS, Level.MALICIOUS})
"""Clean packages speak to servers, too."""
MAX_INDICATORS = 2000
"""Of one report, for search; the report holds all."""


def settle(lease: Lease, outcome: Outcome, store: ResultsStore) -> bool:
    """Finish or fail the attempt. False: it had ended already, and nothing was changed."""
    if outcome.ending is not Ending.REPORTED:
        return _fail(lease, *FAILURES[outcome.ending], outcome.detail)
    try:
        report = decode(outcome.report)
    except ReportError as error:
        return _fail(lease, Category.RESULT_INVALID, "the scan's report cannot be read", str(error))
    if not _is_about(report, lease):
        return _fail(lease, Category.RESULT_INVALID, "the scan's report is about another package", report.purl)
    if not report.artifacts:
        why = report.errors[0].message if report.errors else "nothing was judged"
        return _fail(lease, Category.FETCH_FAILED, why, outcome.detail)
    try:
        digest = store.put(outcome.report)
    except StoreError as error:
        return _fail(lease, Category.CLUSTER_ERROR, "the report could not be stored", str(error))
    return transitions.finish(lease.analysis_id, lease.attempt, _result(report, digest, len(outcome.report)))


def refuse(lease: Lease, why: str) -> bool:
    """Fail the attempt for what should be its report and is none."""
    return _fail(lease, Category.RESULT_INVALID, "the scan's report cannot be taken", why)


def _is_about(report: Report, lease: Lease) -> bool:
    if upload := lease.options.get(UPLOAD):
        return all(artifact.sha256 == upload for artifact in report.artifacts)
    return report.purl == lease.purl


def _fail(lease: Lease, category: Category, error: str, detail: str) -> bool:
    return transitions.fail(lease.analysis_id, lease.attempt, category, error, detail)


def _result(report: Report, digest: str, size_bytes: int) -> Result:
    verdict = report.verdict
    return Result(
        report=StoredReport(digest=digest, size_bytes=size_bytes, schema_version=report.schema_version),
        level=verdict.level.value,
        score=verdict.score,
        reason=verdict.reasons[0].text if verdict.reasons else "",
        findings_count=sum(not finding.suppressed for finding in report.findings),
        artifacts=[
            Artifact(
                sha256=artifact.sha256[:64],
                filename=artifact.filename,
                kind=artifact.kind,
                purl=artifact.purl,
                size_bytes=artifact.size_bytes,
            )
            for artifact in report.artifacts
        ],
        rules=_rules(report),
        indicators=_indicators(report),
    )


def _rules(report: Report) -> list[FoundRule]:
    places = Counter(finding.rule for finding in report.findings if not finding.suppressed)
    severities = {finding.rule: finding.severity for finding in reversed(report.findings)}
    return [FoundRule(rule=rule, severity=severities[rule], places=count) for rule, count in places.items()]


def _indicators(report: Report) -> list[FoundIndicator]:
    if report.verdict.level not in INDICATED:
        return []
    found = dict.fromkeys((one.kind, one.value) for one in of_report(report))
    return [FoundIndicator(kind=kind, value=value) for kind, value in list(found)[:MAX_INDICATORS]]
