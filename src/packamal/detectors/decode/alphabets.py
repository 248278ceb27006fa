"""Text made from bytes by an alphabet: base16 to base85, quoted-printable, uu, percent, escapes, entities.

Each decoder takes the bytes of the text and gives the bytes behind it; text results are UTF-8. They are as tolerant
as the loosest reader a package may use (Node ignores bad padding, Python ignores foreign characters), and raise only
`ValueError` or `binascii.Error`, which `decode` turns into None.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import quopri
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from packamal.detectors.decode.limits import MAX_SLOW_INPUT

_WHITESPACE = b" \t\r\n\v\f"
_URLSAFE = bytes.maketrans(b"-_", b"+/")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_HEX_PREFIX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_ESCAPE = re.compile(
    rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8})|([0-7]{1,3})|(\n|[\\'\"abfnrtv]))"
)
_SIMPLE_ESCAPES = {
    b"\n": "",
    b"\\": "\\",
    b"'": "'",
    b'"': '"',
    b"a": "\a",
    b"b": "\b",
    b"f": "\f",
    b"n": "\n",
    b"r": "\r",
    b"t": "\t",
    b"v": "\v",
}
_BASE36 = b"0123456789abcdefghijklmnopqrstuvwxyz"
_BASE45 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MAX_CODE_POINT = 0x10FFFF


def base64_bytes(data: bytes, altchars: bytes = b"") -> bytes:
    """Decode standard and URL-safe base64, padded or not; stops at the padding as Python and Node do."""
    if len(altchars) == 2:
        data = data.translate(bytes.maketrans(altchars, b"+/"))
    body = _NOT_BASE64.sub(b"", data.translate(_URLSAFE).partition(b"=")[0])
    if len(body) % 4 == 1:
        body = body[:-1]
    return binascii.a2b_base64(body + b"=" * (-len(body) % 4))


def base32_bytes(data: bytes) -> bytes:
    """Decode base32 in either case, padded or not."""
    body = data.translate(None, _WHITESPACE + b"=").upper()
    keep = len(body) - {1: 1, 3: 1, 6: 1}.get(len(body) % 8, 0)
    return base64.b32decode(body[:keep] + b"=" * (-keep % 8))


def hex_bytes(data: bytes) -> bytes:
    """Decode hex digits with blanks, colons, `0x` or `\\x` between them, up to the first foreign character."""
    body = data.translate(None, _WHITESPACE + b":,")
    if b"x" in body[:2]:
        body = body.replace(b"\\x", b"").replace(b"0x", b"")
    match = _HEX_PREFIX.match(body)
    if match is None:
        raise ValueError("no hex digits")
    return binascii.unhexlify(match.group())


def ascii85_bytes(data: bytes) -> bytes:
    """Decode Adobe's and btoa's base85."""
    body = data.strip(_WHITESPACE)
    return base64.a85decode(body, adobe=body.startswith(b"<~") and body.endswith(b"~>"), foldspaces=False)


def base85_bytes(data: bytes) -> bytes:
    """Decode git's base85 (base64.b85decode)."""
    return base64.b85decode(data.translate(None, _WHITESPACE))


def quoted_printable_bytes(data: bytes) -> bytes:
    """Decode quoted-printable."""
    return quopri.decodestring(data)


def uu_bytes(data: bytes) -> bytes:
    """Decode uuencoded lines, with or without their frame; bad lines are skipped."""
    out = []
    for line in data.splitlines():
        if line.startswith(b"begin ") or line in (b"end", b"`", b""):
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Broken encoders write a wrong length; the usual repair is to recompute it from the first byte.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            out.append(binascii.a2b_uu(line[:wanted]))
    return b"".join(out)


def percent_bytes(data: bytes) -> bytes:
    """Decode %xx and the %uxxxx of JavaScript's unescape."""
    if b"%u" in data:
        data = re.sub(rb"%u([0-9A-Fa-f]{4})", lambda m: _utf8(int(m.group(1), 16)), data)
    return unquote_to_bytes(data)


def entity_bytes(data: bytes) -> bytes:
    """Decode HTML character references."""
    return html.unescape(data.decode("utf-8", "replace")).encode("utf-8", "replace")


def escape_bytes(data: bytes) -> bytes:
    """Decode backslash escapes of Python and JavaScript; unknown ones stay. Own code, since Python's warns."""
    return _join_surrogates(_ESCAPE.sub(_unescape, data))


def _unescape(match: re.Match[bytes]) -> bytes:
    simple = match.group(6)
    if simple is not None:
        return _SIMPLE_ESCAPES[simple].encode()
    octal = match.group(5)
    if octal is not None:
        return _utf8(int(octal, 8))
    digits = match.group(1) or match.group(2) or match.group(3) or match.group(4)
    return _utf8(int(digits, 16))


def _utf8(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass") if code <= _MAX_CODE_POINT else b"?"


def _join_surrogates(data: bytes) -> bytes:
    if b"\xed" not in data:
        return data
    text = data.decode("utf-8", "surrogatepass") if _is_utf8(data) else data.decode("utf-8", "replace")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def rot13_bytes(data: bytes) -> bytes:
    """Rotate ASCII letters by 13."""
    return data.translate(_ROT13)


_ROT13 = bytes.maketrans(bytes(range(128)), codecs.encode("".join(map(chr, range(128))), "rot13").encode())


def base45_bytes(data: bytes) -> bytes:
    """Decode base45 (RFC 9285)."""
    values = [_BASE45.index(char) for char in data.strip(b"\r\n\t")]
    out = bytearray()
    for start in range(0, len(values), 3):
        group = values[start : start + 3]
        number = sum(value * 45**power for power, value in enumerate(group))
        out += number.to_bytes(len(group) - 1, "big") if number < 256 ** (len(group) - 1) else b"?"
    return bytes(out)


def _positional(alphabet: bytes, keeps_zeros: bool) -> Callable[[bytes], bytes]:
    base, zero = len(alphabet), alphabet[:1]

    def decode(data: bytes) -> bytes:
        body = data.strip(_WHITESPACE)
        if len(body) > MAX_SLOW_INPUT:
            raise ValueError("too long for a positional base")
        number = 0
        for char in body:
            number = number * base + alphabet.index(char)
        leading = len(body) - len(body.lstrip(zero)) if keeps_zeros else 0
        return b"\0" * leading + number.to_bytes((number.bit_length() + 7) // 8, "big")

    return decode


base58_bytes = _positional(_BASE58, keeps_zeros=True)
base62_bytes = _positional(_BASE62, keeps_zeros=False)


def base36_bytes(data: bytes) -> bytes:
    """Decode base36, either case."""
    return _positional(_BASE36, keeps_zeros=False)(data.lower())
