"""Expressions of the tolerant parser's tree, rebuilt as standard ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from packamal.detectors.python.fold import MISSING, guarded

if TYPE_CHECKING:
    from tree_sitter import Node

_Made = TypeVar("_Made", bound=ast.AST)
_MAX_LITERAL: Final = 4_000_000


def at(made: _Made, node: Node) -> _Made:
    """Give a rebuilt node the place of the node it was read from."""
    start, end = node.start_point, node.end_point
    made.lineno, made.col_offset = start[0] + 1, start[1]  # type: ignore[attr-defined]
    made.end_lineno, made.end_col_offset = end[0] + 1, end[1]  # type: ignore[attr-defined]
    return made


def text_of(node: Node) -> str:
    """Source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def field(node: Node, name: str) -> Node | None:
    """A child by its field, or None."""
    return node.child_by_field_name(name)


def named_children(node: Node) -> list[Node]:
    """Children that are no punctuation and no comments."""
    return [child for child in node.named_children if child.type != "comment"]


def call_of(name: str, values: list[ast.expr], node: Node) -> ast.expr:
    """A call of a builtin."""
    return at(ast.Call(at(ast.Name(name, ast.Load()), node), values, []), node)


def expression(node: Node | None) -> ast.expr | None:
    """Rebuild an expression; None for what is none. Long chains of operators are walked in a loop."""
    if node is None:
        return None
    handler = _EXPRESSIONS.get(node.type)
    if handler is not None:
        return handler(node)
    parts = [made for child in named_children(node) if (made := expression(child)) is not None]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else at(ast.Tuple(parts, ast.Load()), node)


def _needed(node: Node | None) -> ast.expr:
    made = expression(node)
    return made if made is not None else ast.Constant(None, lineno=1, col_offset=0)


def _identifier(node: Node) -> ast.expr:
    return at(ast.Name(text_of(node), ast.Load()), node)


def _attribute(node: Node) -> ast.expr:
    name = field(node, "attribute")
    return at(ast.Attribute(_needed(field(node, "object")), text_of(name) if name else "", ast.Load()), node)


def _subscript(node: Node) -> ast.expr:
    indices = [made for child in node.children_by_field_name("subscript") if (made := expression(child)) is not None]
    index = indices[0] if len(indices) == 1 else at(ast.Tuple(indices, ast.Load()), node)
    return at(ast.Subscript(_needed(field(node, "value")), index, ast.Load()), node)


def _slice(node: Node) -> ast.expr:
    bounds: list[ast.expr | None] = [None]
    for child in node.children:
        if child.type == ":":
            bounds.append(None)
        else:
            bounds[-1] = expression(child)
    bounds += [None, None]
    return at(ast.Slice(bounds[0], bounds[1], bounds[2]), node)


def _call(node: Node) -> ast.expr:
    args: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    given = field(node, "arguments")
    if given is not None and given.type == "generator_expression":
        args.append(_needed(given))
    for child in named_children(given) if given is not None and not args else ():
        if child.type == "keyword_argument":
            name = field(child, "name")
            keywords.append(ast.keyword(text_of(name) if name else None, _needed(field(child, "value"))))
        elif child.type == "dictionary_splat":
            keywords.append(ast.keyword(None, _needed(next(iter(named_children(child)), None))))
        else:
            args.append(_needed(child))
    return at(ast.Call(_needed(field(node, "function")), args, keywords), node)


_OPERATORS: Final[dict[str, type[ast.operator]]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    ">>": ast.RShift,
    "<<": ast.LShift,
    "&": ast.BitAnd,
    "^": ast.BitXor,
    "|": ast.BitOr,
    "@": ast.MatMult,
}


def _binary(node: Node) -> ast.expr:
    spine = [node]
    left = field(node, "left")
    while left is not None and left.type == "binary_operator":
        spine.append(left)
        left = field(left, "left")
    made = _needed(left)
    while spine:
        step = spine.pop()
        sign = field(step, "operator")
        operator = _OPERATORS.get(text_of(sign) if sign is not None else "", ast.Add)()
        made = at(ast.BinOp(made, operator, _needed(field(step, "right"))), step)
    return made


def _boolean(node: Node) -> ast.expr:
    sign = field(node, "operator")
    operator: ast.boolop = ast.And() if sign is not None and sign.type == "and" else ast.Or()
    return at(ast.BoolOp(operator, [_needed(field(node, "left")), _needed(field(node, "right"))]), node)


_COMPARISONS: Final[dict[str, type[ast.cmpop]]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<>": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "in": ast.In,
    "not in": ast.NotIn,
    "is": ast.Is,
    "is not": ast.IsNot,
}


def _comparison(node: Node) -> ast.expr:
    parts = [_needed(child) for child in named_children(node)]
    signs = [_COMPARISONS.get(child.type, ast.Eq)() for child in node.children_by_field_name("operators")]
    if len(parts) < 2 or len(signs) != len(parts) - 1:
        return parts[0] if parts else at(ast.Constant(None), node)
    return at(ast.Compare(parts[0], signs, parts[1:]), node)


def _not(node: Node) -> ast.expr:
    return at(ast.UnaryOp(ast.Not(), _needed(field(node, "argument"))), node)


def _unary(node: Node) -> ast.expr:
    sign = node.children[0].type if node.children else "-"
    operator: ast.unaryop = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert}.get(sign, ast.USub)()
    return at(ast.UnaryOp(operator, _needed(field(node, "argument"))), node)


def _conditional(node: Node) -> ast.expr:
    parts = [_needed(child) for child in named_children(node)]
    parts += [at(ast.Constant(None), node)] * (3 - len(parts))
    return at(ast.IfExp(parts[1], parts[0], parts[2]), node)


def _integer(node: Node) -> ast.expr:
    text = text_of(node).rstrip("lLjJ")
    value = guarded(int, text, 0) if len(text) < 4_000 else MISSING
    if value is MISSING and text.startswith("0"):
        value = guarded(int, text, 8)
    return at(ast.Constant(value if isinstance(value, int) else 0), node)


def _float(node: Node) -> ast.expr:
    value = guarded(float, text_of(node).rstrip("jJ"))
    return at(ast.Constant(value if isinstance(value, float) else 0.0), node)


def _string(node: Node) -> ast.expr:
    if any(child.type == "interpolation" for child in node.children):
        return _formatted(node)
    text = text_of(node)
    if text.startswith("`"):
        return _backticks(node, text)
    return at(ast.Constant(_literal(text)), node)


def _literal(text: str) -> str | bytes:
    quote = min((index for index in (text.find("'"), text.find('"')) if index >= 0), default=0)
    prefix = text[:quote].lower().replace("u", "").replace("f", "").replace("t", "")
    if len(text) <= _MAX_LITERAL:
        value = guarded(ast.literal_eval, prefix + text[quote:])
        if isinstance(value, str | bytes):
            return value
    return text[quote:].strip("'\"")


def _backticks(node: Node, text: str) -> ast.expr:
    inner = guarded(lambda: ast.parse(text.strip("` "), mode="eval").body)
    if not isinstance(inner, ast.expr):
        return at(ast.Constant(None), node)
    for part in ast.walk(inner):
        at(part, node)
    return call_of("repr", [inner], node)


def _formatted(node: Node) -> ast.expr:
    parts: list[ast.expr] = []
    for child in node.children:
        if child.type == "string_content":
            parts.append(at(ast.Constant(_literal('"""' + text_of(child).replace('"""', "") + '"""')), child))
        elif child.type == "interpolation":
            inner = _needed(next(iter(named_children(child)), None))
            parts.append(at(ast.FormattedValue(inner, -1, None), child))
    return at(ast.JoinedStr(parts), node)


def _concatenated(node: Node) -> ast.expr:
    parts = [_needed(child) for child in named_children(node)]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    texts = [value for value in values if isinstance(value, str)]
    blobs = [value for value in values if isinstance(value, bytes)]
    if len(texts) == len(parts):
        return at(ast.Constant("".join(texts)), node)
    if len(blobs) == len(parts):
        return at(ast.Constant(b"".join(blobs)), node)
    return at(ast.JoinedStr(parts), node)


def _sequence(kind: Callable[..., ast.expr]) -> Callable[[Node], ast.expr]:
    def build(node: Node) -> ast.expr:
        return at(kind([_needed(child) for child in named_children(node)], ast.Load()), node)

    return build


def _set(node: Node) -> ast.expr:
    return at(ast.Set([_needed(child) for child in named_children(node)]), node)


def _dictionary(node: Node) -> ast.expr:
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    for child in named_children(node):
        if child.type == "pair":
            keys.append(_needed(field(child, "key")))
            values.append(_needed(field(child, "value")))
        elif child.type == "dictionary_splat":
            keys.append(None)
            values.append(_needed(next(iter(named_children(child)), None)))
    return at(ast.Dict(keys, values), node)


def _lambda(node: Node) -> ast.expr:
    return at(ast.Lambda(arguments_of(field(node, "parameters")), _needed(field(node, "body"))), node)


def _starred(node: Node) -> ast.expr:
    return at(ast.Starred(_needed(next(iter(named_children(node)), None)), ast.Load()), node)


def _generators(node: Node) -> list[ast.comprehension]:
    made: list[ast.comprehension] = []
    for child in named_children(node):
        if child.type == "for_in_clause":
            target = assignment_target(field(child, "left")) or ast.Name("_", ast.Store())
            made.append(ast.comprehension(target, _needed(field(child, "right")), [], 0))
        elif child.type == "if_clause" and made:
            made[-1].ifs.append(_needed(next(iter(named_children(child)), None)))
    return made


def _comprehension(kind: Callable[..., ast.expr]) -> Callable[[Node], ast.expr]:
    def build(node: Node) -> ast.expr:
        return at(kind(_needed(field(node, "body")), _generators(node)), node)

    return build


def _dict_comprehension(node: Node) -> ast.expr:
    pair = field(node, "body")
    key, value = (field(pair, "key"), field(pair, "value")) if pair is not None else (None, None)
    return at(ast.DictComp(_needed(key), _needed(value), _generators(node)), node)


def _named(node: Node) -> ast.expr:
    name = field(node, "name")
    target = at(ast.Name(text_of(name) if name else "_", ast.Store()), node)
    return at(ast.NamedExpr(target, _needed(field(node, "value"))), node)


def _inner(node: Node) -> ast.expr | None:
    return expression(next(iter(named_children(node)), None))


def assignment_target(node: Node | None) -> ast.expr | None:
    """A target of an assignment, a loop or a `with`."""
    if node is None:
        return None
    if node.type in ("pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple", "list"):
        parts = [part for child in named_children(node) if (part := assignment_target(child)) is not None]
        return at(ast.Tuple(parts, ast.Store()), node)
    if node.type in ("list_splat_pattern", "list_splat"):
        inner = assignment_target(next(iter(named_children(node)), None))
        return None if inner is None else at(ast.Starred(inner, ast.Store()), node)
    return expression(node)


def arguments_of(node: Node | None) -> ast.arguments:
    """Parameters of a function or lambda."""
    made = ast.arguments(posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[])
    for child in named_children(node) if node is not None else ():
        name = _parameter_name(child)
        if child.type == "list_splat_pattern":
            made.vararg = ast.arg(name)
        elif child.type == "dictionary_splat_pattern":
            made.kwarg = ast.arg(name)
        elif name:
            made.args.append(ast.arg(name))
            default = field(child, "value")
            if default is not None:
                made.defaults.append(_needed(default))
            elif made.defaults:
                made.defaults.append(ast.Constant(None, lineno=1, col_offset=0))
    return made


def _parameter_name(node: Node) -> str:
    if node.type == "identifier":
        return text_of(node)
    name = field(node, "name") or next((child for child in named_children(node) if child.type == "identifier"), None)
    return text_of(name) if name is not None else ""


_LOAD: Final[Sequence[str]] = ("parenthesized_expression", "await", "type", "interpolation", "as_pattern_target")

_EXPRESSIONS: Final[dict[str, Callable[[Any], ast.expr | None]]] = {
    "identifier": _identifier,
    "attribute": _attribute,
    "subscript": _subscript,
    "slice": _slice,
    "call": _call,
    "binary_operator": _binary,
    "boolean_operator": _boolean,
    "comparison_operator": _comparison,
    "not_operator": _not,
    "unary_operator": _unary,
    "conditional_expression": _conditional,
    "integer": _integer,
    "float": _float,
    "string": _string,
    "concatenated_string": _concatenated,
    "true": lambda node: at(ast.Constant(True), node),
    "false": lambda node: at(ast.Constant(False), node),
    "none": lambda node: at(ast.Constant(None), node),
    "ellipsis": lambda node: at(ast.Constant(None), node),
    "list": _sequence(ast.List),
    "tuple": _sequence(ast.Tuple),
    "expression_list": _sequence(ast.Tuple),
    "set": _set,
    "dictionary": _dictionary,
    "lambda": _lambda,
    "list_splat": _starred,
    "list_comprehension": _comprehension(ast.ListComp),
    "set_comprehension": _comprehension(ast.SetComp),
    "generator_expression": _comprehension(ast.GeneratorExp),
    "dictionary_comprehension": _dict_comprehension,
    "named_expression": _named,
    **dict.fromkeys(_LOAD, _inner),
}
