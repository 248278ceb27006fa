"""Where uploaded archives lie until a scan opens them in its own process. Nothing here reads more than their head.

`ab/DIGEST/NAME`: the name is made of harmless letters, since the scanner tells kinds of archives by it. Written whole
or not at all; only the service's user may read it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
import shutil
import time
from pathlib import Path

from packamal.errors import PackamalError
from packamal.targets import ARCHIVE_SUFFIXES

MAX_BYTES = 200_000_000
"""Larger archives are hardly packages; the scanner has limits of its own for what they unpack to."""
MAX_NAME_CHARS = 120
HEAD_BYTES = 512
"""The mark of a tar archive stands at 257."""
MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
TAR_MARK = b"ustar"
TAR_MARK_AT = 257
DIGEST = re.compile(r"[0-9a-f]{64}")
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


class UploadError(PackamalError):
    """The upload is not taken."""


class TooLargeError(UploadError):
    """It is larger than any package may be."""


class WrongTypeError(UploadError):
    """It is no archive that the scanner knows."""


class Incoming:
    """A file on its way in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._part = folder / f"{secrets.token_hex(8)}.part"
        self._file = self._part.open("xb")
        self._hash = hashlib.sha256()
        self._head = b""
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Take a piece. Raises UploadError as soon as it is known that the file cannot be one of ours."""
        self.size_bytes += len(chunk)
        if self.size_bytes > MAX_BYTES:
            raise TooLargeError(f"an archive may have {MAX_BYTES // 10**6} MB")
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[:HEAD_BYTES]
            if len(self._head) >= HEAD_BYTES:
                check_head(self._head)
        self._hash.update(chunk)
        self._file.write(chunk)

    def keep(self, name: str) -> str:
        """Close it and give its digest; the same bytes lie there once, under the name they came with first."""
        check_head(self._head)
        safe = safe_name(name)
        self._file.close()
        digest = self._hash.hexdigest()
        place = _place(self._folder, digest)
        if any(place.glob("*")):
            os.utime(place)  # kept from now on
            self._part.unlink()
            return digest
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._part.chmod(0o600)
        self._part.replace(place / safe)
        return digest

    def drop(self) -> None:
        """Leave nothing of it; after `keep` nothing happens."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def check_head(head: bytes) -> None:
    """Raise WrongTypeError for what does not begin as an archive."""
    is_tar = head[TAR_MARK_AT : TAR_MARK_AT + len(TAR_MARK)] == TAR_MARK
    if not (is_tar or head.startswith(MARKS)):
        raise WrongTypeError("this is no archive: zip, wheel, tar, gem, gzip, bzip2, xz or zstandard expected")


def safe_name(name: str) -> str:
    """A name without path or odd letters. Raises WrongTypeError for a suffix that no archive has."""
    plain = UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")[-MAX_NAME_CHARS:]
    if not plain.lower().endswith(ARCHIVE_SUFFIXES):
        raise WrongTypeError(f"the file name has to end as an archive's: {', '.join(ARCHIVE_SUFFIXES)}")
    return plain


def find(folder: Path, digest: str) -> Path | None:
    """The file with this digest; None when it is gone."""
    return next(iter(_place(folder, digest).glob("*")), None)


def sweep(folder: Path, age_s: float, limit: int = 1000) -> int:
    """Remove what came longer ago, and parts of uploads that broke off."""
    before, count = time.time() - age_s, 0
    for path in itertools.chain(folder.glob("??/*"), folder.glob("*.part")):
        if count < limit and path.stat().st_mtime < before:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            count += 1
    return count


def _place(folder: Path, digest: str) -> Path:
    if not DIGEST.fullmatch(digest):
        raise UploadError("no digest")
    return folder / digest[:2] / digest
