"""Which exact version is meant, and which content of it; asked of the index before anything is queued."""

from __future__ import annotations

import hashlib
import threading
from typing import NamedTuple

from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.base import Ecosystem
from packamal.http.access import Access

TIMEOUT_S = 10.0
"""Of one silence of the index: somebody waits for the answer."""


class Resolved(NamedTuple):
    """An exact version and the digest over what the index lists of it."""

    purl: PackageURL
    digest: str


_kept = threading.local()


def resolve(purl: PackageURL) -> Resolved:
    """Ask the index. Raises NotFoundError, FetchError."""
    release = _ecosystem(purl.type).resolve(purl)
    listed = sorted(f"{name}:{digest}" for file in release.files for name, digest in file.hashes.items())
    names = sorted(file.filename for file in release.files)
    return Resolved(release.purl, hashlib.sha256("\n".join([*names, *listed]).encode()).hexdigest())


def _ecosystem(kind: str) -> Ecosystem:
    """One for each thread: making one takes longer than asking it, and it serves one thread only."""
    made: dict[str, Ecosystem] = _kept.__dict__.setdefault("made", {})
    if kind not in made:
        made[kind] = ECOSYSTEMS[kind](Access(timeout_s=TIMEOUT_S))
    return made[kind]
