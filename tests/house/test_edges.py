"""The environment, the network and the broad handlers stay at the edges."""

from __future__ import annotations

import ast
from collections.abc import Iterator

ENVIRONMENT_READERS = {"src/packamal/config.py", "src/packamal/server/start.py"}
"""The second only says to Django where its settings are."""
NETWORK_MODULES = {"socket", "ssl", "urllib.request", "http.client", "ftplib", "smtplib"}
NETWORK_PART = "src/packamal/http"
BROAD_HANDLERS = 5
"""Detector loop (two), a task of the scanner, one of the service, command line."""


RUNNERS = {"exec", "eval", "__import__"}
LOADERS = {"pickle.loads", "pickle.load", "marshal.loads", "marshal.load", "os.system", "runpy.run_path"}


def packamal(modules: dict[str, ast.Module]) -> dict[str, ast.Module]:
    return {name: module for name, module in modules.items() if name.startswith("src/")}


def names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_only_the_settings_read_the_environment(modules: dict[str, ast.Module]) -> None:
    reads = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
    readers = {name for name, module in packamal(modules).items() if reads & set(names(module))}
    assert readers <= ENVIRONMENT_READERS


def test_only_the_http_module_opens_connections(modules: dict[str, ast.Module]) -> None:
    users = {name for name, module in packamal(modules).items() if NETWORK_MODULES & set(names(module))}
    assert {name for name in users if not name.startswith(NETWORK_PART)} == set()


def test_whatever_happens_is_caught_at_the_four_edges_only(modules: dict[str, ast.Module]) -> None:
    handlers = [
        f"{name}:{node.lineno}"
        for name, module in packamal(modules).items()
        for node in ast.walk(module)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert len(handlers) <= BROAD_HANDLERS, handlers


def test_nothing_of_a_package_is_ever_run(modules: dict[str, ast.Module]) -> None:
    calls = [
        f"{name}:{node.lineno} {node.func.id}"
        for name, module in packamal(modules).items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNNERS
    ]
    loads = [f"{name} {load}" for name, module in packamal(modules).items() for load in LOADERS & set(names(module))]
    assert calls + loads == []
