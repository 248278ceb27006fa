"""Watch lists: what somebody watches, what happened to it, and the webhooks that are told."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.lockfiles import READERS, read_lock_file
from packamal.errors import UsageError
from packamal.server.accounts.models import Role
from packamal.server.pages.access import needs, user_of
from packamal.server.watches import lists
from packamal.server.watches.models import Kind, Watch
from packamal.server.webhooks.hooks import CHOICES
from packamal.server.webhooks.models import Delivery, Webhook
from packamal.targets import read_list

SHOWN = 200
EVENTS = 20
MAX_LINES = 1000
MAX_PAGE_DIGITS = 4
UNPROCESSABLE = 422
VERSION = re.compile(r"(?<!^)@|[=<>~!\s\[]")
"""Where a name ends in `name==1.2`, `@scope/name@1.2`."""
KINDS = {
    Kind.NEW_VERSION: "new version",
    Kind.VERDICT: "first verdict",
    Kind.CHANGED_VERDICT: "verdict changed",
    Kind.TURNED_BAD: "turned bad",
}


class Said(NamedTuple):
    """What the page has to say beside its lists."""

    text: str = ""
    """What was typed, shown again when something is wrong with it."""
    wrong: tuple[str, ...] = ()
    hook_wrong: str = ""
    secret: str = ""
    """Of a new webhook, this once."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.VIEWER)
def watches(request: HttpRequest) -> HttpResponse:
    """The lists; a post adds packages, one a line, or those of a lock file."""
    if request.method != "POST":
        return shown_watches(request)
    text, user = request.POST.get("packages", ""), user_of(request)
    try:
        purls = _named(text, request.POST.get("kind", ""))
    except UsageError as error:
        return shown_watches(request, Said(text, (f"{error}",)))
    if not purls:
        return shown_watches(request, Said(text, ("name at least one package",)))
    entries = lists.add(f"user:{user}", user, None, purls[:MAX_LINES])
    wrong = tuple(f"{entry.requested}: {entry.error}" for entry in entries if entry.error)[:EVENTS]
    if len(purls) > MAX_LINES:
        wrong += (f"{len(purls) - MAX_LINES} more were left out; {MAX_LINES} are taken at once",)
    return shown_watches(request, Said(text, wrong)) if wrong else HttpResponseRedirect("/watches?told=watching")


@require_POST
@needs(Role.VIEWER)
def remove(request: HttpRequest, watch_id: UUID) -> HttpResponse:
    """Watch it no longer."""
    user = user_of(request)
    lists.remove(f"user:{user}", get_object_or_404(Watch, pk=watch_id, owner=user))
    return HttpResponseRedirect("/watches?told=removed")


def shown_watches(request: HttpRequest, said: Said = Said()) -> HttpResponse:  # noqa: B008  frozen
    """The page."""
    user = user_of(request)
    rows, number = lists.watches_of(user).order_by("-created_at", "-id"), _page(request)
    found = list(rows[(number - 1) * SHOWN : number * SHOWN + 1])
    context = {
        "section": "watches",
        "rows": [(row, KINDS.get(Kind(row.last_kind)) if row.last_kind else "") for row in found[:SHOWN]],  # type: ignore[attr-defined]
        "total": Watch.objects.filter(owner=user).count(),
        "newer": number - 1,
        "older": number + 1 if len(found) > SHOWN else 0,
        "events": [(event, KINDS[Kind(event.kind)]) for event in lists.events_of(user)[:EVENTS]],
        "ecosystems": list(ECOSYSTEMS),
        "files": list(READERS),
        "hooks": list(Webhook.objects.filter(owner=user).order_by("-created_at")),
        "choices": CHOICES,
        "deliveries": Delivery.objects.filter(webhook__owner=user).order_by("-created_at")[:EVENTS],
        "said": said,
    }
    is_wrong = said.wrong or said.hook_wrong
    return render(request, "pages/watches.html", context, status=UNPROCESSABLE if is_wrong else 200)


def _page(request: HttpRequest) -> int:
    """Which page is asked for: there are as many as the largest list has, and the first for what is no number."""
    text = request.GET.get("page", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_PAGE_DIGITS
    return max(1, int(text)) if is_number else 1


def _named(text: str, kind: str) -> list[str]:
    """Addresses of what was typed: a lock file by its name, or one package a line. Raises UsageError."""
    if kind in READERS:
        return [one.purl for one in read_lock_file(kind, text.encode()).packages]
    if kind not in ECOSYSTEMS:
        raise UsageError("choose what it is")
    lines = list(read_list(text.splitlines()))
    return [line if line.lower().startswith("pkg:") else f"pkg:{kind}/{_name(line)}" for line in lines]


def _name(line: str) -> str:
    return quote(VERSION.split(line, maxsplit=1)[0], safe="/")
