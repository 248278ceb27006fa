"""What the HTTP library's errors mean to the user, in one line that says what to do.

Imported by the first request only: it needs the library's classes.
"""

from __future__ import annotations

import ssl

import httpx2

from packamal.http.addresses import UNPRINTABLE

REASON_CHARS = 120
MAX_CAUSES = 8
"""Errors in a chain that are looked at."""


def translated(error: httpx2.TransportError, name: str, where_certificates: str) -> tuple[bool, str]:
    """(may be gone at the next attempt, message)."""
    certificate = _cause(error, ssl.SSLError)
    if certificate is not None:
        why = getattr(certificate, "verify_message", "") or getattr(certificate, "reason", "") or "TLS trouble"
        return False, f"the certificate of {name} is not trusted ({why}); set {where_certificates} to your CA bundle"
    if isinstance(error, httpx2.ProxyError):
        return False, f"the proxy refuses {name} ({_reason(error)}); check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        return True, f"no connection to {name} ({_reason(error)}); check the network, the proxy and the index's address"
    if isinstance(error, httpx2.TimeoutException):
        return True, f"{name} does not answer in time; try again later"
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return False, f"{name} cannot be asked; check the index's address"
    return True, f"{name} broke off before the end ({_reason(error)}); try again later"


def _reason(error: BaseException) -> str:
    text = UNPRINTABLE.sub(" ", str(error)).strip()
    return text[:REASON_CHARS] or type(error).__name__


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    for _ in range(MAX_CAUSES):
        if error is None or isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None
