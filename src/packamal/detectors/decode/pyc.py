"""Recognises compiled Python files by their magic number (CPython's Python/importlib, `MAGIC_NUMBER` history)."""

from __future__ import annotations

from typing import NamedTuple

_RANGES = (
    (3310, 3351, (3, 5), 12),
    (3360, 3379, (3, 6), 12),
    (3390, 3394, (3, 7), 16),
    (3400, 3413, (3, 8), 16),
    (3420, 3425, (3, 9), 16),
    (3430, 3439, (3, 10), 16),
    (3450, 3495, (3, 11), 16),
    (3500, 3531, (3, 12), 16),
    (3550, 3571, (3, 13), 16),
    (3600, 3627, (3, 14), 16),
    (3650, 3699, (3, 15), 16),
    (62171, 62211, (2, 7), 8),
)


class PycHeader(NamedTuple):
    """What a compiled file's first bytes say."""

    version: tuple[int, int]
    body_at: int
    """Offset of the marshal stream."""


def read_pyc_header(data: bytes) -> PycHeader | None:
    """Read the header of a compiled Python file; None when it is none of a known version."""
    if len(data) < 8 or data[2:4] != b"\r\n":
        return None
    magic = int.from_bytes(data[:2], "little")
    for low, high, version, body_at in _RANGES:
        if low <= magic <= high:
            return PycHeader(version, body_at)
    return None
