"""One short name for everything that decides a verdict: catalogue, lists, rules and weights."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from packamal.lists import lists_digest

_FOLDERS = ("catalogue", "rules")
VERSION_DIGITS = 12


def rules_version() -> str:
    """Hex digits over all data files in use, shipped or fresher; changes when any of them does."""
    fresher = lists_digest()
    return hashlib.sha256(f"{_shipped()} {fresher}".encode()).hexdigest()[:VERSION_DIGITS] if fresher else _shipped()


@functools.cache
def _shipped() -> str:
    root = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".yaml", ".yar", ".txt"}:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:VERSION_DIGITS]
