"""Literals, lambdas and the expressions that only pass a value on."""

from __future__ import annotations

import ast

from packamal.detectors.python.constants import elements, plain
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.functions import define
from packamal.detectors.python.record import literal
from packamal.detectors.python.values import (
    MAX_ENTRIES,
    UNKNOWN,
    Const,
    Function,
    Map,
    Seq,
    Unknown,
    Value,
    deep_sources,
    union,
)
from packamal.detectors.python.walk import EXPRESSIONS, Walk, children, evaluate


def _constant(walk: Walk, node: ast.Constant) -> Value:
    return literal(walk, node)


def _sequence(walk: Walk, node: ast.List | ast.Tuple | ast.Set) -> Value:
    items: list[Value] = []
    is_open = False
    for part in node.elts:
        if isinstance(part, ast.Constant):
            value = part.value.__class__
            items.append(Const(part.value) if value is int or value is float else literal(walk, part))
        elif isinstance(part, ast.Starred):
            inner = evaluate(walk, part.value)
            more = elements(inner)
            items.extend(more if more is not None else [inner])
            is_open = is_open or more is None
        else:
            items.append(evaluate(walk, part))
    made = Seq(items[:MAX_ENTRIES], is_open=is_open or len(items) > MAX_ENTRIES, is_tuple=node.__class__ is ast.Tuple)
    made.src = deep_sources(made)
    return made


def _dict(walk: Walk, node: ast.Dict) -> Value:
    made = Map({})
    for key, part in zip(node.keys, node.values, strict=True):
        value = evaluate(walk, part)
        made.src = union(made.src, value.src)
        if key is None:
            if isinstance(value, Map):
                made.items.update(value.items)
            made.is_open = made.is_open or not isinstance(value, Map) or value.is_open
            continue
        name = evaluate(walk, key)
        raw = plain(name)
        if raw is not MISSING and isinstance(raw, str | bytes | int | tuple) and len(made.items) < MAX_ENTRIES:
            made.items[raw] = value
        else:
            made.is_open = True
            made.src = union(made.src, name.src)
    return made


def _lambda(walk: Walk, node: ast.Lambda) -> Value:
    return Function(define(walk, node, "<lambda>"))


def _await(walk: Walk, node: ast.Await | ast.Starred) -> Value:
    return evaluate(walk, node.value)


def _yield(walk: Walk, node: ast.Yield | ast.YieldFrom) -> Value:
    if node.value is not None:
        value = evaluate(walk, node.value)
        more = elements(value) if isinstance(node, ast.YieldFrom) else [value]
        walk.yields.extend(more if more is not None else [Unknown(deep_sources(value))])
    return UNKNOWN


EXPRESSIONS.update(
    {
        ast.Constant: _constant,
        ast.List: _sequence,
        ast.Tuple: _sequence,
        ast.Set: _sequence,
        ast.Dict: _dict,
        ast.Lambda: _lambda,
        ast.Await: _await,
        ast.Starred: _await,
        ast.Yield: _yield,
        ast.YieldFrom: _yield,
        ast.Slice: children,
    }
)
