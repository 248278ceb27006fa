"""Functions, classes, object literals and patterns out of tree-sitter's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packamal.detectors.javascript.build import NOTHING, Builder, builds, hint_for
from packamal.detectors.javascript.literals import number, unescape
from packamal.detectors.javascript.nodes import (
    ArrayPattern,
    Assign,
    ClassMember,
    ClassNode,
    Default,
    Function,
    FunctionDeclaration,
    Member,
    Name,
    Node,
    ObjectLiteral,
    ObjectPattern,
    Property,
    Spread,
    This,
)
from packamal.detectors.javascript.statements import Export

if TYPE_CHECKING:
    import tree_sitter

    Raw = tree_sitter.Node

_BYTES_PER_NODE = 8
"""About, in code without comments."""
_PARAMETERS = frozenset({"formal_parameters", "required_parameter", "optional_parameter"})


@builds("function_expression", "generator_function", "arrow_function")
def _function(b: Builder, raw: Raw) -> Node:
    hint, b.hint = b.hint, ""
    return make_function(b, raw, hint)


@builds("function_declaration", "generator_function_declaration")
def _declaration(b: Builder, raw: Raw) -> Node:
    b.hint = ""
    return FunctionDeclaration(make_function(b, raw, ""))


def make_function(b: Builder, raw: Raw, hint: str) -> Function:
    """Build a function; `hint` names one that has no name of its own."""
    kids = b.kids(raw, 0)
    is_arrow = raw.type == "arrow_function"
    body = kids[-1] if kids else raw
    name = ""
    parameters: list[Raw] = []
    for kid in kids[:-1]:
        kind = kid.type
        if kind == "formal_parameters":
            parameters = kid.named_children
        elif is_arrow:
            parameters = [kid]
        elif kind == "identifier":
            name = b.text(kid)
    shown = name or hint
    function = Function(name, _qualify(b.prefix, shown), raw.start_byte, raw.end_byte, is_arrow)
    b.functions.append(function)
    if b.telling.is_within(function.start, function.end):
        _fill(b, function, parameters, body)
    else:
        _leave(b, function, parameters, body)
    return function


def _leave(b: Builder, function: Function, parameters: list[Raw], body: Raw) -> None:
    """Build a function when it is called; its literals are kept at once, for they may tell something alone."""
    outer, b.function = b.function, function
    b.keep_literals(body)
    b.function = outer
    function.size = (function.end - function.start) // _BYTES_PER_NODE
    b.count += function.size

    def build() -> None:
        texts, b.texts, count = b.texts, [], b.count
        _fill(b, function, parameters, body)
        b.texts, b.count = texts, count

    function.unbuilt = build


def _fill(b: Builder, function: Function, parameters: list[Raw], body: Raw) -> None:
    outer = b.function, b.variables, b.prefix
    before = b.count
    b.function, b.variables, b.prefix = function, {}, function.qualified
    function.parameters = _parameters(b, parameters, function)
    if body.type == "statement_block":
        function.body = _with_properties(parameters, b, hoisted(b.nodes(body.named_children)))
    else:
        function.body = b.node(body)
    function.variables = list(b.variables)
    function.size = b.count - before
    b.function, b.variables, b.prefix = outer


def _qualify(prefix: str, name: str) -> str:
    if not name:
        return prefix or "<function>"
    return f"{prefix}.{name}" if prefix and prefix != "<function>" else name


def hoisted(body: list[Node]) -> list[Node]:
    """Function declarations first, as JavaScript has it."""
    first = [node for node in body if _is_hoisted(node)]
    return [*first, *(node for node in body if not _is_hoisted(node))] if first else body


def _is_hoisted(node: Node) -> bool:
    return type(node) is FunctionDeclaration or (type(node) is Export and type(node.declaration) is FunctionDeclaration)


def _parameters(b: Builder, raws: list[Raw], function: Function) -> list[Node]:
    found: list[Node] = []
    for raw in raws:
        if b.table[raw.kind_id] is None:
            continue
        node = b.node(raw)
        if not isinstance(node, This):
            found.append(node)
    return found


def _with_properties(raws: list[Raw], b: Builder, body: list[Node]) -> list[Node]:
    """TypeScript's `constructor(private a)` assigns `this.a`."""
    fields: list[Node] = []
    for raw in raws:
        kids = raw.named_children if raw.type in _PARAMETERS else []
        if len(kids) > 1 and kids[0].type in {"accessibility_modifier", "override_modifier"}:
            name = next((kid for kid in kids if kid.type == "identifier"), None)
            if name is not None:
                text, at = b.text(name), name.start_byte
                fields.append(Assign("", Member(This(), text, at), Name(text, at), raw.start_byte))
    return fields + body


@builds("required_parameter", "optional_parameter")
def _parameter(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    if not kids:
        return NOTHING
    target = b.node(kids[0])
    return Default(target, b.node(kids[1])) if len(kids) > 1 else target


@builds("assignment_pattern", "object_assignment_pattern")
def _default(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    target = b.node(kids[0])
    hint_for(b, kids[-1], target.name if type(target) is Name else "")
    return Default(target, b.node(kids[-1]))


@builds("rest_pattern")
def _rest(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return Spread(b.node(kids[0])) if kids else NOTHING


@builds("array_pattern")
def _array_pattern(b: Builder, raw: Raw) -> Node:
    items: list[Node] = []
    at = raw.start_byte + 1
    for kid in b.kids(raw, 0):
        items.extend([NOTHING] * (b.source[at : kid.start_byte].count(b",") - (1 if items else 0)))
        items.append(b.node(kid))
        at = kid.end_byte
    return ArrayPattern(items)


@builds("object_pattern")
def _object_pattern(b: Builder, raw: Raw) -> Node:
    entries: list[tuple[str | Node, Node]] = []
    rest: Node | None = None
    for kid in b.kids(raw, 0):
        kind = kid.type
        if kind == "pair_pattern":
            key, value = b.kids(kid, 2)
            entries.append((_key(b, key), b.node(value)))
        elif kind == "rest_pattern":
            rest = b.node(kid)
        else:
            node = b.node(kid)
            target = node.target if type(node) is Default else node
            if type(target) is Name:
                entries.append((target.name, node))
    return ObjectPattern(entries, rest, raw.start_byte)


def _key(b: Builder, raw: Raw) -> str | Node:
    """Key of a pair or member: its text, or the node of a computed one."""
    kind = raw.type
    if kind == "string":
        return unescape(b.source[raw.start_byte + 1 : raw.end_byte - 1].decode("utf-8", "replace"))
    if kind == "number":
        return str(number(b.text(raw)))
    if kind == "computed_property_name":
        return b.node(raw)
    return b.text(raw)


@builds("object")
def _object(b: Builder, raw: Raw) -> Node:
    properties: list[Property] = []
    for kid in b.kids(raw, -1):
        kind = kid.type
        if kind == "pair":
            pair = b.kids(kid, 2)
            key = _key(b, pair[0])
            hint_for(b, pair[-1], key if isinstance(key, str) else "")
            properties.append(Property(key, b.node(pair[-1]), "init"))
        elif kind == "spread_element":
            properties.append(Property("", b.node(b.kids(kid, 1)[0]), "spread"))
        elif kind == "method_definition":
            name, function, how, _ = _method(b, kid)
            properties.append(Property(name, function, "init" if how == "method" else how))
        elif kind == "shorthand_property_identifier":
            node = b.node(kid)
            properties.append(Property(b.text(kid), node, "init"))
        else:
            properties.append(Property("", b.node(kid), "spread"))
    return ObjectLiteral(properties, raw.start_byte)


def _method(b: Builder, raw: Raw) -> tuple[str | Node, Function, str, bool]:
    """(key, function, method or get or set, is it static)"""
    kids = b.kids(raw, 0)
    names = [kid for kid in kids if kid.type not in {"formal_parameters", "statement_block", "decorator"}]
    key = _key(b, names[0]) if names else ""
    end = names[0].start_byte if names else raw.start_byte
    words = b.source[raw.start_byte : end].split()
    kind = "get" if b"get" in words else "set" if b"set" in words else "method"
    function = make_function(b, raw, key if isinstance(key, str) else "")
    return key, function, kind, b"static" in words


@builds("class", "class_declaration", "abstract_class_declaration")
def _class(b: Builder, raw: Raw) -> Node:
    hint, b.hint = b.hint, ""
    kids = b.kids(raw, 0)
    named = [kid for kid in kids if kid.type in {"identifier", "type_identifier"}]
    name = b.text(named[0]) if named else ""
    bases = [b.node(kid) for kid in kids if kid.type == "class_heritage"]
    outer, b.prefix = b.prefix, _qualify(b.prefix, name or hint)
    members: list[ClassMember] = []
    node = ClassNode(name, bases[0] if bases else None, members, raw.start_byte)
    for kid in kids:
        if kid.type == "class_body":
            for member in b.kids(kid, 0):
                _member(b, member, node)
        elif kid.type == "decorator":
            node.decorators.append(b.node(kid))
    b.prefix = outer
    node.is_statement = raw.type != "class"
    return node


def _member(b: Builder, raw: Raw, node: ClassNode) -> None:
    kind = raw.type
    if kind == "method_definition":
        key, function, how, is_static = _method(b, raw)
        node.members.append(ClassMember(key, function, how, is_static))
    elif kind == "class_static_block":
        node.members.append(ClassMember("", b.node(raw.named_children[-1]), "block", True))
    elif kind == "decorator":
        node.decorators.append(b.node(raw))
    elif kind in {"field_definition", "public_field_definition"}:
        kids = [kid for kid in b.kids(raw, 0) if kid.type != "decorator"]
        words = b.source[raw.start_byte : kids[0].start_byte].split()
        key = _key(b, kids[0])
        value: Node | None = None
        if len(kids) > 1:
            hint_for(b, kids[1], key if isinstance(key, str) else "")
            value = b.node(kids[1])
        node.members.append(ClassMember(key, value, "field", b"static" in words))


@builds("class_heritage")
def _heritage(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return b.node(kids[0]) if kids else NOTHING


@builds(
    "formal_parameters", "class_body", "method_definition", "field_definition", "public_field_definition", "pair",
    "pair_pattern", "class_static_block",
)  # fmt: skip
def _part(b: Builder, raw: Raw) -> Node:
    """Parts that are read by their wholes; met alone only in damaged code."""
    return NOTHING if raw.type in {"formal_parameters", "pair_pattern"} else _loose(b, raw)


def _loose(b: Builder, raw: Raw) -> Node:
    if raw.type == "method_definition":
        return _method(b, raw)[1]
    kids = b.nodes(raw.named_children)
    return kids[-1] if kids else NOTHING
