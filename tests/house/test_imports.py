"""Imports stand at the top of a module, but for libraries that slow every start and our modules that load them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

HEAVY = {"pydantic", "rich", "httpx2", "httpcore2", "pypi_simple", "jinja2", "pygments", "requests", "cryptography"}
LAZY_PART = "src/packamal/cli/"
"""The command line loads a command when it is called, by design."""


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Dotted names; `from a import b` gives `a` and `a.b`, since b may be a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(module: ast.Module) -> Iterator[ast.AST]:
    """Every node below the functions of a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ast.walk(node)


def dotted(name: str) -> str:
    return name.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def heavy(modules: dict[str, ast.Module]) -> set[str]:
    """Our modules that load a heavy library when they are loaded, by dotted name."""
    return {
        dotted(name)
        for name, module in modules.items()
        if name.startswith("src/") and HEAVY & {found.partition(".")[0] for found in imported(module.body)}
    }


def test_no_import_hides_in_a_function_to_dodge_a_cycle(modules: dict[str, ast.Module]) -> None:
    allowed = heavy(modules)
    hidden = {
        name: {found for found in imported(inside(module)) if found.startswith("packamal.")}
        for name, module in modules.items()
        if name.startswith("src/") and not name.startswith(LAZY_PART)
    }
    parts = {found.rpartition(".")[0] for found in allowed} | allowed
    wrong = {
        name: {f for f in found if f not in parts and f.rpartition(".")[0] not in allowed}
        for name, found in hidden.items()
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_what_loads_a_heavy_library_is_itself_loaded_only_when_needed(modules: dict[str, ast.Module]) -> None:
    lazy = heavy(modules)
    early = {name: lazy & set(imported(module.body)) for name, module in modules.items() if name.startswith("src/")}
    assert {name: found for name, found in early.items() if found} == {}
