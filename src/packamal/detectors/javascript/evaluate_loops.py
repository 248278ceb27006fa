"""Evaluation of loops: turn by turn while everything they hang on is known, else once for all turns."""

from __future__ import annotations

from packamal.detectors.javascript.arguments import consume, sources_of
from packamal.detectors.javascript.branches import look_at, maybe
from packamal.detectors.javascript.coerce import truth
from packamal.detectors.javascript.dispatch import MAYBE, RETURN, THROW, Completion, evaluate, execute, executes
from packamal.detectors.javascript.evaluate_statements import under
from packamal.detectors.javascript.machine import JsThrow, Machine
from packamal.detectors.javascript.nodes import UNDEFINED, Assign, Conditional, Name, Update
from packamal.detectors.javascript.patterns import Into, assign, bind
from packamal.detectors.javascript.scope import MISSING, Condition, Scope, find
from packamal.detectors.javascript.statements import ForEach, If, Loop, Try
from packamal.detectors.javascript.texts import keep_assembled
from packamal.detectors.javascript.values import (
    CONSTANT_TYPES,
    UNKNOWN,
    ArrayValue,
    ObjectValue,
    Opaque,
)
from packamal.detectors.javascript.walk import walk

MAX_ITEMS = 2_000
"""Elements of a known array that a loop is run over one by one."""
MAX_TURNS = 3_000
"""Of a loop that assigns no name, such as one that turns an array around."""
FRUITLESS = 12
"""Turns after which a loop must have kept all it assigns constant to go on."""


@executes(Loop)
def _loop(m: Machine, node: Loop, scope: Scope) -> Completion | None:
    inner = Scope(scope, scope.frame, m.level, False)
    if node.first is not None:
        execute(m, node.first, inner)
    state = _Turns(m, node, inner)
    completion = state.run()
    if state.is_done:
        _keep_results(m, node, scope)
        return completion
    rest = _at_large(m, node, inner)
    return rest if completion is None else MAYBE


class _Turns:
    """A loop run turn by turn."""

    __slots__ = ("is_done", "last", "m", "node", "scope")

    def __init__(self, m: Machine, node: Loop, scope: Scope) -> None:
        self.m = m
        self.node = node
        self.scope = scope
        self.is_done = False
        self.last: Completion | None = None

    def run(self) -> Completion | None:
        m, node = self.m, self.node
        if not self._goes_on(node.is_do):
            return None
        m.concrete += 1
        try:
            return self._turns()
        except JsThrow:
            if m.concrete > 1:
                raise
            return None
        finally:
            m.concrete -= 1
            _look_into(m, node, self.scope)

    def _goes_on(self, at_once: bool) -> bool:
        """Whether one more turn is sure to come; marks the end."""
        if at_once or self.node.test is None:
            return True
        known = truth(evaluate(self.m, self.node.test, self.scope))
        if known is False:
            self.is_done = True
        return known is True

    def _turns(self) -> Completion | None:
        m, node, scope = self.m, self.node, self.scope
        turn = 0
        while m.loop_steps > 0:
            m.loop_steps -= 1
            turn += 1
            completion = execute(m, node.body, scope)
            if completion is not None:
                if completion is MAYBE:
                    return None
                if self._ends(completion):
                    return self.last
            if node.step is not None:
                evaluate(m, node.step, scope)
            if self._is_fruitless(turn) or not self._goes_on(False):
                return None
        return None

    def _ends(self, completion: Completion) -> bool:
        """Whether the way a turn ended ends the loop; `last` is how the loop itself ends then."""
        is_own = not completion.label or completion.label == self.node.label
        if completion is RETURN or completion is THROW or not is_own:
            self.last = completion
            self.is_done = True
        elif completion.is_break:
            self.is_done = True
        return self.is_done

    def _is_fruitless(self, turn: int) -> bool:
        if turn == FRUITLESS:
            return not _is_constant(self.m, self.node, self.scope)
        return turn >= MAX_TURNS and not assigned(self.node)


def assigned(node: Loop | ForEach) -> frozenset[str]:
    """Names assigned anywhere in a loop."""
    if node.assigned is None:
        found: set[str] = set()
        for inner in walk(node):
            target = inner.target if isinstance(inner, Assign | Update) else None
            if isinstance(target, Name):
                found.add(target.name)
            node.branches = node.branches or isinstance(inner, If | Try | Conditional)
        node.assigned = frozenset(found)
    return node.assigned


_KNOWN = CONSTANT_TYPES | {ArrayValue, ObjectValue}


def _look_into(m: Machine, node: Loop | ForEach, scope: Scope) -> None:
    """Turns of known values leave out handlers and branches: look at all of the body once, for its facts."""
    if m.concrete or m.dry or not (assigned(node) is not None and node.branches):
        return

    def turn() -> None:
        widen(m, node, scope)
        execute(m, node.body, scope)

    look_at(m, turn)


def _is_constant(m: Machine, node: Loop, scope: Scope) -> bool:
    """Whether a loop is worth its turns: something it assigns is known, and nothing it assigns is not."""
    values = [find(scope, name) for name in assigned(node)]
    return all(value is MISSING or value.__class__ in _KNOWN for value in values)


def _keep_results(m: Machine, node: Loop | ForEach, scope: Scope) -> None:
    for name in assigned(node):
        value = find(scope, name)
        if isinstance(value, str):
            keep_assembled(m, value, scope, getattr(node, "start", 0))


def _at_large(m: Machine, node: Loop, scope: Scope) -> Completion | None:
    """One turn for all: what the loop assigns is not known while it runs."""
    condition = Condition(node.start, node.end)

    def turn() -> Completion | None:
        if node.test is not None:
            consume(m, evaluate(m, node.test, scope), scope, node.start)
        completion = under(m, node.body, scope, condition) if node.start else execute(m, node.body, scope)
        if node.step is not None:
            evaluate(m, node.step, scope)
        return completion

    widen(m, node, scope)
    concrete, m.concrete = m.concrete, 0
    completion = maybe(m, turn)
    m.concrete = concrete
    return _outside(completion, node.label)


def _outside(completion: Completion | None, label: str) -> Completion | None:
    """What the end of a turn means for what follows the loop."""
    if completion is None or completion is MAYBE:
        return completion
    if completion is RETURN or completion is THROW or (completion.label and completion.label != label):
        return MAYBE
    return None


def widen(m: Machine, node: Loop | ForEach, scope: Scope) -> None:
    """Forget the constants that a loop assigns."""
    for name in assigned(node):
        value = find(scope, name)
        if value.__class__ in CONSTANT_TYPES and value is not UNDEFINED and value is not None:
            sources = sources_of(m, value)
            text = value if isinstance(value, str) and value else None
            assign(m, scope, name, Opaque(sources, text) if text or sources else UNKNOWN)


@executes(ForEach)
def _for_each(m: Machine, node: ForEach, scope: Scope) -> Completion | None:
    value = evaluate(m, node.iterable, scope)
    items = _items(node, value)
    if items is not None and len(items) <= MAX_ITEMS and m.loop_steps > 0:
        return _each(m, node, items, scope)
    value = consume(m, value, scope, getattr(node.iterable, "start", 0))
    sources = sources_of(m, value)
    how = _how(node)
    widen(m, node, scope)

    def turn() -> Completion | None:
        inner = Scope(scope, scope.frame, m.level, False)
        bind(m, node.target, Opaque(sources) if sources else UNKNOWN, Into(inner, how))
        return execute(m, node.body, inner)

    concrete, m.concrete = m.concrete, 0
    completion = maybe(m, turn)
    m.concrete = concrete
    return _outside(completion, node.label)


def _how(node: ForEach) -> str:
    return {"": "set", "var": "var"}.get(node.declares, "let")


def _items(node: ForEach, value: object) -> list[object] | None:
    if isinstance(value, ArrayValue) and not value.is_open:
        return list(value.items) if node.is_of else [str(at) for at in range(len(value.items))]
    if isinstance(value, str):
        return list(value) if node.is_of else [str(at) for at in range(len(value))]
    if isinstance(value, ObjectValue) and not value.is_open and not value.sources and not node.is_of:
        return list(value.fields)
    if isinstance(value, bytes) and node.is_of:
        return list(value)
    return None


def _each(m: Machine, node: ForEach, items: list[object], scope: Scope) -> Completion | None:
    how = _how(node)
    m.concrete += 1
    try:
        for item in items:
            m.loop_steps -= 1
            inner = Scope(scope, scope.frame, m.level, False)
            bind(m, node.target, item, Into(inner, how))
            completion = execute(m, node.body, inner)
            if completion is None:
                continue
            if completion is MAYBE:
                continue
            if completion is RETURN or completion is THROW or (completion.label and completion.label != node.label):
                return completion
            if completion.is_break:
                break
    except JsThrow:
        if m.concrete > 1:
            raise
    finally:
        m.concrete -= 1
        _look_into(m, node, scope)
    _keep_results(m, node, scope)
    return None
