"""What the service is told about an OpenID Connect provider: settings and how they are read. Speaks to nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

DISCOVERY = "/.well-known/openid-configuration"
ROLES = ("viewer", "analyst", "admin")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_LABEL_CHARS = 60
EVERYBODY = ("common", "organizations", "consumers")
"""Path parts by which some providers mean every tenant there is; their tokens name another issuer each."""


class RoleFor(NamedTuple):
    """A value of the claim, and the role that it gives."""

    value: str
    role: str


@dataclass(frozen=True, slots=True)
class Provider:
    """The one provider that people may sign in with."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    role_claim: str
    roles: tuple[RoleFor, ...]
    unknown_role: str
    """What somebody without any of them gets; empty: is refused."""
    tenants: tuple[str, ...]
    """Values of the claim `tid` that are let in; empty: all that the issuer has."""
    domains: tuple[str, ...]
    """Of hosted accounts (`hd`) or verified e-mail; empty: all."""
    label: str
    """On the button."""

    @property
    def discovery_url(self) -> str:
        """Where it says what it is."""
        return self.issuer.rstrip("/") + DISCOVERY


def issuer(text: str) -> str:
    """The issuer, also from its discovery address."""
    text = text.removesuffix(DISCOVERY)
    parts = urlsplit(text)
    if not text:
        return ""
    if not is_safe(text) or parts.query or parts.fragment or parts.username:
        raise ValueError("an address like https://login.example/TENANT/v2.0 expected; http on loopback alone")
    if set(parts.path.split("/")) & set(EVERYBODY):
        raise ValueError("the issuer of one tenant expected, not one for everybody")
    return text


def is_safe(url: str) -> bool:
    """Whether secrets may be sent there: over TLS, or to this machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def scopes(text: str) -> str:
    """Scopes, separated by spaces."""
    if "openid" not in text.split() or not text.isprintable():
        raise ValueError("scopes separated by spaces expected, openid among them")
    return " ".join(text.split())


def claim(text: str) -> str:
    """The name of a claim."""
    if not text or not text.isprintable() or " " in text:
        raise ValueError("the name of a claim expected")
    return text


def roles(text: str) -> tuple[RoleFor, ...]:
    """`Value=role` pairs."""
    found = []
    for pair in words(text):
        value, _, role = pair.rpartition("=")
        if not value or role not in ROLES:
            raise ValueError(f"pairs like Packamal.Analyst=analyst expected; roles are {', '.join(ROLES)}")
        found.append(RoleFor(value, role))
    return tuple(found)


def unknown_role(text: str) -> str:
    """What somebody without a role gets."""
    if text not in ("refuse", "viewer"):
        raise ValueError("refuse or viewer expected")
    return "" if text == "refuse" else text


def words(text: str) -> tuple[str, ...]:
    """Words separated by commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def domains(text: str) -> tuple[str, ...]:
    """Domain names, lower case."""
    return tuple(word.lower().removeprefix("@") for word in words(text))


def label(text: str) -> str:
    """What stands on the button."""
    if not text or not text.isprintable() or len(text) > MAX_LABEL_CHARS:
        raise ValueError(f"at most {MAX_LABEL_CHARS} printable characters expected")
    return text
