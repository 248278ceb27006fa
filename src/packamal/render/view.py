"""What a renderer is told besides the reports: about the reader, never about the package."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 100
"""Columns where nothing is known of the reader."""


@dataclass(frozen=True, slots=True)
class View:
    """How the reader sees."""

    width: int = WIDTH
    color: bool = False
    now: str = "1970-01-01T00:00:00Z"
    """Time of rendering, ISO 8601 in UTC, for formats that must state one."""


DEFAULT = View()
