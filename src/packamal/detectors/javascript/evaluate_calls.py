"""Evaluation of calls, `new` and tagged templates."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import consume, sources_of
from packamal.detectors.javascript.calls import call_method
from packamal.detectors.javascript.dispatch import Invocation, call_value, evaluate, evaluates
from packamal.detectors.javascript.interop import INTEROP, through_interop
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import (
    Call,
    Index,
    Literal,
    Member,
    Name,
    New,
    Node,
    Spread,
    Super,
    Tagged,
    Template,
)
from packamal.detectors.javascript.notes import note_rebuilt
from packamal.detectors.javascript.objects import call_super
from packamal.detectors.javascript.references import reference, super_member
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import ArrayValue, Opaque


def arguments_of(m: Machine, nodes: list[Node], scope: Scope, start: int) -> Invocation:
    """Evaluate arguments."""
    values: list[object] = []
    inv = Invocation(values, scope, start)
    for node in nodes:
        if node.__class__ is Literal:
            values.append(node.value)
        elif isinstance(node, Spread):
            value = evaluate(m, node.value, scope)
            if isinstance(value, ArrayValue):
                values += value.items
                inv.has_rest = inv.has_rest or value.is_open
            else:
                inv.has_rest = True
                values.append(Opaque(sources_of(m, consume(m, value, scope, start))))
        else:
            values.append(evaluate(m, node, scope))
    return inv


@evaluates(Call)
def _call(m: Machine, node: Call, scope: Scope) -> object:
    callee = node.callee
    kind = callee.__class__
    if kind is Member or kind is Index:
        return _method_call(m, node, callee, scope)  # type: ignore[arg-type]
    if kind is Super:
        return call_super(m, scope, arguments_of(m, node.arguments, scope, node.start))
    if kind is Name and callee.name in INTEROP and node.arguments:  # type: ignore[attr-defined]
        return through_interop(m, callee.name, arguments_of(m, node.arguments, scope, node.start))  # type: ignore[attr-defined]
    function = evaluate(m, callee, scope)
    return call_value(m, function, arguments_of(m, node.arguments, scope, node.start))


def _method_call(m: Machine, node: Call, callee: Member | Index, scope: Scope) -> object:
    if callee.object.__class__ is Super:
        key: object = callee.property if isinstance(callee, Member) else evaluate(m, callee.index, scope)
        inv = arguments_of(m, node.arguments, scope, node.start)
        inv.receiver = scope.frame.this
        return call_value(m, super_member(m, scope, key), inv)
    receiver = reference(m, callee.object, scope)
    if isinstance(callee, Member):
        key = callee.property
    else:
        key = evaluate(m, callee.index, scope)
        note_rebuilt(m, callee, receiver, key, scope)
    return call_method(m, receiver, key, arguments_of(m, node.arguments, scope, node.start))


@evaluates(New)
def _new(m: Machine, node: New, scope: Scope) -> object:
    function = reference(m, node.callee, scope)
    inv = arguments_of(m, node.arguments, scope, node.start)
    inv.is_new = True
    return call_value(m, function, inv)


@evaluates(Tagged)
def _tagged(m: Machine, node: Tagged, scope: Scope) -> object:
    texts: list[object] = []
    values: list[object] = [ArrayValue(texts, m.level)]
    template = node.template
    if isinstance(template, Template):
        for part in template.parts:
            if isinstance(part, str):
                texts.append(part)
            else:
                values.append(evaluate(m, part, scope))
    elif isinstance(template, Literal):
        texts.append(template.value)
    tag = node.tag
    if isinstance(tag, Member) and tag.property == "raw":
        texts[:] = node.raws
    inv = Invocation(values, scope, node.start)
    if isinstance(tag, Member):
        return call_method(m, reference(m, tag.object, scope), tag.property, inv)
    return call_value(m, evaluate(m, tag, scope), inv)
