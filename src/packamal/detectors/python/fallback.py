"""The tolerant parser: what the standard parser refuses (Python 2, newer syntax, broken on purpose) is read by
tree-sitter and rebuilt as a standard tree, so that one evaluator reads both. What it cannot make sense of is left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from packamal.detectors.python import limits
from packamal.detectors.python.fallback_expressions import (
    arguments_of,
    assignment_target,
    at,
    call_of,
    expression,
    field,
    named_children,
    text_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_EXEC: Final = re.compile(rb"(?m)(^|[;:])([ \t]*)exec[ \t]+(?=[^\s=(.,)\]:])([^\n;]*)")
_NAME_SPACE: Final = re.compile(rb"[ \t]+in[ \t]+[\w.{}\[\](), \t]+$")


def _as_call(match: re.Match[bytes]) -> bytes:
    """`exec code in names` as a call: the grammar knows the statement for names only."""
    return match[1] + match[2] + b"exec(" + _NAME_SPACE.sub(b"", match[3].rstrip()) + b")"


_MAX_DEPTH: Final = 150
"""Nested blocks that are followed."""


def parse_tolerantly(source: bytes) -> ast.Module | None:
    """Build a tree from source that the standard parser refuses; None when it is too large or nested too deep."""
    if len(source) > limits.MAX_TOLERANT_BYTES:
        return None
    import tree_sitter_python
    from tree_sitter import Language, Parser

    parser = Parser(Language(tree_sitter_python.language()))
    root = parser.parse(_EXEC.sub(_as_call, source.replace(b"\0", b" "))).root_node
    return ast.Module(_block(root, 0), [])


def _block(node: Node | None, depth: int) -> list[ast.stmt]:
    if node is None or depth > _MAX_DEPTH:
        return []
    return [made for child in named_children(node) for made in _statement(child, depth)]


def _statement(node: Node, depth: int) -> list[ast.stmt]:
    handler = _STATEMENTS.get(node.type)
    if handler is not None:
        made = handler(node, depth + 1)
        return made if isinstance(made, list) else [made]
    if node.type in ("ERROR", "block", "module"):
        return _block(node, depth + 1)
    value = expression(node)
    return [] if value is None else [at(ast.Expr(value), node)]


def _required(node: Node | None) -> ast.expr:
    value = expression(node) if node is not None else None
    return value if value is not None else ast.Constant(None, lineno=1, col_offset=0)


def _expression_statement(node: Node, depth: int) -> list[ast.stmt]:
    made: list[ast.stmt] = []
    for child in named_children(node):
        if child.type == "assignment":
            made.append(_assignment(child))
        elif child.type == "augmented_assignment":
            made.append(_augmented(child))
        else:
            value = expression(child)
            if value is not None:
                made.append(at(ast.Expr(value), child))
    return made


def _assignment(node: Node) -> ast.stmt:
    targets = []
    right: Node | None = node
    while right is not None and right.type == "assignment":
        left = field(right, "left")
        if left is not None:
            targets.append(assignment_target(left))
        right = field(right, "right")
    value = _required(right)
    return at(ast.Assign([target for target in targets if target is not None], value), node)


_OPERATORS: Final[dict[str, Callable[[], ast.operator]]] = {
    "+=": ast.Add,
    "-=": ast.Sub,
    "*=": ast.Mult,
    "/=": ast.Div,
    "//=": ast.FloorDiv,
    "%=": ast.Mod,
    "**=": ast.Pow,
    ">>=": ast.RShift,
    "<<=": ast.LShift,
    "&=": ast.BitAnd,
    "^=": ast.BitXor,
    "|=": ast.BitOr,
    "@=": ast.MatMult,
}


def _augmented(node: Node) -> ast.stmt:
    target = assignment_target(node.child_by_field_name("left"))
    sign = field(node, "operator")
    operator = _OPERATORS.get(text_of(sign) if sign is not None else "", ast.Add)()
    value = _required(field(node, "right"))
    if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return at(ast.AugAssign(target, operator, value), node)
    return at(ast.Expr(value), node)


def _print(node: Node, depth: int) -> ast.stmt:
    values = [value for child in named_children(node) if (value := expression(child)) is not None]
    return at(ast.Expr(call_of("print", values, node)), node)


def _exec(node: Node, depth: int) -> ast.stmt:
    values = [value for child in named_children(node) if (value := expression(child)) is not None]
    first = values[0] if values else None
    if isinstance(first, ast.Tuple):
        values = list(first.elts)
    return at(ast.Expr(call_of("exec", values[:1], node)), node)


def _if(node: Node, depth: int) -> ast.stmt:
    chain = [child for child in named_children(node) if child.type in ("elif_clause", "else_clause")]
    orelse: list[ast.stmt] = []
    for clause in reversed(chain):
        if clause.type == "else_clause":
            orelse = _block(field(clause, "body"), depth)
        else:
            body = _block(field(clause, "consequence"), depth)
            orelse = [at(ast.If(_required(field(clause, "condition")), body, orelse), clause)]
    return at(ast.If(_required(field(node, "condition")), _block(field(node, "consequence"), depth), orelse), node)


def _while(node: Node, depth: int) -> ast.stmt:
    return at(ast.While(_required(field(node, "condition")), _block(field(node, "body"), depth), []), node)


def _for(node: Node, depth: int) -> ast.stmt:
    target = assignment_target(field(node, "left")) or ast.Name("_", ast.Store())
    return at(ast.For(target, _required(field(node, "right")), _block(field(node, "body"), depth), []), node)


def _try(node: Node, depth: int) -> ast.stmt:
    handlers, orelse, final = [], [], []
    for child in named_children(node):
        body = next((part for part in named_children(child) if part.type == "block"), None)
        if child.type in ("except_clause", "except_group_clause"):
            handlers.append(_handler(child, body, depth))
        elif child.type == "else_clause":
            orelse = _block(body, depth)
        elif child.type == "finally_clause":
            final = _block(body, depth)
    return at(ast.Try(_block(field(node, "body") or _first_block(node), depth), handlers, orelse, final), node)


def _first_block(node: Node) -> Node | None:
    return next((child for child in named_children(node) if child.type == "block"), None)


def _handler(node: Node, body: Node | None, depth: int) -> ast.ExceptHandler:
    parts = [child for child in named_children(node) if child.type not in ("block", "comment")]
    kind = expression(parts[0]) if parts else None
    name = text_of(parts[1]) if len(parts) > 1 and parts[1].type == "identifier" else None
    if parts and parts[0].type == "as_pattern":
        inner = named_children(parts[0])
        kind = expression(inner[0]) if inner else None
        name = text_of(inner[-1]) if len(inner) > 1 else None
    return at(ast.ExceptHandler(kind, name, _block(body, depth)), node)


def _with(node: Node, depth: int) -> ast.stmt:
    items = []
    for item in _descend(node, "with_item"):
        value = field(item, "value") or next(iter(named_children(item)), None)
        if value is not None and value.type == "as_pattern":
            inner = named_children(value)
            target = assignment_target(inner[-1]) if len(inner) > 1 else None
            items.append(ast.withitem(_required(inner[0] if inner else None), target))
        else:
            items.append(ast.withitem(_required(value), None))
    return at(ast.With(items, _block(field(node, "body"), depth)), node)


def _descend(node: Node, kind: str) -> Iterator[Node]:
    for child in named_children(node):
        if child.type == kind:
            yield child
        elif child.type == "with_clause":
            yield from _descend(child, kind)


def _function(node: Node, depth: int) -> ast.stmt:
    name = field(node, "name")
    arguments = arguments_of(field(node, "parameters"))
    body = _block(field(node, "body"), depth) or [ast.Pass()]
    return at(ast.FunctionDef(text_of(name) if name is not None else "_", arguments, body, [], None), node)


def _class(node: Node, depth: int) -> ast.stmt:
    name, parents = field(node, "name"), field(node, "superclasses")
    bases = [base for child in (named_children(parents) if parents else []) if (base := expression(child)) is not None]
    body = _block(field(node, "body"), depth) or [ast.Pass()]
    return at(ast.ClassDef(text_of(name) if name is not None else "_", bases, [], body, []), node)


def _decorated(node: Node, depth: int) -> list[ast.stmt]:
    inner = field(node, "definition")
    made = _statement(inner, depth) if inner is not None else []
    decorators = [
        value
        for child in named_children(node)
        if child.type == "decorator" and (value := expression(next(iter(named_children(child)), None))) is not None
    ]
    for statement in made:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            statement.decorator_list = decorators
    return made


def _aliases(node: Node) -> list[ast.alias]:
    made = []
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            name, alias = field(child, "name"), field(child, "alias")
            made.append(ast.alias(text_of(name) if name else "", text_of(alias) if alias else None))
        else:
            made.append(ast.alias(text_of(child), None))
    return made


def _import(node: Node, depth: int) -> ast.stmt:
    return at(ast.Import([alias for alias in _aliases(node) if alias.name]), node)


def _import_from(node: Node, depth: int) -> ast.stmt:
    module = field(node, "module_name")
    dotted = "".join(text_of(module).split()) if module is not None else ""
    level = len(dotted) - len(dotted.lstrip("."))
    aliases = _aliases(node)
    if any(child.type == "wildcard_import" for child in named_children(node)):
        aliases = [ast.alias("*", None)]
    return at(ast.ImportFrom(dotted[level:] or None, aliases, level), node)


def _return(node: Node, depth: int) -> ast.stmt:
    return at(ast.Return(expression(next(iter(named_children(node)), None))), node)


def _raise(node: Node, depth: int) -> ast.stmt:
    return at(ast.Raise(expression(next(iter(named_children(node)), None)), None), node)


def _global(node: Node, depth: int) -> ast.stmt:
    names = [text_of(child) for child in named_children(node)]
    return at(ast.Global(names), node)


def _pass(node: Node, depth: int) -> list[ast.stmt]:
    return []


_STATEMENTS: Final[dict[str, Callable[[Any, int], ast.stmt | list[ast.stmt]]]] = {
    "expression_statement": _expression_statement,
    "print_statement": _print,
    "exec_statement": _exec,
    "if_statement": _if,
    "while_statement": _while,
    "for_statement": _for,
    "try_statement": _try,
    "with_statement": _with,
    "function_definition": _function,
    "class_definition": _class,
    "decorated_definition": _decorated,
    "import_statement": _import,
    "import_from_statement": _import_from,
    "future_import_statement": _pass,
    "return_statement": _return,
    "raise_statement": _raise,
    "global_statement": _global,
    "break_statement": lambda node, depth: at(ast.Break(), node),
    "continue_statement": lambda node, depth: at(ast.Continue(), node),
    "pass_statement": _pass,
    "comment": _pass,
}
