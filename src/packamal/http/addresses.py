"""URLs as data: split, compare, and show to people without what is secret in them."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

SHOWN_CHARS = 200
DEFAULT_PORTS = {"http": 80, "https": 443}
UNPRINTABLE = re.compile(r"[^\x21-\x7e]+")


def split(url: str) -> SplitResult | None:
    """The parts of a web address with a host and a sound port, or None."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in DEFAULT_PORTS and parts.hostname else None


def is_web_address(url: str) -> bool:
    """Whether a client can ask for it."""
    return split(url) is not None


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port), or three empty values for what is no web address."""
    parts = split(url)
    if parts is None:
        return ("", "", 0)
    return (parts.scheme, (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS[parts.scheme])


def joined(base: str, reference: str) -> str:
    """The web address that a reference found at `base` means, or empty."""
    try:
        address = urljoin(base, reference)
    except ValueError:
        return ""
    return address if is_web_address(address) else ""


def without_credentials(url: str) -> str:
    """The address without user, password and fragment; what is no web address comes back empty."""
    parts = split(url)
    if parts is None:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def shown(url: str) -> str:
    """Scheme, host and path for messages: queries may hold tokens, a server's redirect may hold anything."""
    parts = split(url)
    if parts is None:
        return "an address that is none"
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
    return UNPRINTABLE.sub("?", plain)[:SHOWN_CHARS]
