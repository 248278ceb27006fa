"""The tables that evaluation goes through, filled by the modules that evaluate each kind of thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.module import Spot
from packamal.detectors.javascript.nodes import UNDEFINED, Node
from packamal.detectors.javascript.scope import Condition, Scope
from packamal.detectors.javascript.statements import If
from packamal.detectors.javascript.values import UNKNOWN


class Completion:
    """How a statement ended when not by running on."""

    __slots__ = ("is_break", "label")

    def __init__(self, is_break: bool = False, label: str = "") -> None:
        self.is_break = is_break
        self.label = label


RETURN: Final = Completion()
THROW: Final = Completion()
MAYBE: Final = Completion()
"""Some branch ended and another did not: what follows may run."""


class Invocation:
    """A call about to be made."""

    __slots__ = ("arguments", "has_rest", "is_new", "receiver", "scope", "start")

    def __init__(self, arguments: list[object], scope: Scope, start: int) -> None:
        self.arguments = arguments
        self.scope = scope
        self.start = start
        self.receiver: object = UNDEFINED
        self.is_new = False
        self.has_rest = False
        """An argument was spread out that is not known; nothing after it stands where it seems to."""

    def argument(self, position: int) -> object:
        """An argument, undefined where there is none."""
        if position < len(self.arguments):
            return self.arguments[position]
        return UNKNOWN if self.has_rest else UNDEFINED

    def with_arguments(self, arguments: list[object], receiver: object = UNDEFINED) -> Invocation:
        """The same call with other arguments."""
        other = Invocation(arguments, self.scope, self.start)
        other.receiver = receiver
        other.is_new = self.is_new
        return other


class NotFolded:
    """What a built-in gives when it cannot tell."""

    __slots__ = ()


NOT_FOLDED: Final = NotFolded()

Evaluate = Callable[..., object]
Execute = Callable[..., Completion | None]
Builtin = Callable[[Machine, Invocation], object]
MethodOf = Callable[[Machine, object, Invocation], object]

EVALUATE: dict[type[Node], Evaluate] = {}
EXECUTE: dict[type[Node], Execute] = {}
CALLS: dict[type, Callable[[Machine, object, Invocation], object]] = {}
"""Kind of value -> what calling it does; `object` stands for all others."""
BUILTINS: dict[str, Builtin] = {}
"""Canonical callee -> what it does; NOT_FOLDED leaves the call to be recorded like any other."""
METHODS: dict[tuple[type, str], MethodOf] = {}
"""(kind of receiver, name) -> what a built-in method does."""
ANY_METHODS: dict[str, MethodOf] = {}
"""Methods that mean the same on whatever they are called on."""


def evaluates(*kinds: type[Node]) -> Callable[[Evaluate], Evaluate]:
    """Register the evaluation of expressions."""

    def register(function: Evaluate) -> Evaluate:
        for kind in kinds:
            EVALUATE[kind] = function
        return function

    return register


def executes(*kinds: type[Node]) -> Callable[[Execute], Execute]:
    """Register the evaluation of statements."""

    def register(function: Execute) -> Execute:
        for kind in kinds:
            EXECUTE[kind] = function
        return function

    return register


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    """Register a built-in function by its canonical names."""

    def register(function: Builtin) -> Builtin:
        for name in names:
            BUILTINS[name] = function
        return function

    return register


def method(kinds: tuple[type, ...], *names: str) -> Callable[[MethodOf], MethodOf]:
    """Register a built-in method of some kinds of receiver."""

    def register(function: MethodOf) -> MethodOf:
        for kind in kinds:
            for name in names:
                METHODS[kind, name] = function
        return function

    return register


def any_method(*names: str) -> Callable[[MethodOf], MethodOf]:
    """Register a method that means the same on any receiver."""

    def register(function: MethodOf) -> MethodOf:
        for name in names:
            ANY_METHODS[name] = function
        return function

    return register


def calls(*kinds: type) -> Callable[[MethodOf], MethodOf]:
    """Register what calling some kinds of value does."""

    def register(function: MethodOf) -> MethodOf:
        for kind in kinds:
            CALLS[kind] = function
        return function

    return register


def call_value(m: Machine, function: object, inv: Invocation) -> object:
    """Call a value; `inv.receiver` is `this`."""
    return CALLS.get(function.__class__, CALLS[object])(m, function, inv)


def evaluate(m: Machine, node: Node, scope: Scope) -> object:
    """Value of an expression."""
    function = EVALUATE.get(node.__class__)
    if function is None:
        execute(m, node, scope)
        return UNDEFINED
    return function(m, node, scope)


def execute(m: Machine, node: Node, scope: Scope) -> Completion | None:
    """Run a statement or an expression; None when evaluation runs on."""
    function = EXECUTE.get(node.__class__)
    if function is None:
        expression = EVALUATE.get(node.__class__)
        if expression is not None:
            expression(m, node, scope)
        return None
    return function(m, node, scope)


def spot_of(scope: Scope, start: int) -> Spot:
    """Where evaluation is."""
    frame = scope.frame
    return Spot(frame.module, start, frame.function, frame.condition)


def run_list(m: Machine, body: list[Node], scope: Scope) -> Completion | None:
    """Run statements in turn. Behind `if (x) return` the rest hangs on `!x`."""
    frame = scope.frame
    outer = frame.condition
    ended: Completion | None = None
    for node in body:
        m.steps += 1
        if m.concrete:
            m.loop_steps -= 1
        function = EXECUTE.get(node.__class__)
        if function is None:
            expression = EVALUATE.get(node.__class__)
            if expression is not None:
                expression(m, node, scope)
            continue
        completion = function(m, node, scope)
        if completion is None:
            continue
        if completion is not MAYBE:
            ended = completion
            break
        ended = MAYBE
        if outer is None and isinstance(node, If) and node.no is None:
            frame.condition = Condition(node.start, node.end, True)
    frame.condition = outer
    return ended
