"""Is it the file that the index promised?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from packamal.ecosystems.base import RemoteFile
from packamal.errors import FetchError

ALGORITHMS = ("sha512", "sha384", "sha256", "blake2b", "sha1", "md5")
"""Strongest first; the strongest that the index gives is checked."""
WEAK = frozenset({"sha1", "md5"})
"""Collisions can be made."""


def checked(content: bytes, file: RemoteFile) -> bytes:
    """The content, if its digest is the index's or the index gives none. Raises FetchError."""
    algorithm = strongest(file)
    if algorithm:
        found = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
        if found != file.hashes[algorithm].lower():
            raise FetchError(
                f"{file.filename} is not what the index promised ({algorithm} differs); "
                "do not use it, and try again: a mirror or proxy may have changed it"
            )
    return content


def strongest(file: RemoteFile) -> str:
    """The algorithm that is checked, or empty."""
    return next((name for name in ALGORITHMS if file.hashes.get(name)), "")


def unchecked_note(files: Iterable[RemoteFile]) -> Iterator[str]:
    """A line for each file that the index vouches for weakly or not at all."""
    for file in files:
        algorithm = strongest(file)
        if not algorithm:
            yield f"the index gives no digest for {file.filename}: it could not be checked"
        elif algorithm in WEAK:
            yield f"the index gives only {algorithm} for {file.filename}, which can be forged"
