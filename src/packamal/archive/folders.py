"""A directory on disk -> members, links not followed and special files not opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from packamal.archive.intake import Intake
from packamal.archive.members import AnomalyKind

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "CVS"})
"""Folders of version control hold the history of the source, not the source."""
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_folder(root: Path, intake: Intake) -> None:
    """Read every regular file below `root`. Raises Exhausted."""
    for path, entry in _walk(root, intake):
        name = os.fsencode(path).decode("utf-8", "replace")
        if entry.is_symlink():
            intake.spot(AnomalyKind.LINK, name, f"symbolic link to {_target(entry.path)!r}")
        elif not entry.is_file(follow_symlinks=False):
            intake.spot(AnomalyKind.DEVICE, name, "neither file nor directory")
        else:
            _read_file(entry.path, name, intake)


def _walk(root: Path, intake: Intake) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `root` but directories, by name; (path below root, entry)."""
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            intake.fail(f"{prefix or '.'}: cannot be read ({error.strerror})")
            continue
        folders = []
        for entry in entries:
            intake.count_record()
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name, entry
            elif entry.name in VERSION_CONTROL:
                intake.note(f"{prefix}{entry.name}: version control, not read")
            else:
                folders.append((entry.path, f"{prefix}{entry.name}/"))
        waiting.extend(reversed(folders))


def _read_file(location: str, name: str, intake: Intake) -> None:
    """Read one file; it may have been exchanged since it was listed, so what was opened is looked at again."""
    try:
        handle = os.open(location, _OPEN_FLAGS)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                intake.spot(AnomalyKind.DEVICE, name, "neither file nor directory")
                return
            wanted = intake.allowance(status.st_size)
            data = file.read(wanted)
    except OSError as error:
        intake.lose(AnomalyKind.BROKEN, name, f"cannot be read ({error.strerror})")
        return
    intake.charge(len(data))
    if wanted < status.st_size:
        intake.add_cut(name, data, status.st_size, status.st_mode & 0o7777)
    else:
        intake.add(name, data, status.st_mode & 0o7777)


def _target(location: str) -> str:
    try:
        return os.fspath(Path(location).readlink())[:200]
    except OSError:
        return "?"
