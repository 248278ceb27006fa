"""Binary and unary operators over constants."""

from __future__ import annotations

import math
from collections.abc import Callable

from packamal.detectors.javascript.coerce import (
    MAX_STRING,
    NAN,
    exact,
    text_of,
    to_int32,
    to_number,
    truth,
)
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    Join,
    Opaque,
    Ref,
)


def add(left: object, right: object) -> object:
    """`a + b` where both are known; UNKNOWN otherwise."""
    kinds = left.__class__, right.__class__
    if kinds == (int, int):
        return exact(left + right)  # type: ignore[operator]
    if kinds == (str, str):
        return left + right if len(left) + len(right) <= MAX_STRING else UNKNOWN  # type: ignore[arg-type, operator]
    if _is_textual(left) or _is_textual(right):
        before, after = text_of(left), text_of(right)
        if before is None or after is None or len(before) + len(after) > MAX_STRING:
            return UNKNOWN
        return before + after
    first, second = to_number(left), to_number(right)
    return UNKNOWN if first is None or second is None else exact(first + second)


def _is_textual(value: object) -> bool:
    kind = value.__class__
    return kind is str or kind is bytes or kind not in CONSTANT_TYPES


def _divide(a: float, b: float) -> float:
    if b == 0:
        return NAN if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def _remainder(a: float, b: float) -> float:
    if b == 0 or math.isinf(a):
        return NAN
    return exact(math.fmod(a, b)) if isinstance(a, float) or isinstance(b, float) else _whole_remainder(a, b)


def _whole_remainder(a: int, b: int) -> int:
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


_MAX_POWER = 1100


def _power(a: float, b: float) -> float:
    if abs(b) > _MAX_POWER:
        return NAN
    try:
        result = float(a) ** float(b)
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return NAN if isinstance(result, complex) else result


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _remainder,
    "**": _power,
    "^": lambda a, b: to_int32(to_int32(a) ^ to_int32(b)),
    "&": lambda a, b: to_int32(to_int32(a) & to_int32(b)),
    "|": lambda a, b: to_int32(to_int32(a) | to_int32(b)),
    "<<": lambda a, b: to_int32(to_int32(a) << (to_int32(b) & 31)),
    ">>": lambda a, b: to_int32(a) >> (to_int32(b) & 31),
    ">>>": lambda a, b: (to_int32(a) & 0xFFFFFFFF) >> (to_int32(b) & 31),
}
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def operate(operator: str, left: object, right: object) -> object:
    """Any binary operator but `+` and the logical ones; UNKNOWN when it cannot be told."""
    if left.__class__ is Opaque or right.__class__ is Opaque:
        return UNKNOWN
    arithmetic = _ARITHMETIC.get(operator)
    if arithmetic is not None:
        first, second = to_number(left), to_number(right)
        return UNKNOWN if first is None or second is None else exact(arithmetic(first, second))
    if operator in _ORDER:
        return _compare(operator, left, right)
    if operator in {"===", "!=="}:
        same = strictly_equal(left, right)
        return UNKNOWN if same is None else same == (operator == "===")
    if operator in {"==", "!="}:
        same = loosely_equal(left, right)
        return UNKNOWN if same is None else same == (operator == "==")
    return UNKNOWN


def _compare(operator: str, left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        order = (left > right) - (left < right)
        return _ORDER[operator](order, 0)
    first, second = to_number(left), to_number(right)
    return UNKNOWN if first is None or second is None else _ORDER[operator](first, second)


def strictly_equal(left: object, right: object) -> bool | None:
    """`===`"""
    if isinstance(left, Opaque | Ref | Join) or isinstance(right, Opaque | Ref | Join):
        return None
    if left.__class__ in CONSTANT_TYPES and right.__class__ in CONSTANT_TYPES:
        kinds = {_kind(left), _kind(right)}
        return len(kinds) == 1 and left == right
    return left is right


def _kind(value: object) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else value.__class__


def loosely_equal(left: object, right: object) -> bool | None:
    """`==`"""
    if isinstance(left, Opaque | Ref | Join) or isinstance(right, Opaque | Ref | Join):
        return None
    nothing = (left is None or left is UNDEFINED, right is None or right is UNDEFINED)
    if any(nothing):
        return all(nothing)
    if _kind(left) is _kind(right):
        return strictly_equal(left, right)
    first, second = to_number(left), to_number(right)
    return None if first is None or second is None else first == second


def negate(operator: str, value: object) -> object:
    """Unary operators but typeof, void and delete."""
    if operator == "!":
        known = truth(value)
        return UNKNOWN if known is None else not known
    found = to_number(value)
    if found is None:
        return UNKNOWN
    if operator == "-":
        return -found if found else (-0.0 if not isinstance(found, int) else 0)
    if operator == "~":
        return to_int32(~to_int32(found))
    return found
