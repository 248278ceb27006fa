"""What an expression may be worth: a small lattice over plain Python values.

Constants are Python's own: str, int, float, bool, None, bytes (a Buffer), UNDEFINED. Everything else is one of these
classes. Where a constant came from is kept by its value (history.py), so constants stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from packamal.detectors.javascript.nodes import UNDEFINED, ClassNode, Function, Undefined

if TYPE_CHECKING:
    from packamal.detectors.javascript.scope import Scope

NO_SOURCES: frozenset[int] = frozenset()
MAX_SOURCES = 24
"""Facts a value remembers it was made from; the first are the origins, later ones are steps in between."""
MAX_ALTERNATIVES = 4
"""Values of one join; more are unknown."""
MAX_TEXT = 4096
"""Characters of a partly known text."""


class Ref:
    """A named thing outside the unit's own code: a global, a module, a member of one, the result of calling one."""

    __slots__ = ("fields", "is_module", "name", "owner", "sources", "steps")

    def __init__(self, name: str, sources: frozenset[int] = NO_SOURCES, owner: object = None) -> None:
        self.name = name
        self.sources = sources
        self.owner = owner
        """The value whose method this is, when that is no module and no global."""
        self.is_module = False
        self.steps: tuple[str, ...] = ()
        self.fields: dict[str, object] | None = None
        """What the code itself has written to it."""


class Opaque:
    """Unknown, or text of which parts are known: `{name}` stands for the rest."""

    __slots__ = ("file", "sources", "steps", "text")

    def __init__(
        self, sources: frozenset[int] = NO_SOURCES, text: str | None = None, steps: tuple[str, ...] = ()
    ) -> None:
        self.sources = sources
        self.text = text
        self.steps = steps
        self.file = ""
        """The file of the package whose content it is."""


UNKNOWN = Opaque()


class Join:
    """One of a few values."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[object, ...]) -> None:
        self.values = values


class ArrayValue:
    """An array; `sources` are those of elements that are not known one by one."""

    __slots__ = ("fields", "is_open", "items", "level", "sources")

    def __init__(self, items: list[object], level: int = 0) -> None:
        self.items = items
        self.level = level
        self.sources = NO_SOURCES
        self.is_open = False
        """More elements than `items`, or in another order."""
        self.fields: dict[str, object] | None = None


class ObjectValue:
    """An object; `level` is the depth of uncertainty it was made at."""

    __slots__ = ("fields", "is_open", "kind", "level", "prototype", "sources")

    def __init__(self, fields: dict[str, object], level: int = 0, prototype: object = None) -> None:
        self.fields = fields
        self.level = level
        self.prototype = prototype
        """An ObjectValue, a ClassValue or a Ref that members are looked up in."""
        self.sources = NO_SOURCES
        self.is_open = False
        """It may have members that are not known."""
        self.kind = ""
        """`Map`, `Set` ... where it is one of those."""


class Closure:
    """A function of the package's own."""

    __slots__ = ("fields", "home", "node", "scope", "this")

    def __init__(self, node: Function, scope: Scope, this: object = UNDEFINED) -> None:
        self.node = node
        self.scope = scope
        self.this = this
        """For arrow functions."""
        self.fields: dict[str, object] | None = None
        self.home: object = None
        """The ClassValue it is a method of."""


class ClassValue:
    """A class of the package's own."""

    __slots__ = ("base", "fields", "instance", "members", "node", "scope")

    def __init__(self, node: ClassNode, scope: Scope, base: object) -> None:
        self.node = node
        self.scope = scope
        self.base = base
        """A ClassValue, Closure or Ref; UNDEFINED without one."""
        self.members: dict[str, object] = {}
        """Methods of instances; accessors as Accessor."""
        self.fields: dict[str, object] = {}
        """Static members."""
        self.instance: ObjectValue | None = None
        """The last one made."""


class Accessor:
    """A getter, with the setter of the same name where there is one."""

    __slots__ = ("get", "set")

    def __init__(self, get: object, set_: object) -> None:
        self.get = get
        self.set = set_


class Bound:
    """A function with `this` and first arguments given."""

    __slots__ = ("arguments", "target", "this")

    def __init__(self, target: object, this: object, arguments: list[object]) -> None:
        self.target = target
        self.this = this
        self.arguments = arguments


class Native:
    """A function that is evaluated by a function of ours: a promise's resolve, a module loader's require."""

    __slots__ = ("name", "run")

    def __init__(self, name: str, run: Callable[[list[object]], object]) -> None:
        self.name = name
        self.run = run


class Method:
    """A built-in method taken off a constant, an array or an object without being called."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: object, name: str) -> None:
        self.receiver = receiver
        self.name = name


class RegexValue:
    """A regular expression."""

    __slots__ = ("flags", "last", "pattern")

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.flags = flags
        self.last = 0


CONSTANTS = (str, int, float, bool, type(None), bytes, Undefined)
CONSTANT_TYPES = frozenset(CONSTANTS)
FUNCTIONS = (Closure, Bound, Native, Method, ClassValue)


def is_constant(value: object) -> bool:
    """True for a primitive or a Buffer whose value is known."""
    return value.__class__ in CONSTANT_TYPES


def is_literal(value: object, depth: int = 4) -> bool:
    """True for a constant, and for arrays and objects of nothing else."""
    if value.__class__ in CONSTANT_TYPES:
        return True
    if depth == 0:
        return False
    if value.__class__ is ArrayValue:
        return not value.is_open and all(is_literal(item, depth - 1) for item in value.items)
    return False


def merge_sources(parts: Iterable[frozenset[int]]) -> frozenset[int]:
    """Unite, capped: the earliest facts are kept, since origins come before what is made of them."""
    merged = NO_SOURCES
    for part in parts:
        if part and part is not merged:
            merged = merged | part if merged else part
    return frozenset(sorted(merged)[:MAX_SOURCES]) if len(merged) > MAX_SOURCES else merged


def join(left: object, right: object) -> object:
    """The value that may be either; undefined is what a variable is before its first value, and gives way."""
    if left is right or right is UNDEFINED:
        return left
    if left is UNDEFINED:
        return right
    if left.__class__ is right.__class__ and left.__class__ in CONSTANT_TYPES and left == right:
        return left
    if isinstance(left, Opaque) and isinstance(right, Opaque):
        return _join_opaque(left, right)
    if _is_blank(left) and not is_constant(right):
        return right
    if _is_blank(right) and not is_constant(left):
        return left
    return _join_values(left, right)


def _join_values(left: object, right: object) -> object:
    values = [*alternatives(left)]
    for value in alternatives(right):
        if not any(_is_same(value, other) for other in values):
            values.append(value)
    if len(values) == 1:
        return values[0]
    if len(values) > MAX_ALTERNATIVES:
        return _widen(values)
    return Join(tuple(values))


def _is_blank(value: object) -> bool:
    """What variables hold before their value: it says nothing beside one."""
    return value is None or (value.__class__ is str and not value)


def _join_opaque(left: Opaque, right: Opaque) -> Opaque:
    if left.sources == right.sources and left.text == right.text:
        return left
    joined = Opaque(merge_sources((left.sources, right.sources)), left.text or right.text, left.steps or right.steps)
    joined.file = left.file or right.file
    return joined


def _is_same(left: object, right: object) -> bool:
    if left is right:
        return True
    if left.__class__ is not right.__class__:
        return False
    if left.__class__ in CONSTANT_TYPES:
        return left == right
    if isinstance(left, Ref) and isinstance(right, Ref):
        return left.name == right.name and left.sources == right.sources
    if isinstance(left, Closure) and isinstance(right, Closure):
        return left.node is right.node
    return False


def _widen(values: list[object]) -> object:
    """Too many: functions and things are kept before constants, and constants give way to the unknown."""
    kept = [value for value in values if value.__class__ not in CONSTANT_TYPES and value.__class__ is not Opaque]
    unknown = Opaque(merge_sources(value.sources for value in values if isinstance(value, Opaque | Ref)))
    return Join((*kept[: MAX_ALTERNATIVES - 1], unknown)) if kept else unknown


def alternatives(value: object) -> tuple[object, ...]:
    """The values of a join, or the value itself."""
    return value.values if isinstance(value, Join) else (value,)
