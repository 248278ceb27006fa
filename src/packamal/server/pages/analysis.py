"""One analysis: live until it is final, then its report."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from packamal.render import html, reading
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.queue import position
from packamal.server.pipeline import parts


@login_required
@require_safe
def analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The live page; stays after the end and links the report."""
    return render(request, "pages/analysis.html", _context(analysis_id))


@login_required
@require_safe
def live(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Its live region alone; asks for itself again until the state is final. Writes nothing."""
    return render(request, "pages/_live.html", _context(analysis_id))


@login_required
@require_safe
def report(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The report; 404 while there is none."""
    row = get_object_or_404(Analysis, pk=analysis_id)
    if row.report_id is None:
        raise Http404
    found = reading.decode(parts.store().get(row.report_id))
    return render(request, "pages/report.html", {"analysis": row, "article": html.article(found)})


def _context(analysis_id: UUID) -> dict[str, object]:
    row = get_object_or_404(Analysis, pk=analysis_id)
    elapsed = (row.finished_at or timezone.now()) - (row.started_at or row.created_at)
    return {"analysis": row, "position": position(row), "elapsed_s": max(0, round(elapsed.total_seconds()))}
