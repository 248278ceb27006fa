"""Methods of constants, templates and containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.constants import constant, element, elements, plain, steps_of
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.fold import method as fold_method
from packamal.detectors.python.models_codecs import decode_text
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.templates import format_braces, map_text, parts_of, template, text_value
from packamal.detectors.python.values import (
    MAX_ENTRIES,
    NO_VALUE,
    UNKNOWN,
    Const,
    Map,
    Method,
    Seq,
    Template,
    Unknown,
    Value,
    deep_sources,
    gather,
    join_all,
    union,
    with_sources,
)
from packamal.detectors.python.walk import Walk

Apply = Callable[[Walk, Value, Site], Value]


def call_method(walk: Walk, target: Method, site: Site, apply: Apply) -> Value:
    """Call a method of a value that is no object of a library."""
    owner, name = target.owner, target.name
    if name in ("__call__", "__get__") and not isinstance(owner, Const):
        return apply(walk, owner, site)
    site.src = union(union(owner.src, site.extra), gather([*site.args, *site.named.values()]))
    handler = _OWNERS.get(owner.__class__)
    result = handler(walk, owner, name, site) if handler is not None else None
    if result is not None:
        return result
    return Unknown(site.src) if site.src else UNKNOWN


_TYPE_NAMES: Final = {str: "str", bytes: "bytes", int: "int", float: "float", tuple: "tuple"}


def _of_const(walk: Walk, owner: Const, name: str, site: Site) -> Value | None:
    if name == "join" and site.args:
        return _join(walk, owner, site)
    if name in ("format", "format_map"):
        named = dict(site.named)
        if name == "format_map" and site.args and isinstance(site.args[0], Map):
            named.update((str(key), item) for key, item in site.args[0].items.items())
            return format_braces(owner, [], named)
        return format_braces(owner, site.args, named)
    if name == "decode":
        return decode_text(walk, owner, site)
    args = [plain(arg) for arg in site.args]
    named_args = {key: plain(arg) for key, arg in site.named.items()}
    if MISSING in args or MISSING in named_args.values():
        return _partly(owner, name, site)
    steps = steps_of(owner, *site.args)
    if name in _DECODING:
        steps = steps if name in steps else (*steps, name)
    return constant(fold_method(owner.value, name, args, named_args), site.src, steps)


_DECODING: Final = frozenset(("replace", "translate", "swapcase"))


def _partly(owner: Const, name: str, site: Site) -> Value | None:
    if name == "replace" and isinstance(owner.value, str):
        return Template(parts_of(owner), site.src)
    return None


def _join(walk: Walk, owner: Const, site: Site) -> Value | None:
    """`"".join(parts)`."""
    parts = site.args[0]
    record_call(walk, _TYPE_NAMES.get(type(owner.value), "str") + ".join", site)
    known = plain(parts)
    if known is not MISSING:
        folded = constant(fold_method(owner.value, "join", [_listed(known)], {}), site.src, steps_of(owner, parts))
        if folded is not None:
            return folded
    items = elements(parts)
    if items is None or len(items) > MAX_ENTRIES or not isinstance(owner.value, str):
        return Unknown(site.src)
    pieces: list[str | Value] = []
    for index, item in enumerate(items[:256]):
        if index and owner.value:
            pieces.append(owner.value)
        pieces.extend(parts_of(text_value(item)))
    return template(pieces, site.src)


def _listed(known: object) -> object:
    return tuple(known) if isinstance(known, tuple | str | dict) else known


def _of_template(walk: Walk, owner: Template, name: str, site: Site) -> Value | None:
    if name in ("lower", "upper"):
        return with_sources(map_text(owner, name), site.src)
    if name in ("format", "format_map"):
        return Template(owner.parts, site.src)
    if name in ("encode", "decode", "strip", "rstrip", "lstrip", "rstrip", "replace", "title", "removesuffix"):
        return with_sources(owner, site.src)
    return None


def _of_seq(walk: Walk, owner: Seq, name: str, site: Site) -> Value | None:
    handler = _SEQ_METHODS.get(name)
    return handler(owner, site) if handler is not None else None


def _append(owner: Seq, site: Site) -> Value:
    if site.args:
        if len(owner.items) < MAX_ENTRIES:
            owner.items.append(site.args[-1])
        else:
            owner.is_open = True
        owner.src = union(owner.src, deep_sources(site.args[-1]))
    return NO_VALUE


def _insert(owner: Seq, site: Site) -> Value:
    if len(site.args) == 2:
        position = plain(site.args[0])
        owner.items.insert(position if isinstance(position, int) else len(owner.items), site.args[1])
        owner.src = union(owner.src, deep_sources(site.args[1]))
    return NO_VALUE


def _extend(owner: Seq, site: Site) -> Value:
    for arg in site.args:
        more = elements(arg)
        owner.is_open = owner.is_open or more is None
        owner.items.extend((more or [])[: MAX_ENTRIES - len(owner.items)])
        owner.src = union(owner.src, deep_sources(arg))
    return NO_VALUE


def _pop(owner: Seq, site: Site) -> Value:
    position = plain(site.args[0]) if site.args else -1
    if not owner.is_open and isinstance(position, int) and -len(owner.items) <= position < len(owner.items):
        return owner.items.pop(position)
    return element(owner) or Unknown(deep_sources(owner))


def _reverse(owner: Seq, site: Site) -> Value:
    owner.items.reverse()
    return NO_VALUE


def _seq_copy(owner: Seq, site: Site) -> Seq:
    return Seq(list(owner.items), owner.src, owner.is_open)


def _seq_index(owner: Seq, site: Site) -> Value:
    known, wanted = plain(owner), plain(site.args[0]) if site.args else MISSING
    if isinstance(known, tuple) and wanted is not MISSING and wanted in known:
        return Const(known.index(wanted), site.src)
    return Unknown(site.src)


def _clear(owner: Seq | Map, site: Site) -> Value:
    owner.items.clear()
    return NO_VALUE


_SEQ_METHODS: Final[dict[str, Callable[[Seq, Site], Value]]] = {
    "append": _append,
    "add": _append,
    "appendleft": _append,
    "insert": _insert,
    "extend": _extend,
    "update": _extend,
    "pop": _pop,
    "reverse": _reverse,
    "copy": _seq_copy,
    "index": _seq_index,
    "clear": _clear,
    "__getitem__": lambda owner, site: _pop(_seq_copy(owner, site), site),
}


def _of_map(walk: Walk, owner: Map, name: str, site: Site) -> Value | None:
    handler = _MAP_METHODS.get(name)
    return handler(owner, site) if handler is not None else None


def _get(owner: Map, site: Site) -> Value | None:
    key = plain(site.args[0]) if site.args else MISSING
    default = site.args[1] if len(site.args) > 1 else NO_VALUE
    if key is not MISSING and isinstance(key, str | bytes | int | tuple):
        found = owner.items.get(key)
        if found is not None:
            return found
        return default if not owner.is_open else Unknown(union(owner.src, default.src))
    values = list(owner.items.values())
    if 0 < len(values) <= 4:
        return with_sources(join_all(values), site.src)
    return None


def _set_default(owner: Map, site: Site) -> Value | None:
    key = plain(site.args[0]) if site.args else MISSING
    if isinstance(key, str | bytes | int) and len(site.args) > 1:
        owner.src = union(owner.src, deep_sources(site.args[1]))
        return owner.items.setdefault(key, site.args[1])
    return None


def _update(owner: Map, site: Site) -> Value:
    for arg in site.args:
        if isinstance(arg, Map):
            owner.items.update(arg.items)
        else:
            owner.is_open = True
        owner.src = union(owner.src, deep_sources(arg))
    owner.items.update(site.named)
    owner.src = union(owner.src, gather(site.named.values()))
    return NO_VALUE


def _values(owner: Map, site: Site) -> Value:
    return Seq(list(owner.items.values()), owner.src, owner.is_open)


def _keys(owner: Map, site: Site) -> Value:
    return Seq([Const(key, owner.src) for key in owner.items], owner.src, owner.is_open)


def _items(owner: Map, site: Site) -> Value:
    pairs: list[Value] = [
        Seq([Const(key), value], union(owner.src, value.src), is_tuple=True) for key, value in owner.items.items()
    ]
    return Seq(pairs, owner.src, owner.is_open)


def _map_copy(owner: Map, site: Site) -> Value:
    return Map(dict(owner.items), owner.src, owner.is_open)


_MAP_METHODS: Final[dict[str, Callable[[Map, Site], Value | None]]] = {
    "get": _get,
    "pop": _get,
    "__getitem__": _get,
    "setdefault": _set_default,
    "update": _update,
    "values": _values,
    "keys": _keys,
    "items": _items,
    "iteritems": _items,
    "itervalues": _values,
    "copy": _map_copy,
    "clear": _clear,
}


_OWNERS: Final[dict[type[Value], Callable[[Walk, Any, str, Site], Value | None]]] = {
    Const: _of_const,
    Template: _of_template,
    Seq: _of_seq,
    Map: _of_map,
}
