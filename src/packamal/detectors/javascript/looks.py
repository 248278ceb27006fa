"""What the text of a unit looks like: packed, minified, flattened; read off the bytes and the names."""

from __future__ import annotations

from packamal.detectors.facts import Facts
from packamal.detectors.javascript.module import Module


def add(module: Module, facts: Facts) -> None:
    """Add the notes of one unit."""
