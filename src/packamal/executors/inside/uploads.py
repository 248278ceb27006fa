"""Fetches the archive that an analysis is about, where people uploaded one, and checks that all of it came."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

from packamal.errors import FetchError, PackamalError
from packamal.executors.inside.listener import Listener, stated
from packamal.executors.inside.patience import Patience

NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]{0,119}")
"""As the service names what it keeps: no path, nothing that looks like an option."""
MAX_BYTES = 200_000_000
"""The service takes no larger ones."""
FETCH_S = 60.0
"""For all tries: what does not come in a minute does not come."""
BACK_OFF_S = 2.0
OK = 200
UNWANTED = frozenset({401, 409, 410})
PASSING = frozenset({408, 429, *range(500, 600)})


class UploadError(PackamalError):
    """The archive cannot be had."""


class UnwantedUploadError(UploadError):
    """The attempt has ended."""


def fetch(listener: Listener, name: str, folder: Path, patience: Patience) -> Path:
    """The archive as a file in this folder. Raises UploadError."""
    if not NAME.fullmatch(name):
        raise UploadError("this is no name of an upload")
    until = time.monotonic() + FETCH_S
    while True:
        with _Archive(folder / name) as archive:
            if _is_had(listener, archive, patience):
                return archive.path
        if time.monotonic() >= until or not patience.wait(BACK_OFF_S):
            raise UploadError("the upload cannot be had")


def _is_had(listener: Listener, archive: _Archive, patience: Patience) -> bool:
    """Whether all of it came; False: another try may do better."""
    try:
        status, digest = listener.upload(archive.take, min(FETCH_S, patience.left()))
    except FetchError:
        return False
    if status in UNWANTED:
        raise UnwantedUploadError("nobody wants this analysis any more")
    if status != OK and status not in PASSING:
        raise UploadError(f"the upload is not given out ({status})")
    return status == OK and digest == archive.digest


class _Archive:
    """A new file, its digest kept while it comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._file = path.open("wb")

    def __enter__(self) -> _Archive:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def digest(self) -> str:
        return stated(self._hash.digest())

    def take(self, piece: bytes) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes > MAX_BYTES:
            raise UploadError("the upload is larger than any may be")
        self._hash.update(piece)
        self._file.write(piece)
