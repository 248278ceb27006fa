"""The one file in a Job's part of the volume of results: written by the Job, read by the service as a stranger's.

What runs beside the Job may one day write there, too: links, pipes, folders, other bytes at any moment. So the reader
follows nothing, takes a plain file with one name alone and reads it once; whoever calls compares the digest of what was
read with the one that came another way.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from packamal.errors import PackamalError
from packamal.executors.base import MAX_REPORT_BYTES
from packamal.executors.kubernetes.names import PREFIX

log = logging.getLogger(__name__)
REPORT_NAME = "report.json"
REPORT_MODE = 0o640
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""A pipe without a writer does not hold up whoever opens it."""
NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class VolumeError(PackamalError):
    """The report cannot be written, or there is no such report."""


class FullError(VolumeError):
    """There is no room for it."""


class AbsentError(VolumeError):
    """There is nothing under that name; a shared volume may show it a moment later."""


def write(folder: Path, content: bytes) -> None:
    """Put the report there, whole or not at all. Raises FullError, VolumeError."""
    part = f".{REPORT_NAME}.{secrets.token_hex(8)}"
    try:
        with _opened(str(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) as place:
            try:
                _write_new(part, content, place)
                os.rename(part, REPORT_NAME, src_dir_fd=place, dst_dir_fd=place)
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(part, dir_fd=place)
                raise
            with contextlib.suppress(OSError):  # a share may not know it; the name is there already
                os.fsync(place)
    except OSError as error:
        kind = FullError if error.errno in FULL else VolumeError
        raise kind(f"the volume of results cannot be written: {error.strerror}") from error


def _write_new(name: str, content: bytes, place: int) -> None:
    with open(os.open(name, NEW_FLAGS, REPORT_MODE, dir_fd=place), "wb") as file:  # noqa: PTH123  a descriptor
        file.write(content)
        file.flush()
        with contextlib.suppress(PermissionError):  # against a mask; a share may have one mode for all its files
            os.fchmod(file.fileno(), REPORT_MODE)
        os.fsync(file.fileno())


def read(volume: Path, part: str, size_bytes: int) -> bytes:
    """The report in one Job's part of the volume, of exactly this size. Raises AbsentError, VolumeError."""
    if not 0 <= size_bytes <= MAX_REPORT_BYTES:
        raise VolumeError("no report has this size")
    try:
        with (
            _opened(str(volume), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) as top,
            _opened(part, FOLDER_FLAGS, top) as place,
            _opened(REPORT_NAME, FILE_FLAGS, place) as file,
        ):
            return _read_plain(file, size_bytes)
    except FileNotFoundError as error:
        raise AbsentError("there is no report on the volume of results") from error
    except OSError as error:
        raise VolumeError(f"the report on the volume cannot be read: {error.strerror}") from error


def old_parts(volume: Path, age_s: float, limit: int) -> list[str]:
    """Parts of Jobs in which nothing was made for so long. Raises OSError."""
    before = time.time() - age_s
    with os.scandir(volume) as entries:
        parts = (entry for entry in entries if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False))
        # The time of its last change as an object: unlike the others it cannot be set by whoever owns it.
        old = (entry.name for entry in parts if entry.stat(follow_symlinks=False).st_ctime < before)
        return list(itertools.islice(old, limit))


def remove(volume: Path, part: str) -> bool:
    """Remove one with all that is in it, following nothing; False where not all of it can be."""
    try:
        shutil.rmtree(volume / part)
    except (OSError, RecursionError) as error:  # set up to be hard to remove, or the volume may only be read here
        log.warning("the part %s of the volume of results cannot be removed: %s", part, type(error).__name__)
        return False
    return True


def _read_plain(file: int, size_bytes: int) -> bytes:
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        raise VolumeError("the report on the volume is no plain file")
    if found.st_nlink != 1:
        raise VolumeError("the report on the volume has not exactly one name")
    if found.st_size != size_bytes:
        raise VolumeError("the report on the volume has another size")
    content = bytearray()
    while len(content) <= size_bytes and (piece := os.read(file, size_bytes + 1 - len(content))):
        content += piece
    if len(content) != size_bytes:
        raise VolumeError("the report on the volume has another size")
    return bytes(content)


@contextlib.contextmanager
def _opened(path: str, flags: int, at: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, flags, dir_fd=at)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
