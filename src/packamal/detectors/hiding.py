"""Marks of source that hides what it does, read off the bytes: cheap, and each with its own limit.

Long lines are found by jumping, so that ordinary source costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.detectors.units import Language, Unit

LONG_LINE = 1_000
"""People do not write longer lines; generated and packed code does."""
BLANKS = b" " * 200
"""Code behind so many blanks stands outside every window."""
ENCODED_RUN = 300
"""Characters of an encoding's alphabet without a break: more than a digest, a key or an inline icon's start."""
MANY_ESCAPES = 40
"""`\\x` or `\\u00` escapes in one unit."""
MAX_LONG_LINES = 50
"""Long lines looked at in one unit."""
MAX_LINE_BYTES = 100_000
"""How much of one long line is looked at."""
_ENCODED = re.compile(rb"[A-Za-z0-9+/=_-]{%d}|(?:\\x[0-9a-fA-F]{2}){20}" % ENCODED_RUN)
_INVISIBLE = re.compile(
    rb"\xe2\x80[\x8b-\x8d\xaa-\xae]|\xe2\x81[\xa0-\xa9]|\xef\xb8[\x80-\x8f]|\xf3\xa0[\x80-\x87]|\xe3\x85\xa4|"
    rb"[\x00-\x08\x0b\x0e-\x1f]"
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.M)
_USUAL = frozenset(
    ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso-8859-15", "utf-8-unix")
)


def hides(unit: Unit) -> bool:
    """True when the unit's bytes show a way of hiding; never raises."""
    return bool(mark(unit))


def mark(unit: Unit) -> str:
    """Name the first mark of hiding; empty when there is none."""
    text = unit.data
    if unit.language is Language.PYTHON and _odd_cookie(text):
        return "odd-encoding"
    if BLANKS in text:
        return "behind-blanks"
    if text.count(b"\\x") + text.count(b"\\u00") > MANY_ESCAPES:
        return "escapes"
    if text.count(b"_0x") > 3:
        return "hex-names"
    if not text.isascii() and _INVISIBLE.search(text):
        return "invisible"
    return "encoded" if any(_ENCODED.search(line) for line in long_lines(text)) else ""


def _odd_cookie(text: bytes) -> bool:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    match = _COOKIE.search(b"\n".join(text[:1000].split(b"\n", 2)[:2]))
    return match is not None and match[1].decode("latin-1").lower().replace("_", "-") not in _USUAL


def long_lines(text: bytes, length: int = LONG_LINE) -> Iterator[bytes]:
    """Lines of more than `length` bytes, at most MAX_LONG_LINES, each cut at MAX_LINE_BYTES."""
    position, count = 0, 0
    while position + length < len(text) and count < MAX_LONG_LINES:
        newline = text.rfind(b"\n", position, position + length)
        if newline >= 0:
            position = newline + 1
            continue
        end = text.find(b"\n", position + length)
        end = len(text) if end < 0 else end
        yield text[position : min(end, position + MAX_LINE_BYTES)]
        count += 1
        position = end + 1
