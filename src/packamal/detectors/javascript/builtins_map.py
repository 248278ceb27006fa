"""Methods of objects, maps, and of anything that holds values: promises, functions, streams."""

from __future__ import annotations

from packamal.detectors.javascript import callbacks
from packamal.detectors.javascript.arguments import absorb, consume, sources_of
from packamal.detectors.javascript.branches import maybe
from packamal.detectors.javascript.builtins_object import listed
from packamal.detectors.javascript.calls import call_outside
from packamal.detectors.javascript.dispatch import (
    NOT_FOLDED,
    Invocation,
    any_method,
    builtin,
    call_value,
    method,
)
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.members import get_member, set_member
from packamal.detectors.javascript.nodes import UNDEFINED
from packamal.detectors.javascript.values import (
    FUNCTIONS,
    UNKNOWN,
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
    join,
    merge_sources,
)


@method((ObjectValue,), "get")
def _get(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, ObjectValue)
    return get_member(m, receiver, inv.argument(0)) if receiver.kind else NOT_FOLDED


@method((ObjectValue,), "set", "append", "add")
def _set(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, ObjectValue)
    if not receiver.kind:
        return NOT_FOLDED
    if len(inv.arguments) > 1:
        set_member(m, receiver, inv.argument(0), inv.argument(1))
    else:
        receiver.is_open = True
        receiver.sources = merge_sources((receiver.sources, sources_of(m, inv.argument(0))))
    return receiver


@method((ObjectValue,), "hasOwnProperty", "has")
def _has(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, ObjectValue)
    key = inv.argument(0)
    if not isinstance(key, str) or receiver.is_open or receiver.sources:
        return UNKNOWN
    return key in receiver.fields


@method((ObjectValue,), "values", "entries", "keys")
def _iterate(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, ObjectValue)
    made = ArrayValue(list(receiver.fields.values()), m.level)
    made.is_open, made.sources = True, receiver.sources
    return made


@any_method("call")
def _call(m: Machine, receiver: object, inv: Invocation) -> object:
    if not _is_callable(receiver):
        return NOT_FOLDED
    return call_value(m, receiver, inv.with_arguments(inv.arguments[1:], inv.argument(0)))


def _is_callable(value: object) -> bool:
    return isinstance(value, (Ref, Join, *FUNCTIONS))


@method((Method,), "call")
def _call_method(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, Method)
    taken = Method(inv.argument(0), receiver.name)
    return call_value(m, taken, inv.with_arguments(inv.arguments[1:]))


@method((Method,), "apply")
def _apply_method(m: Machine, receiver: object, inv: Invocation) -> object:
    assert isinstance(receiver, Method)
    return call_value(m, Method(inv.argument(0), receiver.name), inv.with_arguments(listed(m, inv.argument(1))))


@any_method("apply")
def _apply(m: Machine, receiver: object, inv: Invocation) -> object:
    if not _is_callable(receiver):
        return NOT_FOLDED
    return call_value(m, receiver, inv.with_arguments(listed(m, inv.argument(1)), inv.argument(0)))


@any_method("bind")
def _bind(m: Machine, receiver: object, inv: Invocation) -> object:
    if not _is_callable(receiver):
        return NOT_FOLDED
    return Bound(receiver, inv.argument(0) if inv.argument(0) is not None else UNDEFINED, inv.arguments[1:])


@any_method("then")
def _then(m: Machine, receiver: object, inv: Invocation) -> object:
    """The value of a promise is the value."""
    if isinstance(receiver, ObjectValue | Closure | ClassValue) and get_member(m, receiver, "then") is not UNDEFINED:
        return NOT_FOLDED
    receiver = consume(m, receiver, inv.scope, inv.start)
    found: object = UNDEFINED
    if _is_callable(inv.argument(0)):
        found = _maybe_call(m, inv.argument(0), inv.with_arguments([receiver]))
    if _is_callable(inv.argument(1)):
        found = join(found, _maybe_call(m, inv.argument(1), inv.with_arguments([UNKNOWN])))
    return found


def _maybe_call(m: Machine, function: object, inv: Invocation) -> object:
    found: object = UNDEFINED

    def run() -> None:
        nonlocal found
        found = call_value(m, function, inv)

    maybe(m, run)
    return found


@any_method("catch", "finally")
def _catch(m: Machine, receiver: object, inv: Invocation) -> object:
    if _is_callable(inv.argument(0)):
        sources = sources_of(m, receiver)
        reason = Opaque(sources) if sources else UNKNOWN
        return join(receiver, _maybe_call(m, inv.argument(0), inv.with_arguments([reason])))
    return receiver


@any_method("map", "forEach", "filter", "find", "some", "every", "flatMap", "each")
def _each(m: Machine, receiver: object, inv: Invocation) -> object:
    """Elements of something unknown are made of it; so is what a function makes of them."""
    if not isinstance(receiver, Opaque | Ref) or not _is_callable(inv.argument(0)):
        return NOT_FOLDED
    receiver = consume(m, receiver, inv.scope, inv.start)
    sources = sources_of(m, receiver)
    item = Opaque(sources) if sources else UNKNOWN
    result = _maybe_call(m, inv.argument(0), inv.with_arguments([item, UNKNOWN, receiver]))
    merged = merge_sources((sources, sources_of(m, result)))
    return Opaque(merged) if merged else UNKNOWN


@any_method("reduce")
def _reduce(m: Machine, receiver: object, inv: Invocation) -> object:
    if not isinstance(receiver, Opaque | Ref):
        return NOT_FOLDED
    receiver = consume(m, receiver, inv.scope, inv.start)
    sources = sources_of(m, receiver)
    item = Opaque(sources) if sources else UNKNOWN
    return join(inv.argument(1), _maybe_call(m, inv.argument(0), inv.with_arguments([inv.argument(1), item])))


@any_method("append")
def _append(m: Machine, receiver: object, inv: Invocation) -> object:
    """What is appended to a form or a list of parameters is part of it from then on."""
    if isinstance(receiver, Ref) and receiver.name.endswith("()"):
        added = [absorb(m, value, inv.scope, inv.start) for value in inv.arguments]
        receiver.sources = merge_sources((receiver.sources, *added))
    return NOT_FOLDED


@any_method("pipe", "pipeThrough", "pipeTo")
def _pipe(m: Machine, receiver: object, inv: Invocation) -> object:
    """`a.pipe(b)` writes all of `a` to `b`."""
    receiver = consume(m, receiver, inv.scope, inv.start)
    target = inv.argument(0)
    _write_to(m, target, receiver, inv)
    if isinstance(target, Ref | Opaque):
        merged = merge_sources((target.sources, sources_of(m, receiver)))
        return Ref(target.name, merged, target.owner) if isinstance(target, Ref) else Opaque(merged)
    return target


def _write_to(m: Machine, target: object, value: object, inv: Invocation) -> None:
    if isinstance(target, Ref):
        call = inv.with_arguments([value], target)
        call_outside(m, f"{target.name}.write", call)
    elif isinstance(target, Opaque):
        call_outside(m, "?.write", inv.with_arguments([value], target))


@builtin("stream.pipeline", "stream.promises.pipeline", "pump", "util.promisify(stream.pipeline)")
def _pipeline(m: Machine, inv: Invocation) -> object:
    streams = [value for value in inv.arguments if not isinstance(value, Closure)]
    carried = sources_of(m, streams[0]) if streams else frozenset()
    for target in streams[1:]:
        _write_to(m, target, Opaque(carried), inv)
        carried = merge_sources((carried, sources_of(m, target)))
    callbacks.run_for(m, "pipeline", inv, UNKNOWN)
    return Opaque(carried)


@builtin("Promise")
def _promise(m: Machine, inv: Invocation) -> object:
    """What resolve is called with, also from callbacks that run later."""
    settled: list[object] = []

    def settle(arguments: list[object]) -> object:
        settled.extend(arguments[:1])
        return UNDEFINED

    first = len(m.callbacks)
    reject = Native("reject", lambda _: UNDEFINED)
    call_value(m, inv.argument(0), inv.with_arguments([Native("resolve", settle), reject]))
    callbacks.flush(m, first)
    value: object = UNDEFINED
    for one in settled:
        value = join(value, one)
    return UNKNOWN if value is UNDEFINED else value


@builtin("Promise.resolve", "Promise.reject")
def _resolved(m: Machine, inv: Invocation) -> object:
    return inv.argument(0)


@builtin("Promise.all", "Promise.allSettled", "Promise.race", "Promise.any")
def _all(m: Machine, inv: Invocation) -> object:
    return inv.argument(0)
