"""The report of an analysis, in every format that the command line writes."""

from __future__ import annotations

import datetime
import enum
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router
from ninja.errors import HttpError

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
    "osv": "application/vnd.osv+json",
    "html": "text/html; charset=utf-8",
    "junit": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
Format = enum.StrEnum("Format", list(RENDERERS))  # type: ignore[misc]
"""Every format there is; a renderer more is a member more."""
JSON = Format("json")


MEDIA = {
    "application/json": JSON,
    "application/sarif+json": Format("sarif"),
    "text/html": Format("html"),
    "text/markdown": Format("markdown"),
    "text/csv": Format("csv"),
    "application/xml": Format("junit"),
    "application/jsonl": Format("jsonl"),
    "application/vnd.osv+json": Format("osv"),
    "text/plain": Format("text"),
}
"""What Accept may ask for; JSON comes first where several are as welcome."""


@router.get(
    "/analyses/{uuid:analysis_id}/report",
    auth=READ,
    response={200: Report, (401, 403, 404, 406, 422, 429): Problem},
    url_name="report",
)
def get_report(request: HttpRequest, analysis_id: UUID, format: Format | None = None) -> HttpResponse:
    """The report, in the format that `format` or else Accept names; 404 while there is none.

    Everything but JSON is a download, so that nothing of it runs here.
    """
    row = get_object_or_404(Analysis, pk=analysis_id)
    if row.report_id is None:
        raise Http404
    wanted = format or _accepted(request)
    content = parts.store().get(row.report_id)
    if wanted is not JSON:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = RENDERERS[wanted.value]([decode(content)], View(now=now))
        content = text.encode("utf-8", "backslashreplace")
    response = HttpResponse(content, content_type=CONTENT_TYPES.get(wanted.value, "application/octet-stream"))
    response["ETag"] = f'"{row.report_id}-{wanted.value}"'
    response["Vary"] = "Accept"
    if wanted is not JSON:
        response["Content-Disposition"] = f'attachment; filename="{row.pk}.{wanted.value}"'
    return response


def _accepted(request: HttpRequest) -> Format:
    kind = request.get_preferred_type(list(MEDIA))
    if kind is None:
        raise HttpError(406, f"a report comes as one of {', '.join(MEDIA)}")
    return MEDIA[kind]
