"""What is shared while the units of one package are read: facts so far, tokens, modules, what files were written."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from packamal.detectors.facts import Arg
from packamal.detectors.python import limits
from packamal.detectors.python.scope import ClassRecord, FunctionRecord, ModuleRecord
from packamal.detectors.python.values import FIRST_TEXT, Const, Sources, Value
from packamal.detectors.units import Unit

if TYPE_CHECKING:
    from packamal.detectors.python.modules import ModuleIndex

MAX_BOUND = 6
"""Values of one parameter that are kept to show what it was called with."""


class Spot(NamedTuple):
    """A place before it is known whether its function is called."""

    module: ModuleRecord
    line: int
    function: FunctionRecord
    condition: ast.AST | None


class RawCall:
    """A call fact whose sources may still hold tokens."""

    __slots__ = ("args", "callee", "id", "is_new", "named", "pending", "receiver", "spot")

    def __init__(self, number: int, callee: str, spot: Spot) -> None:
        self.id = number
        self.callee = callee
        self.spot = spot
        self.args: list[Arg] = []
        self.named: list[tuple[str, Arg]] = []
        self.receiver: Arg | None = None
        self.pending: list[tuple[str, Value]] = []
        """Arguments whose text depends on parameters: key and value."""
        self.is_new = False


class RawUse(NamedTuple):
    """A use fact whose sources may still hold tokens."""

    id: int
    name: str
    spot: Spot
    value: Arg | None


class RawText(NamedTuple):
    """A text fact."""

    id: int
    value: str
    spot: Spot
    is_assembled: bool
    steps: tuple[str, ...]


class RawLayer(NamedTuple):
    """A layer; `constant` identifies the value, so that what runs or is decoded further is not reported twice."""

    data: bytes
    spot: Spot
    steps: tuple[str, ...]
    is_executed: bool
    language: str
    via: int


class Session:
    """State of reading one package."""

    def __init__(self, package: Mapping[str, Unit], index: ModuleIndex, given: frozenset[str]) -> None:
        self.package = package
        self.calls: list[RawCall] = []
        self.results: dict[int, str] = {}
        """Fact -> what a decoder made of a constant."""
        self.uses: list[RawUse] = []
        self.texts: list[RawText] = []
        self.layers: dict[tuple[str, bytes], RawLayer] = {}
        self.edges: dict[tuple[str, str, ModuleRecord], Spot] = {}
        self.notes: dict[tuple[str, str, str], tuple[Spot, str]] = {}
        self.failures: list[tuple[str, str]] = []
        self.memo: dict[ast.AST, list[RawCall]] = {}
        self.text_memo: dict[ast.AST, Const] = {}
        self.sizes: dict[ast.AST, int] = {}
        self.links: dict[int, set[int]] = {}
        self.bound: dict[int, list[Value]] = {}
        self.files: dict[str, int] = {}
        self.foreign: set[str] = set()
        self.steps = 0
        self.depth = 0
        """Modules and functions being read on demand inside one another."""
        self.modules: dict[str, ModuleRecord] = {}
        self.index = index
        self.given = given
        """Names of the units that were asked for."""
        self.lazy_bytes = 0
        self.programs = 0
        """Constant programs being read in place inside one another."""
        self.runs = 0
        """Layers seen to run so far."""
        self.outer_steps: tuple[str, ...] = ()
        """Steps that made the programs being read in place."""
        self.records: list[FunctionRecord] = []
        """Functions that were read."""
        self._next_fact = 0
        self._next_text = FIRST_TEXT
        self._next_token = 0

    def fact(self) -> int:
        """Take the next fact id."""
        self._next_fact += 1
        return self._next_fact - 1

    def text_fact(self) -> int:
        """Take the next id of a Text fact."""
        self._next_text += 1
        return self._next_text - 1

    def token(self) -> int:
        """Take the next token: a source that is resolved when everything was read."""
        self._next_token -= 1
        return self._next_token

    def link(self, token: int, src: Sources) -> None:
        """Say that these sources reach what the token stands for."""
        if src:
            known = self.links.get(token)
            if known is None:
                self.links[token] = set(src)
            elif len(known) < limits.MAX_STEPS:
                known |= src

    def bind(self, token: int, value: Value, src: Sources) -> None:
        """Say that a parameter takes this value at some call."""
        self.link(token, src)
        values = self.bound.setdefault(token, [])
        if len(values) < MAX_BOUND:
            values.append(value)

    def file_token(self, path: str) -> int:
        """The token that stands for what is written to a file of this path."""
        token = self.files.get(path)
        if token is None:
            token = self.files[path] = self.token()
        return token

    def attribute_token(self, record: ClassRecord, name: str) -> int:
        """The token that stands for what is stored under a name on objects of a class."""
        token = record.tokens.get(name)
        if token is None:
            token = record.tokens[name] = self.token()
        return token

    def size_of(self, node: ast.AST) -> int:
        """Number of nodes of a tree, counted once."""
        size = self.sizes.get(node)
        if size is None:
            size = self.sizes[node] = _count(node)
        return size

    def is_larger(self, node: ast.AST, most: int) -> bool:
        """Whether a tree has more nodes than that; counts no further."""
        size = self.sizes.get(node)
        if size is None:
            size = _count(node, most)
            if size <= most:
                self.sizes[node] = size
        return size > most

    def forget_trees(self) -> None:
        """Let go of what is kept by tree node; a node read again later is recorded again."""
        self.memo.clear()
        self.text_memo.clear()
        self.sizes.clear()

    def let_go(self) -> None:
        """Drop every tree at the end: records hold each other in rings, and only the collector would free them."""
        self.forget_trees()
        for record in self.records:
            record.node = None


def _count(node: ast.AST, most: int = sys.maxsize) -> int:
    """Number of nodes of a tree, twice as fast as ast.walk; stops beyond `most`."""
    count, waiting = 0, [node]
    while waiting and count <= most:
        node = waiting.pop()
        count += 1
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                waiting += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)
    return count
