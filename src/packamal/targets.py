"""What the user asks for, as typed: a package address, a name with a version, a file or a folder.

Package addresses follow https://github.com/package-url/purl-spec. Every part is checked after it was parsed, since the
library lets through what no registry has: `..%2F..`, NUL, versions that are paths.
"""

from __future__ import annotations

import enum
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.errors import TargetError

MAX_CHARS = 4096
"""Longest target: the longest path that systems take."""
MAX_PART_CHARS = 512
"""Longest part of a package address; npm allows 214 for a name, PyPI has shorter ones."""
SHOWN_CHARS = 300
SCHEME = "pkg:"
EXAMPLE = "pkg:pypi/requests@2.32.3"
USERINFO = re.compile(r"(?i)((?::|%3a)(?://|%2f%2f))(?:(?!%2f)[^/?#&\s])*(?:@|%40)")
ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|git\+|git@")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
ARCHIVE_SUFFIXES = (
    ".whl", ".egg", ".zip", ".jar", ".gem", ".crate", ".phar", ".tgz", ".tar", ".gz", ".bz2", ".xz", ".zst", ".tbz2",
    ".txz",
)  # fmt: skip
NAMES = {
    "pypi": re.compile(r"(?i)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?"),  # PEP 508
    "npm": re.compile(r"(?i)[a-z0-9_~!'()*-][a-z0-9._~!'()*-]*"),  # with what old names may hold
}
ANYTHING = re.compile(r".+")
"""An ecosystem without a pattern of its own: the index decides."""
NAMED = re.compile(r"(?P<name>@?[^@=\[\s]+)(?:\[[\w\s.,-]*\])?(?:\s*(?:==|@)\s*(?P<version>[^@]+))?")
SCOPE = re.compile(r"(?i)@[a-z0-9_~-][a-z0-9._~-]*")
VERSIONS = {
    "pypi": re.compile(r"(?i)[a-z0-9.+!_-]+"),
    "npm": re.compile(r"[\w.+~^<>=|*, -]+", re.ASCII),  # exact, tag or range
}


class TargetKind(enum.StrEnum):
    """What has to be done to get at the bytes."""

    PACKAGE = "package"
    ARCHIVE = "archive"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to judge."""

    kind: TargetKind
    raw: str
    """As typed, credentials taken out."""
    purl: PackageURL | None = None
    """Of a package; an npm name keeps its capitals, since old names with capitals are packages of their own."""
    path: Path | None = None
    """Of an archive or directory."""


def parse_target(text: str, ecosystem: str = "") -> Target:
    """Understand one target.

    With `ecosystem` (a purl type) a plain word is a package name, else a path. Raises TargetError that says what is
    wrong and what would be right.
    """
    text = text.strip()
    if not text or len(text) > MAX_CHARS or "\0" in text:
        raise TargetError(f"{shown(text)} is no target; give a package like {EXAMPLE}, a file or a folder")
    if ecosystem and ecosystem not in ECOSYSTEMS:
        raise TargetError(_unsupported(ecosystem))
    if text[: len(SCHEME)].lower() == SCHEME:
        return Target(TargetKind.PACKAGE, shown(text), _supported(parse_purl(text)))
    if ADDRESS.match(text):
        raise TargetError(f"{shown(text)} is an address; fetch it and give the file, or name the package: {EXAMPLE}")
    if ecosystem and not _is_path(text):
        return Target(TargetKind.PACKAGE, shown(text), _named(text, ecosystem))
    return _local(text)


def read_list(lines: Iterable[str]) -> Iterator[str]:
    """The targets of a list, one a line; blank lines and comments (# at the start or after a space) are left out."""
    for line in lines:
        target = re.split(r"(?:^|\s)#", line.strip("\ufeff \t\r\n"), maxsplit=1)[0].strip()
        if target:
            yield target


def parse_purl(text: str) -> PackageURL:
    """A package address of any type, canonical, each part checked. Raises TargetError."""
    plain = SCHEME + without_credentials(text)[len(SCHEME) :]
    try:
        purl = PackageURL.from_string(plain)
        spelled = PackageURL.from_string(plain, normalize_purl=False).name
    except (ValueError, TypeError) as error:
        raise TargetError(f"{shown(text)} is no package address; one looks like {EXAMPLE}") from error
    for part in (purl.type, purl.namespace, purl.name, purl.version, purl.subpath, *purl.qualifiers.values()):
        _check_part(part or "", text)
    if purl.type in ECOSYSTEMS:
        _check_names(purl, text)
    return _with_capitals(purl, spelled)


def shown(text: str) -> str:
    """The text for messages and reports: without credentials, one line, not too long."""
    return CONTROL.sub("?", without_credentials(text))[:SHOWN_CHARS] or "nothing"


def without_credentials(text: str) -> str:
    """The text without user and password in any address in it, percent-encoded or not."""
    return USERINFO.sub(r"\1", text)


def _check_part(part: str, text: str) -> None:
    is_path = "\\" in part or any(piece in (".", "..") for piece in part.split("/"))
    if is_path or len(part) > MAX_PART_CHARS or CONTROL.search(part):
        raise TargetError(
            f"{shown(text)} is no package address: a part is a path, too long or holds control characters"
        )


def _check_names(purl: PackageURL, text: str) -> None:
    kind = purl.type
    is_scoped = kind == "npm" and SCOPE.fullmatch(purl.namespace or "")
    if not NAMES.get(kind, ANYTHING).fullmatch(purl.name) or (purl.namespace and not is_scoped):
        raise TargetError(f"{shown(text)}: {kind} has no such names; check the spelling")
    if purl.version and not VERSIONS.get(kind, ANYTHING).fullmatch(purl.version):
        raise TargetError(f"{shown(text)}: {shown(purl.version)!r} is no version; leave it out for the newest")


def _with_capitals(purl: PackageURL, name: str) -> PackageURL:
    """An npm address with the name as it was spelled, which the library makes lower-case; scopes never had capitals."""
    if purl.type != "npm":
        return purl
    scope = purl.namespace.lower() if purl.namespace else None
    name = name if name.lower() == purl.name else purl.name
    return PackageURL("npm", scope, name, purl.version, purl.qualifiers, purl.subpath, normalize_purl=False)


def _supported(purl: PackageURL) -> PackageURL:
    if purl.type not in ECOSYSTEMS:
        raise TargetError(_unsupported(purl.type))
    return purl


def _unsupported(kind: str) -> str:
    return f"packages of type {shown(kind)} are not supported yet; supported are {', '.join(sorted(ECOSYSTEMS))}"


def _named(text: str, ecosystem: str) -> PackageURL:
    """`name`, `name@version`, `@scope/name@version`, `name==version`, `name[extra]==version`."""
    match = NAMED.fullmatch(text)
    if match is None:
        raise TargetError(f"{shown(text)} is no {ecosystem} package; write name, name@version or name==version")
    scope, _, name = match["name"].rpartition("/")
    try:
        purl = PackageURL(ecosystem, scope or None, name, match["version"])
    except ValueError as error:
        raise TargetError(f"{shown(text)} is no {ecosystem} package; write name@version or name==version") from error
    for part in (purl.namespace, purl.name, purl.version):
        _check_part(part or "", text)
    _check_names(purl, text)
    return _with_capitals(purl, name)


def _is_path(text: str) -> bool:
    """Whether a word is a path though a package name may be meant: it says so, or an archive of that name lies here."""
    if text in (".", "..") or text.startswith(("/", "./", "../", "~")):
        return True
    return text.lower().endswith(ARCHIVE_SUFFIXES) and os.path.isfile(text)  # noqa: PTH113 (Path raises on odd names)


def _local(text: str) -> Target:
    try:
        path = Path(text).expanduser()
        mode = path.stat().st_mode
    except (OSError, ValueError, RuntimeError) as error:
        raise TargetError(_missing(text, error)) from error
    if stat.S_ISDIR(mode):
        return Target(TargetKind.DIRECTORY, shown(text), path=path)
    if stat.S_ISREG(mode):
        return Target(TargetKind.ARCHIVE, shown(text), path=path)
    raise TargetError(f"{shown(text)} is neither a file nor a folder")


def _missing(text: str, error: Exception) -> str:
    if _is_path(text) or text.lower().endswith(ARCHIVE_SUFFIXES) or isinstance(error, PermissionError):
        why = getattr(error, "strerror", None) or "not a path"
        return f"{shown(text)} cannot be read: {why.lower()}"
    known = "|".join(sorted(ECOSYSTEMS))
    return f"no file or folder {shown(text)}; if a package is meant, say which kind: --ecosystem {known}, or {EXAMPLE}"
