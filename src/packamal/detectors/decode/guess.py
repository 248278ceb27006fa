"""Recognises an encoding by the data alone, for constants whose decoder was not seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from packamal.detectors.decode.codec_table import decode
from packamal.detectors.decode.limits import MAX_INPUT, MAX_STEPS

MIN_GUESS = 16
"""Bytes below which an alphabet proves nothing."""
_HEX = re.compile(rb"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{4,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}\s*")
_BASE32 = re.compile(rb"(?:[A-Z2-7]{8})*[A-Z2-7]{2,8}={0,6}")
_BASE85 = re.compile(rb"[!-~]+")
_ESCAPES = re.compile(rb"(?:\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[0-7]{3}){4}")
_PERCENT = re.compile(rb"(?:%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}){4}")
_ENTITIES = re.compile(rb"(?:&#x?[0-9A-Fa-f]{2,6};){4}")
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "lzma",
    b"]\0\0": "lzma",
    b"(\xb5/\xfd": "zstd",
    b"\x78\x9c": "zlib",
    b"\x78\xda": "zlib",
    b"\x78\x01": "zlib",
    b"\x78\x5e": "zlib",
}
_MAGIC = (*_COMPRESSED, b"\xe3\0\0\0", b"PK\3\4", b"MZ", b"\x7fELF", b"\x80\4\x95", b"\x80\5\x95")
_CODE_WORD = re.compile(
    rb"import |http|exec|eval|function|require|print|def |const |var |socket|curl|powershell|\bsh\b|/bin/|return", re.I
)
_TEXT_SHARE = 0.97
_MIN_ENTROPY_CLASSES = 2
"""A word in capitals is base32 and base64 by its letters; real encodings mix classes of characters."""


def is_text(data: bytes) -> bool:
    """Tell whether bytes read as text: UTF-8, almost all printable."""
    if not data or b"\0" in data:
        return False
    sample = data[:4096]
    odd = len(sample.translate(None, _PRINTABLE))
    if odd <= len(sample) * (1 - _TEXT_SHARE):
        return True
    if odd == len(sample.translate(None, bytes(range(128)))):
        try:
            sample.decode("utf-8")
        except UnicodeDecodeError as error:
            return error.start >= len(sample) - 3
        return True
    return False


def is_meaningful(data: bytes) -> bool:
    """Tell whether decoded bytes are plainly what somebody encoded: text, or a format with a magic number."""
    return data.startswith(_MAGIC) or is_text(data)


def guess(data: bytes) -> list[tuple[str, bytes]]:
    """List the single steps `data` plainly decodes by, best first; mostly none or one. (step, decoded bytes)."""
    if not MIN_GUESS <= len(data) <= MAX_INPUT:
        return []
    for magic, step in _COMPRESSED.items():
        if data.startswith(magic):
            out = decode(step, data)
            return [(step, out)] if out else []
    body = data.strip()
    found = []
    for step, applies in _SHAPES:
        if applies(body):
            out = decode(step, body)
            if out and out != body and is_meaningful(out):
                found.append((step, out))
    return found or _disguised(body)


def peel(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """Take off the layers that are plain, best guess each time, at most MAX_STEPS: (steps, what is left)."""
    steps: list[str] = []
    while len(steps) < MAX_STEPS:
        found = guess(data)
        if not found:
            break
        step, data = found[0]
        steps.append(step)
    return tuple(steps), data


def _is_hex(body: bytes) -> bool:
    return len(body) % 2 == 0 and _HEX.fullmatch(body) is not None


def _is_base64(body: bytes) -> bool:
    return _BASE64.fullmatch(body) is not None and _classes(body) >= _MIN_ENTROPY_CLASSES


def _is_base32(body: bytes) -> bool:
    return _BASE32.fullmatch(body) is not None and len(body) % 8 == 0 and any(char in b"234567=" for char in body)


def _is_base85(body: bytes) -> bool:
    return len(body) >= 2 * MIN_GUESS and _BASE85.fullmatch(body) is not None and _classes(body) > _MIN_ENTROPY_CLASSES


def _is_ascii85(body: bytes) -> bool:
    return (body.startswith(b"<~") and body.endswith(b"~>")) or _is_base85(body)


def _classes(body: bytes) -> int:
    sample = body[:512]
    kinds = (
        any(48 <= c <= 57 for c in sample),
        any(65 <= c <= 90 for c in sample),
        any(97 <= c <= 122 for c in sample),
    )
    return sum(kinds) + any(not chr(c).isalnum() for c in sample)


def _is_utf16(body: bytes) -> bool:
    sample = body[:256]
    return len(sample) >= MIN_GUESS and sample[1::2].count(0) > len(sample) // 3 and sample[::2].count(0) == 0


_SHAPES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("hex", _is_hex),
    ("base32", _is_base32),
    ("base64", _is_base64),
    ("base85", _is_base85),
    ("ascii85", _is_ascii85),
    ("unicode_escape", lambda body: _ESCAPES.search(body) is not None),
    ("percent", lambda body: _PERCENT.search(body) is not None),
    ("entities", lambda body: _ENTITIES.search(body) is not None),
    ("utf_16_le", _is_utf16),
)


def _disguised(body: bytes) -> list[tuple[str, bytes]]:
    """Reversed and rotated text: believed only when something known appears that was not there before."""
    turned = body[::-1]
    if body.startswith(b"=") and _is_base64(turned):
        return [("reverse", turned)]
    before = len(_CODE_WORD.findall(body))
    for step in ("reverse", "rot13"):
        out = decode(step, body) or b""
        if is_text(out) and len(_CODE_WORD.findall(out)) > 2 * before + 1:
            return [(step, out)]
    return []
