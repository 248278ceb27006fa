"""One analysis: live until it is final, then its report; one address for all of it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from packamal.server.accounts import audit
from packamal.server.accounts.models import Role, User
from packamal.server.analyses import transitions
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import State
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.banner import banner
from packamal.server.pages.live import failure, live_of, whose
from packamal.server.pages.proofs import shown_findings
from packamal.server.pages.reading import report_of
from packamal.server.pages.report import previous_of, report_context
from packamal.server.pipeline.submit import submit_again
from packamal.server.request_id import current_request_id


@require_safe
@needs(Role.VIEWER)
def analysis(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The live page, the report, or what went wrong."""
    row = _row(analysis_id)
    if row.state == State.DONE:
        return render(request, "pages/report.html", report_context(row))
    if row.is_final:
        return render(request, "pages/failed.html", _failed(row))
    return render(request, "pages/live.html", _live(request, row))


@require_safe
@needs(Role.VIEWER)
def live(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Its live region alone; asks for itself again until the state is final. Writes nothing."""
    row = _row(analysis_id)
    context = _live(request, row)
    if row.state == State.DONE:
        found = report_of(row)
        context["banner"] = banner(row, found, shown_findings(found), previous_of(row))
    elif row.is_final:
        context |= _failed(row)
    context["is_new"] = request.GET.get("phase", "") != row.state + row.stage
    return render(request, "pages/parts/live.html", context)


@require_safe
@needs(Role.VIEWER)
def report(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """The report; 404 while there is none."""
    row = _row(analysis_id)
    if row.state != State.DONE:
        raise Http404
    return render(request, "pages/report.html", report_context(row))


@require_POST
@needs(Role.VIEWER)
def cancel(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """End it; its owner and administrators may."""
    row, user = _row(analysis_id), user_of(request)
    if not may_cancel(row, user):
        raise Http404
    is_done = transitions.cancel(row.pk)
    if is_done:
        audit.record(f"user:{user}", "analysis.cancel", str(row.pk))
    return HttpResponseRedirect(f"/analyses/{row.pk}?told={'cancelled' if is_done else 'not-cancelled'}")


@require_POST
@needs(Role.VIEWER)
def again(request: HttpRequest, analysis_id: UUID) -> HttpResponse:
    """Judge it once more, whatever it was: a package or an upload. What there is stays; 404 before it ended."""
    row = _row(analysis_id)
    if not row.is_final:
        raise Http404
    asker = Asker(owner=user_of(request), request_id=current_request_id())
    return HttpResponseRedirect(f"/analyses/{submit_again(row, asker).analysis.pk}")


def may_cancel(row: Analysis, user: User) -> bool:
    """Whether this person may end it."""
    return not row.is_final and (row.owner_id == user.pk or user.role == Role.ADMIN)


def _row(analysis_id: UUID) -> Analysis:
    return get_object_or_404(Analysis.objects.select_related("owner"), pk=analysis_id)


def _live(request: HttpRequest, row: Analysis) -> dict[str, object]:
    now = timezone.now()
    return {
        "section": "analyses",
        "row": row,
        "now": now,
        "live": live_of(row, now),
        "may_cancel": may_cancel(row, user_of(request)),
    }


def _failed(row: Analysis) -> dict[str, object]:
    now = timezone.now()
    return {
        "section": "analyses",
        "row": row,
        "live": live_of(row, now),
        "failure": failure(row),
        "whose": whose(row),
    }
