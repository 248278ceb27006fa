"""Global functions and objects of the language: codes to text, numbers, JSON, Object, Reflect, Array."""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import quote

from packamal.detectors.decode import decode
from packamal.detectors.javascript.arguments import absorb, sources_of
from packamal.detectors.javascript.builtins_text import known
from packamal.detectors.javascript.coerce import (
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
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import any_item, get_member, set_member
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    Accessor,
    ArrayValue,
    Closure,
    ObjectValue,
    Opaque,
    Ref,
    RegexValue,
    merge_sources,
)


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
    text = "".join(characters)
    return join_surrogates(text) if len(text) > 1 else text


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


@builtin("unescape", "decodeURIComponent", "decodeURI")
def _unescape(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if not isinstance(text, str):
        return NOT_FOLDED
    if "%" not in text:
        return text
    raw = decode("percent", text.encode("utf-8", "replace"))
    return NOT_FOLDED if raw is None else raw.decode("utf-8", "replace")


@builtin("encodeURIComponent", "encodeURI", "escape")
def _escape(m: Machine, inv: Invocation) -> object:
    text = inv.argument(0)
    if text.__class__ not in CONSTANT_TYPES:
        return text if isinstance(text, Opaque) else made_of(m, inv)
    return quote(to_text(text), safe="-_.!~*'()")


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


@builtin("Object.assign")
def _assign(m: Machine, inv: Invocation) -> object:
    target = inv.argument(0)
    for source in inv.arguments[1:]:
        if isinstance(source, ObjectValue):
            for key, value in source.fields.items():
                set_member(m, target, key, value)
            if isinstance(target, ObjectValue):
                target.is_open = target.is_open or source.is_open
                target.sources = merge_sources((target.sources, source.sources))
        elif isinstance(target, ObjectValue):
            target.is_open = True
            found = absorb(m, source, inv.scope, inv.start)
            target.sources = merge_sources((target.sources, found))
    return target


@builtin("Object.freeze", "Object.seal", "Object.preventExtensions", "structuredClone", "Object.setPrototypeOf")
def _same(m: Machine, inv: Invocation) -> object:
    return inv.argument(0)


@builtin("Object.create")
def _create(m: Machine, inv: Invocation) -> object:
    prototype = inv.argument(0)
    if isinstance(prototype, ObjectValue | Ref):
        return ObjectValue({}, m.level, prototype)
    return ObjectValue({}, m.level)


@builtin("Object", "Object.fromEntries")
def _object(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ArrayValue) and not value.is_open:
        fields: dict[str, object] = {}
        for pair in value.items:
            if isinstance(pair, ArrayValue) and len(pair.items) == 2 and isinstance(pair.items[0], str):
                fields[pair.items[0]] = pair.items[1]
        return ObjectValue(fields, m.level)
    if isinstance(value, ObjectValue | Closure | Ref):
        return value
    made = ObjectValue({}, m.level)
    if value is not UNDEFINED:
        made.is_open, made.sources = True, absorb(m, value, inv.scope, inv.start)
    return made


@builtin("Object.keys", "Object.getOwnPropertyNames", "Reflect.ownKeys")
def _keys(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue(list(value.fields), m.level)
    return _open_array(m, inv)


@builtin("Object.values")
def _values(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue(list(value.fields.values()), m.level)
    return _open_array(m, inv)


@builtin("Object.entries")
def _entries(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue([ArrayValue([key, item], m.level) for key, item in value.fields.items()], m.level)
    return _open_array(m, inv)


def _open_array(m: Machine, inv: Invocation) -> ArrayValue:
    made = ArrayValue([], m.level)
    made.is_open = True
    made.sources = absorb(m, inv.argument(0), inv.scope, inv.start)
    return made


@builtin("Object.defineProperty", "Reflect.defineProperty")
def _define_property(m: Machine, inv: Invocation) -> object:
    target, key, how = inv.argument(0), inv.argument(1), inv.argument(2)
    if isinstance(how, ObjectValue) and isinstance(key, str):
        getter = how.fields.get("get", UNDEFINED)
        value = how.fields.get("value", UNDEFINED)
        if isinstance(target, ObjectValue) and getter is not UNDEFINED:
            target.fields[key] = Accessor(getter, how.fields.get("set", UNDEFINED))
        elif value is not UNDEFINED and key != "__esModule":
            if isinstance(target, Ref):
                return NOT_FOLDED
            set_member(m, target, key, value)
    elif isinstance(target, Ref):
        return NOT_FOLDED
    return target


@builtin("Reflect.get", "Object.getOwnPropertyDescriptor")
def _reflect_get(m: Machine, inv: Invocation) -> object:
    return get_member(m, inv.argument(0), inv.argument(1))


@builtin("Reflect.set")
def _reflect_set(m: Machine, inv: Invocation) -> object:
    set_member(m, inv.argument(0), inv.argument(1), inv.argument(2))
    return True


@builtin("Reflect.apply")
def _reflect_apply(m: Machine, inv: Invocation) -> object:
    call = inv.with_arguments(listed(m, inv.argument(2)), inv.argument(1))
    return call_value(m, inv.argument(0), call)


@builtin("Reflect.construct")
def _reflect_construct(m: Machine, inv: Invocation) -> object:
    call = inv.with_arguments(listed(m, inv.argument(1)))
    call.is_new = True
    return call_value(m, inv.argument(0), call)


def listed(m: Machine, value: object) -> list[object]:
    """The elements of an array-like argument list."""
    if isinstance(value, ArrayValue):
        return list(value.items) if not value.is_open else [any_item(value)]
    if value is UNDEFINED or value is None:
        return []
    sources = sources_of(m, value)
    return [Opaque(sources)] if sources else [UNKNOWN]


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
        made = _open_array(m, inv)
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
    if not isinstance(pattern, str):
        return UNKNOWN
    return RegexValue(pattern, flags if isinstance(flags, str) else "")


@builtin("Map", "Set", "WeakMap", "WeakSet", "Headers", "URLSearchParams", "FormData")
def _map(m: Machine, inv: Invocation) -> object:
    if not inv.is_new:
        return NOT_FOLDED
    value = inv.argument(0)
    made = ObjectValue({}, m.level)
    made.kind = "Map"
    if isinstance(value, ObjectValue):
        made.fields.update(value.fields)
        made.is_open, made.sources = value.is_open, value.sources
    elif value is not UNDEFINED:
        made.is_open = True
        made.sources = absorb(m, value, inv.scope, inv.start)
        if isinstance(value, ArrayValue):
            _fill_map(made, value)
    return made


def _fill_map(made: ObjectValue, pairs: ArrayValue) -> None:
    for pair in pairs.items:
        if isinstance(pair, ArrayValue) and len(pair.items) == 2 and isinstance(pair.items[0], str):
            made.fields[pair.items[0]] = pair.items[1]
    made.is_open = pairs.is_open


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
    if not isinstance(parts, ArrayValue) or not known(inv.with_arguments(inv.arguments[1:])):
        return NOT_FOLDED
    texts = [to_text(part) for part in parts.items]
    holes = [to_text(value) for value in inv.arguments[1:]]
    return "".join([text + (holes[at] if at < len(holes) else "") for at, text in enumerate(texts)])
