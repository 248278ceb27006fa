"""No import cycles, and nothing that slows every start is loaded early."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

HEAVY = {"pydantic", "rich", "httpx2", "httpcore2", "pypi_simple", "jinja2", "pygments", "requests", "cryptography"}
SERVICE = "packamal.server"
"""Loaded whole by its own commands, never by a scan: as heavy as what it is made of."""


def dotted(name: str) -> str:
    return name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Dotted names; `from a import b` gives `a.b` and `a`, since b may be a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module


def run_nodes(module: ast.Module) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(node.body)
        if node not in skipped:
            yield node


def ours(modules: dict[str, ast.Module]) -> dict[str, ast.Module]:
    return {dotted(name): module for name, module in modules.items() if name.startswith("src/")}


def test_no_module_needs_itself_not_even_through_an_import_inside_a_function(modules: dict[str, ast.Module]) -> None:
    known = ours(modules)
    graph = {}
    for name, module in known.items():
        found = [target for target in imported(run_nodes(module)) if target in known and target != name]
        graph[name] = [target for target in found if not name.startswith(f"{target}.")]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_what_loads_a_heavy_library_is_itself_loaded_only_when_needed(modules: dict[str, ast.Module]) -> None:
    lazy = {
        name
        for name, module in ours(modules).items()
        if HEAVY & {found.partition(".")[0] for found in imported(module.body)} or name.startswith(SERVICE)
    }
    outside = {name: module for name, module in ours(modules).items() if not name.startswith(SERVICE)}
    early = {name: lazy & set(imported(module.body)) for name, module in outside.items()}
    assert {name: found for name, found in early.items() if found} == {}
