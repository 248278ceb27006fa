"""Compute constants the way Python would, within limits, never by running anything of the package."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from packamal.detectors.decode import decode
from packamal.detectors.pysource.values import Value

MAX_CONSTANT = 4_000_000
"""Characters of a folded constant; payloads stay below."""
MAX_POWER = 64

CODECS = {
    "base64.b64decode": "base64",
    "base64.standard_b64decode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "base64.decodebytes": "base64",
    "base64.decodestring": "base64",
    "base64.b32decode": "base32",
    "base64.b16decode": "hex",
    "base64.b85decode": "base85",
    "base64.a85decode": "ascii85",
    "binascii.unhexlify": "hex",
    "binascii.a2b_hex": "hex",
    "binascii.a2b_base64": "base64",
    "bytes.fromhex": "hex",
    "bytearray.fromhex": "hex",
    "zlib.decompress": "zlib",
    "gzip.decompress": "gzip",
    "bz2.decompress": "bz2",
    "lzma.decompress": "lzma",
}
_STRING = {
    "join", "replace", "strip", "lstrip", "rstrip", "lower", "upper", "split", "title", "zfill", "format", "encode",
    "decode", "translate", "swapcase", "casefold", "hex", "removeprefix", "removesuffix", "capitalize",
}  # fmt: skip
_BUILTINS: dict[str, Callable[..., Any]] = {
    "chr": chr, "ord": ord, "int": int, "str": str, "bytes": bytes, "len": len, "bytearray": bytes, "list": tuple,
    "tuple": tuple, "reversed": lambda items: items[::-1], "abs": abs, "hex": hex, "max": max, "min": min, "sum": sum,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Div: operator.truediv,
}
FAILED = object()
_ERRORS = (ValueError, TypeError, IndexError, KeyError, OverflowError, ZeroDivisionError, LookupError, MemoryError)


def binary(kind: ast.operator, left: object, right: object) -> object:
    """The result of an operator on constants, or FAILED."""
    function = _OPERATORS.get(type(kind))
    if function is None or _too_large(kind, left, right):
        return FAILED
    try:
        return _kept(function(left, right))
    except _ERRORS:
        return FAILED


def _too_large(kind: ast.operator, left: object, right: object) -> bool:
    if isinstance(kind, ast.LShift):
        return not (isinstance(right, int) and 0 <= right <= MAX_POWER)
    if isinstance(kind, ast.Mult):
        sized = next((side for side in (left, right) if isinstance(side, str | bytes | tuple)), None)
        times = right if sized is left else left
        return sized is not None and (not isinstance(times, int) or len(sized) * max(times, 0) > MAX_CONSTANT)
    return isinstance(kind, ast.Mod) and isinstance(left, str | bytes) and len(left) > MAX_CONSTANT // 100


def call(callee: str, arguments: Sequence[object]) -> object:
    """The result of a builtin or a codec on constants, or FAILED."""
    codec = CODECS.get(callee)
    if codec is not None and arguments:
        data = arguments[0].encode() if isinstance(arguments[0], str) else arguments[0]
        decoded = decode(codec, data) if isinstance(data, bytes) else None
        return FAILED if decoded is None else decoded
    function = _BUILTINS.get(callee)
    if function is None or not arguments:
        return FAILED
    if callee in {"bytes", "bytearray"} and isinstance(arguments[0], int):
        return FAILED
    try:
        return _kept(function(*arguments))
    except _ERRORS:
        return FAILED


def method(receiver: object, name: str, arguments: Sequence[object]) -> object:
    """The result of a method of text or bytes on constants, or FAILED."""
    if name not in _STRING or not isinstance(receiver, str | bytes):
        return FAILED
    if name == "replace" and len(receiver) * max((_length(item) for item in arguments), default=0) > 100 * MAX_CONSTANT:
        return FAILED
    if name in {"zfill", "format"} and (
        len(receiver) > 10_000 or ("{" in rendered_head(receiver) and ":" in rendered_head(receiver))
    ):
        return FAILED
    try:
        return _kept(getattr(receiver, name)(*arguments))
    except (*_ERRORS, AttributeError):
        return FAILED


def rendered_head(text: str | bytes) -> str:
    """The start of a text, for cheap looks at it."""
    return text[:1000] if isinstance(text, str) else text[:1000].decode("latin-1")


def _length(item: object) -> int:
    return len(item) if isinstance(item, str | bytes) else 1


def _kept(result: object) -> object:
    if isinstance(result, list):
        result = tuple(result)
    if isinstance(result, str | bytes | tuple) and len(result) > MAX_CONSTANT:
        return FAILED
    if isinstance(result, int) and result.bit_length() > 100_000:
        return FAILED
    return result if isinstance(result, str | bytes | int | float | tuple | None) else FAILED


def plain(value: Value) -> object:
    """The constant of a value, or of a list of constants as a tuple; FAILED when unknown."""
    if value.is_const:
        return value.const
    if value.fields and all(key.isdigit() and item.is_const for key, item in value.fields):
        return tuple(item.const for _, item in value.fields)
    return FAILED
