"""Webhooks on the page of the watch lists: made, its secret shown once, tried, paused, ended."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from packamal.model import Level
from packamal.server.accounts.models import Role
from packamal.server.pages.access import needs, user_of
from packamal.server.pages.watches import Said, shown_watches
from packamal.server.webhooks import hooks
from packamal.server.webhooks.hooks import AddressError, HookRefusedError, Wanted
from packamal.server.webhooks.models import Event, Webhook

ACTS = {
    "ping": (hooks.ping, "pinged"),
    "pause": (hooks.pause, "hook-changed"),
    "resume": (hooks.resume, "hook-changed"),
    "remove": (hooks.remove, "removed"),
}
"""Last part of the path -> what is done, and what the page says then."""


@never_cache
@require_POST
@needs(Role.VIEWER)
def create(request: HttpRequest) -> HttpResponse:
    """Make one and show its secret, once."""
    user = user_of(request)
    events = tuple(event for event in Event if event.value in request.POST.getlist("event"))
    level = Level.SUSPICIOUS if request.POST.get("level") == Level.SUSPICIOUS.value else Level.MALICIOUS
    try:
        made = hooks.create(f"user:{user}", user, Wanted(request.POST.get("url", "").strip(), events, level))
    except (AddressError, HookRefusedError) as error:
        return shown_watches(request, Said(hook_wrong=str(error)))
    return shown_watches(request, Said(secret=made.secret))


@never_cache
@require_POST
@needs(Role.VIEWER)
def change(request: HttpRequest, webhook_id: UUID, act: str) -> HttpResponse:
    """Try, pause, resume, end or rotate one's own."""
    user = user_of(request)
    row = get_object_or_404(Webhook, pk=webhook_id, owner=user)
    if act == "rotate":
        return shown_watches(request, Said(secret=hooks.rotate(f"user:{user}", row).secret))
    if act not in ACTS:
        raise Http404
    work, told = ACTS[act]
    try:
        work(f"user:{user}", row)
    except HookRefusedError as error:
        return shown_watches(request, Said(hook_wrong=str(error)))
    return HttpResponseRedirect(f"/watches?told={told}")
