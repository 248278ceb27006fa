"""Where names live while code is evaluated: scopes, the frame of the running function, and undoing of branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from packamal.detectors.javascript.nodes import UNDEFINED, Function
from packamal.detectors.javascript.values import join

if TYPE_CHECKING:
    from packamal.detectors.javascript.module import Module


class Condition(NamedTuple):
    """The test that what follows hangs on, as offsets in the unit."""

    start: int
    end: int
    is_negated: bool = False


class Missing:
    """What a look-up gives when there is no such name."""

    __slots__ = ()


MISSING: Final = Missing()


class Frame:
    """One run of a function, or of a unit's top level."""

    __slots__ = (
        "arguments", "condition", "function", "home", "is_called", "is_new", "module", "resolved", "returns", "this",
    )  # fmt: skip

    def __init__(self, module: Module, function: Function | None, is_called: bool, this: object) -> None:
        self.module = module
        self.function = function
        self.is_called = is_called
        self.this = this
        self.returns: list[object] = []
        self.arguments: list[object] | None = None
        self.condition: Condition | None = None
        self.home: object = None
        """The ClassValue whose method runs, for `super`."""
        self.is_new = False
        self.resolved: list[object] = []
        """What was passed to a promise's resolve in it."""


class Scope:
    """Names of one block or function; `level` is the depth of uncertainty it was made at."""

    __slots__ = ("frame", "is_function", "level", "names", "parent")

    def __init__(self, parent: Scope | None, frame: Frame, level: int, is_function: bool) -> None:
        self.names: dict[str, object] = {}
        self.parent = parent
        self.frame = frame
        self.level = level
        self.is_function = is_function


def find(scope: Scope | None, name: str) -> object:
    """Value of a name, or MISSING."""
    while scope is not None:
        names = scope.names
        if name in names:
            return names[name]
        scope = scope.parent
    return MISSING


def owner(scope: Scope | None, name: str) -> Scope | None:
    """The scope that holds a name."""
    while scope is not None and name not in scope.names:
        scope = scope.parent
    return scope


def function_scope(scope: Scope) -> Scope:
    """The scope of the function or unit a block stands in."""
    while not scope.is_function and scope.parent is not None:
        scope = scope.parent
    return scope


Change = tuple[Scope, str, object]


def undo(log: list[Change]) -> dict[tuple[int, str], tuple[Scope, str, object]]:
    """Take back what a branch assigned; returns what it had assigned last."""
    after: dict[tuple[int, str], tuple[Scope, str, object]] = {}
    for scope, name, before in reversed(log):
        key = (id(scope), name)
        if key not in after:
            after[key] = (scope, name, scope.names.get(name, UNDEFINED))
        if before is MISSING:
            scope.names.pop(name, None)
        else:
            scope.names[name] = before
    return after


def merge(branches: list[dict[tuple[int, str], tuple[Scope, str, object]]]) -> list[Change]:
    """Give every name assigned in some branch the join over all branches that end; returns the changes made."""
    changes: list[Change] = []
    keys = {key: entry for branch in branches for key, entry in branch.items()}
    for key, (scope, name, _) in keys.items():
        before = scope.names.get(name, MISSING)
        value: object = UNDEFINED
        for branch in branches:
            entry = branch.get(key)
            value = join(value, entry[2] if entry is not None else UNDEFINED if before is MISSING else before)
        changes.append((scope, name, before))
        scope.names[name] = value
    return changes
