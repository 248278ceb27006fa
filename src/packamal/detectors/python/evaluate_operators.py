"""Operators, formatting and subscripts: constants are folded, texts with holes are kept, the rest passes sources on."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from packamal.detectors.python.constants import constant, plain, steps_of
from packamal.detectors.python.fold import MISSING, binary, compare, unary
from packamal.detectors.python.record import Site, record_call
from packamal.detectors.python.templates import concatenate, format_percent, path_join, text_value
from packamal.detectors.python.values import (
    UNKNOWN,
    Const,
    Map,
    Ref,
    Result,
    Seq,
    Template,
    Unknown,
    Value,
    gather,
    join,
    union,
)
from packamal.detectors.python.walk import EXPRESSIONS, Walk, base, evaluate

_CHAIN_LIMIT: Final = 50_000


def _bin_op(walk: Walk, node: ast.BinOp) -> Value:
    """Left-deep chains (`a + b + c + ...`) are walked in a loop, since they may be thousands long."""
    left = node.left
    if left.__class__ is not ast.BinOp:
        return operate(walk, node, evaluate(walk, left), evaluate(walk, node.right))
    spine = [node]
    while left.__class__ is ast.BinOp:
        spine.append(left)
        left = left.left
    value = evaluate(walk, left)
    return _chain(walk, spine, value)


def _chain(walk: Walk, spine: list[ast.BinOp], value: Value) -> Value:
    pieces: list[Const] = []
    while spine:
        step = spine.pop()
        right = evaluate(walk, step.right)
        if (
            step.op.__class__ is ast.Add
            and isinstance(value, Const)
            and isinstance(right, Const)
            and isinstance(value.value, str)
            and isinstance(right.value, str)
        ):
            pieces = pieces or [value]
            pieces.append(right)
            continue
        if pieces:
            value, pieces = _join_pieces(pieces), []
        value = operate(walk, step, value, right)
    return _join_pieces(pieces) if pieces else value


def _join_pieces(pieces: list[Const]) -> Value:
    text = "".join(piece.value for piece in pieces if isinstance(piece.value, str))
    return constant(text, gather(pieces), steps_of(*pieces[:16])) or Unknown(gather(pieces))


def operate(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value:
    """Value of `left op right`."""
    kind = node.op.__class__
    if isinstance(left, Const) and isinstance(right, Const):
        folded = fold_binary(kind, left, right)
        if folded is not None:
            return folded
    special = _SPECIAL.get(kind)
    if special is not None:
        value = special(walk, node, left, right)
        if value is not None:
            return value
    src = union(left.src, right.src)
    return Unknown(src) if src else UNKNOWN


def fold_binary(kind: type[ast.operator], left: Const, right: Const) -> Value | None:
    """Fold an operator over two constants."""
    steps = left.steps if left.steps == right.steps else steps_of(left, right)
    if kind is ast.BitXor and isinstance(left.value, int) and isinstance(right.value, int):
        steps = steps if "xor" in steps else (*steps, "xor")
    return constant(binary(kind, left.value, right.value), union(left.src, right.src), steps)


def _add(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    if isinstance(left, Seq) and isinstance(right, Seq):
        return Seq(left.items + right.items, union(left.src, right.src), left.is_open or right.is_open, left.is_tuple)
    return concatenate(left, right)


def _percent(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    return format_percent(left, right) if isinstance(left, Const | Template) else None


def _times(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    if isinstance(right, Seq):
        left, right = right, left
    count = right.value if isinstance(right, Const) else None
    if isinstance(left, Seq) and isinstance(count, int) and 0 <= count * len(left.items) <= _CHAIN_LIMIT:
        return Seq(left.items * count, left.src, left.is_open, left.is_tuple)
    return None


def _divide(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    return path_join(left, [right]) if is_path(left) or is_path(right) else None


def is_path(value: Value) -> bool:
    """Whether a value is a path object whose path is known in part."""
    return isinstance(value, Result) and value.name == "pathlib.Path()"


def _either(walk: Walk, node: ast.BinOp, left: Value, right: Value) -> Value | None:
    if isinstance(left, Map) and isinstance(right, Map):
        return Map({**left.items, **right.items}, union(left.src, right.src), left.is_open or right.is_open)
    return None


_SPECIAL: Final[dict[type[ast.operator], Callable[[Walk, ast.BinOp, Value, Value], Value | None]]] = {
    ast.Add: _add,
    ast.Mod: _percent,
    ast.Mult: _times,
    ast.Div: _divide,
    ast.BitOr: _either,
}


def _bool_op(walk: Walk, node: ast.BoolOp) -> Value:
    """`a or b`: constants decide, else either may be the value."""
    stops_on = node.op.__class__ is ast.Or
    merged: Value | None = None
    for part in node.values:
        value = evaluate(walk, part)
        if isinstance(value, Const) and merged is None:
            if bool(value.value) is stops_on:
                for rest in node.values[node.values.index(part) + 1 :] if not walk.is_repeat else ():
                    evaluate(walk, rest)
                return value
            continue
        merged = value if merged is None else join(merged, value)
    return merged if merged is not None else value


def _unary_op(walk: Walk, node: ast.UnaryOp) -> Value:
    value = evaluate(walk, node.operand)
    if isinstance(value, Const):
        folded = constant(unary(node.op.__class__, value.value), value.src, value.steps)
        if folded is not None:
            return folded
    elif isinstance(value, Seq | Map) and not value.is_open and node.op.__class__ is ast.Not:
        return Const(not value.items, value.src)
    return Unknown(value.src) if value.src else UNKNOWN


def _compare(walk: Walk, node: ast.Compare) -> Value:
    left = evaluate(walk, node.left)
    if len(node.ops) == 1:
        read = base if node.ops[0].__class__ in (ast.In, ast.NotIn) else evaluate
        return _compare_two(walk, node, left, read(walk, node.comparators[0]))
    return _compare_chain(walk, node, left)


def _compare_chain(walk: Walk, node: ast.Compare, left: Value) -> Value:
    """`a <= b <= c`: known when every part is, or one part is known to fail."""
    src, is_known = left.src, True
    for operator, part in zip(node.ops, node.comparators, strict=True):
        right = evaluate(walk, part)
        held = _compare_two(walk, node, left, right, operator)
        src = union(src, right.src)
        if isinstance(held, Const) and not held.value:
            return Const(False, src)
        is_known = is_known and isinstance(held, Const)
        left = right
    if is_known:
        return Const(True, src)
    return Unknown(src) if src else UNKNOWN


def _compare_two(walk: Walk, node: ast.Compare, left: Value, right: Value, operator: ast.cmpop | None = None) -> Value:
    kind = (operator or node.ops[0]).__class__
    src = union(left.src, right.src)
    if isinstance(left, Const) and isinstance(right, Const | Seq | Map):
        known = plain(right)
        if known is not MISSING:
            folded = constant(compare(kind, left.value, known), src)
            if folded is not None:
                return folded
    if kind in (ast.In, ast.NotIn) and isinstance(right, Ref) and right.name == "os.environ":
        site = Site(node, [left])
        record_call(walk, "os.environ.__contains__", site)
        src = union(src, site.src)
    return Unknown(src) if src else UNKNOWN


def _if_exp(walk: Walk, node: ast.IfExp) -> Value:
    test = evaluate(walk, node.test)
    if isinstance(test, Const) and (walk.is_repeat or node.test.__class__ is not ast.Constant):
        chosen, other = (node.body, node.orelse) if test.value else (node.orelse, node.body)
        if not walk.is_repeat:
            evaluate(walk, other)
        return evaluate(walk, chosen)
    before, walk.condition = walk.condition, node.test
    value = join(evaluate(walk, node.body), evaluate(walk, node.orelse))
    walk.condition = before
    return value


def _joined_str(walk: Walk, node: ast.JoinedStr) -> Value:
    value: Value = Const("")
    for part in node.values:
        value = concatenate(value, text_value(evaluate(walk, part))) or UNKNOWN
    return value


def _formatted(walk: Walk, node: ast.FormattedValue) -> Value:
    value = evaluate(walk, node.value)
    if node.conversion in (114, 97) and isinstance(value, Const):
        return Const(repr(value.value), value.src, value.steps, True)
    spec = evaluate(walk, node.format_spec) if node.format_spec is not None else None
    if spec is None:
        return text_value(value)
    if isinstance(value, Const) and isinstance(spec, Const) and isinstance(spec.value, str) and len(spec.value) < 8:
        from_format = constant(_formatted_text(value.value, spec.value), value.src, value.steps)
        if from_format is not None:
            return from_format
    return Template((value,), union(value.src, spec.src))


def _formatted_text(value: object, spec: str) -> object:
    if not isinstance(value, str | int | float) or any(run.isdigit() and len(run) > 3 for run in spec.split(".")):
        return MISSING
    try:
        return format(value, spec[:7])
    except (ValueError, TypeError, OverflowError):
        return MISSING


EXPRESSIONS.update(
    {
        ast.BinOp: _bin_op,
        ast.BoolOp: _bool_op,
        ast.UnaryOp: _unary_op,
        ast.Compare: _compare,
        ast.IfExp: _if_exp,
        ast.JoinedStr: _joined_str,
        ast.FormattedValue: _formatted,
    }
)
