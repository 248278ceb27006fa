"""Giving values to names: declarations, assignments, parameters, destructuring."""

from __future__ import annotations

import re
from typing import NamedTuple

from packamal.detectors.javascript.arguments import consume, sources_of, to_arg
from packamal.detectors.javascript.dispatch import evaluate, spot_of
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import get_member, set_member
from packamal.detectors.javascript.names import member_name
from packamal.detectors.javascript.nodes import (
    UNDEFINED,
    ArrayPattern,
    Default,
    Index,
    Member,
    Name,
    Node,
    ObjectPattern,
    Spread,
)
from packamal.detectors.javascript.references import reference
from packamal.detectors.javascript.scope import MISSING, Scope, function_scope, owner
from packamal.detectors.javascript.values import (
    UNKNOWN,
    ArrayValue,
    Join,
    ObjectValue,
    Opaque,
    Ref,
    alternatives,
    join,
)

MAX_PATTERN = 16
"""Patterns in patterns."""


def define(m: Machine, scope: Scope, name: str, value: object) -> None:
    """Give a name of this very scope a value."""
    if m.log is not None and scope.level < m.level:
        m.log.append((scope, name, scope.names.get(name, MISSING)))
    scope.names[name] = value


def assign(m: Machine, scope: Scope, name: str, value: object) -> None:
    """Assign to the nearest name, or to the global object when there is none."""
    holder = owner(scope, name)
    if holder is None:
        if not m.dry:
            old = m.global_names.get(name, UNDEFINED)
            m.global_names[name] = join(old, value) if m.level else value
        return
    if holder.frame is not scope.frame:
        _assign_outer(m, holder, name, value)
    if m.log is not None and holder.level < m.level:
        m.log.append((holder, name, holder.names[name]))
    holder.names[name] = value


def _assign_outer(m: Machine, holder: Scope, name: str, value: object) -> None:
    """A function that writes a name of another one may run after those that read it."""
    known = sources_of(m, holder.names[name], 1)
    if not sources_of(m, value, 1) <= known:
        m.epoch += 1


class Into(NamedTuple):
    """Where a pattern's names get their values; `how` is var, let (this very scope) or set (names that are there)."""

    scope: Scope
    how: str


def bind(m: Machine, target: Node, value: object, into: Into, depth: int = 0) -> None:
    """Give a pattern a value."""
    if isinstance(target, Name):
        _bind_name(m, target.name, value, into)
    elif isinstance(target, Member | Index):
        write_member(m, target, value, into.scope)
    elif isinstance(target, Default):
        if value is UNDEFINED:
            value = evaluate(m, target.value, into.scope)
        elif isinstance(value, Opaque | Join):
            value = join(value, evaluate(m, target.value, into.scope))
        bind(m, target.target, value, into, depth)
    elif depth <= MAX_PATTERN:
        _destructure(m, target, value, into, depth)


def _bind_name(m: Machine, name: str, value: object, into: Into) -> None:
    if into.how == "let":
        define(m, into.scope, name, value)
    elif into.how == "var":
        define(m, function_scope(into.scope), name, value)
    else:
        assign(m, into.scope, name, value)


def _destructure(m: Machine, target: Node, value: object, into: Into, depth: int) -> None:
    if isinstance(target, ObjectPattern):
        _bind_object(m, target, value, into, depth)
    elif isinstance(target, ArrayPattern):
        _bind_array(m, target, value, into, depth)
    elif isinstance(target, Spread):
        bind(m, target.value, value, into, depth + 1)


def _bind_object(m: Machine, target: ObjectPattern, value: object, into: Into, depth: int) -> None:
    taken: set[str] = set()
    scope = into.scope
    for key, inner in target.entries:
        name = key if isinstance(key, str) else evaluate(m, key, scope)
        if isinstance(name, str):
            taken.add(name)
        found = UNKNOWN if value is None or value is UNDEFINED else get_member(m, value, name)
        if found is UNKNOWN and isinstance(name, str):
            found = Opaque(text=f"{{{name}}}")
        bind(m, inner, consume_leaf(m, found, scope, target.start), into, depth + 1)
    if target.rest is not None:
        bind(m, target.rest, _rest(m, value, taken, scope, target.start), into, depth + 1)


def consume_leaf(m: Machine, value: object, scope: Scope, start: int) -> object:
    """A variable of the environment and the like counts as read where it is taken; a container does not."""
    if isinstance(value, Ref) and value.name.startswith(("process.", "document.", "navigator.")):
        from_container = value.name.count(".") > 1
        return consume(m, value, scope, start) if from_container else value
    return value


def _rest(m: Machine, value: object, taken: set[str], scope: Scope, start: int) -> object:
    if isinstance(value, ObjectValue):
        rest = ObjectValue({key: item for key, item in value.fields.items() if key not in taken}, m.level)
        rest.is_open, rest.sources = value.is_open, value.sources
        return rest
    return Opaque(sources_of(m, consume(m, value, scope, start)))


def _bind_array(m: Machine, target: ArrayPattern, value: object, into: Into, depth: int) -> None:
    is_known = isinstance(value, ArrayValue) and not value.is_open
    for at, inner in enumerate(target.items):
        if isinstance(inner, Spread):
            rest: object = ArrayValue(value.items[at:], m.level) if isinstance(value, ArrayValue) else value
            bind(m, inner.value, rest, into, depth + 1)
        elif is_known or isinstance(value, str):
            bind(m, inner, get_member(m, value, at), into, depth + 1)
        else:
            bind(m, inner, Opaque(sources_of(m, value)), into, depth + 1)


_ADDRESSES = frozenset({"src", "href", "action", "location"})
_LOADS = re.compile(r"(?:Image\(\)|document\.|(?:document\.)?location\.|location\Z)")
"""Things of a page that ask for an address when it is written to them: such a write is a call as well."""


def write_member(m: Machine, target: Member | Index, value: object, scope: Scope) -> None:
    """Write a member; a write to something outside the unit's own code is a fact."""
    obj = reference(m, target.object, scope)
    key = target.property if isinstance(target, Member) else evaluate(m, target.index, scope)
    for holder in alternatives(obj):
        if isinstance(holder, Ref):
            name = member_name(holder.name, key if isinstance(key, str) else "?")
            spot = spot_of(scope, target.start)
            shown = to_arg(m, value, spot)
            if key in _ADDRESSES and _LOADS.match(name):
                m.record.call(name, (shown,), None, spot)
            m.record.use(name, spot, shown, True)
    set_member(m, obj, key, value)
