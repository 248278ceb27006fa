"""Fetches what an attempt is about from the listener, and checks that all of it came.

That is the archive, where somebody uploaded one, and the findings that the service's people accepted for the package:
a scan without those would answer another question, so where they cannot be had there is none.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from packamal.config import Suppression
from packamal.errors import FetchError, PackamalError
from packamal.executors.inside.listener import Listener, stated
from packamal.executors.inside.patience import Patience
from packamal.http.pull import Pulled

NAME = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]{0,119}")
"""As the service names what it keeps: no path, nothing that looks like an option."""
MAX_UPLOAD_BYTES = 200_000_000
"""The service takes no larger ones."""
MAX_ACCEPTED_BYTES = 2_000_000
"""The scanner reads no larger settings."""
FETCH_S = 60.0
"""For all tries: what does not come in a minute does not come."""
BACK_OFF_S = 2.0
OK = 200
UNWANTED = frozenset({401, 409, 410})
PASSING = frozenset({408, 429, *range(500, 600)})
ENTRY = frozenset(field.name for field in fields(Suppression))
Get = Callable[[Callable[[bytes], object], float], Pulled]
"""One try: where the pieces go, and how many seconds it may take. Raises FetchError."""


class AbsentError(PackamalError):
    """What is needed cannot be had."""


class UnwantedError(PackamalError):
    """The attempt has ended."""


def upload(listener: Listener, name: str, folder: Path, patience: Patience) -> Path:
    """The archive as a file in a folder of its own. Raises AbsentError, UnwantedError, OSError."""
    if not NAME.fullmatch(name):
        raise AbsentError("this is no name of an upload")
    path = folder / "upload" / name
    path.parent.mkdir()
    _fetch(listener.upload, path, MAX_UPLOAD_BYTES, patience)
    return path


def accepted(listener: Listener, folder: Path, patience: Patience) -> tuple[Suppression, ...]:
    """The findings that do not count. Raises as `upload`."""
    path = folder / "accepted.json"
    _fetch(listener.accepted, path, MAX_ACCEPTED_BYTES, patience)
    try:
        return tuple(_entry(entry) for entry in json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise AbsentError("the accepted findings cannot be read") from error


def _entry(value: object) -> Suppression:
    if not isinstance(value, dict) or value.keys() != ENTRY or not all(isinstance(one, str) for one in value.values()):
        raise ValueError("no accepted finding")
    return Suppression(**value)


def _fetch(get: Get, path: Path, max_bytes: int, patience: Patience) -> None:
    until = time.monotonic() + FETCH_S
    while True:
        with _Arriving(path, max_bytes) as file:
            if _is_had(get, file, min(FETCH_S, patience.left())):
                return
        if time.monotonic() >= until or not patience.wait(BACK_OFF_S):
            raise AbsentError(f"{path.name} cannot be had")


def _is_had(get: Get, file: _Arriving, deadline_s: float) -> bool:
    """Whether all of it came; False: another try may do better."""
    try:
        status, digest = get(file.take, deadline_s)
    except FetchError:
        return False
    if status in UNWANTED:
        raise UnwantedError("nobody wants this analysis any more")
    if status != OK and status not in PASSING:
        raise AbsentError(f"{file.path.name} is not given out ({status})")
    return status == OK and digest == file.digest


class _Arriving:
    """A file on its way in, its digest kept while it comes."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._file = path.open("wb")

    def __enter__(self) -> _Arriving:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def digest(self) -> str:
        return stated(self._hash.digest())

    def take(self, piece: bytes) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes > self._max_bytes:
            raise AbsentError(f"{self.path.name} is larger than it may be")
        self._hash.update(piece)
        self._file.write(piece)
