"""The report as files: fixed names, always a download, never the name of a package."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from packamal.render.formats import RENDERERS
from packamal.render.view import View
from packamal.server.accounts.models import Role
from packamal.server.analyses.models import Analysis
from packamal.server.pages.access import needs
from packamal.server.pages.reading import report_of
from packamal.server.pipeline import parts


class File(NamedTuple):
    """One format under one name."""

    name: str
    format: str
    content_type: str
    text: str


FILES = (
    File("report.json", "json", "application/json", "full report, with its schema's version"),
    File("report.sarif", "sarif", "application/sarif+json", "for code scanning"),
    File("report.html", "html", "text/html; charset=utf-8", "one page to pass on, without scripts"),
    File("report.md", "markdown", "text/markdown; charset=utf-8", "for a ticket or a comment"),
    File("osv.json", "osv", "application/json", "advisory draft for review"),
    File("indicators.csv", "csv", "text/csv; charset=utf-8", "what to look for elsewhere, defanged"),
    File("junit.xml", "junit", "application/xml", "for a CI server"),
)
_BY_NAME = {file.name: file for file in FILES}


@require_safe
@needs(Role.VIEWER)
def download(request: HttpRequest, analysis_id: UUID, name: str) -> HttpResponse:
    """One file; 404 for a name that is not listed or before there is a report."""
    row = get_object_or_404(Analysis, pk=analysis_id)
    file = _BY_NAME.get(name)
    if file is None or row.report_id is None:
        raise Http404
    if file.format == "json":
        content = parts.store().get(row.report_id)
    else:
        now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        content = RENDERERS[file.format]([report_of(row)], View(now=now)).encode("utf-8", "backslashreplace")
    response = HttpResponse(content, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{row.pk}-{file.name}"'
    return response
