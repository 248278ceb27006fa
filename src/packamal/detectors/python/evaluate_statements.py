"""Statements: branches keep both ways apart and join them behind, functions and classes are recorded for later."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from packamal.detectors.python.assignments import assign
from packamal.detectors.python.classes import define_class, find
from packamal.detectors.python.decorators import decorate
from packamal.detectors.python.evaluate_loops import truth
from packamal.detectors.python.functions import call_function, define
from packamal.detectors.python.record import Site
from packamal.detectors.python.scope import FunctionRecord
from packamal.detectors.python.values import UNKNOWN, Function, Instance, Unknown, Value
from packamal.detectors.python.walk import (
    BREAK,
    CONTINUE,
    LEAVE,
    NORMAL,
    STATEMENTS,
    Walk,
    base,
    children,
    evaluate,
    run,
)


def _expr(walk: Walk, node: ast.Expr) -> int:
    if node.value.__class__ is not ast.Constant:
        evaluate(walk, node.value)
    return NORMAL


def _if(walk: Walk, node: ast.If) -> int:
    if not walk.module.is_main and _asks_for_main(node.test):
        return _run_as_main(walk, node)
    test = evaluate(walk, node.test)
    known = truth(test) if node.test.__class__ is not ast.Constant or walk.is_repeat else None
    if known is not None and walk.is_repeat:
        return run(walk, node.body if known else node.orelse)
    before, walk.condition = walk.condition, node.test
    scope = walk.scope
    outer = scope.open_branch()
    first = run(walk, node.body)
    then = scope.close_branch(outer)
    outer = scope.open_branch()
    second = run(walk, node.orelse) if node.orelse else NORMAL
    otherwise = scope.close_branch(outer)
    walk.condition = before
    if known is not None:
        scope.merge([then if known else otherwise], is_exhaustive=True)
        return NORMAL
    branches = [branch for branch, code in ((then, first), (otherwise, second)) if not code]
    scope.merge(branches or [then, otherwise], is_exhaustive=True)
    return first if first and second else NORMAL


def _asks_for_main(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
    )


def _run_as_main(walk: Walk, node: ast.If) -> int:
    """Read what runs only when the unit is started: nothing calls it on import."""
    script = FunctionRecord(None, walk.function.qualname, walk.scope, walk.module)
    before, walk.function = walk.function, script
    run(walk, node.body)
    walk.function = before
    return run(walk, node.orelse)


def _try(walk: Walk, node: ast.Try | ast.TryStar) -> int:
    code = run(walk, node.body)
    scope = walk.scope
    branches = []
    before = walk.condition
    is_left = bool(code)
    for handler in node.handlers:
        walk.condition = handler
        outer = scope.open_branch()
        if handler.type is not None:
            base(walk, handler.type)
        if handler.name:
            scope.bind(handler.name, UNKNOWN)
        left = run(walk, handler.body)
        written = scope.close_branch(outer)
        if not left:
            branches.append(written)
            is_left = False
    walk.condition = before
    if branches and not walk.is_repeat:
        scope.merge(branches, is_exhaustive=False)
    elif branches and code:
        scope.merge(branches[:1], is_exhaustive=True)
    for body in (node.orelse, node.finalbody):
        if body:
            is_left = bool(run(walk, body)) or is_left
    return code if is_left and code else NORMAL


def _with(walk: Walk, node: ast.With | ast.AsyncWith) -> int:
    for item in node.items:
        value = _entered(walk, evaluate(walk, item.context_expr))
        if item.optional_vars is not None:
            assign(walk, item.optional_vars, value)
    return run(walk, node.body)


def _entered(walk: Walk, value: Value) -> Value:
    if isinstance(value, Instance):
        for name in ("__enter__", "__aenter__"):
            method = find(value.record, name)
            if isinstance(method, Function):
                return call_function(walk, Function(method.record, value), Site(ast.Pass(), [], {}))
    return value


def _function(walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    function = Function(define(walk, node, node.name))
    value = decorate(walk, function, node.decorator_list) if node.decorator_list else function
    walk.scope.bind(node.name, value)
    return NORMAL


def _class(walk: Walk, node: ast.ClassDef) -> int:
    value: Value = define_class(walk, node)
    if node.decorator_list:
        value = decorate(walk, value, node.decorator_list)
    walk.scope.bind(node.name, value)
    return NORMAL


def _return(walk: Walk, node: ast.Return) -> int:
    if node.value is not None:
        walk.returns.append(evaluate(walk, node.value))
    return LEAVE


def _raise(walk: Walk, node: ast.Raise) -> int:
    for part in (node.exc, node.cause):
        if part is not None:
            evaluate(walk, part)
    return LEAVE


def _global(walk: Walk, node: ast.Global) -> int:
    scope = walk.scope
    if scope is not scope.module_names:
        scope.globals = (scope.globals or set()) | set(node.names)
    return NORMAL


def _nonlocal(walk: Walk, node: ast.Nonlocal) -> int:
    walk.scope.outer = (walk.scope.outer or set()) | set(node.names)
    return NORMAL


def _delete(walk: Walk, node: ast.Delete) -> int:
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            base(walk, target.value)
    return NORMAL


def _match(walk: Walk, node: ast.Match) -> int:
    subject = evaluate(walk, node.subject)
    scope = walk.scope
    branches = []
    before, walk.condition = walk.condition, node.subject
    for case in node.cases:
        outer = scope.open_branch()
        for name in _captured(case.pattern):
            scope.bind(name, Unknown(subject.src))
        if case.guard is not None:
            evaluate(walk, case.guard)
        run(walk, case.body)
        branches.append(scope.close_branch(outer))
    walk.condition = before
    scope.merge(branches, is_exhaustive=False)
    return NORMAL


def _captured(pattern: ast.AST) -> Sequence[str]:
    return [name for node in ast.walk(pattern) if isinstance(name := getattr(node, "name", None), str)]


def _nothing(walk: Walk, node: ast.AST) -> int:
    return NORMAL


def _parts(walk: Walk, node: ast.AST) -> int:
    children(walk, node)
    return NORMAL


def _break(walk: Walk, node: ast.AST) -> int:
    return BREAK


def _continue(walk: Walk, node: ast.AST) -> int:
    return CONTINUE


STATEMENTS.update(
    {
        ast.Expr: _expr,
        ast.If: _if,
        ast.Try: _try,
        ast.TryStar: _try,
        ast.With: _with,
        ast.AsyncWith: _with,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.Global: _global,
        ast.Nonlocal: _nonlocal,
        ast.Delete: _delete,
        ast.Match: _match,
        ast.Assert: _parts,
        ast.Pass: _nothing,
        ast.Break: _break,
        ast.Continue: _continue,
    }
)
