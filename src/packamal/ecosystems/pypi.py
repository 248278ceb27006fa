"""PyPI and private indexes that speak its protocol, as the user's own pip configuration names them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from packageurl import PackageURL

from packamal.ecosystems import core_metadata
from packamal.ecosystems.base import Metadata, Release, RemoteFile, merged
from packamal.ecosystems.digests import checked, unchecked_note
from packamal.ecosystems.repositories import check_repository
from packamal.ecosystems.text import load_json
from packamal.errors import FetchError, NotFoundError
from packamal.http.access import Access
from packamal.http.addresses import shown

if TYPE_CHECKING:
    from packaging.version import Version

    from packamal.ecosystems.pip_configuration import PipConfiguration
    from packamal.ecosystems.simple_index import IndexedFile, ProjectPage
    from packamal.http.client import Client

log = logging.getLogger(__name__)

SIMPLE = "/simple/"
"""How an index's address ends when the JSON documents of its projects may lie beside it."""


class PyPI:
    """The Ecosystem of `pkg:pypi/...`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._opened: tuple[PipConfiguration, Client] | None = None

    def resolve(self, purl: PackageURL) -> Release:
        """Find the version on all configured indexes. Raises NotFoundError, FetchError."""
        pages = self._pages(purl)
        files = _without_copies(page.files for page in pages)
        if not files:
            raise NotFoundError(_emptiness(purl, pages))
        version = _wanted(purl, files)
        of_version = [file for file in files if file.version == version]
        judged = _judged(of_version, purl)
        exact = PackageURL("pypi", None, purl.name, str(version))
        for file in judged:
            self._client.allow(file.url)
        metadata = merged(_from_pages(exact, of_version, files), self._described(exact, pages, of_version))
        return Release(
            exact, tuple(map(_remote, judged)), metadata, tuple(_notes(purl, version, pages, of_version, judged))
        )

    def fetch(self, file: RemoteFile) -> bytes:
        """Download one file and check its digest. Raises FetchError, NotFoundError."""
        self._client.allow(file.url)
        return checked(self._client.file(file.url), file)

    def manifest(self, files: Mapping[str, bytes]) -> Metadata:
        """The metadata of a wheel or sdist by its members."""
        return core_metadata.from_members(files)

    @property
    def _configuration(self) -> PipConfiguration:
        return self._open()[0]

    @property
    def _client(self) -> Client:
        return self._open()[1]

    def _open(self) -> tuple[PipConfiguration, Client]:
        """Settings and client, made by the first request: a scan of a local file needs neither."""
        if self._opened is None:
            from packamal.ecosystems import pip_configuration
            from packamal.http.client import Client, Peer

            found = pip_configuration.read(self._access)
            peer = Peer(
                found.indexes,
                found.credentials,
                certificates=found.certificates,
                client_certificate=found.client_certificate,
                proxy=found.proxy,
                where_credentials="pip's index-url or ~/.netrc",
                where_certificates="PIP_CERT or SSL_CERT_FILE",
                where_address="pip's index-url",
            )
            self._opened = found, Client(self._access, peer)
        return self._opened

    def _pages(self, purl: PackageURL) -> list[ProjectPage]:
        """One for each configured index that has the project; an index in trouble is an error, not an absence."""
        from packaging.utils import canonicalize_name

        from packamal.ecosystems.simple_index import ACCEPT, read_page

        if self._configuration.is_offline:
            raise FetchError("pip is configured with no-index; unset it, or give the file itself")
        pages = []
        indexes = check_repository(purl, self._configuration.indexes, "pip's index-url or extra-index-url")
        for index in indexes:
            try:
                answer = self._client.page(f"{index}{canonicalize_name(purl.name)}/", ACCEPT)
            except NotFoundError:
                continue
            pages.append(read_page(answer, index, purl.name))
        if not pages:
            asked = " and ".join(map(shown, indexes))
            raise NotFoundError(f"no package {purl.name} on {asked}; check the spelling, or pip's index-url")
        return pages

    def _described(self, purl: PackageURL, pages: Sequence[ProjectPage], files: Sequence[IndexedFile]) -> Metadata:
        """What the index tells beyond its file list; indexes without it are usual."""
        index = next((page.index for page in pages if any(file in page.files for file in files)), "")
        if index.endswith(SIMPLE):
            url = urljoin(index, f"../pypi/{purl.name}/{purl.version}/json")
            try:
                return core_metadata.from_json(load_json(self._client.page(url, "application/json", attempts=1).body))
            except (NotFoundError, FetchError) as error:
                log.info("no JSON document: %s", error)
        for file in files:
            if file.kind == "wheel" and file.has_metadata:
                self._client.allow(file.url)
                try:
                    return core_metadata.from_bytes(self._client.page(f"{file.url}.metadata", "*/*", attempts=1).body)
                except (NotFoundError, FetchError) as error:
                    log.info("no metadata file: %s", error)
                    break
        return Metadata()


def _without_copies(groups: Iterator[Sequence[IndexedFile]] | Iterator[tuple[IndexedFile, ...]]) -> list[IndexedFile]:
    """All files, the first index's one where several offer the same name."""
    files: dict[str, IndexedFile] = {}
    for group in groups:
        for file in group:
            files.setdefault(file.filename, file)
    return list(files.values())


def _emptiness(purl: PackageURL, pages: Sequence[ProjectPage]) -> str:
    status = next((page.status for page in pages if page.status), "")
    if status:
        return f"{purl.name} has no files: the index marks the project as {status}"
    return f"{purl.name} has no file that can be judged; check the spelling, or pip's index-url"


def _wanted(purl: PackageURL, files: Sequence[IndexedFile]) -> Version:
    from packaging.version import InvalidVersion, Version

    from packamal.ecosystems.pypi_choice import newest

    latest = newest(files)
    if not purl.version:
        return latest
    try:
        version = Version(purl.version)
    except InvalidVersion as error:
        raise NotFoundError(f"{purl.version!r} is no version of Python packages; the newest is {latest}") from error
    if not any(file.version == version for file in files):
        raise NotFoundError(f"{purl.name} has no version {version}; the newest is {latest}")
    return version


def _judged(files: Sequence[IndexedFile], purl: PackageURL) -> tuple[IndexedFile, ...]:
    from packamal.ecosystems.pypi_choice import chosen

    named = purl.qualifiers.get("file_name", "") if isinstance(purl.qualifiers, dict) else ""
    if not named:
        return chosen(files)
    found = tuple(file for file in files if file.filename == named)
    if not found:
        raise NotFoundError(f"{purl.name} {files[0].version} has no file {named!r:.100}")
    return found


def _from_pages(purl: PackageURL, of_version: Sequence[IndexedFile], files: Sequence[IndexedFile]) -> Metadata:
    return Metadata(
        name=purl.name,
        version=purl.version or "",
        published_at=min((file.published_at for file in of_version if file.published_at), default=""),
        release_count=len({file.version for file in files}),
        is_yanked=all(file.is_yanked for file in of_version),
        has_provenance=any(file.has_provenance for file in of_version),
    )


def _remote(file: IndexedFile) -> RemoteFile:
    return RemoteFile(file.filename, file.url, file.kind, file.hashes, file.size_bytes, file.published_at)


def _notes(
    purl: PackageURL,
    version: Version,
    pages: Sequence[ProjectPage],
    of_version: Sequence[IndexedFile],
    judged: Sequence[IndexedFile],
) -> Iterator[str]:
    if not purl.version:
        yield f"newest version is {version}" + (" (a pre-release, there is no other)" if version.is_prerelease else "")
    for status in dict.fromkeys(page.status for page in pages if page.status):
        yield f"the index marks the project as {status}"
    if all(file.is_yanked for file in of_version):
        yield f"version {version} is yanked"
    for kind, count in sorted(Counter(file.kind for file in of_version if file not in judged).items()):
        yield f"{count} further {kind}{'s were' if count > 1 else ' was'} not judged"
    skipped = sum(len(page.skipped) for page in pages)
    if skipped:
        yield f"{skipped} file{'s' if skipped > 1 else ''} without a comparable version left out"
    if len(pages) > 1:
        yield f"{len(pages)} configured indexes have this name: " + ", ".join(shown(page.index) for page in pages)
    yield from unchecked_note(map(_remote, judged))
