"""A package once more: what failed or was cancelled is tried again, what was answered is judged anew.

A final row never changes, so each is a new row; the old one and its report stay where they are.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Status
from ninja.errors import HttpError

from packamal.server.accounts import audit
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.api.analyses import AnalysisOut, router, shown
from packamal.server.api.auth import SUBMIT, asker, may_change
from packamal.server.api.once import PARAMETER, once
from packamal.server.api.problems import Problem
from packamal.server.pipeline.submit import submit_again

__all__ = ["router"]
RESPONSES = {202: AnalysisOut, (401, 403, 404, 409, 422, 429): Problem}


@router.post(
    "/analyses/{uuid:analysis_id}/retry",
    auth=SUBMIT,
    response=RESPONSES,
    url_name="analysis-retry",
    openapi_extra=PARAMETER,
)
def retry_analysis(
    request: HttpRequest, response: HttpResponse, analysis_id: UUID
) -> Status[AnalysisOut] | HttpResponse:
    """Try what failed or was cancelled once more, as a new analysis; 409 for every other state."""
    row = _own(request, analysis_id)
    if row.state not in (State.FAILED, State.CANCELLED):
        raise HttpError(409, f"this analysis is {row.state}; only a failed or cancelled one is tried again")
    return once(request, response, b"", lambda: _start(request, response, row, "analysis.retry"))


@router.post(
    "/analyses/{uuid:analysis_id}/reanalyse",
    auth=SUBMIT,
    response=RESPONSES,
    url_name="analysis-reanalyse",
    openapi_extra=PARAMETER,
)
def reanalyse(request: HttpRequest, response: HttpResponse, analysis_id: UUID) -> Status[AnalysisOut] | HttpResponse:
    """Judge an answered package anew, as a new analysis; 409 for every other state."""
    row = _own(request, analysis_id)
    if row.state != State.DONE:
        raise HttpError(409, f"this analysis is {row.state}; only an answered one is judged anew")
    return once(request, response, b"", lambda: _start(request, response, row, "analysis.reanalyse"))


def _own(request: HttpRequest, analysis_id: UUID) -> Analysis:
    row = get_object_or_404(Analysis, pk=analysis_id)
    if not may_change(request.auth, row.owner_id):  # type: ignore[attr-defined]
        raise HttpError(403, "this analysis belongs to somebody else")
    return row


def _start(request: HttpRequest, response: HttpResponse, row: Analysis, action: str) -> Status[AnalysisOut]:
    who = asker(request)
    claimed = submit_again(row, who)
    audit.record(f"key:{who.key.prefix}" if who.key else "", action, str(row.pk), became=str(claimed.analysis.pk))
    answer = shown(claimed.analysis)
    response["Location"] = answer.links.self
    return Status(202, answer)
