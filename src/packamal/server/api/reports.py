"""The report of an analysis, in every format that the command line writes."""

from __future__ import annotations

import datetime
import enum
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from packamal.model import Report
from packamal.render.formats import RENDERERS
from packamal.render.reading import decode
from packamal.render.view import View
from packamal.server.analyses.models import Analysis
from packamal.server.api.auth import READ
from packamal.server.api.problems import Problem
from packamal.server.pipeline import parts

router = Router(tags=["reports"])
CONTENT_TYPES = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "sarif": "application/sarif+json",
    "osv": "application/json",
    "html": "text/html; charset=utf-8",
    "junit": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
Format = enum.StrEnum("Format", list(RENDERERS))  # type: ignore[misc]
"""Every format there is; a renderer more is a member more."""
JSON = Format("json")


@router.get(
    "/analyses/{uuid:analysis_id}/report",
    auth=READ,
    response={200: Report, (401, 403, 404, 422): Problem},
    url_name="report",
)
def get_report(request: HttpRequest, analysis_id: UUID, format: Format = JSON) -> HttpResponse:
    """The report; 404 while there is none. Everything but JSON is a download, so that nothing of it runs here."""
    row = get_object_or_404(Analysis, pk=analysis_id)
    if row.report_id is None:
        raise Http404
    content = parts.store().get(row.report_id)
    if format is not JSON:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = RENDERERS[format.value]([decode(content)], View(now=now))
        content = text.encode("utf-8", "backslashreplace")
    response = HttpResponse(content, content_type=CONTENT_TYPES.get(format.value, "application/octet-stream"))
    response["ETag"] = f'"{row.report_id}-{format.value}"'
    if format is not JSON:
        response["Content-Disposition"] = f'attachment; filename="{row.pk}.{format.value}"'
    return response
