"""The statements of the tree that is evaluated; expressions are in nodes.py."""

from __future__ import annotations

from packamal.detectors.javascript.nodes import Function, Node


class Declare(Node):
    """`var`, `let`, `const`: patterns with their first values."""

    __slots__ = ("is_var", "start", "targets")

    def __init__(self, is_var: bool, targets: list[tuple[Node, Node | None]], start: int) -> None:
        self.is_var = is_var
        self.targets = targets
        self.start = start


class Return(Node):
    """`return a`"""

    __slots__ = ("value",)

    def __init__(self, value: Node | None) -> None:
        self.value = value


class Throw(Node):
    """`throw a`"""

    __slots__ = ("value",)

    def __init__(self, value: Node | None) -> None:
        self.value = value


class Jump(Node):
    """`break` and `continue`."""

    __slots__ = ("is_break", "label")

    def __init__(self, is_break: bool, label: str) -> None:
        self.is_break = is_break
        self.label = label


class If(Node):
    """Offsets are those of the test."""

    __slots__ = ("end", "no", "start", "test", "was_dry", "yes")

    def __init__(self, parts: tuple[Node, Node, Node | None], start: int, end: int) -> None:
        self.test, self.yes, self.no = parts
        self.start = start
        self.end = end
        self.was_dry = False


class Loop(Node):
    """`for`, `while` and `do`; any part may be missing. Offsets are those of the test."""

    __slots__ = ("assigned", "body", "branches", "end", "first", "is_do", "label", "start", "step", "test")

    def __init__(self, first: Node | None, test: Node | None, step: Node | None, body: Node) -> None:
        self.first = first
        self.test = test
        self.step = step
        self.body = body
        self.start = 0
        self.end = 0
        self.is_do = False
        self.label = ""
        self.assigned: frozenset[str] | None = None
        """Names assigned inside, found when first needed."""
        self.branches = False
        """Whether it holds code that a turn may leave out; known once `assigned` is."""


class ForEach(Node):
    """`for (a of b)`, or over keys when not `is_of`; `declares` is var, let, const or empty."""

    __slots__ = ("assigned", "body", "branches", "declares", "is_of", "iterable", "label", "target")

    def __init__(self, target: Node, iterable: Node, body: Node, declares: str, is_of: bool) -> None:
        self.target = target
        self.iterable = iterable
        self.body = body
        self.declares = declares
        self.is_of = is_of
        self.label = ""
        self.assigned: frozenset[str] | None = None
        self.branches = False


class Case(Node):
    """One case of a switch; no test for the default."""

    __slots__ = ("body", "test")

    def __init__(self, test: Node | None, body: list[Node]) -> None:
        self.test = test
        self.body = body


class Switch(Node):
    """Offsets are those of the value."""

    __slots__ = ("cases", "end", "start", "value")

    def __init__(self, value: Node, cases: list[Case], start: int, end: int) -> None:
        self.value = value
        self.cases = cases
        self.start = start
        self.end = end


class Try(Node):
    """`try`"""

    __slots__ = ("body", "final", "handler", "parameter")

    def __init__(self, body: Node, parameter: Node | None, handler: Node | None, final: Node | None) -> None:
        self.body = body
        self.parameter = parameter
        self.handler = handler
        self.final = final


class Block(Node):
    """Statements in a scope of their own when `is_scope`."""

    __slots__ = ("body", "is_scope")

    def __init__(self, body: list[Node], is_scope: bool) -> None:
        self.body = body
        self.is_scope = is_scope


class Labeled(Node):
    """A labelled statement that is no loop."""

    __slots__ = ("body", "label")

    def __init__(self, label: str, body: Node) -> None:
        self.label = label
        self.body = body


class Import(Node):
    """`import a, {b as c} from "m"`: pairs of (imported name, local name); `*` is the whole module."""

    __slots__ = ("names", "source", "start")

    def __init__(self, source: str, names: list[tuple[str, str]], start: int) -> None:
        self.source = source
        self.names = names
        self.start = start


class Export(Node):
    """`export ...`: a declaration, or pairs of (local name or imported name, exported name), maybe from a module."""

    __slots__ = ("declaration", "names", "source", "start")

    def __init__(self, declaration: Node | None, names: list[tuple[str, str]], source: str, start: int) -> None:
        self.declaration = declaration
        self.names = names
        self.source = source
        self.start = start


class ExportValue(Node):
    """`export default a` and TypeScript's `export = a`."""

    __slots__ = ("is_whole", "value")

    def __init__(self, value: Node, is_whole: bool) -> None:
        self.value = value
        self.is_whole = is_whole


class Program(Node):
    """A whole unit."""

    __slots__ = (
        "body", "computed", "flattened", "functions", "members", "names", "nodes", "spelt", "texts", "variables",
    )  # fmt: skip

    def __init__(self, body: list[Node]) -> None:
        self.body = body
        self.functions: list[Function] = []
        self.variables: list[str] = []
        self.texts: list[tuple[str, int, object]] = []
        self.spelt: list[tuple[str, int]] = []
        """Literals worth a fact: (value, offset, enclosing Function or None)."""
        self.nodes = 0
        self.names: tuple[str, ...] = ()
        """Distinct names and short source texts."""
        self.computed = 0
        """Members named by a text in brackets that could stand behind a dot."""
        self.members = 0
        """Members behind a dot."""
        self.flattened = 0
        """Loops that do nothing but switch on a state."""

    def let_go(self) -> None:
        """Drop the tree: closures and scopes hold each other in rings, and only the collector would free it."""
        self.body = []
        for function in self.functions:
            function.body, function.parameters, function.unbuilt = [], [], None
        self.functions = []
