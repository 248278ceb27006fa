"""Where packages come from: the protocol, and the values that cross it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Protocol

from packageurl import PackageURL

from packamal.model import Problem


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an index or an archive's own manifest says about a version, alike for all ecosystems; empty = unknown."""

    name: str = ""
    version: str = ""
    summary: str = ""
    description: str = ""
    homepage: str = ""
    repository: str = ""
    author: str = ""
    maintainers: tuple[str, ...] = ()
    """Names or mail addresses."""
    licence: str = ""
    keywords: tuple[str, ...] = ()
    dependencies: tuple[tuple[str, str], ...] = ()
    """(name, constraint or address)"""
    scripts: tuple[tuple[str, str], ...] = ()
    """npm lifecycle scripts."""
    published_at: str = ""
    release_count: int = 0
    is_yanked: bool = False
    has_provenance: bool = False


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a version as the index lists it."""

    filename: str
    url: str
    kind: str
    """wheel, sdist, npm"""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """algorithm -> hex digest (npm integrity is converted to hex)"""
    size_bytes: int = 0
    published_at: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """An exact version: what to fetch and what the index says about it."""

    purl: PackageURL
    files: tuple[RemoteFile, ...]
    """The files that will be judged (for PyPI the sdist and one wheel)."""
    metadata: Metadata
    notes: tuple[str, ...] = ()
    """`newest version is 1.2.3`, `12 further wheels were not judged`."""
    problems: tuple[Problem, ...] = ()


class Ecosystem(Protocol):
    """One registry kind."""

    def resolve(self, purl: PackageURL) -> Release:
        """Find the exact version (newest when none is asked). Raises NotFoundError, FetchError."""

    def fetch(self, file: RemoteFile) -> bytes:
        """Download one file, checked against the index's digest. Raises FetchError."""

    def manifest(self, files: Mapping[str, bytes]) -> Metadata:
        """Read the metadata an archive carries itself (PKG-INFO, METADATA, package.json) from its members by path.
        Never raises for hostile content: what cannot be read stays empty."""


def merged(first: Metadata, second: Metadata) -> Metadata:
    """Both in one: the first where it says something, else the second (an index's answer, then a manifest's)."""
    return Metadata(**{item.name: getattr(first, item.name) or getattr(second, item.name) for item in fields(Metadata)})
