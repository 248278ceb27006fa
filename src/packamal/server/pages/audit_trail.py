"""The audit trail, for administrators: who did what, newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from packamal.server.accounts.models import AuditEvent, Role
from packamal.server.pages.access import needs

PAGE = 100
MAX_DIGITS = 18


@require_safe
@needs(Role.ADMIN)
def audit(request: HttpRequest) -> HttpResponse:
    """One page of it; `?before=` is the number of the event it ends before, `?subject=` what it was done to."""
    rows = AuditEvent.objects.order_by("-pk")
    before, subject = request.GET.get("before", ""), request.GET.get("subject", "")[:200].replace("\0", "")
    if before.isascii() and before.isdigit() and len(before) <= MAX_DIGITS:
        rows = rows.filter(pk__lt=int(before))
    if subject:
        rows = rows.filter(subject=subject)
    found = list(rows[: PAGE + 1])
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {"section": "audit", "rows": found[:PAGE], "older": older, "subject": subject}
    return render(request, "pages/audit.html", context)
