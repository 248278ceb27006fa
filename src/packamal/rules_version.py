"""One short name for everything that decides a verdict: catalogue, lists, rules and weights."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

_FOLDERS = ("catalogue", "rules")
VERSION_DIGITS = 12


@functools.cache
def rules_version() -> str:
    """Hex digits over all shipped data files; changes when any of them does."""
    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".yaml", ".yar", ".txt"}:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:VERSION_DIGITS]
