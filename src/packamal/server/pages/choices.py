"""What a browser remembers of its reader: theme and single keys, in cookies, so that nothing flashes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.http import require_POST

from packamal.server.pages.access import local_path
from packamal.server.pages.shell import KEYS, THEME, THEMES

YEAR_S = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponseRedirect:
    """Light, dark, or as the system."""
    chosen = request.POST.get("theme", "")
    return _remember(request, THEME, chosen if chosen in THEMES else "")


@require_POST
def shortcuts(request: HttpRequest) -> HttpResponseRedirect:
    """Single keys on or off."""
    return _remember(request, KEYS, "" if request.COOKIES.get(KEYS) == "off" else "off")


def _remember(request: HttpRequest, name: str, value: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(local_path(request, request.POST.get("next", "")))
    if value:
        is_secure = settings.PACKAMAL.is_secure
        response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", httponly=True, secure=is_secure)
    else:
        response.delete_cookie(name, samesite="Lax")
    return response
