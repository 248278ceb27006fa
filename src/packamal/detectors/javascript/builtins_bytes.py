"""Buffers, text codecs, decompression and ciphers. Bytes stand for Buffers and typed arrays of known content."""

from __future__ import annotations

import base64
import hashlib

from packamal.detectors.decode import aes, decode, openssl_key, salted_aes
from packamal.detectors.facts import MIN_TEXT
from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.builtins_text import position
from packamal.detectors.javascript.calls import record_call
from packamal.detectors.javascript.characters import spelt_out
from packamal.detectors.javascript.coerce import to_text
from packamal.detectors.javascript.dispatch import METHODS, NOT_FOLDED, Invocation, builtin, method, spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    NO_SOURCES,
    UNKNOWN,
    ArrayValue,
    Native,
    ObjectValue,
    Opaque,
    Ref,
    merge_sources,
)

MAX_BYTES = 1 << 24
MAX_ZEROS = 4096
"""Bytes of an empty Buffer that are kept one by one."""
_LATIN = frozenset({"latin1", "binary", "ascii"})
_CODES = {"base64": "base64", "base64url": "base64", "hex": "hex"}
_WIDE = frozenset({"utf16le", "ucs2", "utf-16le", "ucs-2"})


def as_bytes(value: object) -> bytes | None:
    """Bytes of a Buffer, a text or an array of numbers; None when they are not known."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, ArrayValue) and not value.is_open:
        try:
            return bytes([int(item) & 255 for item in value.items])  # type: ignore[call-overload]
        except (TypeError, ValueError, OverflowError):
            return None
    return None


def derive(m: Machine, made: object, source: object, step: str, sources: frozenset[int] = NO_SOURCES) -> object:
    """Remember that `made` is `source` decoded once more."""
    origin = m.origin(source)
    steps = (step, *origin.steps) if step else origin.steps
    if isinstance(source, str | bytes) and source in m.decoded_at and isinstance(made, str | bytes) and made != source:
        m.decoded_at.setdefault(made, m.decoded_at[source])
        m.decoded_further.add(source)
    m.set_origin(made, steps, merge_sources((origin.sources, sources)))
    return made


def folded(m: Machine, name: str, inv: Invocation, made: str | bytes | None, step: str) -> object:
    """The result of a decoder: the constant, with the call recorded either way."""
    if made is None:
        return NOT_FOLDED
    number, _ = record_call(m, name, inv)
    m.record.gave(number, made)
    own = frozenset((number,)) if number is not None else NO_SOURCES
    source = inv.argument(0)
    derive(m, made, source, step, own)
    if len(made) >= MIN_TEXT:
        m.decoded_at.setdefault(made, spot_of(inv.scope, inv.start))
        if isinstance(source, str | bytes):
            m.decoded_further.add(source)
    return made


@builtin("atob")
def _atob(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    raw = decode("base64", text.encode("utf-8", "replace")) if isinstance(text, str) else None
    return _or_stepped(m, "atob", inv, raw.decode("latin-1") if raw is not None else None, "base64")


def _or_stepped(m: Machine, name: str, inv: Invocation, made: str | bytes | None, step: str) -> object:
    """As `folded`; what is not known is at least known to have been decoded."""
    if made is not None:
        return folded(m, name, inv, made, step)
    value = inv.argument(0)
    number, inherited = record_call(m, name, inv)
    sources = inherited | {number} if number is not None else inherited
    return Opaque(frozenset(sources), None, (step, *getattr(value, "steps", ())))


@builtin("btoa")
def _btoa(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if not isinstance(text, str):
        return NOT_FOLDED
    return base64.b64encode(text.encode("latin-1", "replace")).decode()


@builtin("Buffer.from", "Buffer", "Buffer.alloc", "Buffer.allocUnsafe", "Buffer.of")
def _buffer(m: Machine, inv: Invocation) -> object:
    value, encoding = inv.argument(0), inv.argument(1)
    step = _CODES.get(encoding.lower()) if isinstance(encoding, str) else None
    if isinstance(value, str):
        return _encoded(m, value, str(encoding).lower() if isinstance(encoding, str) else "utf8", step, inv)
    if isinstance(value, int) and not isinstance(value, bool):
        made = ArrayValue([0] * value if 0 <= value <= MAX_ZEROS else [], m.level)
        made.is_open = not made.items
        return made
    raw = as_bytes(value)
    if raw is not None:
        return _of_codes(m, raw, inv)
    if step is not None:
        return _or_stepped(m, "Buffer.from", inv, None, step)
    return NOT_FOLDED


def _of_codes(m: Machine, raw: bytes, inv: Invocation) -> bytes:
    m.codes += len(raw)
    text = raw.decode("latin-1")
    spelt_out(m, text, inv.scope, inv.start)
    m.set_origin(raw, *m.origin(text))
    return raw


def _encoded(m: Machine, value: str, encoding: str, step: str | None, inv: Invocation) -> object:
    if step is not None:
        raw = decode(step, value.encode("utf-8", "replace"))
        return folded(m, "Buffer.from", inv, raw, step)
    if encoding in _LATIN:
        return derive(m, value.encode("latin-1", "replace"), value, "")
    if encoding in _WIDE:
        return derive(m, value.encode("utf-16-le", "surrogatepass"), value, "")
    return derive(m, value.encode("utf-8", "surrogatepass"), value, "")


@method((bytes,), "toString", "toLocaleString", "utf8Slice", "latin1Slice")
def _to_string(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, bytes)
    encoding = inv.argument(0)
    name = encoding.lower() if isinstance(encoding, str) else "utf8"
    start, end = position(inv.argument(1), 0, len(receiver)), position(inv.argument(2), len(receiver), len(receiver))
    raw = receiver[start:end] if start is not None and end is not None else receiver
    return derive(m, bytes_text(raw, name), receiver, "")


def bytes_text(raw: bytes, encoding: str) -> str:
    """A Buffer as text in one of Node's encodings."""
    if encoding == "base64":
        return base64.b64encode(raw).decode()
    if encoding == "base64url":
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if encoding == "hex":
        return raw.hex()
    if encoding in _LATIN:
        return raw.decode("latin-1")
    return raw.decode("utf-16-le" if encoding in _WIDE else "utf-8", "replace")


def _as_array(name: str) -> None:
    """Typed arrays have the methods of arrays."""

    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        return METHODS[ArrayValue, name](m, ArrayValue(list(receiver), m.level), inv)  # type: ignore[call-overload]

    method((bytes,), name)(run)


for _name in ("map", "forEach", "reduce", "join", "reverse", "filter", "indexOf", "entries", "some", "every", "find"):
    _as_array(_name)


@builtin("Buffer.concat")
def _concat(m: Machine, inv: Invocation) -> object:
    parts = inv.argument(0)
    if isinstance(parts, ArrayValue) and not parts.is_open:
        raws = [item for item in parts.items if isinstance(item, bytes)]
        if len(raws) == len(parts.items) and sum(map(len, raws)) <= MAX_BYTES:
            return derive(m, b"".join(raws), raws[0] if raws else b"", "")
    sources = sources_of(m, parts)
    return Opaque(sources) if sources else UNKNOWN


@builtin("TextDecoder", "TextEncoder")
def _text_coder(m: Machine, inv: Invocation) -> object:
    made = ObjectValue({}, m.level)
    made.kind = "TextCoder"

    def convert(arguments: list[object]) -> object:
        value = arguments[0] if arguments else b""
        raw = as_bytes(value)
        if raw is None:
            sources = sources_of(m, value)
            return Opaque(sources, None, getattr(value, "steps", ())) if sources else UNKNOWN
        return raw if isinstance(value, str) else derive(m, raw.decode("utf-8", "replace"), value, "")

    made.fields = {"decode": Native("decode", convert), "encode": Native("encode", convert)}
    return made


_INFLATES = {
    "inflateSync": "zlib", "unzipSync": "zlib", "gunzipSync": "gzip", "inflateRawSync": "deflate",
    "inflate": "zlib", "ungzip": "gzip", "inflateRaw": "deflate", "gunzip": "gzip", "unzip": "zlib",
}  # fmt: skip


def _inflater(module: str, name: str, step: str) -> None:
    full = f"{module}.{name}"

    def run(m: Machine, inv: Invocation) -> object:
        raw = as_bytes(inv.argument(0))
        made = decode(step, raw) if raw is not None else None
        if made is not None and module == "zlib" and not name.endswith("Sync"):
            return NOT_FOLDED
        return _or_stepped(m, full, inv, made, step)

    builtin(full)(run)


for _module in ("zlib", "pako"):
    for _name, _step in _INFLATES.items():
        _inflater(_module, _name, _step)


@builtin("crypto.createDecipheriv", "crypto.createDecipher")
def _decipher(m: Machine, inv: Invocation) -> object:
    algorithm, key, iv = inv.argument(0), as_bytes(inv.argument(1)), as_bytes(inv.argument(2))
    number, inherited = record_call(m, "crypto.createDecipheriv", inv)
    sources = inherited | {number} if number is not None else inherited
    if not isinstance(algorithm, str) or key is None:
        return Ref("crypto.createDecipheriv()", frozenset(sources))
    words = algorithm.lower().split("-")
    mode = words[-1] if len(words) > 2 else "cbc"
    if iv is None or not iv:
        iv = b""
        if len(inv.arguments) < 3:
            key, iv = openssl_key(key, b"", int(words[1]) // 8 if words[1:2] and words[1].isdigit() else 32, 16)
    return _cipher_object(m, (mode, key, iv), frozenset(sources), number)


def _cipher_object(
    m: Machine, how: tuple[str, bytes, bytes], sources: frozenset[int], number: int | None
) -> ObjectValue:
    """A decipher: all is deciphered at the first update, nothing is left for final."""
    made = ObjectValue({}, m.level)
    made.kind = "Decipher"

    def update(arguments: list[object]) -> object:
        value = arguments[0] if arguments else b""
        codes = [str(code).lower() if isinstance(code, str) else "" for code in [*arguments[1:3], "", ""]]
        raw = decode(codes[0], value.encode()) if isinstance(value, str) and codes[0] in _CODES else as_bytes(value)
        plain = aes(*how, raw) if raw is not None else None
        if plain is None:
            return Opaque(merge_sources((sources, sources_of(m, value))), None, ("aes",))
        m.record.gave(number, plain)
        return derive(m, bytes_text(plain, codes[1]) if codes[1] else plain, value, "aes", sources)

    def final(arguments: list[object]) -> object:
        return "" if arguments and isinstance(arguments[0], str) else b""

    made.fields = {
        "update": Native("update", update),
        "final": Native("final", final),
        "setAuthTag": Native("setAuthTag", lambda _: UNDEFINED),
        "setAutoPadding": Native("setAutoPadding", lambda _: UNDEFINED),
    }
    made.sources = sources
    return made


@builtin("crypto-js.AES.decrypt", "crypto-js/aes.decrypt", "CryptoJS.AES.decrypt")
def _crypto_js(m: Machine, inv: Invocation) -> object:
    value, password = inv.argument(0), inv.argument(1)
    if isinstance(value, str) and isinstance(password, str):
        plain = salted_aes(password.encode(), value.encode())
        if plain is not None:
            return folded(m, "crypto-js.AES.decrypt", inv, plain, "aes")
    return NOT_FOLDED


@builtin("crypto.createHash")
def _hash(m: Machine, inv: Invocation) -> object:
    """Keys are often digests of a literal, so these are computed."""
    algorithm = inv.argument(0)
    if not isinstance(algorithm, str) or algorithm.lower() not in {"md5", "sha1", "sha256", "sha512"}:
        return NOT_FOLDED
    number, _ = record_call(m, "crypto.createHash", inv)
    own = frozenset((number,)) if number is not None else NO_SOURCES
    state: list[bytes | None] = [b""]
    parts: list[frozenset[int]] = [own]
    made = ObjectValue({}, m.level)

    def update(arguments: list[object]) -> object:
        value = arguments[0] if arguments else b""
        raw = as_bytes(value)
        parts.append(sources_of(m, value))
        state[0] = None if raw is None or state[0] is None else state[0] + raw
        return made

    def digest(arguments: list[object]) -> object:
        if state[0] is None:
            return Opaque(merge_sources(parts))
        raw = hashlib.new(algorithm.lower(), state[0], usedforsecurity=False).digest()
        return bytes_text(raw, to_text(arguments[0])) if arguments and isinstance(arguments[0], str) else raw

    made.fields = {"update": Native("update", update), "digest": Native("digest", digest)}
    return made
