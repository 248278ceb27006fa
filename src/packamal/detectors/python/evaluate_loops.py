"""Loops and comprehensions: over constants they are run, within limits; over anything else read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from packamal.detectors.python import limits
from packamal.detectors.python.assignments import assign
from packamal.detectors.python.constants import element, elements, plain
from packamal.detectors.python.fold import MISSING
from packamal.detectors.python.pure_loops import comprehend, run_for, run_while
from packamal.detectors.python.scope import Scope
from packamal.detectors.python.values import (
    UNKNOWN,
    Const,
    Instance,
    Map,
    Seq,
    Unknown,
    Value,
    deep_sources,
    union,
)
from packamal.detectors.python.walk import (
    BREAK,
    EXPRESSIONS,
    LEAVE,
    NORMAL,
    STATEMENTS,
    Walk,
    evaluate,
    run,
)

ForNode = ast.For | ast.AsyncFor
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp

_ORDINARY_STEPS: Final = 2_500
"""A loop that does not look like decoding is run over constants only when that costs no more than this."""
IDLE_ROUNDS: Final = 16
"""Rounds of a `while` after which something that is known must have changed."""
MANY_ITEMS: Final = 8
"""Elements of which some must be known for a `for` to be run over each."""
_DECODERS: Final = frozenset(("chr", "ord", "append", "join", "bytes", "bytearray", "extend", "insert", "pop"))


def truth(value: Value) -> bool | None:
    """Whether a value is true; None when that is not known."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Seq | Map) and not value.is_open:
        return bool(value.items)
    return None


def _is_decoding(nodes: list[ast.stmt]) -> bool:
    for statement in nodes:
        for node in ast.walk(statement):
            kind = node.__class__
            if kind is ast.AugAssign or kind is ast.BitXor:
                return True
            if isinstance(node, ast.Name) and node.id in _DECODERS:
                return True
            if isinstance(node, ast.Attribute) and node.attr in _DECODERS:
                return True
    return False


_ARITHMETIC: Final = (
    ast.Assign,
    ast.AugAssign,
    ast.Name,
    ast.Constant,
    ast.BinOp,
    ast.Tuple,
    ast.operator,
    ast.expr_context,
)


def _is_worth_following(body: list[ast.stmt]) -> bool:
    """Loops that decode, and those that only compute with numbers (a cipher's key): few rounds, and cheap."""
    return _is_decoding(body) or all(isinstance(inner, _ARITHMETIC) for node in body for inner in ast.walk(node))


def _is_worth_running(walk: Walk, body: list[ast.stmt], rounds: int) -> int:
    """Steps of one round when a loop is to be run, else 0."""
    size = sum(map(walk.session.size_of, body)) + 1
    if rounds > limits.MAX_ROUNDS:
        walk.note("limit", body[0], "rounds")
        return 0
    if size * rounds <= _ORDINARY_STEPS or (walk.is_repeat or _is_decoding(body)):
        return size
    return 0


def _for(walk: Walk, node: ForNode) -> int:
    iterable = evaluate(walk, node.iter)
    items = elements(iterable)
    if items and not _is_blank(items):
        if run_for(walk, node, items):
            return run(walk, node.orelse)
        size = _is_worth_running(walk, node.body, len(items))
        if size:
            return _run_rounds(walk, node, items, size)
    _read_once(walk, node, element(iterable) or _element_unknown(iterable))
    return NORMAL


def _is_blank(items: list[Value]) -> bool:
    """Whether these are many elements of which nothing is known: a round for each tells no more than one for all."""
    return len(items) > MANY_ITEMS and all(isinstance(item, Unknown) for item in items)


def _element_unknown(iterable: Value) -> Value:
    src = deep_sources(iterable)
    return Unknown(src) if src else UNKNOWN


def _run_rounds(walk: Walk, node: ForNode, items: list[Value], size: int) -> int:
    before, walk.is_repeat = walk.is_repeat, True
    code = NORMAL
    for value in items:
        if not walk.spend(size):
            walk.note("limit", node, "steps")
            break
        assign(walk, node.target, value)
        code = run(walk, node.body)
        if code in (BREAK, LEAVE):
            break
    walk.is_repeat = before
    if code == LEAVE:
        return LEAVE
    return run(walk, node.orelse) if code != BREAK else NORMAL


def _read_once(walk: Walk, node: ForNode | ast.While, value: Value | None) -> None:
    """Read a loop's body once; what it sets may or may not be set behind it."""
    scope = walk.scope
    outer = scope.open_branch()
    if value is not None and not isinstance(node, ast.While):
        assign(walk, node.target, value)
    run(walk, node.body)
    scope.merge([scope.close_branch(outer)], is_exhaustive=False)
    if node.orelse:
        run(walk, node.orelse)


def _while(walk: Walk, node: ast.While) -> int:
    before, walk.condition = walk.condition, node.test
    test = evaluate(walk, node.test)
    code = NORMAL
    if node.test.__class__ is not ast.Constant and truth(test) is not None and _is_worth_following(node.body):
        code = NORMAL if run_while(walk, node) else _run_while(walk, node, test)
    else:
        _read_once(walk, node, None)
    walk.condition = before
    return code


def _run_while(walk: Walk, node: ast.While, test: Value) -> int:
    size = sum(map(walk.session.size_of, node.body)) + walk.session.size_of(node.test)
    before, walk.is_repeat = walk.is_repeat, True
    rounds, code = 0, NORMAL
    progress = _Progress(walk, node)
    while truth(test):
        rounds += 1
        if rounds > limits.MAX_ROUNDS or not walk.spend(size):
            walk.note("limit", node, "rounds")
            break
        code = run(walk, node.body)
        if code in (BREAK, LEAVE):
            break
        test = evaluate(walk, node.test)
        if rounds % IDLE_ROUNDS == 0 and not progress.is_made():
            break
    walk.is_repeat = before
    if truth(test) is None:
        _read_once(walk, node, None)
    return LEAVE if code == LEAVE else NORMAL


class _Progress:
    """Whether a loop's known values still change: one that waits for what nobody knows would go on for ever."""

    def __init__(self, walk: Walk, node: ast.While) -> None:
        self.walk = walk
        self.nodes: list[ast.AST] = [node.test, *node.body]
        self.names: list[str] | None = None
        self.state: list[object] | None = None

    def is_made(self) -> bool:
        """Compare with the last time this was asked."""
        if self.names is None:
            self.names = sorted(
                {inner.id for root in self.nodes for inner in ast.walk(root) if isinstance(inner, ast.Name)}
            )
        before, self.state = self.state, [_known(self.walk.scope.lookup(name)) for name in self.names]
        return self.state != before


def _known(value: Value | None, depth: int = 3) -> object:
    """What is known of a value, for comparison; None when nothing is."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Seq | Map) and value.items and depth:
        last = _known((value.items if isinstance(value, Seq) else list(value.items.values()))[-1], depth - 1)
        return None if last is None else (len(value.items), last)
    if isinstance(value, Instance) and depth:
        return [_known(item, depth - 1) for item in value.attributes.values()]
    return None


def _rounds(walk: Walk, iterable: Value, generators: list[ast.comprehension]) -> Iterator[bool]:
    """Set the variables of comprehensions for each round; True when the round's values are known."""
    first, rest = generators[0], generators[1:]
    items = elements(iterable)
    if not items or len(items) > limits.MAX_ROUNDS * 10:
        assign(walk, first.target, element(iterable) or _element_unknown(iterable))
        for test in first.ifs:
            evaluate(walk, test)
        yield from (False for _ in (_inner_rounds(walk, rest) if rest else (True,)))
        return
    for value in items:
        assign(walk, first.target, value)
        known = [truth(evaluate(walk, test)) for test in first.ifs]
        if False in known:
            continue
        if rest:
            yield from _inner_rounds(walk, rest)
        else:
            yield None not in known


def _inner_rounds(walk: Walk, generators: list[ast.comprehension]) -> Iterator[bool]:
    return _rounds(walk, evaluate(walk, generators[0].iter), generators)


def _comprehend(
    walk: Walk, node: Comprehension, iterable: Value, parts: tuple[ast.expr, ...]
) -> tuple[list[tuple[Value, ...]], bool]:
    """Evaluate the parts of a comprehension for each round; whether these are all rounds."""
    inner = Walk(walk.session, walk.module, Scope(walk.scope, walk.module.scope), walk.function)
    inner.condition, inner.inlined = walk.condition, walk.inlined
    inner.is_repeat, inner.class_name = walk.is_repeat, walk.class_name
    size = walk.session.size_of(node)
    rows: list[tuple[Value, ...]] = []
    is_complete = True
    for is_known in _rounds(inner, iterable, node.generators):
        rows.append(tuple(evaluate(inner, part) for part in parts))
        is_complete = is_complete and is_known
        inner.is_repeat = True
        if not walk.spend(size):
            walk.note("limit", node, "steps")
            return rows, False
    if not rows and not is_complete:
        rows.append(tuple(evaluate(inner, part) for part in parts))
    return rows, is_complete


def _list_comp(walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
    iterable = evaluate(walk, node.generators[0].iter)
    made = comprehend(walk, node, iterable)
    if made is not None:
        return made
    rows, is_complete = _comprehend(walk, node, iterable, (node.elt,))
    items = [row[0] for row in rows]
    return Seq(items, deep_sources(Seq(items)), not is_complete)


def _dict_comp(walk: Walk, node: ast.DictComp) -> Value:
    iterable = evaluate(walk, node.generators[0].iter)
    rows, is_complete = _comprehend(walk, node, iterable, (node.key, node.value))
    made = Map({}, is_open=not is_complete)
    for key, value in rows:
        raw = plain(key)
        if raw is not MISSING and isinstance(raw, str | bytes | int | tuple):
            made.items[raw] = value
        else:
            made.is_open = True
        made.src = union(made.src, union(key.src, deep_sources(value)))
    return made


STATEMENTS.update({ast.For: _for, ast.AsyncFor: _for, ast.While: _while})
EXPRESSIONS.update(
    {ast.ListComp: _list_comp, ast.SetComp: _list_comp, ast.GeneratorExp: _list_comp, ast.DictComp: _dict_comp}
)
