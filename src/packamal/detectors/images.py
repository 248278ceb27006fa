"""Finds the end of images by their own structure, and what stands behind it.

Formats: PNG (ISO 15948), JPEG (ITU T.81), GIF89a, BMP, WebP (RIFF).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from packamal.capability import Capability
from packamal.detectors.base import Observed, Package
from packamal.detectors.decode import is_text
from packamal.detectors.executables import recognise
from packamal.detectors.witness import Witness

MIN_TRAILING = 128
"""Bytes behind the end that are still a tool's habit: padding, counters, short comments."""
MAX_BLOCKS = 100_000
"""Chunks or segments walked in one image."""
_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".gif", ".bmp", ".webp", ".apng"))
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_KNOWN_TRAILERS = (
    b"\xff\xd8\xff",
    b"SEFH",
    b"MotionPhoto",
    b"\0\0\0\x18ftyp",
    b"\0\0\0\x1cftyp",
    b"8BIM",
    b"MPF\0",
    b"AROT",
)
"""Second pictures and moving ones that cameras append."""


def detect(package: Package) -> Observed:
    """Walk every image to its end."""
    witness = Witness(package)
    for unit in package.units:
        if unit.parent or posixpath.splitext(unit.path)[1].lower() not in _SUFFIXES:
            continue
        end = end_of_image(unit.data)
        if end is not None and (kind := _trailing(unit.data[end:])):
            witness.saw(unit, Capability.IMAGE_TRAILING, f"{unit.path}: {len(unit.data) - end} bytes, {kind}")
    return witness.observed()


def end_of_image(data: bytes) -> int | None:
    """Offset behind the image's own end; None where it is no image of a known format, or has no end."""
    for magic, walk in _WALKS:
        if data.startswith(magic):
            return walk(data)
    return None


def _trailing(rest: bytes) -> str:
    """Name what stands behind the end, empty where it is nothing to speak of."""
    body = rest.strip(b"\0 \t\r\n\xff")
    if len(body) < MIN_TRAILING or any(mark in body[:64] for mark in _KNOWN_TRAILERS):
        return ""
    if body.startswith((b"PK\3\4", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return "an archive"
    kind = recognise(body)
    if kind:
        return f"a {kind} program"
    return "text" if is_text(body[:4096]) else "binary"


def _png(data: bytes) -> int | None:
    at = 8
    for _ in range(MAX_BLOCKS):
        kind, after = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if after > len(data):
            return None
        if kind == b"IEND":
            return after
        at = after
    return None


def _jpeg(data: bytes) -> int | None:
    at = 2
    for _ in range(MAX_BLOCKS):
        match = _JPEG_MARKER.search(data, at)
        if match is None:
            return None
        marker, at = match.group()[1], match.end()
        if marker == _JPEG_END:
            return at
        if marker != 0x01:
            at += int.from_bytes(data[at : at + 2], "big")
    return None


def _gif(data: bytes) -> int | None:
    flags = data[10] if len(data) > 13 else 0
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    for _ in range(MAX_BLOCKS):
        kind = data[at : at + 1]
        if kind == b";":
            return at + 1
        if kind == b",":
            local = data[at + 9] if at + 9 < len(data) else 0
            at += 11 + (3 << ((local & 7) + 1) if local & 0x80 else 0)
        elif kind == b"!":
            at += 2
        else:
            return None
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return None


def _bmp(data: bytes) -> int | None:
    size = int.from_bytes(data[2:6], "little")
    return size if 54 <= size <= len(data) and data[6:10] == b"\0\0\0\0" else None


def _riff(data: bytes) -> int | None:
    size = int.from_bytes(data[4:8], "little") + 8
    return size + size % 2 if data[8:12] == b"WEBP" and size <= len(data) else None


_WALKS: tuple[tuple[bytes, Callable[[bytes], int | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"RIFF", _riff),
)
