"""The walker's state, and the tables that say which function evaluates which kind of node.

Modules of this package fill the tables when they are imported (`evaluator.py` imports them all), so that a node costs
one dictionary look-up and one call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from packamal.detectors.gate import is_marked
from packamal.detectors.python import limits
from packamal.detectors.python.scope import FunctionRecord, ModuleRecord, Scope
from packamal.detectors.python.session import Session, Spot
from packamal.detectors.python.values import UNKNOWN, Sources, Unknown, Value, union

NORMAL: Final = 0
LEAVE: Final = 1
"""return, raise, or the end of the process"""
BREAK: Final = 2
CONTINUE: Final = 3


class Walk:
    """Reading one body: a module, a function, a lambda."""

    __slots__ = (
        "class_name",
        "condition",
        "function",
        "inlined",
        "is_repeat",
        "module",
        "returns",
        "scope",
        "session",
        "yields",
    )

    def __init__(self, session: Session, module: ModuleRecord, scope: Scope, function: FunctionRecord) -> None:
        self.session = session
        self.module = module
        self.scope = scope
        self.function = function
        self.class_name = ""
        """Inside a class body: the class's name, for qualified names."""
        self.condition: ast.AST | None = None
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.inlined: tuple[FunctionRecord, ...] = ()
        self.is_repeat = False
        """The same nodes are read again with other values: loops over constants, inlined calls."""

    def spot(self, node: ast.AST) -> Spot:
        """Where a node stands."""
        return Spot(self.module, getattr(node, "lineno", 0), self.function, self.condition)

    def note(self, kind: str, node: ast.AST, detail: str = "") -> None:
        """Record what was seen about the text itself, once per unit and detail."""
        key = (kind, self.module.unit.name, detail)
        if key not in self.session.notes:
            self.session.notes[key] = (self.spot(node), detail)

    def spend(self, steps: int) -> bool:
        """Take steps for repeated work; False when the unit or the package has none left."""
        module = self.module
        module.steps += steps
        self.session.steps += steps
        if module.steps > limits.FEW_STEPS and module.most_steps is None:
            module.most_steps = _most_steps(module)
        most = limits.FEW_STEPS if module.most_steps is None else module.most_steps
        return module.steps <= most and self.session.steps <= limits.MAX_PACKAGE_STEPS

    def spend_inline(self, steps: int) -> bool:
        """The same for evaluating ordinary functions again: as much as a share of the module's own size."""
        module = self.module
        if module.inline_steps + steps > max(limits.MIN_INLINE_STEPS, len(module.source) * limits.INLINE_SHARE):
            return False
        module.inline_steps += steps
        return True


def _most_steps(module: ModuleRecord) -> int:
    if not module.unit.parent and not is_marked(module.unit):
        return limits.FEW_STEPS
    return min(limits.MAX_STEPS, limits.LEAST_STEPS + limits.STEPS_PER_CHARACTER * len(module.source))


Evaluate = Callable[[Walk, Any], Value]
Execute = Callable[[Walk, Any], int]

EXPRESSIONS: Final[dict[type[ast.AST], Evaluate]] = {}
"""Node class -> value of an expression that is read."""
BASES: Final[dict[type[ast.AST], Evaluate]] = {}
"""The same for an expression whose attribute is read, that is called or only named anew: no Use is recorded."""
STATEMENTS: Final[dict[type[ast.AST], Execute]] = {}
ATTRIBUTES: Final[dict[type[Value], Callable[[Walk, Any, str], Value]]] = {}
"""Kind of value -> value of an attribute of it."""


def evaluate(walk: Walk, node: ast.AST) -> Value:
    """Value of an expression that is read."""
    return EXPRESSIONS[node.__class__](walk, node)


def base(walk: Walk, node: ast.AST) -> Value:
    """Value of an expression that is only a step on the way (callee, owner of an attribute, alias)."""
    return BASES[node.__class__](walk, node)


def run(walk: Walk, body: list[ast.stmt]) -> int:
    """Run statements in order; what stands behind a return is read too, unless values are concrete."""
    code = NORMAL
    for statement in body:
        try:
            result = STATEMENTS[statement.__class__](walk, statement)
        except RecursionError:
            walk.note("limit", statement, "nesting")
            continue
        if result:
            code = code or result
            if walk.is_repeat:
                break
    return code


def children(walk: Walk, node: ast.AST) -> Value:
    """Evaluate every part of a node that has no meaning of its own here."""
    src: Sources = UNKNOWN.src
    for child in ast.iter_child_nodes(node):
        handler = EXPRESSIONS.get(child.__class__)
        if handler is not None:
            src = union(src, handler(walk, child).src)
        elif not isinstance(child, ast.expr_context | ast.operator | ast.cmpop):
            src = union(src, children(walk, child).src)
    return Unknown(src) if src else UNKNOWN
