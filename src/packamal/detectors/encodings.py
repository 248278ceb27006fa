"""Bytes of source to text as its language would read them: encodings are a hiding place, so none is ignored."""

from __future__ import annotations

import codecs
import re

from packamal.detectors.decode.codec_table import ALIASES, CODECS, decode

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#|\r?\n?$)")
_COOKIE_LINES = 2
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = frozenset(("utf-8", "utf8", "utf_8", "u8", "utf", "utf8-ucs2", "utf8-ucs4", "utf-8-sig"))
_MAX_SNIFF = 4096


def decode_python(data: bytes) -> tuple[str, str]:
    """Decode source as Python would (BOM, PEP 263 cookie), and also by codecs only Python 2 allowed there.

    Returns the text and the encoding's name in lower case, `utf-8` when nothing else was asked for. Never raises:
    what does not fit is replaced, an unknown encoding is read as UTF-8 under the name it was given.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace"), name
    name = _cookie(data)
    if name in _UTF8:
        return data.decode("utf-8", "replace"), "utf-8"
    decoded = decode(name, _body(name, data))
    return (data if decoded is None else decoded).decode("utf-8", "replace"), name


def _body(name: str, data: bytes) -> bytes:
    """Codecs over bytes never wrote the cookie itself, so what they decode starts behind its line."""
    bare = re.sub(r"[_-]", "", name)
    bare = ALIASES.get(bare, bare)
    if bare in CODECS and bare not in ("rot13", "unicodeescape", "reverse"):
        return data.partition(b"\n")[2]
    return data


def _cookie(data: bytes) -> str:
    for line in data[:_MAX_SNIFF].splitlines()[:_COOKIE_LINES]:
        match = _COOKIE.match(line)
        if match is not None:
            return match.group(1).decode("ascii", "replace").lower()
        if not _BLANK.match(line):
            break
    return "utf-8"


def decode_text(data: bytes) -> str:
    """Decode anything else: by BOM, as bare UTF-16 by its NULs, as UTF-8, at last as Latin-1. Never raises."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    sample = data[:_MAX_SNIFF]
    half = len(sample) // 3
    if half and sample[1::2].count(0) > half:
        return data.decode("utf-16-le", "replace")
    if half and sample[::2].count(0) > half:
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1") if _is_latin(sample) else data.decode("utf-8", "replace")


def _is_latin(sample: bytes) -> bool:
    """Tell old single-byte text from UTF-8 with a few bad bytes: it has no valid multi-byte sequence at all."""
    return all(ord(char) < 128 or char == "\ufffd" for char in sample.decode("utf-8", "replace"))
