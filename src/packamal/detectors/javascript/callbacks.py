"""Functions passed to what stands outside the package: they run, now or later, on what the call gives."""

from __future__ import annotations

import functools

from packamal.detectors.javascript.branches import maybe
from packamal.detectors.javascript.dispatch import Invocation, call_value
from packamal.detectors.javascript.functions import label
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.nodes import UNDEFINED, Name
from packamal.detectors.javascript.tables import is_deferred
from packamal.detectors.javascript.values import (
    UNKNOWN,
    Bound,
    Closure,
    Native,
    ObjectValue,
    Opaque,
    Ref,
    alternatives,
)

INDIRECT = frozenset({"call", "apply", "bind"})
MAX_CALLBACKS = 4_000
"""Callbacks run later, of one artifact."""
MAX_ROUNDS = 2
"""Times that callbacks run again because a later one changed what they read."""
_ERRORS = frozenset({"err", "error", "e", "er", "_err", "_", "_error"})
_LAST = frozenset({"end", "close", "finish", "exit"})
"""Events that come after the others of a stream."""
_CONNECTS = frozenset({"net.connect", "net.createConnection", "tls.connect"})
"""Calls whose callback has their result as `this`."""
_NAMED = frozenset((
    "eval", "require", "Function", "atob", "unescape", "fetch", "child_process.exec", "child_process.execSync",
    "vm.runInThisContext", "vm.runInNewContext", "setTimeout", "importScripts", "import",
))  # fmt: skip
"""Named functions that mean something as callbacks."""


def run_now(m: Machine, inv: Invocation, value: object) -> None:
    """Run the functions among the arguments at once, on `value`."""
    for function in functions_in(inv.arguments):
        _run(m, function, inv, value)


def run_for(m: Machine, name: str, inv: Invocation, result: object) -> None:
    """Run the functions passed to a call of something outside, on its result."""
    found = functions_in(inv.arguments)
    if name.rpartition(".")[2] in INDIRECT:
        found = [function for function in found if not isinstance(function, Ref)]
    if not found:
        return
    value: object = Opaque(result.sources) if isinstance(result, Ref) else result
    if not is_deferred(name) or len(m.callbacks) >= MAX_CALLBACKS:
        for function in found:
            _run(m, function, inv, value)
        return
    this: object = UNDEFINED
    if name.endswith(".addEventListener"):
        this = Ref(name.rpartition(".")[0]) if inv.receiver is UNDEFINED else inv.receiver
    elif name in _CONNECTS:
        this = result
    is_last = bool(inv.arguments) and inv.arguments[0] in _LAST if isinstance(inv.argument(0), str) else False
    for function in found:
        m.callbacks.append((is_last, functools.partial(_run, m, function, inv, value, this)))


def functions_in(arguments: list[object]) -> list[object]:
    """Functions among arguments, and among the members of objects there."""
    found: list[object] = []
    for argument in arguments:
        for value in alternatives(argument):
            if isinstance(value, Closure | Bound | Native) or (isinstance(value, Ref) and value.name in _NAMED):
                found.append(value)
            elif isinstance(value, ObjectValue):
                found += [item for item in list(value.fields.values())[:16] if isinstance(item, Closure | Bound)]
    return found


def _run(m: Machine, function: object, inv: Invocation, value: object, this: object = UNDEFINED) -> None:
    if isinstance(function, Ref) and not (isinstance(value, Opaque) and value.sources):
        return
    target = function.target if isinstance(function, Bound) else function
    arguments = arguments_for(target, value)

    def run() -> None:
        call_value(m, function, inv.with_arguments(arguments, this))

    maybe(m, run)


def arguments_for(function: object, value: object) -> list[object]:
    """`value` for every parameter, but for an error that comes first."""
    if not isinstance(function, Closure):
        return [value]
    function.node.build()
    parameters = function.node.parameters
    arguments: list[object] = []
    sources: frozenset[int]
    for at, parameter in enumerate(parameters):
        is_error = at == 0 and len(parameters) > 1 and isinstance(parameter, Name) and parameter.name in _ERRORS
        if isinstance(value, Opaque):
            sources = frozenset() if is_error else value.sources
            arguments.append(Opaque(sources, label(parameter), value.steps))
        else:
            arguments.append(UNKNOWN if is_error else value)
    return arguments


def flush(m: Machine, first: int = 0) -> None:
    """Run the callbacks that wait, from position `first` on; again where a later one changed what they read."""
    for _ in range(1 + MAX_ROUNDS):
        done: list[tuple[int, object]] = []
        ran = 0
        while len(m.callbacks) > first and ran < MAX_CALLBACKS:
            at = next((i for i in range(first, len(m.callbacks)) if not m.callbacks[i][0]), first)
            entry = m.callbacks.pop(at)
            ran += 1
            done.append((m.epoch, entry))
            entry[1]()
        last = m.epoch
        again = [entry for epoch, entry in done if epoch < last]
        if not again or m.is_spent:
            return
        m.callbacks.extend(again)  # type: ignore[arg-type]
