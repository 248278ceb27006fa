"""Import statements: names bound to modules of the package or to canonical foreign names, and edges for both."""

from __future__ import annotations

import ast

from packamal.detectors.python.modules import import_value, module_member, own_module
from packamal.detectors.python.names import canonical
from packamal.detectors.python.record import record_edge
from packamal.detectors.python.scope import ModuleRecord
from packamal.detectors.python.values import Module, Ref, Value
from packamal.detectors.python.walk import NORMAL, STATEMENTS, Walk


def _import(walk: Walk, node: ast.Import) -> int:
    for alias in node.names:
        record_edge(walk, "import", alias.name, node)
        value = import_value(walk, alias.name, node)
        if alias.asname is not None:
            walk.scope.bind(alias.asname, value)
            continue
        head = alias.name.partition(".")[0]
        walk.scope.bind(head, value if head == alias.name else import_value(walk, head, node))
    return NORMAL


def _import_from(walk: Walk, node: ast.ImportFrom) -> int:
    dotted = "." * node.level + (node.module or "")
    record_edge(walk, "import", dotted, node)
    path = _path_of(walk, node)
    record = own_module(walk, path)
    if record is None and node.level == 0 and node.module != "__future__":
        walk.session.foreign.add(node.module or "")
    for alias in node.names:
        if alias.name == "*":
            _import_star(walk, record, dotted)
            continue
        value = _member(walk, node, record, alias.name)
        walk.scope.bind(alias.asname or alias.name, value)
    return NORMAL


def _path_of(walk: Walk, node: ast.ImportFrom) -> str | None:
    index = walk.session.index
    if node.level:
        return index.relative(walk.module.unit.path, node.level, node.module or "")
    return index.absolute(walk.module.unit.path, node.module or "")


def _member(walk: Walk, node: ast.ImportFrom, record: ModuleRecord | None, name: str) -> Value:
    inside = _submodule_path(walk, node, name)
    if inside is not None:
        separator = "." if node.module else ""
        record_edge(walk, "import", "." * node.level + (node.module or "") + separator + name, node)
    if record is not None:
        return module_member(walk, record, name)
    inner = own_module(walk, inside)
    if inner is not None:
        return Module(inner)
    if node.level:
        return Ref("." + ".".join(part for part in (node.module, name) if part))
    return Ref(canonical(f"{node.module}.{name}"))


def _submodule_path(walk: Walk, node: ast.ImportFrom, name: str) -> str | None:
    index = walk.session.index
    if node.level:
        inside = f"{node.module}.{name}" if node.module else name
        return index.relative(walk.module.unit.path, node.level, inside)
    return index.absolute(walk.module.unit.path, f"{node.module}.{name}")


def _import_star(walk: Walk, record: ModuleRecord | None, dotted: str) -> None:
    if record is None:
        walk.module.stars.append(canonical(dotted) if not dotted.startswith(".") else dotted)
        return
    for name, value in list(record.scope.names.items()):
        if not name.startswith("_"):
            walk.scope.bind(name, value)
    walk.module.stars.extend(star for star in record.stars if star not in walk.module.stars)


STATEMENTS[ast.Import] = _import
STATEMENTS[ast.ImportFrom] = _import_from
