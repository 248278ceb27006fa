"""The tree that is evaluated: JavaScript and TypeScript without comments, types and punctuation.

Made once from tree-sitter's tree, since reading that one from Python is slow and functions are evaluated several times.
Plain slotted classes: data classes would cost a tenth of a second at import. Offsets are bytes in the unit's text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


class Node:
    """Any node."""

    __slots__ = ()


class Undefined:
    """The value `undefined`, and what stands for no value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


class Literal(Node):
    """A constant: text, number, boolean, null or undefined."""

    __slots__ = ("start", "value")

    def __init__(self, value: object, start: int) -> None:
        self.value = value
        self.start = start


class Name(Node):
    """An identifier."""

    __slots__ = ("name", "start")

    def __init__(self, name: str, start: int) -> None:
        self.name = name
        self.start = start


class This(Node):
    """`this`."""

    __slots__ = ()


class Super(Node):
    """`super`."""

    __slots__ = ()


class Template(Node):
    """A template with substitutions: texts and nodes in turn."""

    __slots__ = ("parts", "start")

    def __init__(self, parts: list[str | Node], start: int) -> None:
        self.parts = parts
        self.start = start


class Pattern(Node):
    """A regular expression literal."""

    __slots__ = ("flags", "pattern", "start")

    def __init__(self, pattern: str, flags: str, start: int) -> None:
        self.pattern = pattern
        self.flags = flags
        self.start = start


class ArrayLiteral(Node):
    """`[a, ...b]`"""

    __slots__ = ("items", "start")

    def __init__(self, items: list[Node], start: int) -> None:
        self.items = items
        self.start = start


class Property(Node):
    """One entry of an object literal; `kind` is init, get, set or spread."""

    __slots__ = ("key", "kind", "value")

    def __init__(self, key: str | Node, value: Node, kind: str) -> None:
        self.key = key
        self.value = value
        self.kind = kind


class ObjectLiteral(Node):
    """`{a: 1, get b() {}, ...c}`"""

    __slots__ = ("properties", "start")

    def __init__(self, properties: list[Property], start: int) -> None:
        self.properties = properties
        self.start = start


class Function(Node):
    """A function of any kind; what evaluation learns about it is kept in its lower slots."""

    __slots__ = (
        "body", "end", "folded", "is_arrow", "is_called", "name", "native", "parameters",
        "qualified", "returned", "runs", "seen", "signatures", "size", "start", "tries", "unbuilt", "variables",
    )  # fmt: skip

    def __init__(self, name: str, qualified: str, start: int, end: int, is_arrow: bool) -> None:
        self.name = name
        self.qualified = qualified
        self.start = start
        self.end = end
        self.is_arrow = is_arrow
        self.parameters: list[Node] = []
        self.body: list[Node] | Node = []
        self.variables: list[str] = []
        """Names declared by `var` anywhere inside."""
        self.size = 0
        """Nodes in it, those of inner functions too."""
        self.runs = 0
        self.is_called = False
        self.returned: object = UNDEFINED
        self.seen: list[frozenset[int]] = []
        """Sources that have reached each parameter."""
        self.signatures: set[tuple[object, ...]] = set()
        """Kinds of arguments it was run on."""
        self.folded = 0
        """Call places where it gave a constant text for constants."""
        self.tries = 0
        self.native: object = None
        """A codec that it was seen to be, or False once it was seen to be none."""
        self.unbuilt: Callable[[], None] | None = None
        """Builds parameters and body, where that waits for a call."""

    def build(self) -> None:
        """Make sure that parameters and body are there."""
        unbuilt, self.unbuilt = self.unbuilt, None
        if unbuilt is not None:
            unbuilt()


class FunctionDeclaration(Node):
    """A function statement."""

    __slots__ = ("function",)

    def __init__(self, function: Function) -> None:
        self.function = function


class ClassMember(Node):
    """`kind` is method, get, set, field or block; a field's value may be missing."""

    __slots__ = ("is_static", "key", "kind", "value")

    def __init__(self, key: str | Node, value: Node | None, kind: str, is_static: bool) -> None:
        self.key = key
        self.value = value
        self.kind = kind
        self.is_static = is_static


class ClassNode(Node):
    """A class, as statement when `is_statement`."""

    __slots__ = ("base", "decorators", "is_statement", "members", "name", "start")

    def __init__(self, name: str, base: Node | None, members: list[ClassMember], start: int) -> None:
        self.name = name
        self.base = base
        self.members = members
        self.start = start
        self.decorators: list[Node] = []
        self.is_statement = False


class Member(Node):
    """`a.b`"""

    __slots__ = ("object", "property", "start")

    def __init__(self, obj: Node, prop: str, start: int) -> None:
        self.object = obj
        self.property = prop
        self.start = start


class Index(Node):
    """`a[b]`"""

    __slots__ = ("index", "object", "start")

    def __init__(self, obj: Node, index: Node, start: int) -> None:
        self.object = obj
        self.index = index
        self.start = start


class Call(Node):
    """A call; `import()` and `super()` too. `start` is where the last name of the callee stands."""

    __slots__ = ("arguments", "callee", "end", "start")

    def __init__(self, callee: Node, arguments: list[Node], start: int, end: int) -> None:
        self.callee = callee
        self.arguments = arguments
        self.start = start
        self.end = end


class New(Call):
    """`new X(...)`"""

    __slots__ = ()


class Tagged(Node):
    """A tagged template."""

    __slots__ = ("raws", "start", "tag", "template")

    def __init__(self, tag: Node, template: Node, raws: list[str], start: int) -> None:
        self.tag = tag
        self.template = template
        self.raws = raws
        """Its texts as they are written, escapes and all."""
        self.start = start


class Unary(Node):
    """`-a`, `!a`, `typeof a`, `void a`, `delete a`, `~a`, `+a`"""

    __slots__ = ("operand", "operator")

    def __init__(self, operator: str, operand: Node) -> None:
        self.operator = operator
        self.operand = operand


class Update(Node):
    """`a++`"""

    __slots__ = ("is_prefix", "operator", "target")

    def __init__(self, operator: str, target: Node, is_prefix: bool) -> None:
        self.operator = operator
        self.target = target
        self.is_prefix = is_prefix


class Binary(Node):
    """Any binary operator but `+`, `&&`, `||` and `??`."""

    __slots__ = ("left", "operator", "right", "start")

    def __init__(self, operator: str, left: Node, right: Node, start: int) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.start = start


class Sum(Node):
    """A chain of `+`, flattened from the left, since packed code joins thousands of parts."""

    __slots__ = ("parts", "start")

    def __init__(self, parts: list[Node], start: int) -> None:
        self.parts = parts
        self.start = start


class Logical(Node):
    """`a && b`, `a || b`, `a ?? b`; offsets are those of the left side, shown as the condition of the right."""

    __slots__ = ("end", "left", "operator", "right", "start")

    def __init__(self, operator: str, left: Node, right: Node, start: int, end: int) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.start = start
        self.end = end


class Conditional(Node):
    """`a ? b : c`; offsets are those of the test."""

    __slots__ = ("end", "no", "start", "test", "yes")

    def __init__(self, parts: tuple[Node, Node, Node], start: int, end: int) -> None:
        self.test, self.yes, self.no = parts
        self.start = start
        self.end = end


class Assign(Node):
    """`a = b` and the like; `operator` is empty, or the one before `=`."""

    __slots__ = ("operator", "start", "target", "value")

    def __init__(self, operator: str, target: Node, value: Node, start: int) -> None:
        self.operator = operator
        self.target = target
        self.value = value
        self.start = start


class Sequence(Node):
    """`a, b`; also the children of markup, whose value is unknown."""

    __slots__ = ("is_markup", "items")

    def __init__(self, items: list[Node], is_markup: bool = False) -> None:
        self.items = items
        self.is_markup = is_markup


class Yield(Node):
    """`yield a`"""

    __slots__ = ("value",)

    def __init__(self, value: Node) -> None:
        self.value = value


class Spread(Node):
    """`...a` in a call, an array or as the rest of a pattern."""

    __slots__ = ("value",)

    def __init__(self, value: Node) -> None:
        self.value = value


class ObjectPattern(Node):
    """`{a, b: c, ...rest}`"""

    __slots__ = ("entries", "rest", "start")

    def __init__(self, entries: list[tuple[str | Node, Node]], rest: Node | None, start: int) -> None:
        self.entries = entries
        self.rest = rest
        self.start = start


class ArrayPattern(Node):
    """`[a, , b]`; None for a hole."""

    __slots__ = ("items",)

    def __init__(self, items: list[Node]) -> None:
        self.items = items


class Default(Node):
    """`a = 1` in a pattern or parameter list."""

    __slots__ = ("target", "value")

    def __init__(self, target: Node, value: Node) -> None:
        self.target = target
        self.value = value
