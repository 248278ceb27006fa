"""Reading and writing members of values."""

from __future__ import annotations

from packamal.detectors.javascript.coerce import text_of, to_text
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.names import CONSTRUCTORS, GLOBAL, SELVES, member_name
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    NO_SOURCES,
    UNKNOWN,
    Accessor,
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
    alternatives,
    join,
    merge_sources,
)

MAX_PROTOTYPES = 16
"""Links followed in a chain of prototypes, which may be a ring."""
MAX_MEMBERS = 20_000
"""Members of one object or array that evaluation makes."""
_ABOVE = {"constructor": "Function", "__proto__": "Function.prototype"}
"""Where members of any function lead."""
_TO_OTHERS = frozenset({"prototype", "call", "apply", "bind", "toString"})


def key_text(key: object) -> str | None:
    """A computed member's name; None when it is not known."""
    if key.__class__ is str:
        return key
    return text_of(key) if key.__class__ is not Opaque else None


def get_member(m: Machine, value: object, key: object) -> object:
    """Read `value[key]`; getters are not run (see calls.get)."""
    kind = value.__class__
    if kind is Ref:
        return _of_ref(m, value, key)  # type: ignore[arg-type]
    if kind is Opaque:
        return _of_opaque(value, key)  # type: ignore[arg-type]
    if kind is ObjectValue:
        return _of_object(value, key)  # type: ignore[arg-type]
    if kind is ArrayValue:
        return _of_array(value, key)  # type: ignore[arg-type]
    if kind is str or kind is bytes:
        return _of_text(value, key)  # type: ignore[arg-type]
    if kind is Closure or kind is ClassValue:
        return _of_function(value, key)  # type: ignore[arg-type]
    if kind is Join:
        found: object = UNDEFINED
        for item in value.values:  # type: ignore[attr-defined]
            if item is not None and item is not UNDEFINED:
                found = join(found, get_member(m, item, key))
        return found
    return _of_other(m, value, key)


def _of_ref(m: Machine, value: Ref, key: object) -> object:
    name = key_text(key)
    if name is None:
        sources = merge_sources((value.sources, key.sources if isinstance(key, Opaque) else NO_SOURCES))
        return Ref(member_name(value.name, "?"), sources, value.owner)
    if value.fields is not None and name in value.fields:
        return value.fields[name]
    if not value.name:
        return GLOBAL if name in SELVES else m.global_names.get(name) or Ref(name)
    if value.is_module and name in {"default", "__esModule"}:
        return value
    if name == "name" and value.name in CONSTRUCTORS:
        return value.name
    full = member_name(value.name, name)
    if not full:
        return GLOBAL
    has_owner = bool(value.sources) or ")" in value.name
    found = Ref(full, value.sources, value if has_owner else value.owner)
    found.steps = value.steps
    found.is_module = full.endswith(".promises") and value.is_module
    return found


def _of_opaque(value: Opaque, key: object) -> object:
    sources = value.sources
    if isinstance(key, Opaque) and key.sources:
        sources = merge_sources((sources, key.sources))
    if key == "constructor":
        return Ref("?.constructor", sources, value)
    return Opaque(sources, None, value.steps) if sources or value.steps else UNKNOWN


def _of_object(value: ObjectValue, key: object) -> object:
    name = key_text(key)
    if name is None:
        found: object = UNDEFINED
        for item in list(value.fields.values())[:64]:
            found = join(found, item)
        return join(found, Opaque(value.sources) if value.sources else UNKNOWN)
    found = look_up(value, name)
    if found is not UNDEFINED:
        return found
    if value.is_open or value.sources:
        return Opaque(value.sources) if value.sources else UNKNOWN
    if name == "constructor":
        return Ref("Object")
    return UNDEFINED


def look_up(value: ObjectValue, name: str) -> object:
    """A member of an object or of its prototypes; undefined when there is none."""
    holder: object = value
    for _ in range(MAX_PROTOTYPES):
        if isinstance(holder, ObjectValue):
            if name in holder.fields:
                return holder.fields[name]
            holder = holder.prototype
        elif isinstance(holder, ClassValue):
            if name in holder.members:
                return holder.members[name]
            if name == "constructor":
                return holder
            holder = holder.base
            if isinstance(holder, Closure):
                holder = prototype_of(holder)
        elif isinstance(holder, Ref):
            return Ref(f"{holder.name}().{name}", NO_SOURCES, value)
        else:
            break
    return UNDEFINED


def _of_array(value: ArrayValue, key: object) -> object:
    if key.__class__ is int:
        if 0 <= key < len(value.items) and not value.is_open:
            return value.items[key]
        return UNDEFINED if not value.is_open else any_item(value)
    name = key_text(key)
    if name is None:
        return any_item(value)
    if name == "length":
        return len(value.items) if not value.is_open else Opaque(value.sources)
    if name.isdigit():
        return _of_array(value, int(name)) if len(name) < 10 else UNDEFINED
    if value.fields is not None and name in value.fields:
        return value.fields[name]
    if name == "constructor":
        return Ref("Array")
    return Method(value, name) if name in ARRAY_METHODS else UNDEFINED


def any_item(value: ArrayValue) -> object:
    """What an element may be when it is not known which."""
    found: object = Opaque(value.sources) if value.sources else UNDEFINED
    for item in value.items[:64]:
        found = join(found, item)
    return UNKNOWN if found is UNDEFINED else found


def _of_text(value: str | bytes, key: object) -> object:
    if key.__class__ is int or key.__class__ is float:
        if isinstance(key, int) and 0 <= key < len(value):
            return value[key]
        return UNDEFINED
    name = key_text(key)
    if name is None:
        return UNKNOWN
    if name == "length":
        return len(value)
    if name.isdigit() and len(name) < 10:
        return _of_text(value, int(name))
    if name == "constructor":
        return Ref("String" if isinstance(value, str) else "Buffer")
    return Method(value, name)


def prototype_of(value: Closure) -> ObjectValue:
    """The object that `new` gives to what a function makes."""
    fields = value.fields = value.fields if value.fields is not None else {}
    found = fields.get("prototype")
    if not isinstance(found, ObjectValue):
        found = fields["prototype"] = ObjectValue({"constructor": value})
    return found


def _of_function(value: Closure | ClassValue, key: object) -> object:
    name = key_text(key)
    if name is None:
        return UNKNOWN
    if value.fields and name in value.fields:
        return value.fields[name]
    if isinstance(value, ClassValue):
        if name == "prototype":
            return ObjectValue(value.members, 0, value.base)
        if name == "name":
            return value.node.name
        if isinstance(value.base, ClassValue | Closure):
            return _of_function(value.base, name)
        return UNDEFINED
    if name == "prototype":
        return prototype_of(value)
    if name in _ABOVE:
        return Ref(_ABOVE[name])
    if name == "name":
        return value.node.name
    return Method(value, name) if name in _TO_OTHERS else UNDEFINED


def _of_other(m: Machine, value: object, key: object) -> object:
    if value is UNDEFINED or value is None:
        if m.concrete:
            raise JsThrow("TypeError")
        return UNKNOWN
    name = key_text(key)
    if name is None:
        return UNKNOWN
    if name == "constructor":
        kinds = {bool: "Boolean", int: "Number", float: "Number", RegexValue: "RegExp"}
        return Ref(kinds.get(value.__class__, "Function"))
    if isinstance(value, RegexValue):
        named = {"source": value.pattern, "flags": value.flags, "lastIndex": value.last}
        return named.get(name, Method(value, name))
    if isinstance(value, Bound | Native | Method) and name == "name":
        return getattr(value, "name", "")
    return Method(value, name)


def set_member(m: Machine, value: object, key: object, new: object) -> None:
    """Write `value[key] = new`; writes to references are recorded by who calls this."""
    for target in value.values if isinstance(value, Join) else (value,):
        if isinstance(target, ArrayValue):
            _set_item(m, target, key, new)
        elif isinstance(target, ObjectValue):
            _set_field(m, target.fields, target, key, new)
        elif isinstance(target, Closure | ClassValue):
            if target.fields is None:
                target.fields = {}
            _set_field(m, target.fields, None, key, new)
        elif isinstance(target, Ref):
            _set_of_ref(m, target, key, new)


def _is_weak(m: Machine, level: int) -> bool:
    """Whether a write may not happen, seen from where the thing was made."""
    return m.level > level


def _set_field(m: Machine, fields: dict[str, object], owner: ObjectValue | None, key: object, new: object) -> None:
    level = owner.level if owner is not None else 0
    if m.dry and level < m.level:
        return
    name = key_text(key)
    if name is None or len(fields) >= MAX_MEMBERS:
        if owner is not None:
            owner.is_open = True
            owner.sources = merge_sources((owner.sources, *_plain_sources(new)))
        return
    old = fields.get(name, UNDEFINED)
    if isinstance(old, Accessor):
        return
    fields[name] = join(old, new) if _is_weak(m, level) and old is not UNDEFINED else new


def _plain_sources(value: object) -> list[frozenset[int]]:
    holders = [one for one in alternatives(value) if isinstance(one, Opaque | Ref | ObjectValue | ArrayValue)]
    return [holder.sources for holder in holders]


def _set_item(m: Machine, array: ArrayValue, key: object, new: object) -> None:
    if m.dry and array.level < m.level:
        return
    if key.__class__ is not int:
        name = key_text(key)
        if name is not None and name.isdigit() and len(name) < 10:
            key = int(name)
        elif name is not None:
            if name == "length":
                _truncate(array, new)
                return
            array.fields = array.fields if array.fields is not None else {}
            if len(array.fields) < MAX_MEMBERS:
                array.fields[name] = new
            return
    if not isinstance(key, int) or not 0 <= key < MAX_MEMBERS:
        array.is_open = True
        array.sources = merge_sources((array.sources, *_plain_sources(new)))
        return
    while len(array.items) <= key:
        array.items.append(UNDEFINED)
    array.items[key] = join(array.items[key], new) if _is_weak(m, array.level) else new


def _truncate(array: ArrayValue, length: object) -> None:
    if isinstance(length, int) and 0 <= length <= len(array.items):
        del array.items[length:]


def _set_of_ref(m: Machine, target: Ref, key: object, new: object) -> None:
    name = key_text(key)
    if name is None or m.dry:
        return
    if not target.name:
        m.global_names[name] = new
        return
    if "(" in target.name or target.sources:
        target.fields = target.fields if target.fields is not None else {}
        if len(target.fields) < MAX_MEMBERS:
            target.fields[name] = new


def shown_key(key: object) -> str:
    """A member's name for a canonical name."""
    if isinstance(key, str):
        return key
    return to_text(key) if isinstance(key, int) else "?"


ARRAY_METHODS = frozenset((
    "push", "pop", "shift", "unshift", "slice", "splice", "concat", "join", "reverse", "indexOf", "lastIndexOf",
    "includes", "map", "forEach", "filter", "reduce", "reduceRight", "some", "every", "find", "findIndex", "findLast",
    "flat", "flatMap", "sort", "keys", "values", "entries", "at", "fill", "toString", "copyWithin", "set", "subarray",
    "buffer", "hasOwnProperty",
))  # fmt: skip
