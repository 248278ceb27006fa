"""Decoders: what base64, compression, hex, rot13, marshal and ciphers give for constants."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final

from packamal.detectors import decode as codecs
from packamal.detectors.python import limits
from packamal.detectors.python.constants import constant, plain, steps_of
from packamal.detectors.python.fold import MISSING, guarded
from packamal.detectors.python.layers import content_of, decoded, run_constant
from packamal.detectors.python.models import model
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.values import (
    Const,
    Join,
    Ref,
    Result,
    Template,
    Value,
    join_all,
    with_sources,
)
from packamal.detectors.python.walk import Walk

_BYTES_CODECS: Final = {
    "base64.b64decode": "base64",
    "base64.standard_b64decode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "base64.decodebytes": "base64",
    "base64.decodestring": "base64",
    "base64.b32decode": "base32",
    "base64.b32hexdecode": "base32",
    "base64.b16decode": "hex",
    "base64.b85decode": "base85",
    "base64.a85decode": "ascii85",
    "pybase64.b64decode": "base64",
    "binascii.a2b_base64": "base64",
    "binascii.unhexlify": "hex",
    "binascii.a2b_hex": "hex",
    "binascii.a2b_uu": "uu",
    "binascii.a2b_qp": "quoted-printable",
    "quopri.decodestring": "quoted-printable",
    "bytes.fromhex": "hex",
    "bytearray.fromhex": "hex",
    "zlib.decompress": "zlib",
    "zlib.decompressobj().decompress": "zlib",
    "gzip.decompress": "gzip",
    "bz2.decompress": "bz2",
    "lzma.decompress": "lzma",
    "bz2.BZ2Decompressor().decompress": "bz2",
    "lzma.LZMADecompressor().decompress": "lzma",
    "zstandard.decompress": "zstd",
    "zstandard.ZstdDecompressor().decompress": "zstd",
    "base58.b58decode": "base58",
    "base45.b45decode": "base45",
}
_TEXT_CODECS: Final = {
    "urllib.parse.unquote": "percent",
    "urllib.parse.unquote_plus": "percent",
    "html.unescape": "html",
}


def as_bytes(value: Value) -> bytes | None:
    """The bytes of a constant: bytes, text as UTF-8, or a list of numbers; also of a bundled file that was read."""
    known = plain(value)
    if known is MISSING:
        known = content_of(value)
    if isinstance(known, str):
        return known.encode("utf-8", "surrogatepass")
    if isinstance(known, tuple):
        known = guarded(bytes, known)
    return known if isinstance(known, bytes) else None


def _first(site: Site, *names: str) -> Value | None:
    if site.args:
        return site.args[0]
    return next((site.named[name] for name in names if name in site.named), None)


def _each(value: Value, function: Callable[[Value], Value | None]) -> Value | None:
    """Apply a decoder to a constant, or to each constant of a join."""
    if isinstance(value, Join):
        made = [result for result in map(function, value.options) if result is not None]
        return with_sources(join_all(made), value.src) if made else None
    return function(value)


@model(*_BYTES_CODECS)
def _decode_bytes(walk: Walk, name: str, site: Site) -> Value | None:
    codec = _BYTES_CODECS[name]
    argument = _first(site, "s", "data", "string")
    if argument is None:
        return None
    altchars = plain(site.args[1]) if len(site.args) > 1 and codec == "base64" else None

    def one(value: Value) -> Value | None:
        known = as_bytes(value)
        if known is None:
            return None
        out = codecs.decode(codec, known, altchars=altchars)
        return None if out is None else decoded(walk, site, value, out, codec)

    return _each(argument, one)


_ENCODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "base64.b64encode": base64.b64encode,
    "base64.standard_b64encode": base64.b64encode,
    "base64.urlsafe_b64encode": base64.urlsafe_b64encode,
    "base64.b32encode": base64.b32encode,
    "base64.b16encode": base64.b16encode,
    "base64.b85encode": base64.b85encode,
    "binascii.hexlify": binascii.hexlify,
    "binascii.b2a_hex": binascii.hexlify,
}
"""What a program encodes to hand it to a command that decodes it."""


@model(*_ENCODERS)
def _encode_bytes(walk: Walk, name: str, site: Site) -> Value | None:
    argument = _first(site, "s", "data")
    known = as_bytes(argument) if argument is not None and len(site.args) < 2 else None
    if known is None or len(known) > limits.MAX_CONST // 2:
        return None
    return constant(_ENCODERS[name](known), site.src)


@model(*_TEXT_CODECS)
def _decode_percent(walk: Walk, name: str, site: Site) -> Value | None:
    argument = _first(site, "string", "s")
    known = plain(argument) if argument is not None else MISSING
    if argument is None or not isinstance(known, str):
        return argument if isinstance(argument, Template) else None
    out = codecs.decode(_TEXT_CODECS[name], known.encode("utf-8", "replace"))
    return None if out is None else decoded(walk, site, argument, out.decode("utf-8", "replace"), _TEXT_CODECS[name])


def decode_text(walk: Walk, owner: Const, site: Site) -> Value | None:
    """`constant.decode(encoding)`: text encodings, and the codecs Python 2 had there."""
    encoding = plain(site.args[0] if site.args else site.named.get("encoding", Const("utf-8")))
    if not isinstance(encoding, str):
        return None
    value = owner.value
    if isinstance(value, bytes) and encoding.lower().replace("-", "_") in _PLAIN_ENCODINGS:
        return constant(value.decode(encoding, "replace"), site.src, owner.steps)
    record_call(walk, ("bytes" if isinstance(value, bytes) else "str") + ".decode", site)
    return _by_codec(walk, site, owner, encoding)


_PLAIN_ENCODINGS = frozenset(("utf_8", "utf8", "ascii", "latin_1", "latin1", "iso_8859_1", "utf"))


def _by_codec(walk: Walk, site: Site, value: Value, encoding: str) -> Value | None:
    known = as_bytes(value)
    out = codecs.decode(encoding, known) if known is not None else None
    if out is None:
        return None
    is_text = encoding.lower().replace("-", "").replace("_", "") not in _TO_BYTES
    return decoded(walk, site, value, out.decode("utf-8", "replace") if is_text else out, encoding.lower())


_TO_BYTES = frozenset(("hex", "hexcodec", "base64", "base64codec", "zlib", "zlibcodec", "bz2", "bz2codec", "uu"))


@model("codecs.decode", "codecs.getdecoder()", "codecs.encode", "codecs.escape_decode")
def _codecs(walk: Walk, name: str, site: Site) -> Value | None:
    argument = _first(site, "obj")
    encoding = plain(site.args[1]) if len(site.args) > 1 else plain(site.named.get("encoding", Const("utf-8")))
    if argument is None or not isinstance(encoding, str):
        return None
    if name == "codecs.encode" and "rot" not in encoding:
        return None
    return _by_codec(walk, site, argument, encoding)


@model("str", "unicode")
def _str(walk: Walk, name: str, site: Site) -> Value | None:
    """`str(value)` and `str(bytes, encoding)`."""
    argument = _first(site, "object")
    if argument is None:
        return Const("")
    known = plain(argument)
    if isinstance(known, bytes) and (len(site.args) > 1 or site.named):
        encoding = plain(site.args[1] if len(site.args) > 1 else site.named.get("encoding", Const("utf-8")))
        out = codecs.decode(encoding, known) if isinstance(encoding, str) else None
        return None if out is None else constant(out.decode("utf-8", "replace"), site.src, steps_of(argument))
    if isinstance(known, str | int | float | bytes) and not isinstance(known, bool):
        return constant(guarded(str, known), site.src, steps_of(argument))
    if isinstance(argument, Template):
        return argument
    if isinstance(argument, Result):
        return with_sources(argument.text, argument.src) if argument.text is not None else argument
    return Result("str()", argument.src, site.args) if isinstance(argument, Ref) and argument.src else None


@model("?.decode", "?.encode", "?.strip", "?.rstrip", "?.lstrip", "?.read", "?.text", "?.splitlines")
def _same(walk: Walk, name: str, site: Site) -> Value | None:
    """A result that is only spelled otherwise keeps what is known of its text."""
    owner = site.owner
    if isinstance(owner, Result) and owner.text is not None and name.endswith(("code", "strip")):
        return with_sources(owner.text, site.src)
    return None


@model("marshal.loads", "marshal.load", "_marshal.loads")
def _marshal(walk: Walk, name: str, site: Site) -> Value | None:
    """Code objects are read as data: the pseudo source names what they import, call and hold."""
    argument = _first(site)
    known = as_bytes(argument) if argument is not None else None
    if argument is None or not known or len(known) > limits.MAX_CONST:
        return None
    source = codecs.marshal_source(known)
    return decoded(walk, site, argument, source, "marshal") if source else None


@model("pickle.loads", "dill.loads", "cloudpickle.loads")
def _pickle(walk: Walk, name: str, site: Site) -> Value | None:
    argument = _first(site)
    known = as_bytes(argument) if argument is not None else None
    if argument is None or not known:
        return None
    source = codecs.pickle_source(known)
    if not source:
        return None
    value = decoded(walk, site, argument, source, "pickle")
    run_constant(walk, value, site, "python")
    return value


@model("cryptography.fernet.Fernet().decrypt")
def _fernet(walk: Walk, name: str, site: Site) -> Value | None:
    key = _key_of(site)
    token = as_bytes(site.args[0]) if site.args else None
    if key is None or token is None:
        return None
    out = codecs.fernet(key, token)
    return None if out is None else decoded(walk, site, site.args[0], out, "fernet")


def _key_of(site: Site) -> bytes | None:
    owner = site.owner
    return as_bytes(owner.args[0]) if isinstance(owner, Result) and owner.args else None


@model(
    "Crypto.Cipher.AES.new().decrypt",
    "Crypto.Cipher.AES.new().decrypt_and_verify",
    "Crypto.Cipher.ARC4.new().decrypt",
    "Crypto.Cipher.ARC4.new().encrypt",
)
def _cipher(walk: Walk, name: str, site: Site) -> Value | None:
    owner = site.owner
    blob = as_bytes(site.args[0]) if site.args else None
    if not isinstance(owner, Result) or blob is None:
        return None
    keys = [as_bytes(value) for value in owner.args]
    key = keys[0] if keys else None
    if key is None:
        return None
    if "ARC4" in name:
        out = codecs.rc4(key, blob)
        return None if out is None else decoded(walk, site, site.args[0], out, "rc4")
    mode = _aes_mode(owner)
    vector = next((value for value in keys[1:] if value is not None), b"")
    out = codecs.aes(mode, key, vector, blob)
    return None if out is None else decoded(walk, site, site.args[0], out, "aes")


def _aes_mode(owner: Result) -> str:
    for value in owner.args:
        if isinstance(value, Ref) and ".MODE_" in value.name:
            return value.name.rpartition("_")[2].lower()
    return "ecb"
