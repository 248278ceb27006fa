"""Methods of arrays."""

from __future__ import annotations

from collections.abc import Callable

from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.builtins_text import position
from packamal.detectors.javascript.characters import spelt_out
from packamal.detectors.javascript.coerce import MAX_STRING, text_of, to_number, to_text, truth
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, call_value, method
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import any_item
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.operators import strictly_equal
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    ArrayValue,
    Method,
    Opaque,
    join,
    merge_sources,
)

MAX_LENGTH = 100_000
"""Elements of one array."""
MAX_MAPPED = 3_000
"""Elements over which a function of the evaluated code is run one by one."""


def _array(receiver: object) -> ArrayValue:
    assert isinstance(receiver, ArrayValue)
    return receiver


def _is_closed(m: Machine, array: ArrayValue) -> bool:
    """Whether the array may be changed as told: known, and no older than the branch that is run."""
    return not array.is_open and m.level <= array.level


def loosen(m: Machine, array: ArrayValue, values: list[object]) -> None:
    """Something is done to the array that may not happen: its elements are in no known order from here on."""
    if m.dry and array.level < m.level:
        return
    array.is_open = True
    if len(array.items) < MAX_LENGTH:
        array.items += values
    array.sources = merge_sources((array.sources, *[sources_of(m, value, 2) for value in values]))


@method((ArrayValue,), "push")
def _push(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    if _is_closed(m, array) and not inv.has_rest and len(array.items) < MAX_LENGTH:
        array.items += inv.arguments
        return len(array.items)
    loosen(m, array, inv.arguments)
    return UNKNOWN


@method((ArrayValue,), "unshift")
def _unshift(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    if not _is_closed(m, array) or inv.has_rest or len(array.items) > MAX_LENGTH:
        loosen(m, array, inv.arguments)
        return UNKNOWN
    array.items[:0] = inv.arguments
    return len(array.items)


def _taker(name: str, at: int) -> None:
    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        array = _array(receiver)
        if _is_closed(m, array):
            return array.items.pop(at) if array.items else UNDEFINED
        loosen(m, array, [])
        return any_item(array)

    method((ArrayValue,), name)(run)


_taker("pop", -1)
_taker("shift", 0)


@method((ArrayValue,), "slice", "subarray")
def _slice(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    length = len(array.items)
    start, end = position(inv.argument(0), 0, length), position(inv.argument(1), length, length)
    if array.is_open or start is None or end is None:
        return _like(m, array)
    return ArrayValue(array.items[start:end], m.level)


def _like(m: Machine, array: ArrayValue) -> ArrayValue:
    """An array of some of the elements."""
    other = ArrayValue(list(array.items[:64]), m.level)
    other.is_open, other.sources = True, array.sources
    return other


@method((ArrayValue,), "splice")
def _splice(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    length = len(array.items)
    start = position(inv.argument(0), 0, length)
    count = to_number(inv.argument(1)) if len(inv.arguments) > 1 else length
    if not _is_closed(m, array) or start is None or count is None or inv.has_rest or count != count:
        loosen(m, array, inv.arguments[2:])
        return _like(m, array)
    end = start + max(0, int(min(count, length)))
    taken = array.items[start:end]
    array.items[start:end] = inv.arguments[2:]
    return ArrayValue(taken, m.level)


@method((ArrayValue,), "concat")
def _concat(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    made = ArrayValue(list(array.items), m.level)
    made.is_open, made.sources = array.is_open or inv.has_rest, array.sources
    for value in inv.arguments:
        if isinstance(value, ArrayValue):
            made.items += value.items[: MAX_LENGTH - len(made.items)]
            made.is_open = made.is_open or value.is_open
            made.sources = merge_sources((made.sources, value.sources))
        else:
            made.items.append(value)
            made.is_open = made.is_open or value.__class__ is Opaque
    return made


@method((ArrayValue,), "join")
def _join(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    separator = inv.argument(0)
    between = "," if separator is UNDEFINED else text_of(separator)
    texts = [("" if item is None or item is UNDEFINED else text_of(item)) for item in array.items]
    if array.is_open or between is None or None in texts:
        return _partly_joined(m, array, between or ",")
    whole = between.join([text for text in texts if text is not None])
    if array.sources:
        m.set_origin(whole, (), array.sources)
    if len(whole) == len(texts):
        spelt_out(m, whole, inv.scope, inv.start)
    return whole if len(whole) <= MAX_STRING else NOT_FOLDED


def _partly_joined(m: Machine, array: ArrayValue, between: str) -> object:
    sources = sources_of(m, array)
    if array.is_open or len(array.items) > 64:
        return Opaque(sources) if sources else UNKNOWN
    pieces = [getattr(item, "text", None) or text_of(item) or "{?}" for item in array.items]
    return Opaque(sources, between.join(pieces))


@method((ArrayValue,), "reverse")
def _reverse(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    if _is_closed(m, array):
        array.items.reverse()
        return array
    loosen(m, array, [])
    return array


def _finder(name: str) -> None:
    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        array, needle = _array(receiver), inv.argument(0)
        if array.is_open:
            return UNKNOWN
        found = -1
        for at, item in enumerate(array.items):
            same = strictly_equal(item, needle)
            if same is None:
                return UNKNOWN
            if same and (found < 0 or name == "lastIndexOf"):
                found = at
        return found >= 0 if name == "includes" else found

    method((ArrayValue,), name)(run)


for _name in ("indexOf", "includes", "lastIndexOf"):
    _finder(_name)


@method((ArrayValue,), "at")
def _at(m: Machine, receiver: object, inv: Invocation) -> object:
    array, at = _array(receiver), inv.argument(0)
    if array.is_open or not isinstance(at, int):
        return any_item(array)
    return array.items[at] if -len(array.items) <= at < len(array.items) else UNDEFINED


@method((ArrayValue,), "fill")
def _fill(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    if _is_closed(m, array) and len(inv.arguments) == 1:
        array.items = [inv.argument(0)] * len(array.items)
    else:
        loosen(m, array, inv.arguments[:1])
    return array


@method((ArrayValue,), "flat")
def _flat(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    made = ArrayValue([], m.level)
    made.is_open, made.sources = array.is_open, array.sources
    for item in array.items:
        if isinstance(item, ArrayValue):
            made.items += item.items[: MAX_LENGTH - len(made.items)]
            made.is_open = made.is_open or item.is_open
        else:
            made.items.append(item)
    return made


@method((ArrayValue,), "toString")
def _to_text(m: Machine, receiver: object, inv: Invocation) -> object:
    text = text_of(receiver)
    return text if text is not None else _partly_joined(m, _array(receiver), ",")


@method((ArrayValue,), "keys", "entries", "values")
def _values(m: Machine, receiver: object, inv: Invocation) -> object:
    return receiver


@method((ArrayValue,), "entries")
def _entries(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    made = ArrayValue([ArrayValue([at, item], m.level) for at, item in enumerate(array.items)], m.level)
    made.is_open, made.sources = array.is_open, array.sources
    made.fields = {"toString": Method(array, "toString")}
    return made


@method((ArrayValue,), "keys")
def _keys(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    return UNKNOWN if array.is_open else ArrayValue(list(range(len(array.items))), m.level)


def _apply_each(m: Machine, array: ArrayValue, inv: Invocation) -> list[object] | None:
    """Run a function over the elements, or once for all where they are not known; None then."""
    function = inv.argument(0)
    if array.is_open or len(array.items) > MAX_MAPPED:
        item = any_item(array)
        call_value(m, function, inv.with_arguments([item, UNKNOWN, array]))
        return None
    return [call_value(m, function, inv.with_arguments([item, at, array])) for at, item in enumerate(list(array.items))]


@method((ArrayValue,), "map", "flatMap")
def _map(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    results = _apply_each(m, array, inv)
    if results is None:
        other = _like(m, array)
        other.items = [call_value(m, inv.argument(0), inv.with_arguments([any_item(array), UNKNOWN, array]))]
        return other
    return ArrayValue(results, m.level)


@method((ArrayValue,), "forEach")
def _for_each(m: Machine, receiver: object, inv: Invocation) -> object:
    _apply_each(m, _array(receiver), inv)
    return UNDEFINED


@method((ArrayValue,), "filter")
def _filter(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    results = _apply_each(m, array, inv)
    kept = [truth(result) for result in results] if results is not None else [None]
    if results is None or None in kept:
        return _like(m, array)
    return ArrayValue([item for item, is_kept in zip(array.items, kept, strict=True) if is_kept], m.level)


def _test_each(name: str, decide: Callable[[list[object], list[bool | None]], object]) -> None:
    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        array = _array(receiver)
        results = _apply_each(m, array, inv)
        tests: list[bool | None] = [truth(result) for result in results] if results is not None else [None]
        if results is None or None in tests:
            return any_item(array) if name in {"find", "findLast"} else UNKNOWN
        return decide(array.items, tests)

    method((ArrayValue,), name)(run)


_test_each("some", lambda items, tests: any(tests))
_test_each("every", lambda items, tests: all(tests))
_test_each("find", lambda items, tests: next((item for item, t in zip(items, tests, strict=True) if t), UNDEFINED))
_test_each(
    "findLast", lambda items, tests: next((i for i, t in [*zip(items, tests, strict=True)][::-1] if t), UNDEFINED)
)
_test_each("findIndex", lambda items, tests: next((at for at, test in enumerate(tests) if test), -1))


def _reducer(name: str) -> None:
    def run(m: Machine, receiver: object, inv: Invocation) -> object:
        array, function = _array(receiver), inv.argument(0)
        items = list(array.items) if name == "reduce" else list(reversed(array.items))
        if array.is_open or len(items) > MAX_MAPPED:
            first = inv.argument(1)
            arguments = [join(first, any_item(array)), any_item(array), UNKNOWN, array]
            return call_value(m, function, inv.with_arguments(arguments))
        if len(inv.arguments) > 1:
            total = inv.argument(1)
        elif items:
            total = items.pop(0)
        else:
            return UNDEFINED
        for at, item in enumerate(items):
            total = call_value(m, function, inv.with_arguments([total, item, at, array]))
        return total

    method((ArrayValue,), name)(run)


_reducer("reduce")
_reducer("reduceRight")


@method((ArrayValue,), "sort")
def _sort(m: Machine, receiver: object, inv: Invocation) -> object:
    array = _array(receiver)
    items = array.items
    if not _is_closed(m, array) or inv.arguments or not all(item.__class__ in CONSTANT_TYPES for item in items):
        if inv.arguments:
            call_value(m, inv.argument(0), inv.with_arguments([any_item(array), any_item(array)]))
        loosen(m, array, [])
        return array
    array.items = sorted(items, key=to_text)
    return array
