"""Reads stored reports: one JSON object, an array, or an object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from packamal.errors import ReportError, UsageError
from packamal.model import Report
from packamal.render.reading import from_value

MAX_BYTES = 1 << 30
"""Some hundred thousand reports."""


def read_reports(names: Sequence[str]) -> list[Report]:
    """All reports of some files, or of standard input (-). Raises UsageError naming the file."""
    return [report for name in names for report in _read(name)]


def _read(name: str) -> list[Report]:
    content = _content(name)
    try:
        return [from_value(value) for value in _values(content)]
    except ReportError as error:
        raise ReportError(f"{name}: {error}") from error


def _content(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES)
        if Path(name).stat().st_size > MAX_BYTES:
            raise UsageError(f"{name} is larger than {MAX_BYTES >> 20} MB; split it")
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _values(content: bytes) -> list[object]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return [_line(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    return value if isinstance(value, list) else [value]


def _line(number: int, line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"line {number} is no JSON") from error
