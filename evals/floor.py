"""The floor under any scanner that reads everything: unpack each member in memory and touch every byte once."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Floor(NamedTuple):
    """CPU seconds and what was touched in them."""

    cpu_s: float
    files: int
    megabytes: float


def archives(folder: Path) -> dict[str, list[Path]]:
    """Ecosystem -> its archives below the folder, in the order of their names."""
    found: dict[str, list[Path]] = {"pypi": [], "npm": []}
    for path in sorted(folder.rglob("*"), key=lambda path: path.name):
        if path.name.endswith(ARCHIVES) and path.is_file():
            found["npm" if path.name.endswith(".tgz") else "pypi"].append(path)
    return found


def floor(paths: Iterable[Path]) -> Floor:
    """Touch every byte of the given archives."""
    started, files, touched = time.process_time(), 0, 0
    for path in paths:
        for content in contents(path):
            zlib.crc32(content)
            files, touched = files + 1, touched + len(content)
    return Floor(time.process_time() - started, files, touched / 1e6)


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of every regular member."""
    data = io.BytesIO(path.read_bytes())
    if path.name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(data) as archive:
            yield from (archive.read(name) for name in archive.namelist() if not name.endswith("/"))
        return
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)):
                yield file.read()
