"""What npm would do: its registries, credentials, certificates and proxy, from its .npmrc files and variables.

Sources: https://docs.npmjs.com/cli/configuring-npm/npmrc, npm's own rules for scoped settings. npm is never started:
that would need Node, and its `config list` hides what is needed here.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from packamal.errors import FetchError
from packamal.http.access import Access
from packamal.http.addresses import is_web_address, origin, shown, split, without_credentials
from packamal.http.credentials import Credentials, Secret, basic, from_address

VARIABLE = re.compile(r"(?i)npm_config_(.+)")
REFERENCE = re.compile(r"(?<!\\)\$\{([^${}?]+)(\??)\}")
SCOPED_REGISTRY = re.compile(r"(@[^:/]+):registry")
SECRET_KEY = re.compile(r"(//[^\s]+?/?):(_authToken|_auth|username|_password)")
MAX_FILE_BYTES = 1_000_000
PROJECT_MARKS = ("package.json", "node_modules")


@dataclass(frozen=True, slots=True)
class Npmrc:
    """The settings in force; addresses are without credentials and end with a slash."""

    registry: str
    public: str
    """The public registry, whatever is configured."""
    scopes: Mapping[str, str] = field(default_factory=dict)
    """`@scope` -> registry."""
    credentials: Credentials = field(default_factory=Credentials)
    certificates: str = ""
    further_certificates: str = ""
    proxy: str = field(default="", repr=False)

    def registry_of(self, scope: str) -> str:
        """The registry of `@scope`, or the general one."""
        return self.scopes.get(scope, self.registry)

    @property
    def registries(self) -> tuple[str, ...]:
        """All that are configured."""
        return (self.registry, *self.scopes.values())


def read(access: Access) -> Npmrc:
    """The settings in force. Raises FetchError for a registry address that is none."""
    values = _values(access)
    scoped = {match[1].lower(): url for key, url in values.items() if (match := SCOPED_REGISTRY.fullmatch(key))}
    public = default_registry()
    general = values.get("registry") or public
    inline = [secret for url in (general, *scoped.values()) for secret in from_address(url)]
    return Npmrc(
        _registry(general),
        public,
        {scope: _registry(url) for scope, url in scoped.items()},
        Credentials([*_secrets(values), *inline]),
        certificates=values.get("cafile", ""),
        further_certificates=access.environ.get("NODE_EXTRA_CA_CERTS", ""),
        proxy=values.get("https-proxy") or values.get("proxy") or "",
    )


def default_registry() -> str:
    """The public registry, as the purl library knows it."""
    from packageurl.contrib.purl2url import get_download_url

    return urljoin(str(get_download_url("pkg:npm/npm@1.0.0")), "/")  # type: ignore[no-untyped-call]


def _registry(url: str) -> str:
    if not is_web_address(url):
        raise FetchError(f"the registry in .npmrc is no http(s) address ({shown(url)}); correct it")
    return without_credentials(url).rstrip("/") + "/"


def _values(access: Access) -> dict[str, str]:
    environ = access.environ
    variables = {
        _variable_key(match[1]): value for name, value in environ.items() if (match := VARIABLE.fullmatch(name))
    }
    values: dict[str, str] = {}
    for path in _files(access, variables):
        values.update(_from_file(path, environ))
    values.update({key: value for key, value in variables.items() if value})
    return {key: value for key, value in values.items() if value not in ("null", "undefined", "")}


def _variable_key(name: str) -> str:
    return name if name.startswith(("//", "@")) else name[:1].lower() + name[1:].lower().replace("_", "-")


def _files(access: Access, variables: Mapping[str, str]) -> Iterator[Path]:
    """Global, user, project; later wins."""
    node = shutil.which("node", path=access.environ.get("PATH", ""))
    prefix = (
        variables.get("prefix") or access.environ.get("PREFIX") or (Path(node).parent.parent if node else "/usr/local")
    )
    yield Path(variables.get("globalconfig") or Path(prefix) / "etc" / "npmrc")
    yield Path(variables.get("userconfig") or access.home / ".npmrc")
    folder = access.working_directory
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in PROJECT_MARKS):
            folder = candidate
            break
    yield folder / ".npmrc"


def _from_file(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return {}
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return dict(_pairs(lines, environ))


def _pairs(lines: Iterable[str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        line = line.strip()
        key, equals, value = line.partition("=")
        if not equals or line.startswith((";", "#", "[")):
            continue
        yield _expanded(key.strip(), environ), _expanded(_unquoted(value.strip()), environ)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.split(r"(?<!\\)\s[;#]", value)[0].rstrip()


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda match: environ.get(match[1], "" if match[2] else match[0]), text)


def _secrets(values: Mapping[str, str]) -> Iterator[Secret]:
    by_place: dict[str, dict[str, str]] = {}
    for key, value in values.items():
        match = SECRET_KEY.fullmatch(key)
        if match and not REFERENCE.search(value):  # a variable that is not set is no secret to send
            by_place.setdefault(match[1], {})[match[2]] = value
    for place, found in by_place.items():
        header = _header(found)
        parts = split(f"https:{place}")
        if header and parts is not None:
            _, host, _ = origin(f"https:{place}")
            yield Secret(host, parts.port or 0, parts.path.rstrip("/") + "/", header)


def _header(found: Mapping[str, str]) -> str:
    if found.get("_authToken"):
        return f"Bearer {found['_authToken']}"
    if found.get("_auth"):
        return f"Basic {found['_auth']}"
    if found.get("username") and found.get("_password"):
        try:
            password = base64.b64decode(found["_password"], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return basic(found["username"], password)
    return ""
