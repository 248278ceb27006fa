"""Global functions and objects of the language: codes to text, numbers, JSON, Object, Reflect, Array."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from urllib.parse import quote, unquote_to_bytes

from packamal.detectors.javascript.arguments import absorb
from packamal.detectors.javascript.builtins_bytes import folded
from packamal.detectors.javascript.builtins_object import open_array
from packamal.detectors.javascript.builtins_text import known
from packamal.detectors.javascript.characters import spelt_out
from packamal.detectors.javascript.coerce import (
    MAX_STRING,
    exact,
    parse_float,
    parse_int,
    text_of,
    to_number,
    to_text,
    truth,
)
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, builtin, call_value
from packamal.detectors.javascript.literals import join_surrogates
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.members import any_item
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.sums import shown
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    ArrayValue,
    Closure,
    ObjectValue,
    Opaque,
    Ref,
    RegexValue,
    merge_sources,
)

MIN_ESCAPES = 8
"""Escapes in a constant that make `unescape` a decoder."""
MAX_JSON = 1 << 20
MAX_JSON_NODES = 20_000


def made_of(m: Machine, inv: Invocation, *values: object) -> object:
    """Something unknown, made of the arguments."""
    parts = [absorb(m, value, inv.scope, inv.start) for value in (values or inv.arguments)]
    sources = merge_sources(parts)
    return Opaque(sources) if sources else UNKNOWN


@builtin("String.fromCharCode", "String.fromCodePoint")
def _from_codes(m: Machine, inv: Invocation) -> object:
    if inv.has_rest:
        return NOT_FOLDED
    characters: list[str] = []
    for value in inv.arguments:
        number = to_number(value)
        if number is None:
            return NOT_FOLDED
        code = 0 if number != number or math.isinf(number) else int(number)
        characters.append(chr(code & 0xFFFF) if code < 0x10000 else chr(code) if code <= 0x10FFFF else "")
    m.codes += len(characters)
    if len(characters) == 1:
        return characters[0]
    text = join_surrogates("".join(characters))
    spelt_out(m, text, inv.scope, inv.start)
    return text


@builtin("parseInt", "Number.parseInt")
def _parse_int(m: Machine, inv: Invocation) -> object:
    text, base = text_of(inv.argument(0)), inv.argument(1)
    if text is None:
        return made_of(m, inv)
    return parse_int(text, base if isinstance(base, int) else 0)


@builtin("parseFloat", "Number.parseFloat")
def _parse_float(m: Machine, inv: Invocation) -> object:
    text = text_of(inv.argument(0))
    return made_of(m, inv) if text is None else parse_float(text)


@builtin("Number")
def _number(m: Machine, inv: Invocation) -> object:
    number = to_number(inv.argument(0)) if inv.arguments else 0
    return made_of(m, inv) if number is None else exact(number)


@builtin("String")
def _string(m: Machine, inv: Invocation) -> object:
    text = text_of(inv.argument(0)) if inv.arguments else ""
    if text is not None:
        return text
    value = inv.argument(0)
    return value if isinstance(value, Opaque) else made_of(m, inv)


@builtin("Boolean")
def _boolean(m: Machine, inv: Invocation) -> object:
    found = truth(inv.argument(0))
    return made_of(m, inv) if found is None else found


@builtin("isNaN", "Number.isNaN")
def _is_nan(m: Machine, inv: Invocation) -> object:
    number = to_number(inv.argument(0))
    return made_of(m, inv) if number is None else number != number


_CODE = re.compile(r"%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))")


@builtin("unescape")
def _unescape(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if not isinstance(text, str):
        return NOT_FOLDED
    made = join_surrogates(_CODE.sub(lambda match: chr(int(match[1] or match[2], 16)), text))
    if len(text) - len(made) >= 2 * MIN_ESCAPES:
        return folded(m, "unescape", inv, made, "percent")
    return made


@builtin("decodeURIComponent", "decodeURI")
def _decode_component(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if not isinstance(text, str):
        return NOT_FOLDED
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8", "strict" if m.concrete else "replace")
    except UnicodeDecodeError as error:
        raise JsThrow("URIError") from error


@builtin("encodeURIComponent", "encodeURI", "escape")
def _escape(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if text.__class__ not in CONSTANT_TYPES:
        return text if isinstance(text, Opaque) else made_of(m, inv)
    return quote(to_text(text), safe="-_.!~*'()")


@builtin("JSON.stringify")
def _stringify(m: Machine, inv: Invocation) -> object:
    try:
        plain = _to_plain(inv.argument(0), [MAX_JSON_NODES])
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return made_of(m, inv)
    return text if len(text) <= MAX_STRING else made_of(m, inv)


def _to_plain(value: object, budget: list[int], depth: int = 0) -> object:
    budget[0] -= 1
    if budget[0] < 0 or depth > 20:
        raise ValueError("too large")
    if isinstance(value, ArrayValue) and not value.is_open:
        return [_to_plain(item, budget, depth + 1) for item in value.items]
    if isinstance(value, ObjectValue) and not value.is_open and value.prototype is None:
        shown = [pair for pair in value.fields.items() if pair[1] is not UNDEFINED and not isinstance(pair[1], Closure)]
        return {key: _to_plain(item, budget, depth + 1) for key, item in shown}
    if value is None or value.__class__ in {str, int, float, bool}:
        return value
    raise TypeError("not known")


@builtin("JSON.parse")
def _parse_json(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str):
        return text if isinstance(text, Opaque) else made_of(m, inv)
    value = parse_json(m, text)
    return UNKNOWN if value is NOT_FOLDED else value


def parse_json(m: Machine, text: str) -> object:
    """JSON text to a value; NOT_FOLDED when it is none, or too large."""
    if len(text) > MAX_JSON:
        return NOT_FOLDED
    try:
        return from_plain(json.loads(text), m.level)
    except (ValueError, RecursionError):
        return NOT_FOLDED


def from_plain(value: object, level: int) -> object:
    """Python's lists and dicts to values."""
    if isinstance(value, dict):
        return ObjectValue({str(key): from_plain(item, level) for key, item in value.items()}, level)
    if isinstance(value, list):
        return ArrayValue([from_plain(item, level) for item in value], level)
    return value


_MATH: dict[str, Callable[[float], float]] = {
    "floor": math.floor, "ceil": math.ceil, "abs": abs, "round": lambda value: math.floor(value + 0.5),
    "trunc": math.trunc, "sqrt": lambda value: math.sqrt(value) if value >= 0 else float("nan"),
    "sign": lambda value: (value > 0) - (value < 0),
}  # fmt: skip


def _math(name: str) -> None:
    def run(m: Machine, inv: Invocation) -> object:
        number = to_number(inv.argument(0))
        if number is None or number != number or math.isinf(number):
            return made_of(m, inv)
        return exact(_MATH[name](number))

    builtin(f"Math.{name}")(run)


for _name in _MATH:
    _math(_name)


@builtin("Math.pow")
def _power(m: Machine, inv: Invocation) -> object:
    base, exponent = inv.argument(0), inv.argument(1)
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) < 1e6 and 0 <= exponent < 64:
        return exact(base**exponent)
    return UNKNOWN


@builtin("Array", "Array.of", "Uint8Array.of")
def _array(m: Machine, inv: Invocation) -> object:
    size = inv.argument(0)
    if len(inv.arguments) == 1 and isinstance(size, int) and 0 <= size <= 10_000:
        return ArrayValue([UNDEFINED] * size, m.level)
    made = ArrayValue(list(inv.arguments), m.level)
    made.is_open = inv.has_rest
    return made


@builtin("Array.from", "Uint8Array", "Uint8Array.from", "Uint16Array", "Uint32Array", "Int8Array", "Int32Array")
def _array_from(m: Machine, inv: Invocation) -> object:
    value, function = inv.argument(0), inv.argument(1)
    items: list[object] | None = None
    if isinstance(value, ArrayValue) and not value.is_open:
        items = list(value.items)
    elif isinstance(value, str | bytes):
        items = list(value)
    elif isinstance(value, int) and 0 <= value <= 10_000:
        items = [0] * value
    elif isinstance(value, ObjectValue) and isinstance(value.fields.get("length"), int):
        items = [UNDEFINED] * min(10_000, value.fields["length"])  # type: ignore[call-overload]
    if items is None:
        made = open_array(m, inv)
        if isinstance(value, ArrayValue):
            made.items = list(value.items)
        if function is not UNDEFINED:
            made.items = [call_value(m, function, inv.with_arguments([any_item(made), UNKNOWN]))]
        return made
    if function is not UNDEFINED and len(items) <= 20_000:
        items = [call_value(m, function, inv.with_arguments([item, at])) for at, item in enumerate(items)]
    array = ArrayValue(items, m.level)
    array.sources = m.origin(value).sources
    return array


@builtin("Array.isArray")
def _is_array(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    return UNKNOWN if isinstance(value, Opaque | Ref) else isinstance(value, ArrayValue)


@builtin("RegExp")
def _regex(m: Machine, inv: Invocation) -> object:
    pattern, flags = inv.argument(0), inv.argument(1)
    if isinstance(pattern, RegexValue):
        return pattern
    if pattern is UNDEFINED:
        pattern = "(?:)"
    if not isinstance(pattern, str):
        return UNKNOWN
    return RegexValue(pattern, flags if isinstance(flags, str) else "")


@builtin("Proxy")
def _proxy(m: Machine, inv: Invocation) -> object:
    return inv.argument(0)


@builtin("Symbol", "Symbol.for", "BigInt")
def _symbol(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    return value if value.__class__ in CONSTANT_TYPES else UNKNOWN


@builtin("String.raw")
def _raw(m: Machine, inv: Invocation) -> object:
    parts = inv.argument(0)
    if not isinstance(parts, ArrayValue):
        return NOT_FOLDED
    texts = [to_text(part) for part in parts.items]
    holes = [shown(value, None) for value in inv.arguments[1:]]
    made = "".join([text + (holes[at] if at < len(holes) else "") for at, text in enumerate(texts)])
    if known(inv.with_arguments(inv.arguments[1:])):
        return made
    return Opaque(merge_sources([absorb(m, value, inv.scope, inv.start) for value in inv.arguments[1:]]), made)
