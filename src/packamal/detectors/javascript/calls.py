"""Calling whatever a value is: own functions, built-ins, and what stands outside the package."""

from __future__ import annotations

from packamal.detectors.javascript import callbacks
from packamal.detectors.javascript.arguments import absorb, sources_of, to_arg
from packamal.detectors.javascript.dispatch import (
    ANY_METHODS,
    BUILTINS,
    METHODS,
    NOT_FOLDED,
    Invocation,
    call_value,
    calls,
    spot_of,
)
from packamal.detectors.javascript.functions import run_closure
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import get_member, shown_key
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.objects import construct
from packamal.detectors.javascript.tables import BORING, is_origin, is_transparent
from packamal.detectors.javascript.values import (
    FUNCTIONS,
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

_PROMISED = frozenset({"then", "catch", "finally"})
"""Methods of what `import()` gives, which stands for the module itself."""
MAX_ARGUMENTS = 32
"""Arguments recorded of one call."""
_PROTOTYPES = frozenset({f"{name}.prototype" for name in ("Array", "String", "Object", "Promise", "Buffer", "Number")})
_KINDS = {str: "String", bytes: "Buffer", ArrayValue: "Array", RegexValue: "RegExp", int: "Number", float: "Number"}


@calls(Closure)
def _call_closure(m: Machine, function: object, inv: Invocation) -> object:
    if inv.is_new:
        return construct(m, function, inv)
    return run_closure(m, function, inv)  # type: ignore[arg-type]


@calls(ClassValue)
def _call_class(m: Machine, function: object, inv: Invocation) -> object:
    return construct(m, function, inv)


@calls(Native)
def _call_native(m: Machine, function: object, inv: Invocation) -> object:
    return function.run(inv.arguments)  # type: ignore[attr-defined]


@calls(Method)
def _call_taken_method(m: Machine, function: object, inv: Invocation) -> object:
    assert isinstance(function, Method)
    return call_method(m, function.receiver, function.name, inv)


@calls(Bound)
def _call_bound(m: Machine, function: object, inv: Invocation) -> object:
    assert isinstance(function, Bound)
    receiver = function.this if function.this is not UNDEFINED else inv.receiver
    return call_value(m, function.target, inv.with_arguments([*function.arguments, *inv.arguments], receiver))


@calls(Join)
def _call_each(m: Machine, function: object, inv: Invocation) -> object:
    found: object = UNDEFINED
    known = [value for value in alternatives(function) if isinstance(value, (Ref, *FUNCTIONS))]
    for value in known:
        found = join(found, call_value(m, value, inv.with_arguments(inv.arguments, inv.receiver)))
    return found if known else call_unknown(m, "?", function, inv)


@calls(object)
def _call_other(m: Machine, function: object, inv: Invocation) -> object:
    return call_unknown(m, "?", function, inv)


@calls(Ref)
def _call_named(m: Machine, function: object, inv: Invocation) -> object:
    return call_ref(m, function, inv)  # type: ignore[arg-type]


def call_ref(m: Machine, function: Ref, inv: Invocation) -> object:
    """Call something named outside the unit's own code."""
    name = function.name
    if inv.receiver is UNDEFINED and function.owner is not None:
        inv.receiver = function.owner
    run = BUILTINS.get(name)
    if run is not None:
        result = run(m, inv)
        if result is not NOT_FOLDED:
            return result
    head, dot, last = name.rpartition(".")
    if head.endswith(".prototype") and head in _PROTOTYPES and inv.receiver is not UNDEFINED:
        return call_method(m, inv.receiver, last, inv)
    if dot:
        any_method = ANY_METHODS.get(last)
        if any_method is not None and (")" in head or last in callbacks.INDIRECT or last in _PROMISED):
            target = function.owner if function.owner is not None and last not in callbacks.INDIRECT else Ref(head)
            result = any_method(m, target, inv)
            if result is not NOT_FOLDED:
                return result
        if last in BORING and (function.owner is not None or head.startswith(("process.", "document.", "navigator."))):
            return boring(m, function.owner if function.owner is not None else Ref(head), inv)
    return call_outside(m, name, inv)


def boring(m: Machine, receiver: object, inv: Invocation) -> object:
    """A method of texts and collections on something unknown: no fact, but its result is made of what it works on."""
    scope, start = inv.scope, inv.start
    sources = merge_sources([absorb(m, value, scope, start) for value in (receiver, *inv.arguments)])
    callbacks.run_now(m, inv, Opaque(sources) if sources else UNKNOWN)
    return Opaque(sources, None, getattr(receiver, "steps", ())) if sources else UNKNOWN


def call_outside(m: Machine, name: str, inv: Invocation) -> object:
    """Record a call of something outside; its result is named after it."""
    number, inherited = record_call(m, name, inv)
    own = frozenset((number,)) if number is not None else NO_SOURCES
    is_unknown = name.startswith("?")
    if is_unknown:
        sources = inherited or own
    elif is_transparent(name):
        sources = inherited
    else:
        sources = own if is_origin(name) else merge_sources((own, inherited))
    result = Opaque(sources) if is_unknown else Ref(f"{name}()", sources)
    callbacks.run_for(m, name, inv, result)
    return result


def record_call(m: Machine, name: str, inv: Invocation) -> tuple[int | None, frozenset[int]]:
    """Record a call; returns its id and the facts that its receiver and arguments were made from."""
    spot = spot_of(inv.scope, inv.start)
    arguments = tuple([to_arg(m, value, spot) for value in inv.arguments[:MAX_ARGUMENTS]])
    receiver = None
    if inv.receiver is not UNDEFINED and (not isinstance(inv.receiver, Ref) or inv.receiver.sources):
        receiver = to_arg(m, inv.receiver, spot, 1)
    record = m.record.call(name, arguments, receiver, spot)
    inherited = merge_sources(
        (receiver.sources if receiver is not None else NO_SOURCES, *[argument.sources for argument in arguments])
    )
    if record is None:
        return None, inherited
    record.is_new = record.is_new or inv.is_new
    return record.id, inherited


def call_unknown(m: Machine, name: str, receiver: object, inv: Invocation) -> object:
    """Call something of which nothing is known but perhaps a member's name."""
    if name == "?":
        sources = merge_sources((sources_of(m, receiver), *[sources_of(m, value) for value in inv.arguments]))
        result = Opaque(sources) if sources else UNKNOWN
        callbacks.run_now(m, inv, result)
        return result
    return call_outside(m, name, inv)


def call_method(m: Machine, receiver: object, key: object, inv: Invocation) -> object:
    """Call `receiver[key](...)`."""
    kind = receiver.__class__
    if kind is Join:
        return _method_of_each(m, receiver, key, inv)  # type: ignore[arg-type]
    if kind is Ref:
        function = get_member(m, receiver, key)
        inv.receiver = receiver if function.__class__ is not Ref or function.owner is receiver else UNDEFINED
        return call_value(m, function, inv)
    if kind is ObjectValue or kind is Closure or kind is ClassValue:
        return _own_method(m, receiver, key, inv)
    name = shown_key(key)
    inv.receiver = receiver
    if kind is Opaque:
        return _unknown_method(m, receiver, name, inv)  # type: ignore[arg-type]
    return builtin_method(m, receiver, name, inv)


def builtin_method(m: Machine, receiver: object, name: str, inv: Invocation) -> object:
    """A method of a constant, an array, a regular expression, a function."""
    run = METHODS.get((receiver.__class__, name))
    if run is None and receiver.__class__ is float:
        run = METHODS.get((int, name))
    if run is None:
        run = ANY_METHODS.get(name)
    if run is not None:
        result = run(m, receiver, inv)
        if result is not NOT_FOLDED:
            return result
    if name == "constructor" or name.endswith(".constructor"):
        return call_ref(m, Ref("Function"), inv)
    if isinstance(receiver, ArrayValue) and (name.isdigit() or (receiver.fields and name in receiver.fields)):
        return call_value(m, get_member(m, receiver, name), inv)
    if name in BORING or receiver.__class__ not in _KINDS:
        return boring(m, receiver, inv)
    return call_outside(m, f"{_KINDS[receiver.__class__]}.{name}", inv)


def _unknown_method(m: Machine, receiver: Opaque, name: str, inv: Invocation) -> object:
    any_method = ANY_METHODS.get(name)
    if any_method is not None:
        result = any_method(m, receiver, inv)
        if result is not NOT_FOLDED:
            return result
    if name in BORING:
        return boring(m, receiver, inv)
    return call_outside(m, f"?.{name}", inv)


def _own_method(m: Machine, receiver: object, key: object, inv: Invocation) -> object:
    function = get_member(m, receiver, key)
    if isinstance(function, Accessor):
        function = call_value(m, function.get, inv.with_arguments([], receiver))
    if isinstance(function, Ref) and function.owner is receiver:
        return call_outside(m, function.name, inv)
    if function is UNDEFINED or isinstance(function, Opaque | Method):
        name = shown_key(key)
        run = METHODS.get((receiver.__class__, name)) or ANY_METHODS.get(name)
        result = run(m, receiver, inv) if run is not None else NOT_FOLDED
        if result is not NOT_FOLDED:
            return result
        inv.receiver = receiver
        return boring(m, receiver, inv) if name in BORING else call_outside(m, f"?.{name}", inv)
    inv.receiver = receiver
    return call_value(m, function, inv)


def _method_of_each(m: Machine, receiver: Join, key: object, inv: Invocation) -> object:
    values = [value for value in alternatives(receiver) if value is not None and value is not UNDEFINED]
    known = [value for value in values if not (isinstance(value, Opaque) and not value.sources)]
    found: object = UNDEFINED
    for value in known or values[:1]:
        found = join(found, call_method(m, value, key, inv.with_arguments(inv.arguments)))
    return found
