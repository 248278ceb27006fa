"""The lattice of values the evaluator computes with: what is known of an expression, and from which facts it came.

Sources are fact ids (>= 0) and tokens (< 0) that stand for what is not known yet: a parameter, a function's result,
an attribute of a class, a file's content. `links.py` replaces tokens by the facts that reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from packamal.detectors.python.scope import ClassRecord, FunctionRecord, ModuleRecord

Sources = frozenset[int]
NONE: Final[Sources] = frozenset()

FIRST_TEXT: Final = 1 << 40
"""Ids of Text facts start here, so that sources tell texts from acts."""
MAX_SOURCES = 48
"""A value made from more facts than this says little about any of them."""
MAX_OPTIONS = 4
"""Values a join keeps apart, as the design says."""
MAX_INNER = 256
"""Elements of a container whose sources are looked at."""
MAX_ENTRIES = 20_000
"""Elements of a container that are kept; longer tables are kept up to here."""


class Content(NamedTuple):
    """A file of the package that was read."""

    path: str
    data: bytes


class Value:
    """Anything an expression can evaluate to."""

    __slots__ = ("src",)

    src: Sources


class Unknown(Value):
    """Nothing is known but where it came from; `label` names it in renderings."""

    __slots__ = ("label",)

    def __init__(self, src: Sources = NONE, label: str = "") -> None:
        self.src = src
        self.label = label


class Param(Unknown):
    """A parameter of a function that is read on its own, or an attribute of a class; `token` stands for it."""

    __slots__ = ("token",)

    def __init__(self, token: int, label: str) -> None:
        self.src = frozenset((token,))
        self.label = label
        self.token = token


class Const(Value):
    """A constant: str, bytes, int, float, bool, None, complex, Ellipsis, or a tuple of those."""

    __slots__ = ("fact", "is_assembled", "steps", "value")

    def __init__(
        self, value: object, src: Sources = NONE, steps: tuple[str, ...] = (), is_assembled: bool = False
    ) -> None:
        self.value = value
        self.src = src
        self.steps = steps
        self.is_assembled = is_assembled
        self.fact = -1
        """Id of the Text fact, once there is one."""


class Template(Value):
    """A text of which parts are known: constants' texts (str) and values that are holes."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str | Value, ...], src: Sources = NONE) -> None:
        self.parts = parts
        self.src = src


class Ref(Value):
    """Something with a canonical dotted name that the package does not define."""

    __slots__ = ("name", "owner")

    def __init__(self, name: str, src: Sources = NONE, owner: Value | None = None) -> None:
        self.name = name
        self.src = src
        self.owner = owner
        """The value an attribute was read from, when that is no module: the receiver of a call."""


class Result(Ref):
    """What a call gave back; its name is the callee's with `()`. Methods on it may add sources."""

    __slots__ = ("args", "content", "text")

    def __init__(self, name: str, src: Sources, args: Sequence[Value] = (), text: Value | None = None) -> None:
        self.name = name
        self.src = src
        self.owner = None
        self.args = args
        self.text = text
        """What it is about (a path object's path), when known better than by the first argument."""
        self.content: Content | None = None


class Seq(Value):
    """A list, tuple or set. `is_open` when it may hold more than `items`."""

    __slots__ = ("is_open", "is_tuple", "items")

    def __init__(self, items: list[Value], src: Sources = NONE, is_open: bool = False, is_tuple: bool = False) -> None:
        self.items = items
        self.src = src
        self.is_open = is_open
        self.is_tuple = is_tuple


class Map(Value):
    """A dict with constant keys; what was stored under unknown keys is in `src` and `is_open`."""

    __slots__ = ("is_open", "items")

    def __init__(self, items: dict[Any, Value], src: Sources = NONE, is_open: bool = False) -> None:
        self.items = items
        self.src = src
        self.is_open = is_open


class Function(Value):
    """A function or lambda of the package, perhaps bound to a receiver or with arguments given in advance."""

    __slots__ = ("bound", "named", "receiver", "record")

    def __init__(
        self,
        record: FunctionRecord,
        receiver: Value | None = None,
        bound: tuple[Value, ...] = (),
        named: dict[str, Value] | None = None,
    ) -> None:
        self.src = NONE
        self.record = record
        self.receiver = receiver
        self.bound = bound
        self.named = named


class Partial(Value):
    """functools.partial over something that is no function of the package."""

    __slots__ = ("bound", "callee", "named")

    def __init__(self, callee: Value, bound: tuple[Value, ...], named: dict[str, Value]) -> None:
        self.src = callee.src
        self.callee = callee
        self.bound = bound
        self.named = named


class Method(Value):
    """A method of a constant or a container: `"".join`, `[].append`."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Value, name: str) -> None:
        self.src = owner.src
        self.owner = owner
        self.name = name


class Class(Value):
    """A class of the package."""

    __slots__ = ("record",)

    def __init__(self, record: ClassRecord) -> None:
        self.src = NONE
        self.record = record


class Instance(Value):
    """An object of a class of the package."""

    __slots__ = ("attributes", "record")

    def __init__(self, record: ClassRecord, src: Sources = NONE) -> None:
        self.src = src
        self.record = record
        self.attributes: dict[str, Value] = {}


class Module(Value):
    """A module of the package."""

    __slots__ = ("record",)

    def __init__(self, record: ModuleRecord) -> None:
        self.src = NONE
        self.record = record


class Join(Value):
    """One of up to MAX_OPTIONS values."""

    __slots__ = ("options",)

    def __init__(self, options: tuple[Value, ...], src: Sources) -> None:
        self.options = options
        self.src = src


Recorded = Function | Class | Instance | Module

UNKNOWN: Final = Unknown()
NO_VALUE: Final = Const(None)


def union(left: Sources, right: Sources) -> Sources:
    """Join two sets of sources, up to MAX_SOURCES."""
    if not right or left is right:
        return left
    if not left:
        return right
    both = left | right
    return both if len(both) <= MAX_SOURCES else _trimmed(both)


def _trimmed(src: Sources) -> Sources:
    """Texts give way first: what was read or called matters more than the words around it."""
    return frozenset(sorted(src)[:MAX_SOURCES])  # ids of texts are above all others


def gather(values: Iterable[Value]) -> Sources:
    """Join the sources of several values."""
    src = NONE
    for value in values:
        if value.src:
            src = union(src, deep_sources(value))
    return src


def deep_sources(value: Value, depth: int = 3) -> Sources:
    """Sources of a value and of what containers and objects hold by now."""
    src = value.src
    if depth == 0 or len(src) >= MAX_SOURCES:
        return src
    for item in _inner(value):
        if len(src) >= MAX_SOURCES:
            break
        src = union(src, deep_sources(item, depth - 1))
    return src


def _inner(value: Value) -> Iterable[Value]:
    if isinstance(value, Seq):
        return value.items[:MAX_INNER]
    if isinstance(value, Map):
        return list(value.items.values())[:MAX_INNER]
    if isinstance(value, Instance):
        return list(value.attributes.values())[:MAX_INNER]
    return value.options if isinstance(value, Join) else ()


def is_none(value: Value) -> bool:
    """Tell whether a value is the constant None."""
    return isinstance(value, Const) and value.value is None


def options(value: Value) -> tuple[Value, ...]:
    """The values a join keeps apart; the value itself for any other."""
    return value.options if isinstance(value, Join) else (value,)


def join(left: Value, right: Value) -> Value:
    """Merge two values of one name; `None` gives way, since it mostly means `not yet`."""
    if left is right or is_none(right):
        return left
    if is_none(left):
        return right
    if _same(left, right):
        return with_sources(left, right.src)
    merged = list(options(left))
    for option in options(right):
        if not any(_same(option, known) for known in merged):
            merged.append(option)
    src = union(left.src, right.src)
    return Join(tuple(merged), src) if len(merged) <= MAX_OPTIONS else Unknown(src)


def join_all(values: Sequence[Value]) -> Value:
    """Merge any number of values; UNKNOWN for none."""
    if not values:
        return UNKNOWN
    merged = values[0]
    for value in values[1:]:
        merged = join(merged, value)
    return merged


def _same(left: Value, right: Value) -> bool:
    if left is right:
        return True
    kind = left.__class__
    if kind is not right.__class__:
        return False
    test = _SAME.get(kind)
    return test is not None and test(left, right)


def _same_const(left: Const, right: Const) -> bool:
    return type(left.value) is type(right.value) and left.value == right.value


def _same_record(left: Recorded, right: Recorded) -> bool:
    return left.record is right.record


def _same_name(left: Ref, right: Ref) -> bool:
    return left.name == right.name


_SAME: Final[dict[type, Callable[[Any, Any], bool]]] = {
    Unknown: lambda left, right: True,
    Const: _same_const,
    Ref: _same_name,
    Result: _same_name,
    Function: _same_record,
    Class: _same_record,
    Instance: _same_record,
    Module: _same_record,
}


def with_sources(value: Value, src: Sources) -> Value:
    """The same value, made from more facts; containers and objects are changed in place, since they are shared."""
    if not src or src <= value.src:
        return value
    return _WITH[value.__class__](value, union(value.src, src))


def _in_place(value: Value, src: Sources) -> Value:
    value.src = src
    return value


def _const_with(value: Const, src: Sources) -> Value:
    copy = Const(value.value, src, value.steps, value.is_assembled)
    copy.fact = value.fact
    return copy


def _result_with(value: Result, src: Sources) -> Value:
    copy = Result(value.name, src, value.args, value.text)
    copy.owner, copy.content = value.owner, value.content
    return copy


_WITH: Final[dict[type, Callable[[Any, Sources], Value]]] = {
    Unknown: lambda value, src: Unknown(src, value.label),
    Param: lambda value, src: Unknown(src, value.label),
    Const: _const_with,
    Template: lambda value, src: Template(value.parts, src),
    Ref: lambda value, src: Ref(value.name, src, value.owner),
    Result: _result_with,
    Seq: _in_place,
    Map: _in_place,
    Instance: _in_place,
    Function: lambda value, src: value,
    Class: lambda value, src: value,
    Module: lambda value, src: value,
    Partial: _in_place,
    Method: lambda value, src: value,
    Join: lambda value, src: Join(value.options, src),
}
