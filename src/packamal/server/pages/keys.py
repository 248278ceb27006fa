"""API keys: a person's own, made, shown once, revoked; administrators see everybody's."""

from __future__ import annotations

import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from packamal.server.accounts import keyring
from packamal.server.accounts.keys import ALLOWED
from packamal.server.accounts.models import ApiKey, Role, Scope, User
from packamal.server.pages.access import needs, user_of

MAX_NAME_CHARS = 80
MAX_SHOWN = 200
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "1 year", "": "no end"}
SCOPES: dict[Scope, str] = {
    Scope.READ: "read reports and lists",
    Scope.SUBMIT: "submit packages",
    Scope.ADMIN: "everything, for everybody",
}
UNPROCESSABLE = 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Role.VIEWER)
def keys(request: HttpRequest) -> HttpResponse:
    """The list; a post makes a key and shows it, once."""
    user = user_of(request)
    if request.method != "POST":
        return _page(request, user)
    name = request.POST.get("name", "").strip()
    scopes = [scope for scope in allowed(user) if scope.value in request.POST.getlist("scope")]
    days = request.POST.get("days", "90")
    if not name or len(name) > MAX_NAME_CHARS:
        return _page(request, user, wrong=f"Give it a name of at most {MAX_NAME_CHARS} characters.")
    if not scopes or days not in LIFETIMES:
        return _page(request, user, wrong="Choose what it is good for, and until when.")
    try:
        made = keyring.create(f"user:{user}", user, name, scopes, datetime.timedelta(days=int(days)) if days else None)
    except keyring.KeyRefusedError as error:
        return _page(request, user, wrong=f"{str(error).capitalize()}.")
    return _page(request, user, made=made.text)


@require_POST
@needs(Role.VIEWER)
def revoke(request: HttpRequest, prefix: str) -> HttpResponse:
    """End a key at once; one's own, or as an administrator anybody's."""
    user = user_of(request)
    rows = ApiKey.objects.filter(prefix=prefix, revoked_at=None)
    row = (rows if user.role == Role.ADMIN else rows.filter(owner=user)).first()
    if row is None or not keyring.revoke(f"user:{user}", row):
        raise Http404
    return HttpResponseRedirect("/keys?told=revoked")


def allowed(user: User) -> list[Scope]:
    """The scopes that somebody of this role may give a key."""
    return [scope for scope in Scope if scope in ALLOWED[Role(user.role)]]


def _page(request: HttpRequest, user: User, wrong: str = "", made: str = "") -> HttpResponse:
    rows = ApiKey.objects.select_related("owner").order_by("revoked_at", "-created_at")
    rows = rows if user.role == Role.ADMIN else rows.filter(owner=user)
    now = timezone.now()
    context = {
        "section": "keys",
        "rows": [(row, _state(row, now)) for row in rows[:MAX_SHOWN]],
        "scopes": [(scope, SCOPES[scope]) for scope in allowed(user)],
        "lifetimes": LIFETIMES.items(),
        "wrong": wrong,
        "made": made,
    }
    return render(request, "pages/keys.html", context, status=UNPROCESSABLE if wrong else 200)


def _state(row: ApiKey, now: datetime.datetime) -> str:
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at and row.expires_at <= now else "holds"
