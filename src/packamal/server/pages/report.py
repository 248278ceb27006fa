"""What the report page shows, section by section; long ones are capped, and their rest is a fragment."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from packamal.model import Level, Report
from packamal.server.accounts.models import Role
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pages import abilities
from packamal.server.pages.access import needs
from packamal.server.pages.banner import banner
from packamal.server.pages.decisions import told
from packamal.server.pages.downloads import FILES
from packamal.server.pages.proofs import PAGE, shown_findings
from packamal.server.pages.reading import report_of

MAX_VERSIONS = 8
MAX_ERRORS = 30
MAX_NOTES = 20
READ_STAGES = ("intake", "roles", "parse", "meaning", "yara", "binary", "bytecode", "images", "pickles", "invisible")
METADATA_STAGES = ("metadata", "typosquat")
NOT_RUN = "it was read and not run"


class Check(NamedTuple):
    """One row of what was checked."""

    word: str
    state: str
    """done, partial, not run."""
    covered: str
    took_ms: int | None


def report_context(row: Analysis) -> dict[str, object]:
    """Everything for the page of a finished analysis."""
    report = report_of(row)
    shown = shown_findings(report)
    files = abilities.files(report)
    counting = abilities.counting(report)
    partial = [problem for problem in report.errors if problem.is_partial]
    previous = previous_of(row)
    return {
        "section": "analyses",
        "row": row,
        "report": report,
        "artifact": report.artifacts[0] if report.artifacts else None,
        "banner": banner(row, report, shown, previous),
        "chain": abilities.chain(report, shown),
        "findings": shown,
        "counting": len(counting),
        "suppressed": len(report.findings) - len(counting),
        "next_finding": PAGE if len(report.findings) > PAGE else 0,
        "techniques": abilities.techniques(report),
        "bands": abilities.bands(report, shown),
        "files": files[: abilities.MAX_FILES],
        "more_files": max(0, len(files) - abilities.MAX_FILES),
        "metadata": abilities.metadata(report),
        "notes": report.notes[:MAX_NOTES],
        "errors": report.errors[:MAX_ERRORS],
        "more_errors": max(0, len(report.errors) - MAX_ERRORS),
        "checks": checks(report),
        "checks_first": report.verdict.level in (Level.CLEAN, Level.INCOMPLETE),
        "checks_done": 2 - bool(partial),
        "versions": versions_of(row)[:MAX_VERSIONS],
        "previous": previous,
        "downloads": FILES,
        "decision": told(row),
    }


@require_safe
@needs(Role.VIEWER)
def findings(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The findings from `?from=` on, as a fragment."""
    row = get_object_or_404(Analysis, pk=analysis_id)
    start = request.GET.get("from", "")
    report = report_of(row)
    if not (start.isascii() and start.isdigit()) or int(start) >= len(report.findings):
        raise Http404
    end = int(start) + PAGE
    context = {
        "row": row,
        "findings": shown_findings(report, int(start)),
        "next_finding": end if end < len(report.findings) else 0,
    }
    return render(request, "pages/parts/findings.html", context)


def checks(report: Report) -> list[Check]:
    """What was looked at, and what was not."""
    partial = [problem for problem in report.errors if problem.is_partial]
    read = f"{report.files:,} file{'' if report.files == 1 else 's'}, {len(report.signals):,} abilities seen"
    missing = f"; {len(partial)} part{'' if len(partial) == 1 else 's'} not judged" if partial else ""
    return [
        Check("Source", "partial" if partial else "done", read + missing, _sum(report, READ_STAGES)),
        Check("Metadata", "done", "name, version, links, people, dependencies", _sum(report, METADATA_STAGES)),
        Check("Diff", "not run", "compared with no earlier version", None),
        Check("Install", "not run", NOT_RUN, None),
        Check("Import", "not run", NOT_RUN, None),
        Check("Run", "not run", NOT_RUN, None),
        Check("Baits", "not run", NOT_RUN, None),
    ]


def versions_of(row: Analysis) -> list[Analysis]:
    """The latest answer for each version of the package that was judged here, newest analysis first."""
    rows = Analysis.objects.filter(ecosystem=row.ecosystem, name=row.name, state=State.DONE)
    rows = rows.only("id", "version", "level", "score", "state", "reason", "created_at", "purl")
    found: dict[str, Analysis] = {}
    for one in rows.order_by("-created_at", "-id")[: 10 * MAX_VERSIONS]:
        found.setdefault(one.version, one)
    return list(found.values())


def previous_of(row: Analysis) -> Analysis | None:
    """The version that was judged last before this one."""
    return next(
        (one for one in versions_of(row) if one.version != row.version and one.created_at < row.created_at), None
    )


def _sum(report: Report, stages: tuple[str, ...]) -> int | None:
    times = [report.timings_ms[stage] for stage in stages if stage in report.timings_ms]
    return sum(times) if times else None
