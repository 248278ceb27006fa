"""What the callee of a call, or the object of a member, means."""

from __future__ import annotations

from packamal.detectors.javascript.dispatch import Invocation, call_value, evaluate
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import get_member, key_text, prototype_of
from packamal.detectors.javascript.nodes import UNDEFINED, Index, Member, Node, Super
from packamal.detectors.javascript.notes import note_rebuilt
from packamal.detectors.javascript.scope import Scope
from packamal.detectors.javascript.values import (
    UNKNOWN,
    Accessor,
    ArrayValue,
    ClassValue,
    Closure,
    ObjectValue,
    Ref,
    alternatives,
    join,
)


def reference(m: Machine, node: Node, scope: Scope) -> object:
    """What a callee or the object of a member means; reading it on the way to something else is no fact."""
    kind = node.__class__
    if kind is Member:
        obj = reference(m, node.object, scope)  # type: ignore[attr-defined]
        key: object = node.property  # type: ignore[attr-defined]
    elif kind is Index:
        obj = reference(m, node.object, scope)  # type: ignore[attr-defined]
        key = evaluate(m, node.index, scope)  # type: ignore[attr-defined]
        note_rebuilt(m, node, obj, key, scope)  # type: ignore[arg-type]
    else:
        return evaluate(m, node, scope)
    if node.object.__class__ is Super:  # type: ignore[attr-defined]
        return super_member(m, scope, key)
    found = get_member(m, obj, key)
    if found.__class__ is str and key.__class__ is int and isinstance(obj, ArrayValue) and len(obj.items) > _TABLE:
        _note_table(m, obj, node.start, scope)  # type: ignore[attr-defined]
    if found.__class__ is Accessor:
        return read(m, obj, found, Invocation([], scope, node.start))  # type: ignore[attr-defined]
    return found


_TABLE = 8
"""Elements of an array that may be a table of texts."""


def _note_table(m: Machine, array: ArrayValue, start: int, scope: Scope) -> None:
    module = scope.frame.module
    _, _, places = m.tables.setdefault(array, (module, start, set()))
    places.add(start)


def super_member(m: Machine, scope: Scope, key: object) -> object:
    """`super.name`, to be called on `this`."""
    home = scope.frame.home
    if isinstance(home, ClassValue):
        if isinstance(home.base, ClassValue):
            return get_member(m, ObjectValue({}, 0, home.base), key)
        if isinstance(home.base, Closure):
            return get_member(m, prototype_of(home.base), key)
        if isinstance(home.base, Ref):
            return Ref(f"{home.base.name}().{key_text(key) or '?'}")
    return UNKNOWN


def read(m: Machine, holder: object, found: object, inv: Invocation) -> object:
    """The value of a member: a getter is run."""
    if not isinstance(found, Accessor):
        return found
    value: object = UNDEFINED
    for getter in alternatives(found.get):
        if getter is not UNDEFINED:
            value = join(value, call_value(m, getter, inv.with_arguments([], holder)))
    return value
