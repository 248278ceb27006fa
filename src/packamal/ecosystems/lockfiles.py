"""Reads lock files: exact versions in, package addresses out. Hostile input: bounded, nothing in it is followed.

Only what comes from a package index is named; links, paths and repositories are told apart, since their name says
nothing about where their bytes come from. Formats: https://packaging.python.org/en/latest/specifications,
https://docs.npmjs.com/cli/configuring-npm/package-lock-json, https://classic.yarnpkg.com/lang/en/docs/yarn-lock.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from packamal.ecosystems.text import as_text
from packamal.errors import UsageError

MAX_BYTES = 8 << 20
"""The lock files of large applications have two to four."""
MAX_PACKAGES = 5000
MAX_NESTING = 64
"""Of dependencies inside dependencies in old package-lock files."""
SHOWN = 200
PIN = re.compile(
    r"(?i)([a-z0-9][a-z0-9._-]*)\s*(?:\[[\w\s,.-]*\])?\s*===?\s*([a-z0-9.+!_-]+)\s*(?:[;#\\].*|--hash.*)?$"
)
HASH = re.compile(r"--hash=\S+")
PNPM_KEY = re.compile(r"""^  (?:'|")?/?(@?[^@'"\s(]+(?:/[^@'"\s(]+)?)@([^'"\s(:/]+)[^:]*(?:'|")?:\s*(?:\{\}|$)""")
YARN_HEAD = re.compile(r'^"?((?:@[^@/\s"]+/)?[^@\s"]+)@(?:npm:)?(?P<range>[^"]*)')
YARN_ALIAS = re.compile(r"^npm:((?:@[^@/\s]+/)?[^@\s]+)@")
YARN_VERSION = re.compile(r'^  version:? "?([^"\s]+)"?\s*$')
YARN_FOREIGN = re.compile(r"@(?:workspace|link|portal|file|patch|git|https?|github)[:+]")
DOTTED = re.compile(r"""(?:["'\w-]{1,80}[ \t]?\.[ \t]?){20}""")
"""A dotted key of TOML: tomllib takes minutes for a hundred thousand parts, and lock files have three."""
INDEX_TYPES = frozenset({"", "legacy"})
"""Poetry's sources that are package indexes."""


class Locked(NamedTuple):
    """One line of a lock file, understood."""

    ecosystem: str
    name: str
    version: str

    @property
    def purl(self) -> str:
        """Its package address, not checked yet."""
        return f"pkg:{self.ecosystem}/{self.name.replace('@', '%40')}@{self.version.replace('+', '%2B')}"


class LockFile(NamedTuple):
    """What a lock file names."""

    packages: tuple[Locked, ...]
    """Each once, in its order."""
    skipped: tuple[str, ...]
    """What does not come from an index or has no exact version."""


Found = Iterator[Locked | str]


def read_lock_file(name: str, content: bytes) -> LockFile:
    """Read a lock file by its name. Raises UsageError."""
    reader = READERS.get(name.rpartition("/")[2].lower()) or (_requirements if name.endswith(".txt") else None)
    if reader is None:
        raise UsageError(f"no lock file of that name is known; known are {', '.join(READERS)} and *.txt")
    if len(content) > MAX_BYTES:
        raise UsageError(f"the lock file is larger than {MAX_BYTES >> 20} MB")
    try:
        found = dict.fromkeys(_bounded(reader(content.decode("utf-8-sig"))))
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise UsageError(f"this is no {name[:SHOWN]}") from error
    packages = tuple(one for one in found if isinstance(one, Locked))
    return LockFile(packages, tuple(one[:SHOWN] for one in found if isinstance(one, str)))


def _bounded(found: Iterable[Locked | str]) -> Found:
    for count, one in enumerate(found):
        if count >= MAX_PACKAGES:
            raise UsageError(f"the lock file names more than {MAX_PACKAGES} packages; split it")
        yield one


def _requirements(text: str) -> Found:
    for raw in text.replace("\\\n", " ").splitlines():
        line = HASH.sub("", raw.partition(" #")[0]).strip()
        if not line or line.startswith(("#", "--hash")):
            continue
        match = PIN.fullmatch(line) if len(line) <= 1000 else None
        yield Locked("pypi", match[1], match[2]) if match else line


def _poetry(text: str) -> Found:
    for package in _tables(text):
        source = package.get("source")
        kind = as_text(source.get("type")) if isinstance(source, dict) else ""
        yield _named("pypi", package, is_indexed=kind in INDEX_TYPES)


def _uv(text: str) -> Found:
    for package in _tables(text):
        source = package.get("source")
        yield _named("pypi", package, is_indexed=isinstance(source, dict) and "registry" in source)


def _tables(text: str) -> Iterator[dict[str, object]]:
    if DOTTED.search(text):
        raise ValueError("a key of too many parts")
    packages = tomllib.loads(text).get("package", [])
    if not isinstance(packages, list):
        raise ValueError("no list of packages")
    return (package for package in packages if isinstance(package, dict))


def _named(ecosystem: str, package: dict[str, object], is_indexed: bool, name: str = "") -> Locked | str:
    name, version = as_text(package.get("name")) or name, as_text(package.get("version"))
    return Locked(ecosystem, name, version) if is_indexed and name and version else name or "a package without a name"


def _package_lock(text: str) -> Found:
    document = json.loads(text)
    packages = document.get("packages")
    if not isinstance(packages, dict):
        yield from _old_package_lock(document.get("dependencies", {}), 0)
        return
    for path, package in packages.items():
        _, is_dependency, name = path.rpartition("node_modules/")
        if is_dependency and isinstance(package, dict):
            yield _named("npm", package, _is_npm(package), name)


def _old_package_lock(dependencies: dict[str, object], depth: int) -> Found:
    if depth > MAX_NESTING:
        raise ValueError("nested too deeply")
    for name, package in dependencies.items():
        if not isinstance(package, dict):
            raise TypeError(name)
        alias = YARN_ALIAS.match(as_text(package.get("version")))
        plain = {"name": alias[1], "version": as_text(package["version"])[alias.end() :]} if alias else package
        yield _named("npm", plain, _is_npm(package), name)
        yield from _old_package_lock(package.get("dependencies") or {}, depth + 1)


def _is_npm(package: dict[str, object]) -> bool:
    """Whether it comes from a registry; a bundled one came inside of its parent, a link points into the project."""
    resolved, version = as_text(package.get("resolved")), as_text(package.get("version"))
    is_elsewhere = resolved.startswith(("git", "file:")) or (":" in version and not version.startswith("npm:"))
    return not is_elsewhere and not package.get("link") and not package.get("inBundle")


def _pnpm(text: str) -> Found:
    """Line by line: the keys of `packages`, which is all that is wanted, and no YAML of a stranger is built."""
    is_inside = False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            is_inside = line.rstrip() == "packages:"
        elif is_inside and line.startswith("  ") and not line.startswith("   ") and line.strip():
            match = PNPM_KEY.match(line[:1000])
            yield Locked("npm", match[1], match[2]) if match else line.strip(" '\":")


def _yarn(text: str) -> Found:
    head = ""
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            head = line[:1000]
        elif head and (version := YARN_VERSION.match(line[:1000])):
            if one := _of_yarn(head, version[1]):
                yield one
            head = ""


def _of_yarn(head: str, version: str) -> Locked | str | None:
    match = YARN_HEAD.match(head)
    if match is None or head.startswith("__metadata"):
        return None
    if YARN_FOREIGN.search(head):
        return head.strip(" :\"'")
    alias = YARN_ALIAS.match(f"npm:{match['range']}") if "@npm:" in head else None
    return Locked("npm", alias[1] if alias else match[1], version)


READERS: dict[str, Callable[[str], Found]] = {
    "requirements.txt": _requirements,
    "poetry.lock": _poetry,
    "uv.lock": _uv,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
}
"""File name -> reader; any other *.txt is read as requirements."""
