"""The feeds: what is watched, how old the last answer is, and what may have been missed."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from packamal.server.accounts.models import Role
from packamal.server.feeds import state
from packamal.server.feeds.models import ListState, SeenRelease
from packamal.server.feeds.state import Standing
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.words import Badge

MAX_SHOWN = 30
CHANGES = {
    "pause": (state.pause, "feed-paused"),
    "resume": (state.resume, "feed-resumed"),
    "poll": (state.poll_now, "feed-polled"),
}
OUTCOMES = {"queued": "submitted", "known": "known already", "unsupported": "listed only", "refused": "no such name"}


@require_safe
@needs(Role.VIEWER)
def feeds(request: HttpRequest) -> HttpResponse:
    """Every feed, and the releases seen last."""
    rows = [(one, _badge(one)) for one in state.standings()]
    seen = SeenRelease.objects.order_by("-seen_at").select_related("analysis")[:MAX_SHOWN]
    lists = ListState.objects.first() if settings.PACKAMAL.feeds.lists else None
    context = {
        "lists": lists,
        "has_lists": bool(settings.PACKAMAL.feeds.lists),
        "section": "feeds",
        "rows": rows,
        "on": sum(one.is_on for one, _ in rows),
        "failing": [one for one, _ in rows if one.is_on and one.state.error],
        "seen": [(row, OUTCOMES.get(row.outcome, row.outcome)) for row in seen],
        "now": timezone.now(),
    }
    return render(request, "pages/feeds.html", context)


@require_POST
@needs(Role.ADMIN)
def change(request: HttpRequest, name: str, what: str) -> HttpResponse:
    """Pause, resume, or look at once; 404 for a feed that is off or none."""
    standing, found = state.standing(name), CHANGES.get(what)
    if standing is None or not standing.is_on or found is None:
        raise Http404
    does, told = found
    is_done = does(name, f"user:{user_of(request)}")
    return HttpResponseRedirect(f"/feeds?told={told if is_done else 'feed-unchanged'}")


def _badge(one: Standing) -> Badge:
    if not one.is_on:
        return Badge("state", "plug", "Off")
    if one.state.is_paused:
        return Badge("state", "clock", "Paused")
    if one.state.error:
        return Badge("state", "cross", "No answer")
    if one.state.succeeded_at is None:
        return Badge("state", "clock", "First look")
    return Badge("state", "tick", "Answers")
