"""Marks of source that hides what it does, read off the bytes: cheap, and each with its own limit.

Honest code escapes what cannot be printed; hiding code escapes what can. Long lines are found by jumping, so that
ordinary source costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.detectors.units import Language, Unit

LONG_LINE = 1_000
"""People do not write longer lines; generated and packed code does."""
BLANKS = b" " * 200
"""Code behind so many blanks stands outside every window."""
MAX_LONG_LINES = 50
"""Long lines looked at in one unit."""
MAX_LINE_BYTES = 100_000
"""How much of one long line is looked at."""
SAMPLE_BYTES = 2_000
"""Of a long line, to count its characters."""
FEW_CHARACTERS = 14
"""Code written with fewer different ones is an encoding of something else."""
PACKED_BYTES = 1_500
"""Shorter source holds no packed program."""
NAMES_BYTES = 20_000
"""Where such names are looked for; code that has them has them from its start."""
ESCAPED_PART = 12
"""Text of which a third is escapes is no text: one escape in so many bytes."""
ESCAPED_LEAST = 2_400
"""Below so many bytes the share of escapes says nothing."""

_NOT_BLANK = re.compile(rb"[^ ]")
_SPELT_OUT = re.compile(
    rb"\\(?:x[2-7][0-9a-fA-F](?:\\x[2-7][0-9a-fA-F]){5}|u00[2-7][0-9a-fA-F](?:\\u00[2-7][0-9a-fA-F]){5}|"
    rb"x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2}){47})"
)
_RUN = b"A" * 400
_ALPHABET = bytes(65 if (chr(code).isalnum() and code < 128) or code in b"+/=_-" else 46 for code in range(256))
_MEDIA = re.compile(rb"data:(?:image|font|audio|video|application/(?:font|x-font|wasm))[\w;+.=/-]{0,60},?\Z|sourceMapp")
_INVISIBLE = tuple(
    (prefix, re.compile(re.escape(prefix) + rest))
    for prefix, rest in (
        (b"\xe2\x80", rb"(?:[\xaa-\xae]|[\x8b-\x8d](?:\xe2\x80[\x8b-\x8d]){5})"),
        (b"\xe2\x81", rb"(?:[\xa6-\xa9]|\xa0(?:\xe2\x81\xa0){5})"),
        (b"\xf3\xa0", rb"[\x80-\x87][\x80-\xbf]"),
        (b"\xef\xb8", rb"[\x80-\x8f](?:\xef\xb8[\x80-\x8f]){5}"),
        (b"\xe3\x85\xa4", b""),
        (b"\xef\xbe\xa0", b""),
    )
)
"""First bytes and the rest of what no screen shows; each pattern has a plain prefix so that search is quick."""
_RUNS = re.compile(rb"\b(?:exec|eval|marshal|__import__)\b")
_BLANK_NAMES = re.compile(rb"\b(?:_{5,}|[Il1]{10,}|[O0o]{10,})\b")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.M)
_USUAL = frozenset(
    ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso-8859-15", "utf-8-unix")
)
MANY_NAMES = 10
"""Names that cannot be told apart, or hex names, in one unit."""


def mark(unit: Unit) -> str:
    """Name the first mark of hiding in a unit's bytes; empty when there is none."""
    text = unit.data
    if unit.language is Language.PYTHON and _odd_cookie(text):
        return "odd-encoding"
    if BLANKS in text and _is_behind_blanks(text):
        return "behind-blanks"
    escapes = text.count(b"\\x") + text.count(b"\\u00")
    if escapes > 6 and (escapes * ESCAPED_PART > max(len(text), ESCAPED_LEAST) or _SPELT_OUT.search(text)):
        return "spelt-out"
    if text.count(b"_0x") > MANY_NAMES:
        return "hex-names"
    if _has_blank_names(text[:NAMES_BYTES]):
        return "blank-names"
    if not text.isascii() and any(prefix in text and found.search(text) for prefix, found in _INVISIBLE):
        return "invisible"
    return next((found for line in long_lines(text) if (found := _line_mark(line))), "")


def is_packed(text: bytes) -> bool:
    """Tell whether Python source is mostly one or a few very long lines, and runs code it holds as data."""
    if len(text) < PACKED_BYTES or not _RUNS.search(text):
        return False
    lengths = [len(line) for line in long_lines(text)]
    return 2 * sum(lengths) >= len(text) or max(lengths, default=0) >= MAX_LINE_BYTES // 2


def _odd_cookie(text: bytes) -> bool:
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    match = _COOKIE.search(b"\n".join(text[:1000].split(b"\n", 2)[:2]))
    return match is not None and match[1].decode("latin-1").lower().replace("_", "-") not in _USUAL


def _is_behind_blanks(text: bytes) -> bool:
    start = text.find(BLANKS)
    while start >= 0:
        end = _NOT_BLANK.search(text, start + len(BLANKS))
        if end is None:
            return False
        if end[0].strip():
            return True
        start = text.find(BLANKS, end.end())
    return False


def _has_blank_names(text: bytes) -> bool:
    if text.count(b"_____") + text.count(b"IIl") + text.count(b"OO0") <= MANY_NAMES:
        return False
    found = _BLANK_NAMES.finditer(text)
    return sum(1 for _, _ in zip(found, range(MANY_NAMES), strict=False)) == MANY_NAMES


def _line_mark(line: bytes) -> str:
    sample = line.strip()[:SAMPLE_BYTES]
    if len(sample) == SAMPLE_BYTES and len(set(sample)) <= FEW_CHARACTERS:
        return "few-characters"
    runs = line.translate(_ALPHABET)
    start = runs.find(_RUN)
    while start >= 0:
        if not _MEDIA.search(line, max(start - 80, 0), start):
            return "encoded"
        end = runs.find(b".", start)
        start = runs.find(_RUN, end) if end >= 0 else -1
    return ""


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
