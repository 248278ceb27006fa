"""The files of one artifact, indexed for the ways code names them: Python modules, JavaScript specifiers, paths."""

from __future__ import annotations

import json
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping

from packamal.detectors.units import Unit

MAX_MANIFEST_BYTES = 8_000_000
"""A package.json is a few kB; reading more as JSON would cost more than it tells."""
MAX_FOLDERS = 64
"""Folders looked at above a file; real trees are a dozen deep, hostile ones thousands."""
MAX_MANIFEST_DEPTH = 64
"""Deeper nesting than any real manifest; stops us from walking a bomb."""

_MODULE_SUFFIXES = (".py", ".so", ".pyd", ".pyw", ".pyc")


class FileTree:
    """Paths of one artifact; layers are no files."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.contents = contents
        self.modules: dict[str, list[str]] = defaultdict(list)
        """Dotted module's path without suffix -> the files it may come from."""
        self.folders: set[str] = {""}
        self.names: dict[str, list[str]] = defaultdict(list)
        """Last component -> paths."""
        self._manifests: dict[str, dict[str, object]] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self.resolved: dict[tuple[str, str], tuple[str, ...]] = {}
        """(folder, Python module) -> files, as found before."""
        for path in sorted(contents):
            self._add(path)
        self.module_names = {key.rsplit("/", 1)[-1] for key in self.modules} | {
            folder.rsplit("/", 1)[-1] for folder in self.folders
        }
        self.site_folders = tuple(
            sorted(folder for folder in self.folders if folder.endswith((".data/purelib", ".data/platlib")))
        )

    @classmethod
    def of(cls, units: Iterable[Unit]) -> FileTree:
        """Index the members among the units; for a path with several copies the last one counts as its content."""
        return cls({unit.path: unit.data for unit in units if not unit.parent})

    def _add(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        self.names[name].append(path)
        if name.endswith(_MODULE_SUFFIXES):
            self.modules[join(folder, name.partition(".")[0])].append(path)
        if folder not in self.folders:
            self.folders.update(climb(folder))

    def __contains__(self, path: str) -> bool:
        return path in self.contents

    def is_package(self, folder: str) -> bool:
        """True for a folder with an `__init__`."""
        return join(folder, "__init__") in self.modules

    def bases(self, from_path: str) -> tuple[str, ...]:
        """Folders in which an absolute Python import of this file may start, most likely first."""
        folder = folder_of(from_path)
        if folder not in self._bases:
            found = [base for base in reversed(climb(folder)) if not self.is_package(base)]
            below = [join(base, name) for base in found for name in ("src", "lib", "python")]
            self._bases[folder] = tuple(found + [base for base in below if base in self.folders] + [*self.site_folders])
        return self._bases[folder]

    def manifest(self, folder: str) -> dict[str, object]:
        """Read the folder's package.json; empty when there is none or it is no object."""
        if folder not in self._manifests:
            self._manifests[folder] = read_object(self.contents.get(join(folder, "package.json"), b""))
        return self._manifests[folder]

    def nearest_manifest(self, from_path: str) -> str | None:
        """Folder of the nearest package.json above a file."""
        folders = climb(folder_of(from_path))
        return next((folder for folder in folders if join(folder, "package.json") in self.contents), None)


def read_object(data: bytes) -> dict[str, object]:
    """Read a JSON object; empty when the bytes are none, or too many."""
    if not data or len(data) > MAX_MANIFEST_BYTES:
        return {}
    try:
        value = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def texts_in(value: object, depth: int = 0) -> list[str]:
    """All strings below a JSON value, in order, without keys."""
    if isinstance(value, str):
        return [value]
    if depth > MAX_MANIFEST_DEPTH or not isinstance(value, (dict, list)):
        return []
    children = value.values() if isinstance(value, dict) else value
    return [text for child in children for text in texts_in(child, depth + 1)]


def folder_of(path: str) -> str:
    """The folder of a member; their paths are relative and clean."""
    return path.rpartition("/")[0]


def join(folder: str, name: str) -> str:
    """Join without a leading slash at the top."""
    return f"{folder}/{name}" if folder else name


def normal(folder: str, path: str) -> str:
    """Path seen from a folder, cleaned; empty when it leaves the artifact or cannot be a path."""
    if "\0" in path:
        return ""
    cleaned = posixpath.normpath(posixpath.join("/", folder, path.replace("\\", "/").lstrip("/")))
    return cleaned.lstrip("/")


def climb(folder: str) -> list[str]:
    """The folder and those above it, nearest first, up to the top; of very deep ones the outermost MAX_FOLDERS."""
    parts = folder.split("/", MAX_FOLDERS)[:MAX_FOLDERS] if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]
