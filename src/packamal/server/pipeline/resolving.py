"""Which exact version is meant, and which content of it; asked of the index by the worker."""

from __future__ import annotations

import hashlib
import re
import threading
from typing import NamedTuple

from packageurl import PackageURL

from packamal.ecosystems import ECOSYSTEMS
from packamal.ecosystems.base import Ecosystem
from packamal.http.access import Access

TIMEOUT_S = 10.0
"""Of one silence of the index; a worker is held meanwhile."""


class Resolved(NamedTuple):
    """An exact version and the digest over what the index lists of it."""

    purl: PackageURL
    digest: str


NPM_EXACT = re.compile(r"\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?", re.ASCII)
"""Everything else may be a range or a tag: https://semver.org."""
_kept = threading.local()


def is_exact(purl: PackageURL) -> bool:
    """Whether the version says by itself which one is meant."""
    if not purl.version:
        return False
    return purl.type != "npm" or NPM_EXACT.fullmatch(purl.version) is not None


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
