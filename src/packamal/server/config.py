"""Settings of the service: one table of variables, one frozen value; `settings.py` makes Django's settings out of it.

Kept apart from `packamal.config`: these are never flags of a scan, and nothing that starts with PREFIX reaches the
child process that opens a package. A secret may come from a file (`..._FILE`), as clusters mount them.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from packamal.errors import SettingsError
from packamal.executors.kubernetes.settings import JobSettings
from packamal.server import provider
from packamal.server.feed_options import FEED_OPTIONS, FeedSettings, feed_settings
from packamal.server.job_options import JOB_OPTIONS, job_settings
from packamal.server.options import PREFIX, ServerOption, a_folder, a_switch, a_url, a_whole_number, one_of
from packamal.server.provider import Provider

FILE_SUFFIX = "_FILE"
MAX_SECRET_BYTES = 10_000
MIN_SECRET_CHARS = 32
"""Half of what Django makes itself; less can be guessed."""
MAX_SCANS = 256
"""Each is a process tree of its own."""
MAX_TIME_LIMIT_S = 24 * 3600
MAX_KEPT_DAYS = 36_500
MAX_RATE = 1_000_000
MAX_QUOTA = 100_000_000
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class Shape(enum.StrEnum):
    """How many parts the service is made of."""

    EMBEDDED = "embedded"
    """One program on one machine for the person at it: SQLite, threads, no Redis, loopback only."""
    FULL = "full"
    """PostgreSQL, Redis, Celery; people sign in."""


class Database(NamedTuple):
    """Where PostgreSQL is."""

    name: str
    user: str = ""
    password: str = ""
    host: str = ""
    """A name, an address, or the folder of its socket."""
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """What libpq takes beyond, like sslmode."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything the service may be told."""

    shape: Shape
    data_dir: Path
    """Database of the embedded shape, results, caches."""
    secret_key: str = field(repr=False)
    """Empty in the embedded shape: it keeps one in its folder."""
    database: Database | None = field(repr=False)
    """None is SQLite in the folder."""
    redis_url: str = field(repr=False)
    allowed_hosts: tuple[str, ...]
    public_url: str
    """Links are built from it, never from a request's Host header; empty: links stay without a host."""
    proxies: Networks
    """Whose word about whom they speak for is believed."""
    is_secure: bool
    """Behind TLS: cookies and HSTS say so."""
    scans: int
    """Scans side by side in one process."""
    time_limit_s: int
    """Longest time for one package."""
    rate_per_minute: int
    """Requests of one API key."""
    daily_quota: int
    """New analyses of one API key in a day."""
    keep_days: int
    """Analyses and reports."""
    keep_audit_days: int
    inner_receivers: tuple[tuple[str, int], ...]
    """(host, port) of receivers of webhooks that may be reached though they are inside the network."""
    feeds: FeedSettings
    provider: Provider | None = None
    """Whom people may sign in with besides their password."""
    jobs: JobSettings | None = None
    """Of the executor kubernetes; None: scans run beside the worker."""

    @property
    def results_dir(self) -> Path:
        """Where reports are stored by digest."""
        return self.data_dir / "results"

    @property
    def metrics_dir(self) -> Path:
        """Where the processes of one machine count."""
        return self.data_dir / "metrics"

    @property
    def lists_dir(self) -> Path:
        """Where refreshed lists lie."""
        return self.data_dir / "lists"

    @property
    def quarantine_dir(self) -> Path:
        """Where uploaded archives lie until a scan opens them."""
        return self.data_dir / "quarantine"

    @property
    def is_embedded(self) -> bool:
        """One process for one person."""
        return self.shape is Shape.EMBEDDED


def _secret(text: str) -> str:
    if len(text) < MIN_SECRET_CHARS:
        raise ValueError(f"at least {MIN_SECRET_CHARS} random characters expected")
    return text


def _database(text: str) -> Database:
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        raise ValueError("an address like postgresql://user@host/name expected")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Database(name, user, password, host, str(parts.port or options.pop("port", "")), tuple(options.items()))


def _redis(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("an address like redis://host:6379/0 expected")
    return text


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    if not hosts or "*" in hosts:
        raise ValueError("the host names it answers to expected, separated by commas")
    return hosts


def _networks(text: str) -> Networks:
    try:
        return tuple(ipaddress.ip_network(word.strip()) for word in text.split(",") if word.strip())
    except ValueError:
        raise ValueError("addresses or networks like 10.0.0.0/8 expected, separated by commas") from None


def _places(text: str) -> tuple[tuple[str, int], ...]:
    parts = [urlsplit(f"//{one.strip()}") for one in text.split(",") if one.strip()]
    if not all(part.hostname and part.port and part.netloc.count("@") == 0 and not part.path for part in parts):
        raise ValueError("host:port expected, separated by commas")
    return tuple((part.hostname or "", part.port or 0) for part in parts)


ROLES = ",".join(f"{role}={role}" for role in provider.ROLES)
OPTIONS: tuple[ServerOption, ...] = (
    ServerOption(
        "shape", one_of(Shape), "embedded", "embedded: one process with SQLite; full: PostgreSQL, Redis, Celery."
    ),
    ServerOption("data_dir", a_folder, "~/.local/share/packamal", "Folder for results, and the database of embedded."),
    ServerOption("secret_key", _secret, None, "Signs sessions; the same in every process of one service.", True),
    ServerOption("database_url", _database, None, "Where PostgreSQL is: postgresql://user:password@host/name.", True),
    ServerOption("redis_url", _redis, None, "Where the queue is: redis://:password@host:6379/0.", True),
    ServerOption("allowed_hosts", _hosts, None, "Host names it answers to, separated by commas."),
    ServerOption("public_url", a_url, "", "Address that people reach it by; links are built from it."),
    ServerOption("proxies", _networks, "127.0.0.1,::1", "Whose X-Forwarded-For and -Proto are believed."),
    ServerOption("secure", a_switch, "no", "yes behind TLS: cookies are sent over TLS alone."),
    ServerOption("scans", a_whole_number(MAX_SCANS), "2", "Scans side by side in one process."),
    ServerOption("time_limit_s", a_whole_number(MAX_TIME_LIMIT_S), "300", "Longest time for one package, in seconds."),
    ServerOption("rate_per_minute", a_whole_number(MAX_RATE), "6000", "Requests of one API key in a minute."),
    ServerOption("daily_quota", a_whole_number(MAX_QUOTA), "100000", "New analyses of one API key in a day (UTC)."),
    ServerOption(
        "keep_days", a_whole_number(MAX_KEPT_DAYS), "730", "Days until analyses and their reports are removed."
    ),
    ServerOption("keep_audit_days", a_whole_number(MAX_KEPT_DAYS), "2555", "Days until the audit trail is removed."),
    ServerOption("inner_receivers", _places, "", "Receivers of webhooks inside the network: host:port, with commas."),
    ServerOption("oidc_issuer", provider.issuer, "", "OpenID Connect: the provider's issuer or discovery address."),
    ServerOption("oidc_client_id", str, "", "What the provider knows this service by."),
    ServerOption("oidc_client_secret", str, "", "What this service proves it with.", True),
    ServerOption("oidc_scopes", provider.scopes, "openid profile email", "What it is asked for."),
    ServerOption("oidc_role_claim", provider.claim, "roles", "Claim with a person's roles: roles, groups."),
    ServerOption("oidc_roles", provider.roles, ROLES, "Value of the claim=role, separated by commas."),
    ServerOption("oidc_unknown_role", provider.unknown_role, "refuse", "People without one: refuse or viewer."),
    ServerOption("oidc_tenants", provider.words, "", "Values of the claim tid that are let in; else all."),
    ServerOption("oidc_domains", provider.domains, "", "Domains of people (claim hd or verified e-mail); else all."),
    ServerOption("oidc_label", provider.label, "Sign in with your organisation", "What stands on the button."),
    *FEED_OPTIONS,
    *JOB_OPTIONS,
)


def load(environ: Mapping[str, str]) -> ServerSettings:
    """The settings in force. Raises SettingsError, one line, naming the variable."""
    known = {option.variable for option in OPTIONS} | {option.variable + FILE_SUFFIX for option in OPTIONS}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            raise SettingsError(f"{name}: no such setting; docs/settings.md lists them")
    given = {option.name: _text(option, environ) for option in OPTIONS}
    values = {option.name: _value(option, given[option.name]) for option in OPTIONS}
    shape = values["shape"]
    for option in OPTIONS:
        if shape is Shape.FULL and option.default is None and given[option.name] is None:
            raise SettingsError(f"{option.variable}: missing; the full shape does not start without it")
    return ServerSettings(
        shape=shape,
        data_dir=values["data_dir"],
        secret_key=values["secret_key"] or "",
        database=values["database_url"] if shape is Shape.FULL else None,
        redis_url=values["redis_url"] or "",
        allowed_hosts=values["allowed_hosts"] or LOCAL_HOSTS,
        public_url=values["public_url"],
        proxies=values["proxies"],
        is_secure=values["secure"],
        scans=values["scans"],
        time_limit_s=values["time_limit_s"],
        rate_per_minute=values["rate_per_minute"],
        daily_quota=values["daily_quota"],
        keep_days=values["keep_days"],
        keep_audit_days=values["keep_audit_days"],
        inner_receivers=values["inner_receivers"],
        feeds=feed_settings(values),
        jobs=job_settings(values),
        provider=_provider(values),
    )


def _provider(values: Mapping[str, Any]) -> Provider | None:
    """None where none is named. Raises SettingsError."""
    if not values["oidc_issuer"]:
        return None
    if values["shape"] is not Shape.FULL:
        raise SettingsError(f"{PREFIX}OIDC_ISSUER: nobody signs in to the embedded shape")
    for name in ("oidc_client_id", "oidc_client_secret", "public_url"):
        if not values[name]:
            raise SettingsError(f"{PREFIX}{name.upper()}: missing; signing in with a provider needs it")
    given = {one.name: values[f"oidc_{one.name}"] for one in fields(Provider)}
    return Provider(**given)


def _text(option: ServerOption, environ: Mapping[str, str]) -> str | None:
    name = option.variable
    if option.is_secret and (path := environ.get(name + FILE_SUFFIX)):
        try:
            with Path(path).open("rb") as file:
                return file.read(MAX_SECRET_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}{FILE_SUFFIX}: cannot be read: {error}") from error
    return environ.get(name)


def _value(option: ServerOption, given: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202  one type per row
    text = option.default if given is None else given
    if text is None:
        return None
    try:
        return option.parse(text)
    except ValueError as error:
        shown = "" if option.is_secret else f", not {text[:80]!r}"
        raise SettingsError(f"{option.variable}: {error}{shown}") from None
