"""Who may know which secret: an Authorization header belongs to one host and everything below one path."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from packamal.http.addresses import origin, split


class Secret(NamedTuple):
    """One header value and where it may go."""

    host: str
    port: int
    """0: any port."""
    path: str
    """Ends with a slash."""
    header: str

    def __repr__(self) -> str:
        return f"Secret(host={self.host!r}, path={self.path!r})"


class Credentials:
    """All secrets of one configuration, the most specific first; what cannot stand in a header is left out."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        sound = (secret for secret in secrets if secret.header.isascii() and secret.header.isprintable())
        self._secrets = tuple(sorted(sound, key=lambda secret: (-len(secret.path), -secret.port)))

    def __repr__(self) -> str:
        return f"Credentials({len(self._secrets)})"

    def header(self, url: str) -> str:
        """The Authorization value for an address, or empty."""
        parts = split(url)
        if parts is None:
            return ""
        _, host, port = origin(url)
        path = parts.path.rstrip("/") + "/"
        for secret in self._secrets:
            if secret.host == host and secret.port in (0, port) and path.startswith(secret.path):
                return secret.header
        return ""


def basic(user: str, password: str) -> str:
    """The value of a basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def from_address(url: str) -> tuple[Secret, ...]:
    """The secret in an address of the form scheme://user:password@host/, good for the whole host; none or one."""
    parts = split(url)
    if parts is None or not (parts.username or parts.password):
        return ()
    _, host, port = origin(url)
    return (Secret(host, port, "/", basic(unquote(parts.username or ""), unquote(parts.password or ""))),)
