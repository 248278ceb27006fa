"""The analyses that a caller asked for, and the end of one by hand."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from packamal.model import Level
from packamal.server.accounts import audit
from packamal.server.accounts.models import Scope
from packamal.server.analyses import transitions
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.api.analyses import AnalysisOut, router, shown
from packamal.server.api.auth import READ, SUBMIT, asker, may_change
from packamal.server.api.cursors import Paging, page
from packamal.server.api.fields import Text
from packamal.server.api.problems import Problem

__all__ = ["router"]
"""That of `analyses`: the methods of one path have to stand in one router."""


class Filters(Paging):
    """What is listed; all of them must hold."""

    state: State | None = None
    level: Level | None = None
    ecosystem: Annotated[Text, Field(max_length=32)] = ""
    name: Annotated[Text, Field(max_length=512)] = ""
    """With its namespace: `@scope/name`."""
    owner: Literal["me", "all"] = "me"
    """all needs the scope admin."""


class PageOut(Schema):
    """One page, newest first."""

    items: list[AnalysisOut]
    next: str | None
    """Cursor of the page that follows."""


@router.get("/analyses", auth=READ, response={200: PageOut, (401, 403, 422, 429): Problem}, url_name="analyses-list")
def list_analyses(request: HttpRequest, filters: Query[Filters]) -> PageOut:
    """What this key's owner asked for."""
    key = asker(request).key
    assert key is not None
    if filters.owner == "all" and Scope.ADMIN.value not in key.scopes:
        raise HttpError(403, "this key lacks the scope admin")
    rows = Analysis.objects.all() if filters.owner == "all" else Analysis.objects.filter(owner=key.owner)
    wanted = {"state": filters.state, "level": filters.level, "ecosystem": filters.ecosystem, "name": filters.name}
    found, following = page(
        rows.filter(**{name: str(value) for name, value in wanted.items() if value}), filters.cursor, filters.limit
    )
    return PageOut(items=[shown(row) for row in found], next=following)


@router.post(
    "/analyses/{uuid:analysis_id}/cancel",
    auth=SUBMIT,
    response={202: AnalysisOut, (401, 403, 404, 409, 429): Problem},
    url_name="analysis-cancel",
)
def cancel_analysis(request: HttpRequest, analysis_id: UUID) -> Status[AnalysisOut]:
    """End an analysis that still waits or runs; 409 when it has ended. Its owner's key or one with admin."""
    row = get_object_or_404(Analysis, pk=analysis_id)
    key = asker(request).key
    assert key is not None
    if not may_change(key, row.owner_id):
        raise HttpError(403, "this analysis belongs to somebody else")
    if not transitions.cancel(row.pk):
        raise HttpError(409, "this analysis has ended")
    audit.record(f"key:{key.prefix}", "analysis.cancel", str(row.pk))
    row.refresh_from_db()
    return Status(202, shown(row))
