"""What the evaluator keeps while it walks: names in scope, and one record for each function, class and module."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

from packamal.detectors.python.values import UNKNOWN, Instance, Sources, Value, join
from packamal.detectors.units import Unit


class Scope:
    """Names of a module, class body, function or comprehension."""

    __slots__ = ("globals", "log", "module_names", "names", "outer", "parent")

    def __init__(self, parent: Scope | None = None, module_names: Scope | None = None) -> None:
        self.names: dict[str, Value] = {}
        self.parent = parent
        """Where a name is looked up next; class bodies are left out, as Python does."""
        self.module_names: Scope = module_names or self
        self.log: dict[str, Value | None] | None = None
        """Inside a branch: what each name written there was before."""
        self.globals: set[str] | None = None
        self.outer: set[str] | None = None

    def lookup(self, name: str) -> Value | None:
        """Find a name here or outside."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.names.get(name)
            if value is not None:
                return value
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        """Set a name; `global` and `nonlocal` names are joined where they live."""
        if self.globals is not None and name in self.globals:
            _join_into(self.module_names, name, value)
            return
        if self.outer is not None and name in self.outer and self.parent is not None:
            _join_into(self.parent, name, value)
            return
        log = self.log
        if log is not None and name not in log:
            log[name] = self.names.get(name)
        self.names[name] = value

    def open_branch(self) -> dict[str, Value | None] | None:
        """Start to note what is overwritten; returns the log of the branch around."""
        outer, self.log = self.log, {}
        return outer

    def close_branch(self, outer: dict[str, Value | None] | None) -> dict[str, Value]:
        """End a branch: put back what was overwritten, and return what the branch set."""
        log, self.log = self.log or {}, outer
        written: dict[str, Value] = {}
        for name, before in log.items():
            if name in self.names:
                written[name] = self.names[name]
            if before is None:
                self.names.pop(name, None)
            else:
                self.names[name] = before
        return written

    def merge(self, branches: Iterable[dict[str, Value]], is_exhaustive: bool) -> None:
        """Set each name written in any of the branches to the join of what it may be behind them."""
        kept = list(branches)
        for name in {name: None for branch in kept for name in branch}:
            before = self.names.get(name)
            values = [branch.get(name, before) for branch in kept]
            if not is_exhaustive:
                values.insert(0, before)
            known = [value for value in values if value is not None]
            merged = known[0]
            for value in known[1:]:
                merged = join(merged, value)
            self.bind(name, merged)


def _join_into(scope: Scope, name: str, value: Value) -> None:
    known = scope.names.get(name)
    scope.bind(name, value if known is None else join(known, value))


PENDING: Final = 0
RUNNING: Final = 1
DONE: Final = 2

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class FunctionRecord:
    """A function as the package defines it: its tree, where its names live, and once read its summary."""

    __slots__ = (
        "calls",
        "defaults",
        "effects",
        "is_root",
        "is_static",
        "kind",
        "kwarg",
        "module",
        "node",
        "owner",
        "params",
        "positional",
        "qualname",
        "result",
        "scope",
        "size",
        "state",
        "summary",
        "tokens",
        "vararg",
    )

    def __init__(self, node: FunctionNode | None, qualname: str, scope: Scope, module: ModuleRecord) -> None:
        self.node = node
        """None for module level code, and for large functions once they are read."""
        self.qualname = qualname
        self.scope = scope
        self.module = module
        self.owner: ClassRecord | None = None
        self.is_static = False
        self.kind = ""
        """classmethod, staticmethod or property."""
        self.params: tuple[str, ...] = ()
        self.positional = 0
        """How many of `params` may be passed by position."""
        self.vararg = ""
        self.kwarg = ""
        self.defaults: dict[str, Value] = {}
        self.tokens: dict[str, int] = {}
        self.result = 0
        """Token of what it returns, for callers that come before its summary."""
        self.state = PENDING
        self.summary: Value = UNKNOWN
        self.effects: dict[str, Sources] = {}
        """Parameter -> what is stored into the object passed there."""
        self.calls: set[FunctionRecord] = set()
        self.is_root = False
        self.size = -1


class ClassRecord:
    """A class as the package defines it, and one object that stands for all of its objects."""

    __slots__ = ("attributes", "bases", "is_prepared", "module", "name", "shared", "tokens", "values")

    def __init__(self, name: str, module: ModuleRecord) -> None:
        self.name = name
        self.module = module
        self.bases: tuple[Value, ...] = ()
        self.attributes: dict[str, Value] = {}
        """Class attributes and methods."""
        self.values: dict[str, Value] = {}
        """What methods store on self, joined over all objects."""
        self.tokens: dict[str, int] = {}
        self.is_prepared = False
        self.shared = Instance(self)
        self.shared.attributes = self.values


class ModuleRecord:
    """A unit being read as a module."""

    __slots__ = (
        "code",
        "functions",
        "inline_steps",
        "is_main",
        "lines",
        "most_steps",
        "name",
        "package",
        "scope",
        "source",
        "stars",
        "state",
        "steps",
        "unit",
    )

    def __init__(self, unit: Unit, name: str, is_main: bool) -> None:
        self.unit = unit
        self.name = name
        """Dotted name among the package's own modules."""
        self.package = name if unit.path.endswith("/__init__.py") else name.rpartition(".")[0]
        self.is_main = is_main
        self.state = PENDING
        self.source = ""
        """The decoded text, for conditions."""
        self.lines: list[bytes] | None = None
        self.scope = Scope()
        self.code = FunctionRecord(None, "", self.scope, self)
        self.code.is_root = True
        self.functions: list[FunctionRecord] = []
        self.stars: list[str] = []
        """Foreign modules whose names were imported with a star."""
        self.steps = 0
        """Repeated work done so far, see limits.py."""
        self.most_steps: int | None = None
        """What it may do; None until it asked for more than a few."""
        self.inline_steps = 0
