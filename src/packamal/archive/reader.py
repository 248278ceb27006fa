"""Archive bytes or a directory -> members in memory."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

from packamal.archive.limits import DEFAULT, Limits
from packamal.archive.members import Member, Unpacked
from packamal.errors import ArchiveError


def unpack(data: bytes, filename: str, limits: Limits = DEFAULT) -> Unpacked:
    """Read every member of an archive. Raises ArchiveError when the bytes are no archive at all."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [item for item in archive.infolist() if not item.is_dir()]
            return Unpacked("zip", tuple(Member(item.filename, archive.read(item)) for item in files))
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            members = [(item, tar.extractfile(item)) for item in tar if item.isreg()]
            found = tuple(Member(item.name, reader.read(), item.mode) for item, reader in members if reader)
    except tarfile.TarError as error:
        raise ArchiveError(f"{filename}: not an archive") from error
    return Unpacked("tar.gz", found)


def read_directory(path: Path, limits: Limits = DEFAULT) -> Unpacked:
    """Read every regular file below a directory, links not followed."""
    files = sorted(item for item in path.rglob("*") if item.is_file() and not item.is_symlink())
    return Unpacked("directory", tuple(Member(item.relative_to(path).as_posix(), item.read_bytes()) for item in files))
