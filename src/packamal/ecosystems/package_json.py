"""npm's package.json, in an archive or as a registry repeats it, in the shape all ecosystems share.

Source: https://docs.npmjs.com/cli/configuring-npm/package-json. Hostile content gives empty fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from packamal.ecosystems.base import Metadata
from packamal.ecosystems.text import as_list, as_table, as_text, load_json

MAX_BYTES = 8_000_000
"""Longest package.json read; real ones end below 1 MB."""
MANIFEST = "package.json"
LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
"""What npm may start on a machine that installs (prepare for packages from git)."""
DEPENDENCY_TABLES = ("dependencies", "optionalDependencies", "peerDependencies")


def from_members(files: Mapping[str, bytes]) -> Metadata:
    """The metadata of a package by its members; the package.json nearest to the root counts."""
    paths = [path for path in files if path.rpartition("/")[2] == MANIFEST]
    if not paths:
        return Metadata()
    content = files[min(paths, key=lambda path: (path.count("/"), path != f"package/{MANIFEST}", path))]
    if len(content) > MAX_BYTES:
        return Metadata()
    return from_table(as_table(load_json(content.removeprefix(b"\xef\xbb\xbf"))))


def from_table(table: Mapping[str, object]) -> Metadata:
    """The metadata in a parsed package.json."""
    return Metadata(
        name=as_text(table.get("name")),
        version=as_text(table.get("version")),
        summary=as_text(table.get("description")),
        description=as_text(table.get("readme")),
        homepage=as_text(table.get("homepage")),
        repository=_address(table.get("repository")),
        author=_person(table.get("author")),
        maintainers=tuple(filter(None, map(_person, as_list(table.get("maintainers"))))),
        licence=_licence(table),
        keywords=_keywords(table.get("keywords")),
        dependencies=_dependencies(table),
        scripts=tuple(
            (name, text) for name in LIFECYCLE if (text := as_text(as_table(table.get("scripts")).get(name)))
        ),
    )


def _address(value: object) -> str:
    return as_text(as_table(value).get("url")) or as_text(value)


def _person(value: object) -> str:
    table = as_table(value)
    if not table:
        return as_text(value)
    name, mail = as_text(table.get("name")), as_text(table.get("email"))
    return f"{name} <{mail}>" if name and mail else name or mail


def _licence(table: Mapping[str, object]) -> str:
    found = table.get("license") or next(iter(as_list(table.get("licenses"))), None)
    return as_text(as_table(found).get("type")) or as_text(found)


def _keywords(value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else as_list(value)
    return tuple(filter(None, map(as_text, words)))


def _dependencies(table: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for kind in DEPENDENCY_TABLES:
        for name, constraint in as_table(table.get(kind)).items():
            found.setdefault(as_text(name), as_text(constraint))
    return tuple(found.items())
