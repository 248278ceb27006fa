"""The Object and Reflect functions, maps and sets."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import absorb, sources_of
from packamal.detectors.javascript.dispatch import NOT_FOLDED, Invocation, builtin, call_value
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import any_item, get_member, set_member
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    UNKNOWN,
    Accessor,
    ArrayValue,
    Closure,
    ObjectValue,
    Opaque,
    Ref,
    merge_sources,
)


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


@builtin("Object.getPrototypeOf", "Reflect.getPrototypeOf")
def _prototype(m: Machine, inv: Invocation) -> object:
    """What functions have in common leads to the maker of functions; an empty one is there for nothing else."""
    value = inv.argument(0)
    is_empty = isinstance(value, Closure) and value.node.body == [] and value.node.unbuilt is None
    return Ref("Function.prototype") if is_empty else NOT_FOLDED


@builtin("Object.keys", "Object.getOwnPropertyNames", "Reflect.ownKeys")
def _keys(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue(list(value.fields), m.level)
    return open_array(m, inv)


@builtin("Object.values")
def _values(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue(list(value.fields.values()), m.level)
    return open_array(m, inv)


@builtin("Object.entries")
def _entries(m: Machine, inv: Invocation) -> object:
    value = inv.argument(0)
    if isinstance(value, ObjectValue) and not value.is_open:
        return ArrayValue([ArrayValue([key, item], m.level) for key, item in value.fields.items()], m.level)
    return open_array(m, inv)


def open_array(m: Machine, inv: Invocation) -> ArrayValue:
    """An array of unknown elements, made of the first argument."""
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
