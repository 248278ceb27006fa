"""Entering functions of the package's own, and calling whatever a value is."""

from __future__ import annotations

import re

from packamal.detectors.javascript import natives, packers
from packamal.detectors.javascript.arguments import sources_of
from packamal.detectors.javascript.characters import spelt_out
from packamal.detectors.javascript.dispatch import Invocation, evaluate, run_list
from packamal.detectors.javascript.machine import MAX_CALL_DEPTH, Machine
from packamal.detectors.javascript.nodes import UNDEFINED, Function, Name, Node, Spread
from packamal.detectors.javascript.patterns import Into, bind
from packamal.detectors.javascript.scope import Frame, Scope
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    NO_SOURCES,
    UNKNOWN,
    ArrayValue,
    Closure,
    ObjectValue,
    Opaque,
    Ref,
    join,
    merge_sources,
)


def run_closure(m: Machine, closure: Closure, inv: Invocation, is_new: bool = False) -> object:
    """Call a function of the package's own."""
    node = closure.node
    is_constant = all(value.__class__ in CONSTANT_TYPES for value in inv.arguments)
    caller = inv.scope.frame
    if caller.is_called and not m.dry:
        node.is_called = True
    packed = packers.unpack(inv.arguments)
    if packed is not None:
        m.set_origin(packed, ("packer",), NO_SOURCES)
        return packed
    if is_constant and node.native:
        result = natives.run(m, node, inv.arguments)
        if result is not None:
            spelt_out(m, result, inv.scope, inv.start)
            return result
    if not _is_allowed(m, node, inv, is_constant):
        return _summary(m, node, inv)
    given = list(inv.arguments) if is_constant else []
    if is_constant and node.runs and not m.concrete:
        m.loop_steps -= 1 + node.size // _NODES_PER_STEP
    codes = m.codes
    found = _enter(m, closure, inv, is_new)
    if isinstance(found, str) and 2 * (m.codes - codes) >= len(found):
        spelt_out(m, found, inv.scope, inv.start)
    if given:
        natives.learn(node, given, found)
        if isinstance(found, str) and _is_index(given[0]):
            _note_decoder(m, node, inv, found)
    return found


def _is_index(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and _INDEX.match(value) is not None)


def _note_decoder(m: Machine, node: Function, inv: Invocation, found: str) -> None:
    """A function that gives texts for numbers is what an array of hidden texts is read through."""
    module = inv.scope.frame.module
    _, places, texts = m.decoders.setdefault(node, (module, set(), set()))
    if len(places) < _MANY:
        places.add(inv.start)
    if len(texts) < _MANY:
        texts.add(found)


_INDEX = re.compile(r"(?:0x[0-9a-fA-F]{1,6}|\d{1,6})\Z")
_MANY = 64
_NODES_PER_STEP = 3
"""A function run anew on constants costs about a statement for so many nodes: ways that call one another double."""


def _is_allowed(m: Machine, node: Function, inv: Invocation, is_constant: bool) -> bool:
    if m.depth >= MAX_CALL_DEPTH:
        return False
    if node.runs == 0:
        return True
    if is_constant and m.loop_steps > 0 and (inv.arguments or m.concrete):
        return True
    if m.is_spent:
        return False
    signature = _signature(inv)
    if signature in node.signatures and node.runs > 1:
        return False
    node.signatures.add(signature)
    return m.may_run(node) or _brings_sources(m, node, inv.arguments)


def _signature(inv: Invocation) -> tuple[object, ...]:
    """What a function may do differently for: the kinds of its arguments, and where they are from."""
    parts: list[object] = [_sign(value) for value in inv.arguments]
    if isinstance(inv.receiver, ObjectValue):
        parts.append(id(inv.receiver.prototype))
    return tuple(parts)


def _sign(value: object) -> object:
    kind = value.__class__
    if isinstance(value, Opaque):
        return value.sources or value.text
    if isinstance(value, Ref):
        return value.name
    if isinstance(value, Closure):
        return id(value.node)
    if isinstance(value, ObjectValue | ArrayValue):
        return id(value)
    return value if kind in CONSTANT_TYPES else kind


_EXTRA_RUNS = 6


def _brings_sources(m: Machine, node: Function, arguments: list[object]) -> bool:
    """Whether a call passes facts that have not reached these parameters before."""
    if node.runs > _EXTRA_RUNS + 40:
        return False
    for at, value in enumerate(arguments[: len(node.parameters)]):
        found = sources_of(m, value, 2)
        if found and (at >= len(node.seen) or not found <= node.seen[at]):
            return True
    return False


def _summary(m: Machine, node: Function, inv: Invocation) -> object:
    """What is known of the result without running: what it returned before, made of whatever is passed."""
    if not inv.arguments:
        return node.returned
    if node.returned.__class__ not in CONSTANT_TYPES and node.returned is not UNKNOWN:
        return node.returned
    parts = [sources_of(m, value, 2) for value in inv.arguments]
    sources = merge_sources((sources_of(m, node.returned, 2), *parts))
    return Opaque(sources) if sources else UNKNOWN


def _note_sources(m: Machine, node: Function, arguments: list[object]) -> None:
    seen = node.seen
    for at, value in enumerate(arguments[: len(node.parameters)]):
        found = sources_of(m, value, 2)
        if at >= len(seen):
            seen.append(found)
        elif found:
            seen[at] = seen[at] | found


def _enter(m: Machine, closure: Closure, inv: Invocation, is_new: bool) -> object:
    node = closure.node
    node.build()
    outer = inv.scope.frame
    frame = Frame(closure.scope.frame.module, node, outer.is_called, _this(closure, inv))
    frame.arguments = None if node.is_arrow else inv.arguments
    if node.is_arrow:
        frame.arguments = closure.scope.frame.arguments
        frame.home = closure.scope.frame.home
    else:
        frame.home = closure.home
    frame.is_new = is_new
    scope = Scope(closure.scope, frame, m.level, True)
    node.runs += 1
    if not m.concrete and node.runs == 1:
        node.signatures.add(_signature(inv))
    if not m.concrete:
        _note_sources(m, node, inv.arguments)
    m.depth += 1
    m.steps += 1
    if m.concrete:
        m.loop_steps -= 1
    try:
        bind_parameters(m, node, inv, scope)
        return _run_body(m, node, scope, frame)
    finally:
        m.depth -= 1


def _this(closure: Closure, inv: Invocation) -> object:
    if closure.node.is_arrow:
        return closure.this
    if inv.receiver is UNDEFINED:
        return Ref("")
    return inv.receiver


def bind_parameters(m: Machine, node: Function, inv: Invocation, scope: Scope) -> None:
    """Give parameters their values."""
    names = scope.names
    for name in node.variables:
        names[name] = UNDEFINED
    for at, parameter in enumerate(node.parameters):
        if isinstance(parameter, Spread):
            bind(m, parameter.value, ArrayValue(inv.arguments[at:], m.level), Into(scope, "let"))
            return
        bind(m, parameter, inv.argument(at), Into(scope, "let"))


def _run_body(m: Machine, node: Function, scope: Scope, frame: Frame) -> object:
    body = node.body
    if isinstance(body, Node):
        result = evaluate(m, body, scope)
    else:
        run_list(m, body, scope)
        result = UNDEFINED
        for value in frame.returns:
            result = join(result, value)
    node.returned = join(node.returned, result)
    return result


def label(parameter: Node) -> str | None:
    """How an unknown parameter is shown in a text."""
    return f"{{{parameter.name}}}" if isinstance(parameter, Name) else None


def unknown_arguments(node: Function, sources: frozenset[int] = NO_SOURCES) -> list[object]:
    """Arguments for a function that something else calls, made of the given facts."""
    node.build()
    return [Opaque(sources, label(parameter)) for parameter in node.parameters if not isinstance(parameter, Spread)]
