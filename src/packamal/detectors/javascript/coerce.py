"""JavaScript's conversions and operators over values; UNKNOWN or None where they cannot be told."""

from __future__ import annotations

import math
import re

from packamal.detectors.javascript.literals import number
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    ArrayValue,
    Bound,
    ClassValue,
    Closure,
    Join,
    Method,
    Native,
    ObjectValue,
    Opaque,
    Ref,
    RegexValue,
)

NAN = float("nan")
MAX_STRING = 1 << 22
"""Characters of any text that evaluation makes."""
_EXACT = 2**53
_NUMBER = re.compile(
    r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)\Z"
)
_PREFIX_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|Infinity)")


def number_text(value: float) -> str:
    """Write a number as JavaScript does."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**21 else _exponent(float(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return _exponent(value)


def _exponent(value: float) -> str:
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, power = text.partition("e")
    exponent = int(power)
    if -7 < exponent < 0:
        return f"{value:.{len(digits.replace('.', '').replace('-', '')) - 1 - exponent}f}"
    return f"{digits.removesuffix('.0')}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def to_text(value: object) -> str:
    """Text of a constant."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "undefined"


def text_of(value: object, depth: int = 8) -> str | None:
    """Text that a value turns to in a sum; None when it is not known."""
    if value.__class__ in CONSTANT_TYPES:
        return to_text(value)
    if isinstance(value, ArrayValue):
        return _array_text(value, depth)
    if isinstance(value, ObjectValue):
        is_plain = not value.is_open and value.prototype is None and not value.kind
        return "[object Object]" if is_plain and "toString" not in value.fields else None
    if isinstance(value, Closure):
        return _source_of(value)
    if isinstance(value, Method | Native):
        return f"function {value.name}() {{ [native code] }}"
    if isinstance(value, RegexValue):
        return f"/{value.pattern}/{value.flags}"
    if isinstance(value, Ref) and value.name in _NATIVES:
        return f"function {value.name.rpartition('.')[2]}() {{ [native code] }}"
    return None


_AROUND_SIGNS = re.compile(r" ?([{}();,=+<>?:|&!*/-]) ?")


def _source_of(value: Closure) -> str:
    """A function's source. Obfuscators test it for line breaks, to fail where it was made readable: we undo that."""
    raw = value.scope.frame.module.source[value.node.start : value.node.end]
    text = raw.decode("utf-8", "replace")
    return _AROUND_SIGNS.sub(r"\1", " ".join(text.split())) if "\n" in text else text


_NATIVES = frozenset((
    "Function", "String", "Number", "Boolean", "Array", "Object", "RegExp", "Date", "eval", "escape", "unescape",
    "parseInt", "parseFloat", "isNaN", "isFinite", "encodeURIComponent", "decodeURIComponent", "encodeURI", "decodeURI",
))  # fmt: skip


ITERATOR_TEXT = "[object Array Iterator]"


def _array_text(value: ArrayValue, depth: int) -> str | None:
    if value.fields and "toString" in value.fields:
        return ITERATOR_TEXT
    if value.is_open or depth == 0:
        return None
    parts: list[str] = []
    for item in value.items:
        text = "" if item is None or item is UNDEFINED else text_of(item, depth - 1)
        if text is None:
            return None
        parts.append(text)
    return ",".join(parts)


def to_number(value: object) -> float | None:
    """Number that a value turns to; None when it is not known."""
    kind = value.__class__
    if kind is int or kind is float:
        return value  # type: ignore[return-value]
    if kind is bool or value is None:
        return int(bool(value))
    if value is UNDEFINED:
        return NAN
    text = text_of(value)
    if text is None:
        return None
    text = text.strip()
    if not text:
        return 0
    if text in {"Infinity", "+Infinity", "-Infinity"}:
        return -math.inf if text[0] == "-" else math.inf
    if not _NUMBER.match(text):
        return NAN
    negative = text[0] == "-"
    found = number(text.lstrip("+-"))
    return -found if negative else found


def parse_int(text: str, base: int) -> float:
    """`parseInt`"""
    text = text.strip()
    sign = -1 if text[:1] == "-" else 1
    text = text.lstrip("+-") if text[:1] in {"+", "-"} else text
    if base in {0, 16} and text[:2].lower() == "0x":
        text, base = text[2:], 16
    base = base or 10
    if not 2 <= base <= 36:
        return NAN
    digits = 0
    for digits, character in enumerate(text):  # noqa: B007 - counts
        if not (character.isascii() and character.isalnum() and int(character, 36) < base):
            break
    else:
        digits = len(text)
    if not digits or digits > _MOST_DIGITS:
        return NAN
    return sign * int(text[:digits], base)


_MOST_DIGITS = 300


def parse_float(text: str) -> float:
    """`parseFloat`"""
    match = _PREFIX_FLOAT.match(text.strip())
    if match is None:
        return NAN
    value = float(match[0].replace("Infinity", "inf"))
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def truth(value: object) -> bool | None:
    """Whether a value counts as true; None when it is not known."""
    kind = value.__class__
    if kind is bool:
        return value  # type: ignore[return-value]
    if kind in CONSTANT_TYPES:
        if kind is bytes:
            return True
        return bool(value) and value is not UNDEFINED and value == value
    if kind is Opaque or kind is Ref:
        return None
    if kind is Join:
        known = {truth(item) for item in value.values}  # type: ignore[attr-defined]
        return known.pop() if len(known) == 1 else None
    return True


def kind_of(value: object) -> str | None:
    """`typeof`"""
    kind = value.__class__
    if kind is str:
        return "string"
    if kind is bool:
        return "boolean"
    if kind is int or kind is float:
        return "number"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, Closure | ClassValue | Bound | Native | Method):
        return "function"
    if value is None or isinstance(value, bytes | ArrayValue | ObjectValue | RegexValue):
        return "object"
    if isinstance(value, Ref):
        return _TYPES.get(value.name)
    return None


_TYPES = {
    "require": "function", "process": "object", "Function": "function", "eval": "function", "Symbol": "function",
    "Promise": "function", "Buffer": "function", "Object": "function", "console": "object", "JSON": "object",
    "Array": "function", "String": "function", "setTimeout": "function", "": "object",
}  # fmt: skip
"""Of globals that are there in Node."""


def exact(value: float) -> int | float:
    """A whole result as int; past what a double holds exactly it is rounded as one."""
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else _rounded(value)
    if value.is_integer() and -_EXACT < value < _EXACT:
        return int(value)
    return value


def _rounded(value: int) -> int | float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_int32(value: float) -> int:
    """The operand of a bit operation."""
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return 0
        value = int(value)
    value &= 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value
