"""One door to all codecs: a name as any language spells it, bytes in, bytes out, or None."""

from __future__ import annotations

import binascii
import codecs
import lzma
import re
import zlib
from collections.abc import Callable

from packamal.detectors.decode import alphabets, compression
from packamal.detectors.decode.ciphers import xor
from packamal.detectors.decode.limits import MAX_INPUT, MAX_OUTPUT, MAX_SLOW_INPUT

_ERRORS = (
    ValueError,
    LookupError,
    EOFError,
    OSError,
    MemoryError,
    OverflowError,
    zlib.error,
    lzma.LZMAError,
    binascii.Error,
)
_PLAIN_NAME = re.compile(r"[a-z0-9]{1,30}")
_QUADRATIC = frozenset(("punycode", "idna"))

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "base64": alphabets.base64_bytes,
    "base32": alphabets.base32_bytes,
    "base16": alphabets.hex_bytes,
    "base85": alphabets.base85_bytes,
    "ascii85": alphabets.ascii85_bytes,
    "base36": alphabets.base36_bytes,
    "base45": alphabets.base45_bytes,
    "base58": alphabets.base58_bytes,
    "base62": alphabets.base62_bytes,
    "zlib": compression.zlib_bytes,
    "deflate": compression.deflate_bytes,
    "gzip": compression.zlib_bytes,
    "bz2": compression.bz2_bytes,
    "lzma": compression.lzma_bytes,
    "zstd": compression.zstd_bytes,
    "rot13": alphabets.rot13_bytes,
    "reverse": lambda data: data[::-1],
    "quotedprintable": alphabets.quoted_printable_bytes,
    "uu": alphabets.uu_bytes,
    "percent": alphabets.percent_bytes,
    "unicodeescape": alphabets.escape_bytes,
    "entities": alphabets.entity_bytes,
}
ALIASES = {
    "b64": "base64", "base64url": "base64", "urlsafebase64": "base64", "base64codec": "base64", "atob": "base64",
    "b32": "base32", "b16": "base16", "hex": "base16", "hexcodec": "base16", "unhexlify": "base16",
    "b85": "base85", "a85": "ascii85", "b36": "base36", "b45": "base45", "b58": "base58", "b62": "base62",
    "zlibcodec": "zlib", "inflate": "zlib", "inflateraw": "deflate", "rawdeflate": "deflate", "gunzip": "gzip",
    "bz2codec": "bz2", "bzip2": "bz2", "xz": "lzma", "zstandard": "zstd",
    "rot": "rot13", "quopri": "quotedprintable", "quopricodec": "quotedprintable", "qp": "quotedprintable",
    "uucodec": "uu", "url": "percent", "urlpercent": "percent", "unquote": "percent", "unescape": "percent",
    "stringescape": "unicodeescape", "rawunicodeescape": "unicodeescape", "escape": "unicodeescape",
    "html": "entities", "htmlentities": "entities",
}  # fmt: skip


def decode(codec: str, data: bytes, **options: object) -> bytes | None:
    """Decode `data`; text results are UTF-8. None when the codec is unknown or the bytes are not of its making.

    `codec` is matched without case, blanks, `-` and `_`; besides CODECS, ALIASES and `xor`, every text encoding of
    Python is known (utf_16, cp037, utf_7 ...). Options: `key` for xor, `altchars` (two bytes) for base64.
    Reads at most MAX_INPUT, yields at most MAX_OUTPUT bytes; never raises.
    """
    name = re.sub(r"[\s_-]", "", codec.lower())
    name = ALIASES.get(name, name)
    if len(data) > MAX_INPUT:
        return None
    try:
        if name == "xor":
            return xor(options.get("key"), data)
        altchars = options.get("altchars")
        if name == "base64" and isinstance(altchars, bytes):
            return alphabets.base64_bytes(data, altchars)
        reader = CODECS.get(name)
        out = reader(data) if reader is not None else _text(name, codec, data)
    except _ERRORS:
        return None
    return None if out is None else out[:MAX_OUTPUT]


def _text(name: str, codec: str, data: bytes) -> bytes | None:
    if not _PLAIN_NAME.fullmatch(name) or (name in _QUADRATIC and len(data) > MAX_SLOW_INPUT):
        return None
    encoding = codecs.lookup(codec.strip())
    return codecs.decode(data, encoding.name, "replace").encode("utf-8", "replace") if _is_text(encoding) else None


def _is_text(encoding: codecs.CodecInfo) -> bool:
    return bool(getattr(encoding, "_is_text_encoding", False))
