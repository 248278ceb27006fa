"""Which list of names and digests is in use: the shipped one, or a fresher one of a folder that somebody chose.

Such a folder holds files named like the shipped ones, and rules in `rules/`; or, kept by the service, several of those
folders and a file `current` with the name of the one that counts.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent / "rules"
NAMES = ("popular-pypi.txt", "popular-npm.txt", "known-bad.txt")
POINTER = "current"
_FOLDER = re.compile(r"[0-9a-f]{64}")
_chosen: list[tuple[Path, bool]] = []


def use_lists(folder: Path | None, is_followed: bool = False) -> None:
    """Choose the folder for this process; what is current in it counts from now on, or is looked up again each time."""
    _chosen[:] = [(folder if is_followed else _current(folder), is_followed)] if folder else []


def lists_folder() -> Path | None:
    """The folder that counts now; None: the shipped lists alone."""
    for folder, is_followed in _chosen:
        return _current(folder) if is_followed else folder
    return None


def list_path(name: str) -> Path:
    """The file to read: the chosen folder's, else the shipped one."""
    folder = lists_folder()
    return folder / name if folder and (folder / name).is_file() else SHIPPED / name


def rule_folders() -> tuple[Path, ...]:
    """Where further rules stand."""
    folder = lists_folder()
    return (folder / "rules",) if folder and (folder / "rules").is_dir() else ()


def lists_digest() -> str:
    """Over all that a chosen folder changes; empty where it changes nothing."""
    folder = lists_folder()
    return _digest(folder) if folder else ""


@functools.cache
def _digest(folder: Path) -> str:
    paths = [folder / name for name in NAMES] + sorted((folder / "rules").rglob("*.yaml"))
    found = [path for path in paths if path.is_file()]
    digest = hashlib.sha256()
    for path in found:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest() if found else ""


def _current(root: Path) -> Path:
    try:
        name = (root / POINTER).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return root
    return root / name if _FOLDER.fullmatch(name) and (root / name).is_dir() else root
