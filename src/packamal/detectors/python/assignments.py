"""Everything that gives a value a name: assignment, unpacking, stores on objects, deletion of neither."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.arguments import record_text
from packamal.detectors.python.classes import store_attribute
from packamal.detectors.python.constants import elements
from packamal.detectors.python.evaluate_operators import operate
from packamal.detectors.python.names import member
from packamal.detectors.python.record import record_use
from packamal.detectors.python.subscripts import absorb, store_item
from packamal.detectors.python.values import (
    UNKNOWN,
    Class,
    Const,
    Instance,
    Join,
    Module,
    Ref,
    Seq,
    Unknown,
    Value,
    deep_sources,
    union,
)
from packamal.detectors.python.walk import BASES, EXPRESSIONS, NORMAL, STATEMENTS, Walk, base, evaluate


def alias_value(walk: Walk, node: ast.expr) -> Value:
    """Value of what gets a new name: naming something is not yet using it."""
    if isinstance(node, ast.Tuple) and not any(isinstance(item, ast.Starred) for item in node.elts):
        items = [alias_value(walk, item) for item in node.elts]
        return Seq(items, deep_sources(Seq(items)), is_tuple=True)
    return BASES[node.__class__](walk, node)


def assign(walk: Walk, target: ast.AST, value: Value) -> None:
    """Give a target a value."""
    handler = _TARGETS.get(target.__class__)
    if handler is not None:
        handler(walk, target, value)


def _to_name(walk: Walk, target: ast.Name, value: Value) -> None:
    walk.scope.bind(target.id, value)


def _to_tuple(walk: Walk, target: ast.Tuple | ast.List, value: Value) -> None:
    targets: list[ast.expr] = target.elts
    items = elements(value)
    star = next((index for index, item in enumerate(targets) if isinstance(item, ast.Starred)), None)
    if items is not None and star is None and len(items) == len(targets):
        for item, part in zip(targets, items, strict=True):
            assign(walk, item, part)
    elif items is not None and star is not None and len(items) >= len(targets) - 1:
        after = len(targets) - star - 1
        middle = items[star : len(items) - after]
        parts = [*items[:star], Seq(middle, deep_sources(Seq(middle))), *items[len(items) - after :]]
        for item, part in zip(targets, parts, strict=False):
            assign(walk, item, part)
    else:
        part = _part(value)
        for item in targets:
            assign(walk, item, part)


def _part(value: Value) -> Value:
    src = deep_sources(value)
    return Unknown(src) if src else UNKNOWN


def _to_starred(walk: Walk, target: ast.Starred, value: Value) -> None:
    assign(walk, target.value, value)


def _to_attribute(walk: Walk, target: ast.Attribute, value: Value) -> None:
    owner = base(walk, target.value)
    for option in owner.options if isinstance(owner, Join) else (owner,):
        if isinstance(option, Instance):
            store_attribute(walk, option, target.attr, value)
        elif isinstance(option, Class):
            option.record.attributes[target.attr] = value
            walk.session.link(walk.session.attribute_token(option.record, target.attr), deep_sources(value))
        elif isinstance(option, Module):
            option.record.scope.bind(target.attr, value)
        elif isinstance(option, Ref) and "(" not in option.name:
            record_use(walk, member(option.name, target.attr), target, value)
        else:
            absorb(walk, option, deep_sources(value))


def _to_subscript(walk: Walk, target: ast.Subscript, value: Value) -> None:
    store_item(walk, target, value)


_TARGETS: Final[dict[type[ast.AST], Callable[[Walk, Any, Value], None]]] = {
    ast.Name: _to_name,
    ast.Tuple: _to_tuple,
    ast.List: _to_tuple,
    ast.Starred: _to_starred,
    ast.Attribute: _to_attribute,
    ast.Subscript: _to_subscript,
}


def _assign(walk: Walk, node: ast.Assign) -> int:
    value = alias_value(walk, node.value)
    if isinstance(value, Const) and value.is_assembled and value.fact < 0 and not walk.is_repeat:
        record_text(walk, value, walk.spot(node))
    for target in node.targets:
        if target.__class__ is ast.Name:
            walk.scope.bind(target.id, value)
        else:
            assign(walk, target, value)
    return NORMAL


def _ann_assign(walk: Walk, node: ast.AnnAssign) -> int:
    if node.value is not None:
        assign(walk, node.target, alias_value(walk, node.value))
    return NORMAL


def _aug_assign(walk: Walk, node: ast.AugAssign) -> int:
    before = base(walk, node.target)
    value = evaluate(walk, node.value)
    if isinstance(before, Seq) and isinstance(node.op, ast.Add):
        more = elements(value)
        before.items.extend(more or ())
        before.is_open = before.is_open or more is None
        before.src = union(before.src, deep_sources(value))
        return NORMAL
    step = ast.BinOp(node.target, node.op, node.value, lineno=node.lineno, col_offset=node.col_offset)
    assign(walk, node.target, operate(walk, step, before, value))
    return NORMAL


def _named(walk: Walk, node: ast.NamedExpr) -> Value:
    value = alias_value(walk, node.value)
    walk.scope.bind(node.target.id, value)
    return value


STATEMENTS[ast.Assign] = _assign
STATEMENTS[ast.AnnAssign] = _ann_assign
STATEMENTS[ast.AugAssign] = _aug_assign
EXPRESSIONS[ast.NamedExpr] = _named
