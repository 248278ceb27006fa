"""The package's own modules: which file a dotted name means, and what a module defines."""

from __future__ import annotations

import ast
import posixpath
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.names import canonical, member
from packamal.detectors.python.parse import parse_unit
from packamal.detectors.python.record import Site, record_texts
from packamal.detectors.python.scope import DONE, PENDING, RUNNING, ModuleRecord
from packamal.detectors.python.session import Session
from packamal.detectors.python.values import UNKNOWN, Module, Ref, Value
from packamal.detectors.python.walk import Walk, run
from packamal.detectors.units import Language, Unit
from packamal.model import Role

_SUFFIXES: Final = (".py", "/__init__.py", ".pyw", ".pyi")
_ROOT_MARKERS: Final = ("setup.py", "pyproject.toml", "PKG-INFO", "setup.cfg")


class ModuleIndex:
    """Finds modules of one artifact by dotted name, from where they are imported."""

    def __init__(self, package: Mapping[str, Unit]) -> None:
        self._paths = {path for path, unit in package.items() if unit.language is Language.PYTHON}
        self._packages = {posixpath.dirname(path) for path in self._paths if path.endswith("/__init__.py")}
        self._roots = self._find_roots(package)
        self._names: dict[str, str] = {}
        self.name_of: dict[str, str] = {}
        for path in sorted(self._paths):
            for name in self._names_for(path):
                self._names.setdefault(name, path)
                self.name_of.setdefault(path, name)

    @staticmethod
    def _find_roots(package: Iterable[str]) -> tuple[str, ...]:
        tops = {posixpath.dirname(path) for path in package if posixpath.basename(path) in _ROOT_MARKERS}
        top = min(tops, key=len, default="")
        return tuple(dict.fromkeys((posixpath.join(top, "src"), posixpath.join(top, "lib"), top, "")))

    def _names_for(self, path: str) -> Iterable[str]:
        stem = path.removesuffix("/__init__.py").removesuffix(".py")
        root = posixpath.dirname(path)
        while root in self._packages:
            root = posixpath.dirname(root)
        yield _dotted(stem, root)
        for base in self._roots:
            if not base or stem.startswith(base + "/"):
                yield _dotted(stem, base)

    def _at(self, stem: str) -> str | None:
        for suffix in _SUFFIXES[:2]:
            if stem + suffix in self._paths:
                return stem + suffix
        return None

    def relative(self, unit_path: str, level: int, name: str) -> str | None:
        """Path of the module `level` dots and `name` mean in a module of this path."""
        folder = posixpath.dirname(unit_path)
        for _ in range(level - 1):
            folder = posixpath.dirname(folder)
        stem = posixpath.join(folder, name.replace(".", "/")) if name else folder
        return self._at(stem) if name else (folder + "/__init__.py" if folder in self._packages else None)

    def absolute(self, unit_path: str, name: str) -> str | None:
        """Path of the module a dotted name means; scripts see their own folder first."""
        if name.partition(".")[0] in sys.stdlib_module_names:
            return None
        folder = posixpath.dirname(unit_path)
        if folder not in self._packages:
            beside = self._at(posixpath.join(folder, name.replace(".", "/")))
            if beside is not None:
                return beside
        return self._names.get(name)

    def named(self, name: str) -> str | None:
        """Path of the module with this dotted name."""
        return self._names.get(name)


def _dotted(stem: str, root: str) -> str:
    inside = stem[len(root) + 1 :] if root and stem.startswith(root + "/") else stem
    return inside.replace("/", ".")


def record_for(session: Session, unit: Unit) -> ModuleRecord:
    """The record of a unit, made when it is asked for first."""
    record = session.modules.get(unit.name)
    if record is None:
        name = session.index.name_of.get(unit.path, "") if not unit.parent else ""
        name = name or unit.path.rpartition("/")[2].removesuffix(".py")
        record = session.modules[unit.name] = ModuleRecord(unit, name, _is_main(unit))
    return record


def _is_main(unit: Unit) -> bool:
    base = posixpath.basename(unit.path)
    return base in ("setup.py", "__main__.py") or bool(unit.parent) or unit.role is Role.STARTUP


def load(session: Session, record: ModuleRecord) -> None:
    """Parse a module and read its module level, once."""
    if record.state != PENDING:
        return
    record.state = RUNNING
    parsed = parse_unit(record.unit)
    walk = Walk(session, record, record.scope, record.code)
    record.source = parsed.text
    anchor = ast.Pass(lineno=1, col_offset=0)
    for kind, detail in parsed.notes:
        walk.note(kind, anchor, detail)
    if parsed.failure:
        session.failures.append((record.unit.name, parsed.failure))
    if parsed.tree is not None:
        session.depth += 1
        run(walk, parsed.tree.body)
        record_texts(walk)
        session.depth -= 1
    record.state = DONE


def own_module(walk: Walk, path: str | None) -> ModuleRecord | None:
    """The record of a module of the package; given and small ones are read at once."""
    session = walk.session
    unit = session.package.get(path) if path is not None else None
    if unit is None:
        return None
    record = record_for(session, unit)
    if record.state == PENDING and session.depth < limits.MAX_CALL_DEPTH and _may_load(session, unit):
        load(session, record)
    return record


def _may_load(session: Session, unit: Unit) -> bool:
    if unit.name in session.given:
        return True
    if len(unit.data) > limits.MAX_LAZY_UNIT or session.lazy_bytes + len(unit.data) > limits.MAX_LAZY_BYTES:
        return False
    session.lazy_bytes += len(unit.data)
    return True


def import_value(walk: Walk, name: str, node: ast.AST) -> Value:
    """What importing a dotted absolute name gives: a module of the package, or a foreign one."""
    record = own_module(walk, walk.session.index.absolute(walk.module.unit.path, name))
    if record is not None:
        return Module(record)
    walk.session.foreign.add(name)
    return Ref(canonical(name))


def module_member(walk: Walk, record: ModuleRecord, name: str) -> Value:
    """A name a module of the package defines, or a module below it."""
    value = record.scope.names.get(name)
    if value is not None:
        return value
    inner = own_module(walk, walk.session.index.relative(record.unit.path, 1, name)) if _is_package(record) else None
    if inner is not None:
        return Module(inner)
    if record.state == PENDING:
        return Ref(f".{record.name}.{name}")
    if record.state == RUNNING:
        return UNKNOWN
    for star in record.stars:
        return Ref(member(star, name))
    return UNKNOWN


def _is_package(record: ModuleRecord) -> bool:
    return record.unit.path.endswith("/__init__.py")


def resolve_lazily(walk: Walk, name: str, site: Site) -> Value | None:
    """Read a module that was not given when something of it is called with data; None when it stays unread."""
    if not any(value.src for value in (*site.args, *site.named.values())):
        return None
    module, _, attribute = name[1:].rpartition(".")
    path = walk.session.index.named(module) or walk.session.index.relative(walk.module.unit.path, 1, module)
    record = own_module(walk, path)
    if record is None or record.state == PENDING:
        return None
    value = record.scope.names.get(attribute)
    return None if isinstance(value, Ref) and value.name == name else value
