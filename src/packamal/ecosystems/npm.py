"""npm and private registries that speak its protocol, as the user's own .npmrc names them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from packageurl import PackageURL

from packamal.ecosystems import package_json
from packamal.ecosystems.base import Metadata, Release, RemoteFile
from packamal.ecosystems.digests import checked, unchecked_note
from packamal.ecosystems.npm_versions import wanted
from packamal.ecosystems.repositories import check_repository
from packamal.ecosystems.text import as_table, as_text, load_json
from packamal.errors import FetchError, NotFoundError
from packamal.http.access import Access
from packamal.http.addresses import joined, origin, shown, without_credentials
from packamal.http.body import TooLargeError

if TYPE_CHECKING:
    from packamal.ecosystems.npmrc import Npmrc
    from packamal.http.client import Answer, Client

FULL = "application/json"
SHORT = "application/vnd.npm.install-v1+json"
"""Without times and readme; the answer for packages with so many versions that the full document is too large."""
VERSION = re.compile(r"[0-9A-Za-z.+~_-]{1,256}")
"""What may stand in a file name and a message; all that npm ever took as a version does."""
PLACEHOLDER_SUFFIX = "-security"
"""The registry's own version of a name from which it removed everything else."""


class Npm:
    """The Ecosystem of `pkg:npm/...`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._opened: tuple[Npmrc, Client] | None = None

    def resolve(self, purl: PackageURL) -> Release:
        """Find the version: exact, by dist-tag or by range. Raises NotFoundError, FetchError."""
        name, registry, document = self._found(purl)
        versions = {key: value for key, value in as_table(document.get("versions")).items() if VERSION.fullmatch(key)}
        if not versions:
            raise NotFoundError(f"{name} has no versions on {shown(registry)}" + _unpublished(document))
        version = wanted(name, purl.version or "", list(versions), as_table(document.get("dist-tags")))
        manifest = as_table(versions[version])
        file = self._remote(name, version, manifest, document, registry)
        exact = PackageURL("npm", name.rpartition("/")[0] or None, name.rpartition("/")[2], version)
        notes = _notes(purl, name, version, manifest, file)
        return Release(exact, (file,), _metadata(document, manifest, versions, version), tuple(notes))

    def history(self, purl: PackageURL) -> Mapping[str, str]:
        """Version -> when it was published, of those that are there. Raises NotFoundError, FetchError."""
        _, _, document = self._found(purl)
        times, versions = as_table(document.get("time")), as_table(document.get("versions"))
        return {key: as_text(times.get(key))[:40] for key in versions if VERSION.fullmatch(key)}

    def fetch(self, file: RemoteFile) -> bytes:
        """Download one tarball and check its digest. Raises FetchError, NotFoundError."""
        self._client.allow(file.url)
        return checked(self._client.file(file.url), file)

    def manifest(self, files: Mapping[str, bytes]) -> Metadata:
        """The metadata of a package by its members."""
        return package_json.from_members(files)

    @property
    def _npmrc(self) -> Npmrc:
        return self._open()[0]

    @property
    def _client(self) -> Client:
        return self._open()[1]

    def _open(self) -> tuple[Npmrc, Client]:
        """Settings and client, made by the first request: a scan of a local file needs neither."""
        if self._opened is None:
            from packamal.ecosystems import npmrc
            from packamal.http.client import Client, Peer

            found = npmrc.read(self._access)
            peer = Peer(
                found.registries,
                found.credentials,
                certificates=found.certificates,
                further_certificates=found.further_certificates,
                proxy=found.proxy,
                where_credentials=".npmrc (//host/:_authToken=...)",
                where_certificates="cafile in .npmrc or SSL_CERT_FILE",
                where_address="the registry in .npmrc",
            )
            self._opened = found, Client(self._access, peer)
        return self._opened

    def _found(self, purl: PackageURL) -> tuple[str, str, Mapping[str, object]]:
        """(name, registry, document): as spelled first, since old names with capitals are other packages."""
        registry = self._npmrc.registry_of((purl.namespace or "").lower())
        check_repository(purl, [registry], "the registry in .npmrc")
        spelled = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        for name in dict.fromkeys((spelled, spelled.lower())):
            url = registry + quote(name, safe="@")
            try:
                return name, registry, _document(self._page(url))
            except NotFoundError:
                continue
        raise NotFoundError(f"no package {spelled} on {shown(registry)}; check the spelling, or the registry in .npmrc")

    def _page(self, url: str) -> Answer:
        try:
            return self._client.page(url, FULL)
        except TooLargeError:
            return self._client.page(url, SHORT)

    def _remote(
        self, name: str, version: str, manifest: Mapping[str, object], document: Mapping[str, object], registry: str
    ) -> RemoteFile:
        dist = as_table(manifest.get("dist"))
        url = self._tarball(as_text(dist.get("tarball")), registry)
        if not url:
            raise FetchError(f"{shown(registry)} names no file for {name} {version}; the registry has trouble")
        self._client.allow(url)
        published_at = as_text(as_table(document.get("time")).get(version))[:40]
        filename = f"{name.rpartition('/')[2]}-{version}.tgz"
        return RemoteFile(filename, url, "npm", _hashes(dist), 0, published_at)

    def _tarball(self, url: str, registry: str) -> str:
        """The file's address; mirrors repeat the public registry's, which is then read as their own, as npm does."""
        url = without_credentials(joined(registry, url)) if url else ""
        public = self._npmrc.public
        if origin(url) != origin(public) or origin(registry) == origin(public):
            return url
        return registry + urlsplit(url).path.lstrip("/")


def _document(answer: Answer) -> Mapping[str, object]:
    document = load_json(answer.body)
    if not isinstance(document, dict) or not isinstance(document.get("versions", {}), dict):
        raise FetchError(
            f"{shown(answer.url)} is no package document but {answer.content_type[:60] or 'of no type'}; "
            "check the registry in .npmrc"
        )
    return document


def _unpublished(document: Mapping[str, object]) -> str:
    when = as_text(as_table(as_table(document.get("time")).get("unpublished")).get("time"))[:40]
    return f": all were unpublished at {when}" if when else ""


def _metadata(
    document: Mapping[str, object], manifest: Mapping[str, object], versions: Mapping[str, object], version: str
) -> Metadata:
    dist = as_table(manifest.get("dist"))
    metadata = package_json.from_table(manifest)
    return replace(
        metadata,
        description=metadata.description or as_text(document.get("readme")),
        published_at=as_text(as_table(document.get("time")).get(version))[:40],
        release_count=len(versions),
        has_provenance=bool(as_table(as_table(dist.get("attestations")).get("provenance"))),
    )


def _hashes(dist: Mapping[str, object]) -> dict[str, str]:
    """Digests in hex from Subresource Integrity (https://www.w3.org/TR/SRI/) and the older shasum."""
    found = {"sha1": as_text(dist.get("shasum")).lower()} if as_text(dist.get("shasum")) else {}
    for entry in as_text(dist.get("integrity")).split():
        algorithm, dash, digest = entry.partition("?")[0].partition("-")
        try:
            found[algorithm.lower()] = base64.b64decode(digest, validate=True).hex() if dash else ""
        except (binascii.Error, ValueError):
            continue
    return found


def _notes(
    purl: PackageURL, name: str, version: str, manifest: Mapping[str, object], file: RemoteFile
) -> Iterator[str]:
    if not purl.version:
        yield f"newest version is {version}"
    elif purl.version != version:
        yield f"{purl.version} is version {version}"
    if name != name.lower():
        yield f"the registry spells the name {name}"
    if version.endswith(PLACEHOLDER_SUFFIX):
        yield f"version {version} is the registry's own placeholder for a package that it removed"
    deprecated = as_text(manifest.get("deprecated"))
    if deprecated:
        yield f"version {version} is deprecated: {' '.join(deprecated.split())[:200]}"
    yield from unchecked_note([file])
