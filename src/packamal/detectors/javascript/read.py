"""The front end for JavaScript and TypeScript: units to facts, by evaluating them abstractly; nothing is ever run."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from packamal.detectors.facts import Facts
from packamal.detectors.javascript import (  # noqa: F401 - these fill the tables of evaluation
    build_expressions,
    builtins_array,
    builtins_bytes,
    builtins_global,
    builtins_map,
    builtins_node,
    builtins_number,
    builtins_object,
    builtins_text,
    callbacks,
    evaluate_calls,
    evaluate_expressions,
    evaluate_loops,
    evaluate_statements,
    fallback,
    looks,
    run_code,
    sums,
)
from packamal.detectors.javascript.dispatch import Invocation
from packamal.detectors.javascript.finish import finish
from packamal.detectors.javascript.functions import run_closure, unknown_arguments
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.modules import Loader
from packamal.detectors.javascript.scope import Frame, Scope
from packamal.detectors.javascript.values import ClassValue, Closure, ObjectValue, Opaque
from packamal.detectors.units import Language, Unit

_RECURSION = 20_000
"""Python frames that evaluation may nest: own limits on trees and calls stop it far earlier; none uses the C stack."""
_LANGUAGES = frozenset({Language.JAVASCRIPT, Language.TYPESCRIPT})
_UNCALLED_LOOP_STEPS = 2_000
"""Statements of loops run turn by turn in one function that nothing calls."""
MAX_PENDING = 60_000
"""Functions looked at although nothing calls them."""


def read(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    """Read the facts of all units in JavaScript or TypeScript; never raises for hostile source."""
    m = Machine()
    loader = Loader(m, units, package)
    with _deep_recursion(), _without_collector():
        for unit in units:
            if unit.language in _LANGUAGES:
                loader.run(loader.module(unit))
                callbacks.flush(m)
                _run_pending(m)
        facts = finish(m, loader.modules)
        facts.failures.extend(loader.failures)
        for module in loader.modules:
            looks.add(m, module, facts)
            if module.program is None:
                fallback.add(m, module, facts)
        for module in loader.modules:
            if module.program is not None:
                module.program.let_go()
    return facts


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Trees are millions of small objects, hardly any in rings: looking for rings is a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _run_pending(m: Machine) -> None:
    """Look at the functions that nothing was seen to call."""
    looked_at = 0
    while m.pending and looked_at < MAX_PENDING:
        closure = m.pending.pop()
        node = closure.node
        if node.runs or not closure.scope.frame.module.telling.is_within(node.start, node.end):
            continue
        looked_at += 1
        _run_uncalled(m, closure)
        callbacks.flush(m)


def _run_uncalled(m: Machine, closure: Closure) -> None:
    outer = closure.scope.frame
    scope = Scope(closure.scope, Frame(outer.module, outer.function, False, outer.this), m.level, False)
    inv = Invocation(unknown_arguments(closure.node), scope, closure.node.start)
    inv.receiver = _instance(closure)
    before = m.loop_steps
    m.loop_steps = min(before, _UNCALLED_LOOP_STEPS)
    given = m.loop_steps
    try:
        run_closure(m, closure, inv)
    except (JsThrow, RecursionError):
        return
    finally:
        m.loop_steps = before - (given - m.loop_steps)


def _instance(closure: Closure) -> object:
    if isinstance(closure.home, ClassValue):
        home = closure.home
        if home.instance is None:
            home.instance = ObjectValue({}, 0, home)
            home.instance.is_open = True
        return home.instance
    return Opaque()
