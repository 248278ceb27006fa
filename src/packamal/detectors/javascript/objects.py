"""Classes, instances, prototypes."""

from __future__ import annotations

from packamal.detectors.javascript.dispatch import Invocation, call_value, evaluate, execute
from packamal.detectors.javascript.functions import run_closure
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import key_text, prototype_of
from packamal.detectors.javascript.nodes import UNDEFINED, ClassMember, ClassNode, Function
from packamal.detectors.javascript.scope import Frame, Scope
from packamal.detectors.javascript.values import (
    UNKNOWN,
    Accessor,
    ClassValue,
    Closure,
    ObjectValue,
    Opaque,
    Ref,
    alternatives,
)

MAX_BASES = 8


def make_class(m: Machine, node: ClassNode, scope: Scope) -> ClassValue:
    """Evaluate a class; its methods wait to be called."""
    base = evaluate(m, node.base, scope) if node.base is not None else UNDEFINED
    base = alternatives(base)[0]
    value = ClassValue(node, scope, base)
    for decorator in node.decorators:
        call_value(m, evaluate(m, decorator, scope), Invocation([value], scope, node.start))
    inner = Scope(scope, scope.frame, m.level, False)
    if node.name:
        inner.names[node.name] = value
    for member in node.members:
        if member.kind != "field" or member.is_static:
            _add_member(m, member, value, inner)
    return value


def _add_member(m: Machine, member: ClassMember, value: ClassValue, scope: Scope) -> None:
    key = member.key if isinstance(member.key, str) else key_text(evaluate(m, member.key, scope)) or "?"
    table = value.fields if member.is_static else value.members
    if member.kind == "block":
        with_this(m, scope, value, member)
    elif member.kind == "field":
        table[key] = evaluate(m, member.value, scope) if member.value is not None else UNDEFINED
    elif isinstance(member.value, Function):
        closure = Closure(member.value, scope)
        closure.home = value
        m.pending.append(closure)
        table[key] = _accessor(table.get(key), closure, member.kind) if member.kind != "method" else closure


def _accessor(known: object, closure: Closure, kind: str) -> Accessor:
    accessor = known if isinstance(known, Accessor) else Accessor(UNDEFINED, UNDEFINED)
    if kind == "get":
        accessor.get = closure
    else:
        accessor.set = closure
    return accessor


def with_this(m: Machine, scope: Scope, this: object, member: ClassMember) -> object:
    """Evaluate a field's value, or run a static block, with `this`."""
    outer = scope.frame
    frame = Frame(outer.module, outer.function, outer.is_called, this)
    inner = Scope(scope, frame, m.level, True)
    if member.value is None:
        return UNDEFINED
    if member.kind == "block":
        execute(m, member.value, inner)
        return UNDEFINED
    return evaluate(m, member.value, inner)


def construct(m: Machine, target: object, inv: Invocation) -> object:
    """`new` on a class or function of the package's own."""
    inv.is_new = False
    if isinstance(target, ClassValue):
        instance = ObjectValue({}, m.level, target)
        target.instance = instance
        run_constructor(m, target, instance, inv)
        return instance
    if not isinstance(target, Closure):
        return UNKNOWN
    instance = ObjectValue({}, m.level, prototype_of(target))
    inv.receiver = instance
    returned = run_closure(m, target, inv, is_new=True)
    return returned if isinstance(returned, ObjectValue | Closure | ClassValue | Ref) else instance


def run_constructor(m: Machine, target: ClassValue, instance: ObjectValue, inv: Invocation, depth: int = 0) -> None:
    """Set the fields and run the constructor of a class on an instance."""
    scope = target.scope
    own = target.members.get("constructor")
    if not isinstance(own, Closure) and isinstance(target.base, ClassValue) and depth < MAX_BASES:
        run_constructor(m, target.base, instance, inv, depth + 1)
    elif not isinstance(own, Closure):
        _run_foreign_base(m, target.base, instance, inv)
    for member in target.node.members:
        if member.kind == "field" and not member.is_static:
            key = member.key if isinstance(member.key, str) else key_text(evaluate(m, member.key, scope))
            if key is not None:
                frame_scope = Scope(scope, _frame_like(inv.scope.frame, scope.frame), m.level, True)
                instance.fields[key] = with_this(m, frame_scope, instance, member)
    if isinstance(own, Closure):
        call = inv.with_arguments(inv.arguments, instance)
        call.is_new = False
        run_closure(m, own, call, is_new=True)


def _frame_like(caller: Frame, holder: Frame) -> Frame:
    return Frame(holder.module, holder.function, caller.is_called, UNDEFINED)


def _run_foreign_base(m: Machine, base: object, instance: ObjectValue, inv: Invocation) -> None:
    if isinstance(base, Closure):
        call = inv.with_arguments(inv.arguments, instance)
        run_closure(m, base, call, is_new=True)
    elif isinstance(base, Ref):
        call = inv.with_arguments(inv.arguments)
        call.is_new = True
        made = call_value(m, base, call)
        if isinstance(made, Ref | Opaque):
            instance.sources = instance.sources | made.sources


def call_super(m: Machine, scope: Scope, inv: Invocation) -> object:
    """`super(...)`"""
    home, this = scope.frame.home, scope.frame.this
    if not isinstance(home, ClassValue) or not isinstance(this, ObjectValue):
        return UNKNOWN
    if isinstance(home.base, ClassValue):
        run_constructor(m, home.base, this, inv)
    else:
        _run_foreign_base(m, home.base, this, inv)
    return this
