"""Operators over constants, size capped: what Python would compute, or MISSING."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python import limits

MISSING: Final = object()
"""No constant came out."""

Operand = Any
"""A constant of the package, of whatever type; misfits raise and are caught."""

_ERRORS = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    AttributeError,
    RecursionError,
    SyntaxError,
)


def _length(value: object) -> int:
    return len(value) if isinstance(value, str | bytes | tuple) else 0


def _add(left: Operand, right: Operand) -> object:
    return left + right if _length(left) + _length(right) <= limits.MAX_CONST else MISSING


def _multiply(left: Operand, right: Operand) -> object:
    if isinstance(left, int) and not isinstance(right, int | float):
        left, right = right, left
    if isinstance(right, int) and _length(left) * max(right, 0) > limits.MAX_CONST:
        return MISSING
    return left * right if _bits(left) + _bits(right) <= limits.MAX_BITS else MISSING


def _bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _power(left: Operand, right: Operand) -> object:
    if isinstance(right, int) and _bits(left) * abs(right) > limits.MAX_BITS:
        return MISSING
    return left**right


def _shift(left: Operand, right: Operand) -> object:
    return left << right if _bits(left) + right <= limits.MAX_BITS else MISSING


def _modulo(left: Operand, right: Operand) -> object:
    if not isinstance(left, str | bytes):
        return left % right
    widths = left if isinstance(left, str) else left.decode("latin-1")
    if "*" in widths or _wide(widths):
        return MISSING
    return left % right


_WIDE = re.compile(r"(?:%|\{[^{}]*:)[^a-zA-Z%{}]*[0-9]{5,}")
_REACHES = re.compile(r"\{[^{}:]*[.\[]|\{[^{}]+\{")
"""Formats that read attributes (`{0.real}`) or compute their widths (`{:{}}`)."""


def _wide(text: str) -> bool:
    """Whether a format asks for more than MAX_WIDTH characters."""
    return _WIDE.search(text) is not None


BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], object]]] = {
    ast.Add: _add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shift,
    ast.RShift: operator.rshift,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}

COMPARE: Final[dict[type[ast.cmpop], Callable[[Any, Any], object]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}

UNARY: Final[dict[type[ast.unaryop], Callable[[Any], object]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}


def binary(kind: type[ast.operator], left: object, right: object) -> object:
    """Compute `left op right`; MISSING when it cannot be or would be too large."""
    try:
        return BINARY[kind](left, right)
    except (*_ERRORS, KeyError):
        return MISSING


def unary(kind: type[ast.unaryop], value: object) -> object:
    """Compute `op value`."""
    try:
        return UNARY[kind](value)
    except _ERRORS:
        return MISSING


def compare(kind: type[ast.cmpop], left: object, right: object) -> object:
    """Compute one comparison."""
    try:
        return COMPARE[kind](left, right)
    except _ERRORS:
        return MISSING


def guarded(function: Callable[..., object], *args: object, **named: object) -> object:
    """Call one of our own pure functions with constants of the package; MISSING when they do not fit."""
    try:
        return function(*args, **named)
    except _ERRORS:
        return MISSING


_WIDTHS = frozenset(("zfill", "ljust", "rjust", "center", "expandtabs"))
_TEXT_METHODS_WORDS: Final = (
    "capitalize casefold center count decode encode endswith expandtabs find format format_map hex index "
    "isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle "
    "isupper join ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust "
    "rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill "
    "__add__ __mul__ __getitem__ __len__ __mod__ __str__ __contains__ __eq__ "
)
_TEXT_METHODS: Final = frozenset(_TEXT_METHODS_WORDS.split())
_NUMBER_METHODS_WORDS: Final = (
    "to_bytes bit_length is_integer __add__ __sub__ __mul__ __xor__ __or__ __and__ __neg__ __invert__ "
    "__floordiv__ __mod__ __lshift__ __rshift__ __str__ __repr__ __int__ __index__ __abs__ __eq__ __lt__ "
    "__gt__ __float__ "
)
_NUMBER_METHODS: Final = frozenset(_NUMBER_METHODS_WORDS.split())


def method(owner: object, name: str, args: list[object], named: dict[str, object]) -> object:
    """Call a pure method of a text, number or tuple; MISSING for others, misfits and oversized results."""
    if isinstance(owner, str | bytes):
        if name not in _TEXT_METHODS or not _fits(owner, name, args):
            return MISSING
    elif isinstance(owner, int | float):
        if name not in _NUMBER_METHODS or _too_wide(name, args) or any(_bits(arg) > 4_096 for arg in args):
            return MISSING
    elif not isinstance(owner, tuple) or name not in ("count", "index", "__getitem__", "__len__"):
        return MISSING
    return guarded(getattr(owner, name, _missing), *args, **named)


def _missing(*args: object, **named: object) -> object:
    return MISSING


def _too_wide(name: str, args: list[object]) -> bool:
    return name in ("to_bytes", "__lshift__") and any(isinstance(arg, int) and arg > limits.MAX_WIDTH for arg in args)


def _fits(owner: str | bytes, name: str, args: list[object]) -> bool:
    if name in _WIDTHS:
        return all(not isinstance(arg, int) or arg <= limits.MAX_WIDTH for arg in args)
    if name == "replace" and len(args) >= 2:
        found = guarded(owner.count, args[0])
        return isinstance(found, int) and found * _length(args[1]) + len(owner) <= limits.MAX_CONST
    if name == "join" and args and isinstance(args[0], tuple):
        return sum(map(_length, args[0])) + len(owner) * len(args[0]) <= limits.MAX_CONST
    if name in ("format", "format_map", "__mod__"):
        text = owner if isinstance(owner, str) else owner.decode("latin-1")
        return not _wide(text) and _REACHES.search(text) is None
    if name == "__mul__":
        return bool(args) and isinstance(args[0], int) and len(owner) * args[0] <= limits.MAX_CONST
    return name != "translate" or _is_table(args)


def _is_table(args: list[object]) -> bool:
    return bool(args) and isinstance(args[0], dict | bytes | str)
