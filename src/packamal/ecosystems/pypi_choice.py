"""Which version, and which of its files: the newest real one, its sdist and the wheel most people get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from packamal.ecosystems.simple_index import SDIST_SUFFIXES, IndexedFile

CPYTHON = re.compile(r"cp3(\d+)")


def newest(files: Iterable[IndexedFile]) -> Version:
    """The newest version of at least one file, not yanked: a final one, or a pre-release where there is no other."""
    versions: dict[Version, bool] = {}
    for file in files:
        versions[file.version] = versions.get(file.version, False) or not file.is_yanked
    return max(versions, key=lambda version: (versions[version], not version.is_prerelease, version))


def chosen(files: Sequence[IndexedFile]) -> tuple[IndexedFile, ...]:
    """The files of one version that are judged: sdist and one wheel, or the first of an older kind."""
    sdists = sorted((file for file in files if file.kind == "sdist"), key=_sdist_rank)
    wheels = sorted((file for file in files if file.kind == "wheel"), key=_wheel_rank)
    return tuple(sdists[:1] + wheels[:1]) or tuple(files[:1])


def _sdist_rank(file: IndexedFile) -> int:
    lower = file.filename.lower()
    return next((rank for rank, suffix in enumerate(SDIST_SUFFIXES) if lower.endswith(suffix)), len(SDIST_SUFFIXES))


def _wheel_rank(file: IndexedFile) -> tuple[int, bool, int]:
    """Smaller is better: pure, then Linux x86-64 for the newest usual CPython, then as listed."""
    _, _, _, tags = parse_wheel_filename(file.filename)
    if any(tag.platform == "any" and tag.abi == "none" and tag.interpreter.startswith("py3") for tag in tags):
        return (0, False, 0)
    linux = [tag for tag in tags if tag.platform.startswith("manylinux") and tag.platform.endswith("x86_64")]
    minors = [int(match[1]) for tag in linux if (match := CPYTHON.fullmatch(tag.interpreter))]
    is_free_threaded = any(tag.abi.endswith("t") for tag in linux)
    return (1, is_free_threaded, -max(minors)) if minors else (2, False, 0)
