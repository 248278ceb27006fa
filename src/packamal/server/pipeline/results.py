"""Keeps reports by the digest of their bytes, outside of the database: a folder here, elsewhere a volume."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import Protocol

from packamal.errors import PackamalError
from packamal.executors.base import MAX_REPORT_BYTES

DIGEST = re.compile(r"[0-9a-f]{64}")
LEVEL = 6
FOLDERS = 256
TURNS = 16
"""A sweep looks at one of so many parts of the store: of a million reports at 62,500."""
MIN_FREE_BYTES = 2 * MAX_REPORT_BYTES
"""With less a scan would be paid for and its report lost."""
SUFFIX = ".json.gz"
PART = ".part"


class StoreError(PackamalError):
    """A report cannot be stored, is gone, or is not what was stored."""


class ResultsStore(Protocol):
    """Somewhere to keep reports."""

    def check(self) -> None:
        """Raise StoreError while a report could not be stored."""

    def put(self, content: bytes) -> str:
        """Store and give the digest; the same bytes are stored once. Raises StoreError."""

    def get(self, digest: str) -> bytes:
        """What was stored, checked. Raises StoreError."""

    def sweep(self, turn: int, age_s: float, known: Callable[[Set[str]], Set[str]]) -> int:
        """Remove what was put longer ago than `age_s`, when `known` (given digests) does not tell it: how many.

        Looks at the part of the store whose turn it is. Safe beside whoever puts. Raises StoreError.
        """


class DirectoryStore:
    """A folder: `ab/abcdef... .json.gz`, written whole or not at all. A file is as old as the last time it was put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> None:
        """A file can be written and there is room for reports."""
        probe = self.folder / f".probe-{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe.write_bytes(b"ok")
            probe.unlink()
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise StoreError(f"no report can be stored: {error.strerror}") from error
        if free < MIN_FREE_BYTES:
            raise StoreError(f"no report can be stored: {free >> 20} MB are free, {MIN_FREE_BYTES >> 20} are needed")

    def put(self, content: bytes) -> str:
        """Store it."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        part = _part_of(path)
        try:
            if _touch(path):
                return digest
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

    def sweep(self, turn: int, age_s: float, known: Callable[[Set[str]], Set[str]]) -> int:
        """Remove old files that nobody knows, and what a writer left that was killed."""
        before = time.time() - age_s
        try:
            old = [path for path in self._in_turn(turn) if path.stat().st_mtime < before]
            parts = [path for path in old if path.suffix == PART]
            reports = {path.name.removesuffix(SUFFIX): path for path in old if path.suffix != PART}
            orphans = [reports[digest] for digest in reports.keys() - known(reports.keys())]
            for path in parts:
                path.unlink(missing_ok=True)
            return len(parts) + sum(_remove(path, before) for path in orphans)
        except OSError as error:
            raise StoreError(f"the store cannot be swept: {error.strerror}") from error

    def _in_turn(self, turn: int) -> Iterator[Path]:
        for number in range(turn % TURNS, FOLDERS, TURNS):
            yield from (self.folder / f"{number:02x}").glob("*")

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise StoreError("no digest")
        return self.folder / digest[:2] / f"{digest}{SUFFIX}"


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")


def _touch(path: Path) -> bool:
    """Make it young, so that no sweep takes it from whoever puts it once more; False: it is not there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _remove(path: Path, before: float) -> bool:
    """Set it aside first: who touched it before that wants it back, who comes later writes it anew."""
    aside = _part_of(path)
    try:
        path.rename(aside)
        if aside.stat().st_mtime >= before:
            aside.rename(path)
            return False
        aside.unlink()
    except FileNotFoundError:  # another sweep
        return False
    return True
