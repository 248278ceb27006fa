"""Fills the tables of the walker: importing this module imports every part that evaluates something."""

from __future__ import annotations

import ast

from packamal.detectors.python import (
    assignments,
    evaluate_calls,
    evaluate_literals,
    evaluate_loops,
    evaluate_names,
    evaluate_operators,
    evaluate_statements,
    imports,
    models_builtins,
    models_callers,
    models_codecs,
    models_files,
    models_import,
    models_network,
    models_processes,
    subscripts,
)
from packamal.detectors.python.walk import BASES, EXPRESSIONS, NORMAL, STATEMENTS, Walk, children

PARTS = (
    assignments,
    evaluate_calls,
    evaluate_literals,
    evaluate_loops,
    evaluate_names,
    evaluate_operators,
    evaluate_statements,
    imports,
    models_builtins,
    models_callers,
    models_codecs,
    models_files,
    models_import,
    models_network,
    models_processes,
    subscripts,
)


def _statement(walk: Walk, node: ast.AST) -> int:
    children(walk, node)
    return NORMAL


def _fill() -> None:
    """Kinds of nodes that newer interpreters add are read part by part."""
    for expression in ast.expr.__subclasses__():
        EXPRESSIONS.setdefault(expression, children)
    for statement in ast.stmt.__subclasses__():
        STATEMENTS.setdefault(statement, _statement)
    for kind, handler in EXPRESSIONS.items():
        BASES.setdefault(kind, handler)


_fill()
