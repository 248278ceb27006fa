"""One package: its versions and their verdicts over time."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from packamal.ecosystems import ECOSYSTEMS
from packamal.server.accounts.models import Role
from packamal.server.analyses.models import Analysis
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.home import ROW_FIELDS
from packamal.server.watches.models import Watch

MAX_ROWS = 200


@require_safe
@needs(Role.VIEWER)
def package(request: HttpRequest, ecosystem: str, name: str) -> HttpResponse:
    """All that was asked about it, newest first; 404 when nothing was."""
    rows = Analysis.objects.filter(ecosystem=ecosystem, name=name).only(*ROW_FIELDS, "rules_version")
    found = list(rows.order_by("-created_at", "-id")[:MAX_ROWS])
    if not found:
        raise Http404
    latest: dict[str, Analysis] = {}
    for row in found:
        latest.setdefault(row.version, row)
    is_watched = Watch.objects.filter(owner=user_of(request), package__ecosystem=ecosystem, package__name=name).exists()
    context = {
        "section": "analyses",
        "row": found[0],
        "versions": list(latest.values()),
        "history": found,
        "is_watched": is_watched,
        "is_on_an_index": ecosystem in ECOSYSTEMS,
    }
    return render(request, "pages/package.html", context)
