"""Keeps reports by the digest of their bytes, outside of the database: a folder here, elsewhere a volume."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import secrets
import zlib
from pathlib import Path
from typing import Protocol

from packamal.errors import PackamalError
from packamal.executors.base import MAX_REPORT_BYTES

DIGEST = re.compile(r"[0-9a-f]{64}")
LEVEL = 6


class StoreError(PackamalError):
    """A report cannot be stored, is gone, or is not what was stored."""


class ResultsStore(Protocol):
    """Somewhere to keep reports."""

    def put(self, content: bytes) -> str:
        """Store and give the digest; the same bytes are stored once. Raises StoreError."""

    def get(self, digest: str) -> bytes:
        """What was stored, checked. Raises StoreError."""

    def delete(self, digest: str) -> None:
        """Remove it; nothing happens when it is gone. Raises StoreError."""


class DirectoryStore:
    """A folder: `ab/abcdef... .json.gz`, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Store it."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with part.open("xb") as file:
                    file.write(gzip.compress(content, LEVEL, mtime=0))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"the report cannot be stored: {error.strerror}") from error
        return digest

    def get(self, digest: str) -> bytes:
        """Read it back."""
        try:
            with gzip.open(self._path(digest)) as file:
                content = file.read(MAX_REPORT_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise StoreError(f"the report {digest[:12]} cannot be read") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise StoreError(f"the report {digest[:12]} is not what was stored")
        return content

    def delete(self, digest: str) -> None:
        """Remove the file."""
        try:
            self._path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"the report {digest[:12]} cannot be removed") from error

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise StoreError("no digest")
        return self.folder / digest[:2] / f"{digest}.json.gz"
