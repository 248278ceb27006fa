"""What pip would do: its indexes, credentials, certificates and proxy, from its files, its variables and netrc.

Read like pip's own configuration (https://pip.pypa.io/en/stable/topics/configuration/), but without asking pip, whose
`config list` prints passwords.
"""

from __future__ import annotations

import configparser
import netrc
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from packamal.errors import FetchError
from packamal.http.access import Access
from packamal.http.addresses import is_web_address, origin, shown, without_credentials
from packamal.http.credentials import Credentials, Secret, basic, from_address

SECTIONS = ("global", "install", "download")
"""Later wins: what the user would install is what is judged."""
SYSTEM_FILE = Path("/etc/pip.conf")
VARIABLE_PREFIX = "PIP_"
MAX_FILE_BYTES = 1_000_000
TRUE_WORDS = frozenset({"1", "true", "yes", "y", "t", "on"})


@dataclass(frozen=True, slots=True)
class PipConfiguration:
    """The settings in force; addresses are without credentials."""

    indexes: tuple[str, ...]
    """index-url, then every extra-index-url; each ends with a slash."""
    credentials: Credentials = field(default_factory=Credentials)
    certificates: str = ""
    client_certificate: str = ""
    proxy: str = field(default="", repr=False)
    is_offline: bool = False
    """no-index is set."""


def read(access: Access) -> PipConfiguration:
    """The settings in force. Raises FetchError for an index address that is none."""
    values = _values(access)
    raw = [values.get("index-url", "").strip() or default_index(), *values.get("extra-index-url", "").split()]
    for url in raw:
        if not is_web_address(url):
            raise FetchError(f"pip's index-url or extra-index-url is no http(s) address ({shown(url)}); correct it")
    inline = [secret for url in raw for secret in from_address(url)]
    indexes = tuple(dict.fromkeys(without_credentials(url).rstrip("/") + "/" for url in raw))
    return PipConfiguration(
        indexes,
        Credentials([*inline, *_from_netrc(access, indexes)]),
        certificates=_path(values.get("cert", ""), access),
        client_certificate=_path(values.get("client-cert", ""), access),
        proxy=values.get("proxy", "").strip(),
        is_offline=values.get("no-index", "").strip().lower() in TRUE_WORDS,
    )


def default_index() -> str:
    """The public index, beside the project pages that the purl library knows."""
    from packageurl.contrib.purl2url import get_repo_url

    return urljoin(str(get_repo_url("pkg:pypi/pip")), "/simple/")  # type: ignore[no-untyped-call]


def _values(access: Access) -> dict[str, str]:
    values: dict[str, str] = {}
    for path in _files(access):
        values.update(_from_file(path))
    for name, value in access.environ.items():
        if name.startswith(VARIABLE_PREFIX) and value:
            values[_key(name.removeprefix(VARIABLE_PREFIX))] = value
    return values


def _files(access: Access) -> Iterator[Path]:
    """In pip's order; later wins."""
    environ, home = access.environ, access.home
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    for folder in reversed(environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder or "/etc/xdg", "pip", "pip.conf")
    yield SYSTEM_FILE
    if not (named and Path(named).exists()):
        yield home / ".pip" / "pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(environ.get("VIRTUAL_ENV") or sys.prefix, "pip.conf")
    if named:
        yield Path(named).expanduser()


def _from_file(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return {}
        parser.read_string(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise FetchError(f"pip's settings file {path} cannot be read ({type(error).__name__}); correct it") from error
    values: dict[str, str] = {}
    for section in SECTIONS:
        if parser.has_section(section):
            values.update({_key(key): value for key, value in parser.items(section)})
    return values


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _path(text: str, access: Access) -> str:
    text = text.strip()
    return str(access.home / text[2:]) if text.startswith("~/") else text


def _from_netrc(access: Access, indexes: tuple[str, ...]) -> list[Secret]:
    """netrc's secrets for the hosts of the indexes; a file that cannot be read counts as none, as with pip."""
    path = Path(access.environ.get("NETRC") or access.home / ".netrc")
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return []
        entries = netrc.netrc(str(path))
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
        return []
    return list(_secrets(entries, indexes))


def _secrets(entries: netrc.netrc, indexes: tuple[str, ...]) -> Iterator[Secret]:
    for _, host, port in dict.fromkeys(origin(url) for url in indexes):
        found = entries.authenticators(host)
        if found:
            yield Secret(host, port, "/", basic(found[0] or "", found[2] or ""))
