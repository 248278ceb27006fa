"""The simple repository API: which files an index offers for a project.

Sources: https://packaging.python.org/en/latest/specifications/simple-repository-api/ (JSON and HTML forms), PEP 700
(size, upload time). The JSON form is read here: the library that reads the HTML form takes 0.7 s of CPU to import.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from packamal.ecosystems.text import as_table, as_text, load_json
from packamal.errors import FetchError
from packamal.http.addresses import joined, shown, without_credentials
from packamal.http.client import Answer

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPES = ("application/vnd.pypi.simple.v1+html", "text/html")
ACCEPT = f"{JSON_TYPE}, {HTML_TYPES[0]};q=0.2, {HTML_TYPES[1]};q=0.1"
SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.z", ".tar")
"""The order in which an sdist is chosen where a version has several."""
OTHER_SUFFIXES = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg")
STATUS = re.compile(r"[a-z-]{1,30}")
ORDINARY = "active"
HEX = re.compile(r"[0-9a-f]{32,128}")


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file of a project as an index lists it."""

    filename: str
    url: str
    kind: str
    """wheel, sdist, or the suffix of an older kind: egg, exe ..."""
    version: Version
    hashes: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    published_at: str = ""
    is_yanked: bool = False
    has_metadata: bool = False
    has_provenance: bool = False


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """What one index says about one project."""

    index: str
    files: tuple[IndexedFile, ...]
    skipped: tuple[str, ...] = ()
    """Names of files without a version that can be compared."""
    status: str = ""
    """quarantined, archived, deprecated ... (PEP 792); empty for an ordinary project."""


def read_page(answer: Answer, index: str, project: str) -> ProjectPage:
    """Read an index's answer in either form. Raises FetchError for what is neither."""
    if answer.content_type == JSON_TYPE:
        entries, status = _from_json(answer)
    elif answer.content_type in HTML_TYPES:
        entries, status = _from_html(answer, project)
    else:
        raise FetchError(
            f"{shown(answer.url)} is no package index page but {answer.content_type[:60] or 'of no type'}; "
            "check pip's index-url"
        )
    files, skipped = [], []
    for entry in entries:
        parsed = _file(entry, answer.url, project)
        if parsed is None:
            skipped.append(as_text(entry.get("filename"))[:200])
        else:
            files.append(parsed)
    status = status if STATUS.fullmatch(status) and status != ORDINARY else ""
    return ProjectPage(index, tuple(files), tuple(skipped), status)


def _from_json(answer: Answer) -> tuple[list[Mapping[str, object]], str]:
    document = load_json(answer.body)
    if not isinstance(document, dict) or not isinstance(document.get("files"), list):
        raise FetchError(f"{shown(answer.url)} sent broken JSON; try again later, or check pip's index-url")
    status = as_text(as_table(document.get("project-status")).get("status"))
    return [entry for entry in document["files"] if isinstance(entry, dict)], status


def _from_html(answer: Answer, project: str) -> tuple[list[Mapping[str, object]], str]:
    import pypi_simple

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a newer minor version of the API, or of HTML, reads well enough
            page = pypi_simple.ProjectPage.from_html(project, answer.body, base_url=answer.url)
    except (ValueError, RecursionError, pypi_simple.UnsupportedRepoVersionError) as error:
        raise FetchError(f"{shown(answer.url)} cannot be read as an index page; check pip's index-url") from error
    entries: list[Mapping[str, object]] = [
        {
            "filename": item.filename,
            "url": item.url,
            "hashes": item.digests,
            "yanked": item.is_yanked,
            "core-metadata": item.has_metadata,
            "provenance": item.provenance_url,
        }
        for item in page.packages
    ]
    return entries, str(page.status or "")


def _file(entry: Mapping[str, object], base: str, project: str) -> IndexedFile | None:
    reference = as_text(entry.get("url"))
    url = without_credentials(joined(base, reference)) if reference else ""
    filename = as_text(entry.get("filename")) or unquote(urlsplit(url).path.rpartition("/")[2] if url else "")
    kind, version = parse_filename(filename, project)
    if not url or version is None:
        return None
    size = entry.get("size")
    return IndexedFile(
        filename,
        url,
        kind,
        version,
        hashes=_hashes(entry.get("hashes")),
        size_bytes=size if isinstance(size, int) and size > 0 else 0,
        published_at=as_text(entry.get("upload-time"))[:40],
        is_yanked=entry.get("yanked") not in (None, False),
        has_metadata=bool(entry.get("core-metadata") or entry.get("dist-info-metadata")),
        has_provenance=bool(as_text(entry.get("provenance"))),
    )


def _hashes(value: object) -> dict[str, str]:
    found = {name.lower(): as_text(digest).lower() for name, digest in as_table(value).items()}
    return {name: digest for name, digest in found.items() if HEX.fullmatch(digest)}


def parse_filename(filename: str, project: str) -> tuple[str, Version | None]:
    """(kind, version); the version is None where the name belongs to no file of the project."""
    if "/" in filename or "\\" in filename or not filename.isprintable():
        return "", None
    lower = filename.lower()
    try:
        if lower.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            return "wheel", version if name == canonicalize_name(project) else None
        for suffix in SDIST_SUFFIXES:
            if lower.endswith(suffix):
                return "sdist", _version(filename[: -len(suffix)], project)
        for suffix in OTHER_SUFFIXES:
            if lower.endswith(suffix):
                return suffix[1:], _leading_version(filename[: -len(suffix)], project)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        pass
    return "", None


def _version(stem: str, project: str) -> Version | None:
    """The version after the project's name; both may hold dashes."""
    wanted = canonicalize_name(project)
    for position in _dashes(stem):
        if canonicalize_name(stem[:position]) == wanted:
            return Version(stem[position + 1 :])
    return None


def _leading_version(stem: str, project: str) -> Version | None:
    """As `_version`, of a name that goes on with platform tags."""
    wanted = canonicalize_name(project)
    for position in _dashes(stem):
        if canonicalize_name(stem[:position]) == wanted:
            return Version(re.split(r"-|\.(?=win|linux|macosx)", stem[position + 1 :])[0])
    return None


def _dashes(stem: str) -> Iterable[int]:
    return (index for index, letter in enumerate(stem) if letter == "-")
