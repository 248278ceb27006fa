"""Home: one field to submit, and what was analysed last."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from packamal.errors import PackamalError
from packamal.server.accounts.models import User
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane
from packamal.server.pipeline.submit import submit
from packamal.server.request_id import current_request_id

RECENT = 20
MAX_SHOWN = 300


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Show the field; a post submits it and leads to the live page."""
    given, error = "", ""
    if request.method == "POST":
        given = request.POST.get("purl", "")
        try:
            claimed = submit(given, Asker(_person(request), None, current_request_id()), Lane.INTERACTIVE)
            return redirect("analysis", claimed.analysis.pk)
        except PackamalError as found:
            error = str(found)
    recent = Analysis.objects.order_by("-created_at", "-id")[:RECENT]
    context = {"recent": recent, "given": given[:MAX_SHOWN], "error": error}
    return render(request, "pages/home.html", context, status=422 if error else 200)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
