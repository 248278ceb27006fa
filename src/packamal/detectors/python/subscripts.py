"""Indexing and slicing, reading and writing, of constants, containers, name spaces and the environment."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.constants import constant, element, plain
from packamal.detectors.python.fold import MISSING, guarded
from packamal.detectors.python.namespaces import namespace_item, store_namespace_item
from packamal.detectors.python.record import Site, record_call, record_use
from packamal.detectors.python.values import (
    MAX_ENTRIES,
    UNKNOWN,
    Const,
    Instance,
    Join,
    Map,
    Param,
    Ref,
    Result,
    Seq,
    Unknown,
    Value,
    deep_sources,
    join_all,
    union,
    with_sources,
)
from packamal.detectors.python.walk import EXPRESSIONS, Walk, base, evaluate

_REVERSED: Final = slice(None, None, -1)


def subscript(walk: Walk, node: ast.Subscript) -> Value:
    """Value of `owner[index]`."""
    owner = base(walk, node.value)
    return item(walk, owner, index_of(walk, node.slice), node)


def index_of(walk: Walk, node: ast.expr) -> Value:
    """Value of an index; a slice of constants is a Const holding a slice."""
    if not isinstance(node, ast.Slice):
        return evaluate(walk, node)
    bounds = [None if part is None else evaluate(walk, part) for part in (node.lower, node.upper, node.step)]
    raw = [None if bound is None else plain(bound) for bound in bounds]
    if any(bound is MISSING for bound in raw):
        return Unknown(deep_sources(Seq([bound for bound in bounds if bound is not None])), "slice")
    return Const(slice(*raw))


def item(walk: Walk, owner: Value, index: Value, node: ast.AST) -> Value:
    """Value of an item of any value."""
    return _ITEMS[owner.__class__](walk, owner, index, node) if owner.__class__ in _ITEMS else _pass(owner, index)


def _pass(owner: Value, index: Value) -> Value:
    src = union(owner.src, index.src)
    return Unknown(src) if src else UNKNOWN


def _of_const(walk: Walk, owner: Const, index: Value, node: ast.AST) -> Value:
    if not isinstance(index, Const):
        return _pass(owner, index)
    raw = guarded(lambda text, key: text[key], owner.value, index.value)
    steps = owner.steps
    if isinstance(index.value, slice) and (index.value.step or 1) not in (1, None):
        name = "reverse" if index.value == _REVERSED else "slice"
        steps = steps if steps[-1:] == (name,) else (*steps, name)
    return constant(raw, owner.src, steps) or _pass(owner, index)


def _of_seq(walk: Walk, owner: Seq, index: Value, node: ast.AST) -> Value:
    if isinstance(index, Const) and isinstance(index.value, slice):
        picked = guarded(lambda items, key: items[key], owner.items, index.value)
        return Seq(list(picked), owner.src, owner.is_open, owner.is_tuple) if isinstance(picked, list) else UNKNOWN
    position = index.value if isinstance(index, Const) and not owner.is_open else None
    if isinstance(position, int) and -len(owner.items) <= position < len(owner.items):
        return owner.items[position]
    return with_sources(element(owner) or Unknown(deep_sources(owner)), index.src)


def _of_map(walk: Walk, owner: Map, index: Value, node: ast.AST) -> Value:
    if isinstance(index, Const):
        found = guarded(owner.items.get, index.value)
        if isinstance(found, Value):
            return found
    values = list(owner.items.values())
    if 0 < len(values) <= 4:
        return with_sources(join_all(values), union(owner.src, index.src))
    return Unknown(union(deep_sources(owner), index.src))


def _of_ref(walk: Walk, owner: Ref, index: Value, node: ast.AST) -> Value:
    name = owner.name
    if name in ("os.environ", "os.environb"):
        site = Site(node, [index])
        record_call(walk, name + ".__getitem__", site)
        return Result(name + ".__getitem__()", site.src, [index])
    found = namespace_item(walk, name, index, node)
    if found is not None:
        return found
    if name == "dir()" and isinstance(index, Result) and index.name == "dir().index()" and index.args:
        return index.args[0]
    if "(" in name:
        return _pass(owner, index)
    if name in _DATA and not owner.src:
        return Unknown(frozenset((record_use(walk, name, node),)), f"{name}[{_short(index)}]")
    if name.startswith(("ctypes.", "sys.modules")) and isinstance(index, Const) and isinstance(index.value, str):
        return Ref(f"{name}.{index.value}", owner.src)
    return owner


def _short(index: Value) -> str:
    return str(index.value)[:20] if isinstance(index, Const) else ""


_DATA: Final = frozenset(("sys.argv", "sys.path", "os.path", "sys.version_info", "sys.meta_path"))


def _of_join(walk: Walk, owner: Join, index: Value, node: ast.AST) -> Value:
    return with_sources(join_all([item(walk, option, index, node) for option in owner.options]), owner.src)


def _of_instance(walk: Walk, owner: Instance, index: Value, node: ast.AST) -> Value:
    return Unknown(union(deep_sources(owner), index.src))


def _of_any(walk: Walk, owner: Value, index: Value, node: ast.AST) -> Value:
    return _pass(owner, index)


_ITEMS: Final[dict[type[Value], Callable[[Walk, Any, Value, ast.AST], Value]]] = {
    Const: _of_const,
    Seq: _of_seq,
    Map: _of_map,
    Ref: _of_ref,
    Result: _of_ref,
    Join: _of_join,
    Instance: _of_instance,
}


def store_item(walk: Walk, target: ast.Subscript, value: Value) -> None:
    """`owner[index] = value`."""
    owner = base(walk, target.value)
    index = index_of(walk, target.slice)
    if isinstance(owner, Seq):
        _store_in_seq(owner, index, value)
    elif isinstance(owner, Map):
        _store_in_map(owner, index, value)
    elif isinstance(owner, Ref):
        _store_in_ref(walk, owner, index, value, target)
    else:
        absorb(walk, owner, union(value.src, index.src))


def _store_in_seq(owner: Seq, index: Value, value: Value) -> None:
    known = index.value if isinstance(index, Const) else None
    if isinstance(known, int) and -len(owner.items) <= known < len(owner.items):
        owner.items[known] = value
    else:
        owner.is_open = True
    owner.src = union(owner.src, value.src)


def _store_in_map(owner: Map, index: Value, value: Value) -> None:
    key = index.value if isinstance(index, Const) else MISSING
    if isinstance(key, str | bytes | int | tuple) and len(owner.items) < MAX_ENTRIES:
        owner.items[key] = value
    else:
        owner.is_open = True
    owner.src = union(owner.src, union(value.src, index.src))


def _store_in_ref(walk: Walk, owner: Ref, index: Value, value: Value, node: ast.AST) -> None:
    name = owner.name
    if store_namespace_item(walk, name, index, value):
        return
    if "(" in name:
        absorb(walk, owner, union(value.src, index.src))
        return
    record_call(walk, name + ".__setitem__", Site(node, [index, value]))


def absorb(walk: Walk, owner: Value, src: frozenset[int]) -> None:
    """Something is stored into a value: from now on it is made from that, too."""
    if not src:
        return
    if isinstance(owner, Param):
        effects = walk.function.effects
        effects[owner.label] = union(effects.get(owner.label, frozenset()), src)
        walk.session.link(owner.token, src)
    elif isinstance(owner, Ref):
        if owner.owner is not None:
            absorb(walk, owner.owner, src)
        elif isinstance(owner, Result):
            owner.src = union(owner.src, src)
    elif isinstance(owner, Join):
        for option in owner.options:
            absorb(walk, option, src)
    elif isinstance(owner, Seq | Map):
        owner.is_open = True
        owner.src = union(owner.src, src)
    elif isinstance(owner, Instance):
        owner.src = union(owner.src, src)


EXPRESSIONS[ast.Subscript] = subscript
