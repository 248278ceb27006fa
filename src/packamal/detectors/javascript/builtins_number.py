"""Methods of numbers and of regular expressions."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.coerce import number_text, text_of, to_text
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, method
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.regex import usable
from packamal.detectors.javascript.values import ArrayValue, Opaque, RegexValue

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@method((int,), "toString")
def _number_to_text(m: Machine, receiver: object, inv: Invocation) -> object:
    base = inv.argument(0)
    if base is UNDEFINED or base == 10:
        return number_text(receiver)  # type: ignore[arg-type]
    if not isinstance(base, int) or not 2 <= base <= 36:
        return NOT_FOLDED
    assert isinstance(receiver, int | float)
    whole = int(abs(receiver)) if abs(receiver) < 1e15 else -1
    if whole < 0:
        return NOT_FOLDED
    digits = _whole_digits(whole, base) + _fraction_digits(abs(receiver) - whole, base)
    return f"-{digits}" if receiver < 0 else digits


def _whole_digits(whole: int, base: int) -> str:
    digits = ""
    while whole or not digits:
        whole, rest = divmod(whole, base)
        digits = _DIGITS[rest] + digits
    return digits


def _fraction_digits(fraction: float, base: int) -> str:
    digits = ""
    while fraction > 0 and len(digits) < 11:
        fraction *= base
        digits += _DIGITS[int(fraction)]
        fraction -= int(fraction)
    return f".{digits}" if digits else ""


@method((int,), "toFixed")
def _to_fixed(m: Machine, receiver: object, inv: Invocation) -> object:
    places = inv.argument(0)
    return f"{receiver:.{places}f}" if isinstance(places, int) and 0 <= places <= 20 else NOT_FOLDED


@method((bool,), "toString")
def _bool_to_text(m: Machine, receiver: object, inv: Invocation) -> object:
    return to_text(receiver)


_UNTOUCHED = r"\w+ *\(\) *{\w+ *"
"""How a widespread obfuscator tests that a function was not made readable; it loops for ever where this fails."""


@method((RegexValue,), "test")
def _test(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, RegexValue)
    text = text_of(inv.argument(0))
    if receiver.pattern.startswith(_UNTOUCHED):
        return True
    pattern = usable(receiver.pattern, receiver.flags, text) if text is not None else None
    return NOT_FOLDED if pattern is None or text is None else pattern.search(text) is not None


@method((RegexValue,), "exec")
def _exec(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, RegexValue)
    text = inv.argument(0)
    pattern = usable(receiver.pattern, receiver.flags, text) if isinstance(text, str) else None
    if pattern is None or not isinstance(text, str):
        sources = sources_of(m, text)
        return Opaque(sources) if sources else NOT_FOLDED
    is_global = "g" in receiver.flags
    found = pattern.search(text, receiver.last if is_global else 0)
    if is_global:
        receiver.last = found.end() if found else 0
    if found is None:
        return None
    return ArrayValue([UNDEFINED if group is None else group for group in (found[0], *found.groups())], m.level)
