"""Remember what is slow to build (compiled rules, parsed data files) between runs.

An entry is named by what it was made from and carries its own digest: a changed rule makes a new entry, and a damaged
one is built again. The folder is the user's own; where it cannot be written nothing is remembered and nothing fails.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

_DIGEST_BYTES = 32
_chosen: list[Path] = []


def use_folder(folder: Path) -> None:
    """Choose the folder for this process; before that the user's own cache folder is used."""
    _chosen[:] = [folder]


def _folder() -> Path:
    if not _chosen:
        from platformdirs import user_cache_path

        _chosen.append(user_cache_path("packamal", appauthor=False))
    return _chosen[0]


def remembered(name: str, key: str, build: Callable[[], bytes]) -> bytes:
    """The bytes that `build` makes, from the cache when they are there; `key` is a digest of all they depend on."""
    path = _folder() / f"{name}-{key}"
    with contextlib.suppress(OSError):
        stored = path.read_bytes()
        digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() == digest:
            return content
    content = build()
    with contextlib.suppress(OSError):
        _write(path, hashlib.sha256(content).digest() + content)
    return content


def _write(path: Path, content: bytes) -> None:
    """Write a file that other processes see whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
