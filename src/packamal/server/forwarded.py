"""Whom a request comes from and whether over TLS, as proxies say it: believed from those that the settings name.

Anybody can send `X-Forwarded-For` and `X-Forwarded-Proto`. What is not believed is taken away before others see it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"


class Forwarded:
    """Outermost middleware: `REMOTE_ADDR` is the client's address behind it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.proxies = settings.PACKAMAL.proxies

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Believe, or take away."""
        named = request.META.pop(FOR, "").rpartition(",")[2].strip()
        if not self._is_proxy(request.META.get("REMOTE_ADDR", "")):
            request.META.pop(PROTO, None)
        elif _number(named):
            request.META["REMOTE_ADDR"] = named
        return self.get_response(request)

    def _is_proxy(self, address: str) -> bool:
        number = _number(address)
        return number is not None and any(number in network for network in self.proxies)


def _number(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        number = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(number, "ipv4_mapped", None) or number
