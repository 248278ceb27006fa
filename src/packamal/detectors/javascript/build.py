"""Makes the tree that is evaluated out of tree-sitter's: the core; the node kinds are in the `build_*` modules.

The walk recurses to MAX_DEPTH and no further; what lies deeper is searched for literals only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from packamal.detectors.facts import MIN_TEXT
from packamal.detectors.javascript.literals import is_spelt, unescape
from packamal.detectors.javascript.nodes import UNDEFINED, Function, Literal, Node
from packamal.detectors.javascript.parse import grammar, literals_in
from packamal.detectors.javascript.telling import EVERYWHERE, Telling

if TYPE_CHECKING:
    import tree_sitter

MAX_DEPTH = 400
"""Levels of the tree; code written by people stays below 100, packed code below 200."""
MAX_DEEP_NODES = 20_000
"""Nodes below MAX_DEPTH searched for literals."""
MAX_TEXTS = 20_000
"""Literals kept of one unit; a table of more is data."""
_COMMENT = re.compile(rb"/\*[\s\S]*?\*/|//[^\n]*")
_LONGEST_OPERATOR = 12
_ERROR_KIND = 0xFFFF
"""Kind of nodes of damaged source."""

Builds = Callable[["Builder", "tree_sitter.Node"], Node]
BUILDERS: dict[str, Builds] = {}
NOTHING = Literal(UNDEFINED, 0)


def builds(*kinds: str) -> Callable[[Builds], Builds]:
    """Register the maker of the nodes of some grammar kinds."""

    def register(make: Builds) -> Builds:
        for kind in kinds:
            BUILDERS[kind] = make
        return make

    return register


@functools.cache
def _table(name: str) -> tuple[Builds | None, ...]:
    language = grammar(name)
    table: list[Builds | None] = [None] * (_ERROR_KIND + 1)
    for kind in range(language.node_kind_count):
        if language.node_kind_is_named(kind):
            table[kind] = BUILDERS.get(language.node_kind_for_id(kind) or "")
    table[_ERROR_KIND] = BUILDERS["ERROR"]
    return tuple(table)


class Builder:
    """Builds one unit; knows where it is: enclosing function, names to be declared, depth."""

    __slots__ = (
        "computed", "count", "depth", "flattened", "function", "functions", "hint", "is_cut", "language", "members",
        "names", "prefix", "source", "spelt", "table", "telling", "texts", "variables",
    )  # fmt: skip

    def __init__(self, source: bytes, grammar_name: str, telling: Telling = EVERYWHERE) -> None:
        self.source = source
        self.language = grammar_name
        self.telling = telling
        """Functions without any of these places are built when they are called."""
        self.table = _table(grammar_name)
        self.names: dict[bytes, str] = {}
        self.texts: list[tuple[str, int, object]] = []
        self.spelt: list[tuple[str, int]] = []
        """Words written in escapes although every character of theirs can be printed."""
        self.function: Function | None = None
        self.functions: list[Function] = []
        self.variables: dict[str, None] = {}
        self.prefix = ""
        self.hint = ""
        """Name for the function that is built next, from what it is assigned to."""
        self.depth = 0
        self.count = 0
        self.is_cut = False
        self.computed = self.members = self.flattened = 0

    def node(self, raw: tree_sitter.Node) -> Node:
        """Build one node; types, comments and unknown kinds give NOTHING."""
        make = self.table[raw.kind_id]
        if make is None:
            return NOTHING
        self.count += 1
        self.depth += 1
        try:
            return make(self, raw) if self.depth < MAX_DEPTH else self._cut(raw)
        finally:
            self.depth -= 1

    def nodes(self, raws: list[tree_sitter.Node]) -> list[Node]:
        """Build those that mean something."""
        table, build = self.table, self.node
        return [build(raw) for raw in raws if table[raw.kind_id] is not None]

    def kids(self, raw: tree_sitter.Node, expected: int) -> list[tree_sitter.Node]:
        """Named children without comments and types; nothing is filtered where the count is as expected."""
        children = raw.named_children
        if len(children) == expected:
            return children
        table = self.table
        return [child for child in children if table[child.kind_id] is not None]

    def text(self, raw: tree_sitter.Node) -> str:
        """Source text of a name, each decoded once."""
        return self.slice(raw.start_byte, raw.end_byte)

    def slice(self, start: int, end: int) -> str:
        """Source text between two offsets, cached: for short and frequent texts."""
        raw = self.source[start:end]
        name = self.names.get(raw)
        if name is None:
            name = raw.decode("utf-8", "replace")
            if "\\u" in name:
                name = unescape(name)
            self.names[raw] = name
        return name

    def operator(self, start: int, end: int) -> str:
        """The operator between two operands."""
        raw = self.source[start:end].strip()
        if len(raw) > _LONGEST_OPERATOR:
            raw = _COMMENT.sub(b"", raw).strip()
        return raw.decode("utf-8", "replace")

    def literal(self, start: int, end: int) -> str:
        """Value of the quoted text between two offsets, kept as a fact when it is long enough."""
        value = self.source[start:end].decode("utf-8", "replace")
        if "\\" in value:
            raw, value = value, unescape(value)
            if is_spelt(raw, value) and len(self.spelt) < MAX_TEXTS:
                self.spelt.append((value, start))
        self.keep(value, start)
        return value

    def keep(self, value: str, start: int) -> None:
        """Keep a literal for the facts."""
        if len(value) >= MIN_TEXT and len(self.texts) < MAX_TEXTS:
            self.texts.append((value, start, self.function))

    def keep_literals(self, raw: tree_sitter.Node) -> None:
        """Keep the literals of what is not built."""
        for node in literals_in(raw, self.language):
            if node.end_byte - node.start_byte >= MIN_TEXT + 2:
                self.literal(node.start_byte + 1, node.end_byte - 1)

    def _cut(self, raw: tree_sitter.Node) -> Node:
        self.is_cut = True
        stack, seen = [raw], 0
        while stack and seen < MAX_DEEP_NODES:
            node = stack.pop()
            seen += 1
            if node.type in {"string", "template_string"}:
                self.literal(node.start_byte + 1, node.end_byte - 1)
            else:
                stack.extend(node.named_children)
        return NOTHING


_FUNCTIONS = frozenset({"function_expression", "arrow_function", "generator_function", "class"})


def hint_for(b: Builder, value: tree_sitter.Node, name: str) -> None:
    """Name the function or class that is about to be built after what it is assigned to."""
    b.hint = name if value.type in _FUNCTIONS else ""
