"""A fast lane for long decoding loops: code over plain constants is compiled to closures of ours and run on values.

Only arithmetic, text methods and a few builtins are known; anything else leaves the loop to the ordinary walker.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.python.fold import BINARY, COMPARE, MISSING, UNARY, guarded
from packamal.detectors.python.fold import method as fold_method
from packamal.detectors.python.values import Ref
from packamal.detectors.python.walk import Walk, base

Environment = dict[str, Any]
Expression = Callable[[Environment], Any]
Statement = Callable[[Environment], None]

MIN_ROUNDS: Final = 48
"""Shorter loops are walked: that records their calls, and costs little."""
MAX_PURE_ROUNDS: Final = 200_000
MAX_COPIED: Final = 200_000_000
"""Characters copied by growing texts in one loop: a tenth of a second."""

_BUILTINS: Final[dict[str, Callable[..., object]]] = {
    "chr": chr,
    "ord": ord,
    "len": len,
    "abs": abs,
    "min": min,
    "max": max,
    "bool": bool,
    "hex": hex,
    "bin": bin,
}


class ImpureError(ValueError):
    """The code does something the fast lane does not know."""


class _Next(Exception):
    """`continue` inside a compiled body."""


class _Stop(Exception):
    """`break` inside a compiled body."""


class Compiler:
    """Compiles expressions and statements over the names of an environment."""

    def __init__(self, walk: Walk, names: set[str]) -> None:
        self._walk = walk
        self._names = names
        self.copied = 0

    def expression(self, node: ast.expr) -> Expression:
        """Compile an expression; raises ImpureError."""
        handler = getattr(self, "_" + node.__class__.__name__.lower(), None)
        if handler is None:
            raise ImpureError
        compiled: Expression = handler(node)
        return compiled

    def _constant(self, node: ast.Constant) -> Expression:
        value = node.value
        return lambda env: value

    def _name(self, node: ast.Name) -> Expression:
        name = node.id
        if name not in self._names:
            raise ImpureError
        return lambda env: env[name]

    def _binop(self, node: ast.BinOp) -> Expression:
        operator = BINARY.get(node.op.__class__)
        if operator is None:
            raise ImpureError
        left, right = self.expression(node.left), self.expression(node.right)
        return lambda env: _known(operator(left(env), right(env)))

    def _unaryop(self, node: ast.UnaryOp) -> Expression:
        operator, operand = UNARY[node.op.__class__], self.expression(node.operand)
        return lambda env: operator(operand(env))

    def _compare(self, node: ast.Compare) -> Expression:
        if len(node.ops) != 1:
            raise ImpureError
        operator = COMPARE[node.ops[0].__class__]
        left, right = self.expression(node.left), self.expression(node.comparators[0])
        return lambda env: operator(left(env), right(env))

    def _boolop(self, node: ast.BoolOp) -> Expression:
        parts = [self.expression(part) for part in node.values]
        is_and = isinstance(node.op, ast.And)

        def run(env: Environment) -> object:
            value: object = None
            for part in parts:
                value = part(env)
                if bool(value) is not is_and:
                    break
            return value

        return run

    def _ifexp(self, node: ast.IfExp) -> Expression:
        test, body, orelse = self.expression(node.test), self.expression(node.body), self.expression(node.orelse)
        return lambda env: body(env) if test(env) else orelse(env)

    def _subscript(self, node: ast.Subscript) -> Expression:
        owner = self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            bounds = [
                self.expression(part) if part is not None else (lambda env: None)
                for part in (node.slice.lower, node.slice.upper, node.slice.step)
            ]
            return lambda env: owner(env)[slice(*(bound(env) for bound in bounds))]
        index = self.expression(node.slice)
        return lambda env: owner(env)[index(env)]

    def _call(self, node: ast.Call) -> Expression:
        if node.keywords:
            raise ImpureError
        args = [self.expression(arg) for arg in node.args]
        if isinstance(node.func, ast.Attribute):
            return self._method(node.func, args)
        target = base(self._walk, node.func)
        name = target.name if isinstance(target, Ref) else ""
        if name == "int" and args:
            return lambda env: _integer(*(arg(env) for arg in args))
        if name == "str" and len(args) == 1:
            return lambda env: str(_short(args[0](env)))
        function = _BUILTINS.get(name)
        if function is None:
            raise ImpureError
        if len(args) == 1:
            only = args[0]
            return lambda env: function(only(env))
        return lambda env: function(*(arg(env) for arg in args))

    def _method(self, node: ast.Attribute, args: list[Expression]) -> Expression:
        owner, name = self.expression(node.value), node.attr
        return lambda env: _known(fold_method(owner(env), name, [arg(env) for arg in args], {}))

    def body(self, statements: list[ast.stmt]) -> list[Statement]:
        """Compile statements; raises ImpureError."""
        return [self._statement(statement) for statement in statements]

    def _statement(self, node: ast.stmt) -> Statement:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            return self._store(node.targets[0].id, node.value)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            return self._store(node.target.id, value)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._append(node.value)
        if isinstance(node, ast.If):
            return self._if(node)
        if isinstance(node, ast.Pass):
            return lambda env: None
        if isinstance(node, ast.Continue | ast.Break):
            return _raiser(_Next if isinstance(node, ast.Continue) else _Stop)
        raise ImpureError

    def _store(self, name: str, node: ast.expr) -> Statement:
        value = self.expression(node)
        self._names.add(name)

        def run(env: Environment) -> None:
            made = value(env)
            if isinstance(made, str | bytes):
                self.copied += len(made)
                if self.copied > MAX_COPIED:
                    raise ImpureError
            env[name] = made

        return run

    def _append(self, node: ast.Call) -> Statement:
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr != "append" or not isinstance(func.value, ast.Name):
            raise ImpureError
        if len(node.args) != 1 or func.value.id not in self._names:
            raise ImpureError
        name, value = func.value.id, self.expression(node.args[0])

        def run(env: Environment) -> None:
            if not isinstance(env[name], list):
                raise ImpureError
            env[name].append(value(env))

        return run

    def _if(self, node: ast.If) -> Statement:
        test, then, otherwise = self.expression(node.test), self.body(node.body), self.body(node.orelse)

        def run(env: Environment) -> None:
            for statement in then if test(env) else otherwise:
                statement(env)

        return run


def _raiser(kind: type[Exception]) -> Statement:
    def run(env: Environment) -> None:
        raise kind

    return run


def _known(value: object) -> object:
    if value is MISSING:
        raise ImpureError
    return value


def _short(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > 4_096:
        raise ImpureError
    return value


def _integer(*args: object) -> object:
    if isinstance(args[0], str | bytes) and len(args[0]) > 1_000:
        raise ImpureError
    return _known(guarded(int, *args))


def run_rounds(body: list[Statement], env: Environment) -> bool:
    """Run a compiled body once; False when it said `break`."""
    try:
        for statement in body:
            statement(env)
    except _Next:
        return True
    except _Stop:
        return False
    return True


FAILURES: Final = (
    ImpureError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    MemoryError,
    RecursionError,
)
"""What a compiled loop may end with; the walker takes over then."""
