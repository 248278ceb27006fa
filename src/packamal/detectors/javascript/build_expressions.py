"""Expressions out of tree-sitter's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packamal.detectors.javascript.build import NOTHING, Builder, builds, hint_for
from packamal.detectors.javascript.literals import number, unescape
from packamal.detectors.javascript.nodes import (
    UNDEFINED,
    ArrayLiteral,
    Assign,
    Binary,
    Call,
    Conditional,
    Index,
    Literal,
    Logical,
    Member,
    Name,
    New,
    Node,
    Pattern,
    Sequence,
    Spread,
    Sum,
    Super,
    Tagged,
    Template,
    This,
    Unary,
    Update,
    Yield,
)

if TYPE_CHECKING:
    import tree_sitter

    Raw = tree_sitter.Node

THIS = This()
SUPER = Super()
_LOGICAL = frozenset({"&&", "||", "??"})
_MAX_SPINE = 100_000
"""Parts of one chain of `+`."""


@builds("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "type_identifier")
def _name(b: Builder, raw: Raw) -> Node:
    start = raw.start_byte
    return Name(b.slice(start, raw.end_byte), start)


@builds("property_identifier", "private_property_identifier", "statement_identifier", "meta_property", "import")
def _bare_name(b: Builder, raw: Raw) -> Node:
    return _name(b, raw)


@builds("nested_identifier")
def _nested_name(b: Builder, raw: Raw) -> Node:
    first, last = b.kids(raw, 2)
    return Member(b.node(first), b.text(last), last.start_byte)


@builds("this")
def _this(b: Builder, raw: Raw) -> Node:
    return THIS


@builds("super")
def _super(b: Builder, raw: Raw) -> Node:
    return SUPER


@builds("true")
def _true(b: Builder, raw: Raw) -> Node:
    return Literal(True, raw.start_byte)


@builds("false")
def _false(b: Builder, raw: Raw) -> Node:
    return Literal(False, raw.start_byte)


@builds("null")
def _null(b: Builder, raw: Raw) -> Node:
    return Literal(None, raw.start_byte)


@builds("undefined")
def _undefined(b: Builder, raw: Raw) -> Node:
    return Literal(UNDEFINED, raw.start_byte)


@builds("number")
def _number(b: Builder, raw: Raw) -> Node:
    return Literal(number(b.text(raw)), raw.start_byte)


@builds("string")
def _string(b: Builder, raw: Raw) -> Node:
    start = raw.start_byte
    return Literal(b.literal(start + 1, raw.end_byte - 1), start)


@builds("template_string")
def _template(b: Builder, raw: Raw) -> Node:
    start = raw.start_byte
    holes = [child for child in raw.named_children if child.type == "template_substitution"]
    if not holes:
        return Literal(b.literal(start + 1, raw.end_byte - 1), start)
    parts: list[str | Node] = []
    at = start + 1
    for hole in holes:
        parts.append(b.literal(at, hole.start_byte))
        parts.extend(b.nodes(hole.named_children))
        at = hole.end_byte
    parts.append(b.literal(at, raw.end_byte - 1))
    return Template(parts, start)


@builds("regex")
def _regex(b: Builder, raw: Raw) -> Node:
    text = b.text(raw)
    pattern, _, flags = text[1:].rpartition("/")
    b.keep(pattern, raw.start_byte)
    return Pattern(pattern, flags, raw.start_byte)


@builds("array")
def _array(b: Builder, raw: Raw) -> Node:
    return ArrayLiteral(b.nodes(raw.named_children), raw.start_byte)


@builds("spread_element")
def _spread(b: Builder, raw: Raw) -> Node:
    return Spread(b.node(b.kids(raw, 1)[0]))


@builds(
    "parenthesized_expression", "await_expression", "as_expression", "satisfies_expression", "non_null_expression",
    "instantiation_expression", "expression_statement", "jsx_expression", "template_substitution", "decorator",
    "computed_property_name", "else_clause", "extends_clause",
)  # fmt: skip
def _inner(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return b.node(kids[0]) if kids else NOTHING


@builds("type_assertion")
def _assertion(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return b.node(kids[-1]) if kids else NOTHING


@builds("yield_expression")
def _yield(b: Builder, raw: Raw) -> Node:
    return Yield(_inner(b, raw))


@builds("sequence_expression")
def _sequence(b: Builder, raw: Raw) -> Node:
    return Sequence(b.nodes(raw.named_children))


@builds(
    "jsx_element", "jsx_self_closing_element", "jsx_opening_element", "jsx_closing_element", "jsx_attribute", "ERROR"
)
def _markup(b: Builder, raw: Raw) -> Node:
    return Sequence(b.nodes(raw.named_children), is_markup=True)


@builds("member_expression")
def _member(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    prop = kids[-1]
    start = prop.start_byte
    b.members += 1
    return Member(b.node(kids[0]), b.slice(start, prop.end_byte), start)


@builds("subscript_expression")
def _subscript(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    obj, index = b.node(kids[0]), b.node(kids[-1])
    if type(index) is Literal and isinstance(index.value, str) and index.value.isidentifier():
        b.computed += 1
    return Index(obj, index, kids[-1].start_byte)


@builds("optional_chain", "arguments")
def _punctuation(b: Builder, raw: Raw) -> Node:
    return NOTHING


@builds("call_expression")
def _call(b: Builder, raw: Raw) -> Node:
    kids = [kid for kid in b.kids(raw, 2) if kid.type != "optional_chain"]
    callee = b.node(kids[0])
    start = callee.start if isinstance(callee, Member | Index) else raw.start_byte
    last = kids[-1]
    if last.type == "template_string":
        return Tagged(callee, b.node(last), _raws(b, last), start)
    return Call(callee, b.nodes(last.named_children), start, raw.end_byte)


def _raws(b: Builder, template: Raw) -> list[str]:
    """Texts between the substitutions of a template, as they are written."""
    ends = [template.start_byte + 1]
    for hole in template.named_children:
        if hole.type == "template_substitution":
            ends += [hole.start_byte, hole.end_byte]
    ends.append(template.end_byte - 1)
    return [b.source[ends[at] : ends[at + 1]].decode("utf-8", "replace") for at in range(0, len(ends), 2)]


@builds("new_expression")
def _new(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    has_arguments = kids[-1].type == "arguments"
    arguments = b.nodes(kids[-1].named_children) if has_arguments else []
    return New(b.node(kids[0]), arguments, raw.start_byte, raw.end_byte)


@builds("unary_expression")
def _unary(b: Builder, raw: Raw) -> Node:
    operand = b.kids(raw, 1)[-1]
    operator = b.operator(raw.start_byte, operand.start_byte)
    node = b.node(operand)
    if operator == "-" and type(node) is Literal and isinstance(node.value, int) and node.value:
        return Literal(-node.value, raw.start_byte)
    return Unary(operator, node)


@builds("update_expression")
def _update(b: Builder, raw: Raw) -> Node:
    target = b.kids(raw, 1)[0]
    is_prefix = target.start_byte > raw.start_byte
    sign = b.source[raw.start_byte : raw.start_byte + 2] if is_prefix else b.source[raw.end_byte - 2 : raw.end_byte]
    return Update(sign[:1].decode("utf-8", "replace"), b.node(target), is_prefix)


@builds("binary_expression")
def _binary(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    left, right = kids[0], kids[-1]
    operator = b.operator(left.end_byte, right.start_byte)
    if operator == "+":
        return _sum(b, left, right, raw)
    if operator in _LOGICAL:
        return Logical(operator, b.node(left), b.node(right), left.start_byte, left.end_byte)
    return Binary(operator, b.node(left), b.node(right), raw.start_byte)


def _sum(b: Builder, left: Raw, right: Raw, raw: Raw) -> Node:
    spine = [right]
    kind = raw.kind_id
    while left.kind_id == kind and len(spine) < _MAX_SPINE:
        kids = b.kids(left, 2)
        if b.operator(kids[0].end_byte, kids[-1].start_byte) != "+":
            break
        spine.append(kids[-1])
        left = kids[0]
    parts = [b.node(left)]
    parts.extend(b.node(part) for part in reversed(spine))
    return Sum(parts, raw.start_byte)


@builds("ternary_expression")
def _ternary(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 3)
    if len(kids) < 3:
        return Sequence(b.nodes(kids))
    test = kids[0]
    return Conditional((b.node(test), b.node(kids[1]), b.node(kids[2])), test.start_byte, test.end_byte)


@builds("assignment_expression", "augmented_assignment_expression")
def _assign(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    left, right = kids[0], kids[-1]
    operator = b.operator(left.end_byte, right.start_byte)[:-1]
    target = b.node(left)
    hint_for(b, right, target.property if type(target) is Member else target.name if type(target) is Name else "")
    return Assign(operator, target, b.node(right), raw.start_byte)


@builds("escape_sequence", "string_fragment")
def _piece(b: Builder, raw: Raw) -> Node:
    return Literal(unescape(b.text(raw)), raw.start_byte)
