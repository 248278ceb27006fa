"""Loops and comprehensions in the fast lane of `pure.py`: constants in, constants out."""

from __future__ import annotations

import ast

from packamal.detectors.python.constants import constant, plain, steps_of
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.pure import (
    FAILURES,
    MAX_PURE_ROUNDS,
    MIN_ROUNDS,
    Compiler,
    Environment,
    run_rounds,
)
from packamal.detectors.python.values import NONE, Const, Seq, Sources, Value, union
from packamal.detectors.python.walk import Walk

_COST = 16
"""A compiled node is about this much cheaper than a walked one."""


def _environment(walk: Walk, nodes: list[ast.AST]) -> tuple[Environment, list[Value]]:
    """Constants among the names that are read; lists are copies."""
    env: Environment = {}
    used: list[Value] = []
    for name in {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)}:
        value = walk.scope.lookup(name)
        known = plain(value) if value is not None else MISSING
        if value is not None and known is not MISSING:
            env[name] = (
                list(known) if isinstance(value, Seq) and not value.is_tuple and isinstance(known, tuple) else known
            )
            used.append(value)
    return env, used


def _targets(target: ast.expr) -> list[str] | None:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple) and all(isinstance(item, ast.Name) for item in target.elts):
        return [item.id for item in target.elts if isinstance(item, ast.Name)]
    return None


def _added_steps(nodes: list[ast.AST], before: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = dict.fromkeys(before)
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(node, ast.BitXor):
                found["xor"] = None
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(node, ast.Name) and node.id in ("chr", "bytes"):
                found["chars"] = None
    return tuple(found)


def _assign(env: Environment, names: list[str], value: object) -> None:
    if len(names) == 1:
        env[names[0]] = value
    elif isinstance(value, tuple | str | bytes) and len(value) == len(names):
        env.update(zip(names, value, strict=True))
    else:
        raise ValueError("the round does not fit its names")


def comprehend(walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, items: Value) -> Value | None:
    """A comprehension with one generator over many constants; None when the walker must do it."""
    if len(node.generators) != 1:
        return None
    generator = node.generators[0]
    known, names = plain(items), _targets(generator.target)
    if names is None or not isinstance(known, tuple | str | bytes) or not MIN_ROUNDS <= len(known) <= MAX_PURE_ROUNDS:
        return None
    nodes: list[ast.AST] = [node.elt, *generator.ifs]
    env, used = _environment(walk, nodes)
    try:
        compiler = Compiler(walk, {*env, *names})
        element = compiler.expression(node.elt)
        tests = [compiler.expression(test) for test in generator.ifs]
        if not walk.spend(len(known) * walk.session.size_of(node) // _COST):
            return None
        made = []
        for value in known:
            _assign(env, names, value)
            if all(test(env) for test in tests):
                made.append(element(env))
    except FAILURES:
        return None
    return constant(made, _sources([items, *used]), _added_steps(nodes, steps_of(items, *used)))


def _sources(values: list[Value]) -> Sources:
    src = NONE
    for value in values:
        src = union(src, value.src)
    return src


def run_for(walk: Walk, node: ast.For | ast.AsyncFor, items: list[Value]) -> bool:
    """A `for` over many constants; its results are bound. False when the walker must do it."""
    names = _targets(node.target)
    if names is None or not MIN_ROUNDS <= len(items) <= MAX_PURE_ROUNDS:
        return False
    rounds = [plain(item) for item in items]
    if any(value is MISSING for value in rounds):
        return False
    nodes: list[ast.AST] = list(node.body)
    env, used = _environment(walk, nodes)
    try:
        compiler = Compiler(walk, {*env, *names})
        body = compiler.body(node.body)
        if not walk.spend(len(rounds) * sum(map(walk.session.size_of, node.body)) // _COST):
            return False
        for value in rounds:
            _assign(env, names, value)
            if not run_rounds(body, env):
                break
    except FAILURES:
        return False
    return _bind(walk, env, nodes, [*items[:64], *used])


def run_while(walk: Walk, node: ast.While) -> bool:
    """A `while` over constants; its results are bound. False when the walker must do it."""
    nodes: list[ast.AST] = [*node.body, node.test]
    env, used = _environment(walk, nodes)
    size = sum(map(walk.session.size_of, node.body)) + 1
    try:
        compiler = Compiler(walk, set(env))
        test, body = compiler.expression(node.test), compiler.body(node.body)
        rounds = 0
        while test(env):
            rounds += 1
            if rounds > MAX_PURE_ROUNDS or (rounds % _COST == 0 and not walk.spend(size)):
                return False
            if not run_rounds(body, env):
                break
    except FAILURES:
        return False
    return _bind(walk, env, nodes, used)


def _bind(walk: Walk, env: Environment, nodes: list[ast.AST], made_from: list[Value]) -> bool:
    src = _sources(made_from)
    steps = _added_steps(nodes, steps_of(*made_from))
    written = {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name) and _is_written(node)}
    written |= {name for root in nodes for node in ast.walk(root) if (name := _appended(node))}
    made: dict[str, Value] = {}
    for name in written:
        value = constant(env[name], src, steps) if name in env else Const(None)
        if value is None:
            return False
        made[name] = value
    for name, value in made.items():
        walk.scope.bind(name, value)
    return True


def _is_written(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _appended(node: ast.AST) -> str:
    """Name of the list that a call appends to."""
    if isinstance(node, ast.Attribute) and node.attr == "append" and isinstance(node.value, ast.Name):
        return node.value.id
    return ""
