"""docs/limits.md: every named limit, its value and its reason."""

from __future__ import annotations

import ast
import itertools
import operator
from collections.abc import Callable, Iterator
from pathlib import Path

from documents import SOURCE, code, page, table

OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}
INTRODUCTION = """
A package is hostile input, so nothing is unbounded. Reaching a limit never reads as clean: what was not read makes the
report incomplete, and what hides behind a limit is a signal of its own.
"""


def text() -> str:
    """The whole page."""
    rows = [row for path in sorted(SOURCE.rglob("*.py")) for row in limits(path)]
    return page("Limits", INTRODUCTION, table(("limit", "value", "where", "why"), rows))


def limits(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """The numbers of one module that have a reason under them: constants, and the fields of classes named so."""
    module = ast.parse(path.read_bytes())
    where = code(path.relative_to(SOURCE).with_suffix(""))
    classes = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name.endswith("Limits"))
    for body in (module.body, *(node.body for node in classes)):
        for node, after in itertools.pairwise(body):
            name, value, reason = named(node), number(getattr(node, "value", None)), docstring(after)
            is_named = bool(name) and not name.startswith("_") and (name.isupper() or body is not module.body)
            if is_named and reason and value is not None and (value > 1 or name.endswith("_S")):
                yield code(name), f"{value:,}", where, reason


def named(node: ast.stmt) -> str:
    """The name that a simple assignment gives."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def number(node: ast.expr | None) -> int | float | None:
    """A constant number, also one written as a sum, product, shift or power of whole numbers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        left, right = number(node.left), number(node.right)
        if isinstance(left, int) and isinstance(right, int):
            return OPERATIONS[type(node.op)](left, right)
    return None


def docstring(node: ast.stmt) -> str:
    """The text that stands as a statement of its own."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return ""
