"""Statements out of tree-sitter's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packamal.detectors.javascript.build import NOTHING, Builder, builds, hint_for
from packamal.detectors.javascript.build_functions import hoisted
from packamal.detectors.javascript.literals import unescape
from packamal.detectors.javascript.nodes import (
    ArrayPattern,
    ClassNode,
    Default,
    FunctionDeclaration,
    Literal,
    Name,
    Node,
    ObjectLiteral,
    ObjectPattern,
    Property,
    Spread,
)
from packamal.detectors.javascript.statements import (
    Block,
    Case,
    Declare,
    Export,
    ExportValue,
    ForEach,
    If,
    Import,
    Jump,
    Labeled,
    Loop,
    Program,
    Return,
    Switch,
    Throw,
    Try,
)

if TYPE_CHECKING:
    import tree_sitter

    Raw = tree_sitter.Node


def build_program(b: Builder, raw: Raw) -> Program:
    """Build a whole unit."""
    program = Program(hoisted(b.nodes(raw.named_children)))
    program.variables = list(b.variables)
    program.functions = b.functions
    program.texts = b.texts
    program.spelt = b.spelt
    program.nodes = b.count
    program.names = tuple(b.names.values())
    program.computed, program.members, program.flattened = b.computed, b.members, b.flattened
    return program


def _block(body: list[Node]) -> Block:
    is_scope = any(
        type(node) in {FunctionDeclaration, ClassNode} or (type(node) is Declare and not node.is_var) for node in body
    )
    return Block(hoisted(body), is_scope)


@builds("statement_block", "program")
def _statement_block(b: Builder, raw: Raw) -> Node:
    return _block(b.nodes(raw.named_children))


@builds("empty_statement", "debugger_statement")
def _empty(b: Builder, raw: Raw) -> Node:
    return NOTHING


@builds("variable_declaration")
def _var(b: Builder, raw: Raw) -> Node:
    targets = _declarators(b, raw)
    for target, _ in targets:
        declare(b, target)
    return Declare(True, targets, raw.start_byte)


@builds("lexical_declaration", "using_declaration")
def _let(b: Builder, raw: Raw) -> Node:
    return Declare(False, _declarators(b, raw), raw.start_byte)


def _declarators(b: Builder, raw: Raw) -> list[tuple[Node, Node | None]]:
    found: list[tuple[Node, Node | None]] = []
    for declarator in raw.named_children:
        if declarator.type == "variable_declarator":
            kids = b.kids(declarator, 2)
            if len(kids) > 2:
                kids = [kids[0], kids[-1]]
            target = b.node(kids[0])
            value: Node | None = None
            if len(kids) > 1 and b.table[kids[1].kind_id] is not None:
                hint_for(b, kids[1], target.name if type(target) is Name else "")
                value = b.node(kids[1])
            found.append((target, value))
    return found


def declare(b: Builder, target: Node) -> None:
    """Note the names a pattern declares in the enclosing function."""
    stack = [target]
    while stack:
        node = stack.pop()
        if type(node) is Name:
            b.variables[node.name] = None
        elif type(node) is Default:
            stack.append(node.target)
        elif type(node) is ObjectPattern:
            stack.extend(value for _, value in node.entries)
            if node.rest is not None:
                stack.append(node.rest)
        elif type(node) is ArrayPattern:
            stack.extend(node.items)
        elif type(node) is Spread:
            stack.append(node.value)


@builds("return_statement")
def _return(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return Return(b.node(kids[0]) if kids else None)


@builds("throw_statement")
def _throw(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 1)
    return Throw(b.node(kids[0]) if kids else None)


@builds("break_statement", "continue_statement")
def _jump(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 0)
    return Jump(raw.type == "break_statement", b.text(kids[0]) if kids else "")


@builds("if_statement")
def _if(b: Builder, raw: Raw) -> Node:
    """A chain of `else if` is long in generated code, so it is walked, not recursed into."""
    arms: list[tuple[Node, Node, int, int]] = []
    last: Node | None = None
    current: Raw | None = raw
    while current is not None:
        kids = b.kids(current, 3)
        test = kids[0]
        body = b.node(kids[1]) if len(kids) > 1 else NOTHING
        arms.append((b.node(test), body, test.start_byte, test.end_byte))
        current = None
        if len(kids) > 2:
            inner = b.kids(kids[2], 1)
            if inner and inner[0].type == "if_statement":
                current = inner[0]
            elif inner:
                last = b.node(inner[0])
    for condition, body, start, end in reversed(arms):
        last = If((condition, body, last), start, end)
    return last or NOTHING


@builds("for_statement")
def _for(b: Builder, raw: Raw) -> Node:
    def part(name: str) -> Node | None:
        child = raw.child_by_field_name(name)
        return None if child is None or child.type == "empty_statement" else b.node(child)

    loop = Loop(part("initializer"), part("condition"), part("increment"), part("body") or NOTHING)
    return _spanned(loop, raw.child_by_field_name("condition"))


@builds("while_statement", "do_statement")
def _while(b: Builder, raw: Raw) -> Node:
    test, body = raw.child_by_field_name("condition"), raw.child_by_field_name("body")
    loop = Loop(None, b.node(test) if test else None, None, b.node(body) if body else NOTHING)
    loop.is_do = raw.type == "do_statement"
    b.flattened += _only_switches(loop.body)
    return _spanned(loop, test)


def _only_switches(body: Node) -> bool:
    """Whether a loop's body is a switch on a state, alone or with a `break` behind it."""
    inner = body.body if isinstance(body, Block) else [body]
    return bool(inner) and isinstance(inner[0], Switch) and len(inner) <= _STATE_LOOP and len(inner[0].cases) > 1


_STATE_LOOP = 2


def _spanned(loop: Loop, test: Raw | None) -> Loop:
    if test is not None and test.type != "empty_statement":
        loop.start, loop.end = test.start_byte, test.end_byte
    return loop


@builds("for_in_statement")
def _for_in(b: Builder, raw: Raw) -> Node:
    left, right, body = (raw.child_by_field_name(name) for name in ("left", "right", "body"))
    if left is None or right is None:
        return NOTHING
    target = b.node(left)
    words = b.source[raw.start_byte : left.start_byte].replace(b"(", b" ").split()
    declares = next((word for word in ("var", "let", "const") if word.encode() in words), "")
    if declares == "var":
        declare(b, target)
    is_of = b"of" in b.source[left.end_byte : right.start_byte].split()
    return ForEach(target, b.node(right), b.node(body) if body else NOTHING, declares, is_of)


@builds("switch_statement")
def _switch(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    cases: list[Case] = []
    for case in kids[-1].named_children if len(kids) > 1 else []:
        if case.type == "switch_case":
            inner = b.kids(case, 0)
            cases.append(Case(b.node(inner[0]), b.nodes(inner[1:])))
        elif case.type == "switch_default":
            cases.append(Case(None, b.nodes(case.named_children)))
    return Switch(b.node(kids[0]), cases, kids[0].start_byte, kids[0].end_byte)


@builds("try_statement")
def _try(b: Builder, raw: Raw) -> Node:
    body: Node = NOTHING
    parameter = handler = final = None
    for kid in b.kids(raw, 0):
        if kid.type == "catch_clause":
            inner = b.kids(kid, 0)
            handler = b.node(inner[-1])
            parameter = b.node(inner[0]) if len(inner) > 1 else None
        elif kid.type == "finally_clause":
            final = b.node(b.kids(kid, 1)[0])
        else:
            body = b.node(kid)
    return Try(body, parameter, handler, final)


@builds("labeled_statement")
def _labeled(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    body = b.node(kids[-1])
    label = b.text(kids[0])
    if isinstance(body, Loop | ForEach):
        body.label = label
        return body
    return Labeled(label, body)


@builds("with_statement")
def _with(b: Builder, raw: Raw) -> Node:
    return _block(b.nodes(b.kids(raw, 2)))


@builds("catch_clause", "finally_clause", "switch_body", "switch_case", "switch_default", "variable_declarator")
def _part(b: Builder, raw: Raw) -> Node:
    """Parts that are read by their wholes; met alone only in damaged code."""
    return _block(b.nodes(raw.named_children))


@builds("import_statement")
def _import(b: Builder, raw: Raw) -> Node:
    if b.source[raw.start_byte : raw.start_byte + 12].split()[1:2] == [b"type"]:
        return NOTHING
    source, names = "", []
    for kid in raw.named_children:
        if kid.type == "string":
            source = _quoted(b, kid)
        elif kid.type == "import_require_clause":
            name, module = kid.named_children[0], kid.named_children[-1]
            source = _quoted(b, module)
            names.append(("*", b.text(name)))
        elif kid.type == "import_clause":
            names += _imported(b, kid)
    return Import(source, names, raw.start_byte)


def _quoted(b: Builder, raw: Raw) -> str:
    return unescape(b.source[raw.start_byte + 1 : raw.end_byte - 1].decode("utf-8", "replace"))


def _imported(b: Builder, clause: Raw) -> list[tuple[str, str]]:
    names: list[tuple[str, str]] = []
    for kid in clause.named_children:
        if kid.type == "identifier":
            names.append(("default", b.text(kid)))
        elif kid.type == "namespace_import":
            names.append(("*", b.text(kid.children[-1])))
        elif kid.type == "named_imports":
            names += [_specifier(b, one) for one in kid.named_children if one.type == "import_specifier"]
    return names


def _specifier(b: Builder, raw: Raw) -> tuple[str, str]:
    words = b.text(raw).split()
    first, last = words[0], words[-1]
    return first.strip("\"'"), last.strip("\"'")


@builds("export_statement")
def _export(b: Builder, raw: Raw) -> Node:
    value = raw.child_by_field_name("value")
    declaration = raw.child_by_field_name("declaration")
    head = b.source[raw.start_byte : raw.start_byte + 24].split()[1:2]
    if value is not None:
        b.hint = "default"
        return ExportValue(b.node(value), False)
    if declaration is not None:
        node = b.node(declaration)
        if head == [b"default"]:
            return _default_declaration(node)
        return Export(node, [], "", raw.start_byte)
    names: list[tuple[str, str]] = []
    source = ""
    for kid in raw.named_children:
        if kid.type == "string":
            source = _quoted(b, kid)
        elif kid.type == "export_clause":
            names += [_specifier(b, one) for one in kid.named_children if one.type == "export_specifier"]
        elif kid.type == "namespace_export":
            names.append(("*", b.text(kid.children[-1])))
        elif head == [b"="] or b"=" in b.source[raw.start_byte : kid.start_byte]:
            return ExportValue(b.node(kid), True)
    return Export(None, names or ([("*", "*")] if source else []), source, raw.start_byte)


def _default_declaration(node: Node) -> Node:
    if isinstance(node, FunctionDeclaration):
        function = node.function
        if function.name:
            return Block([node, ExportValue(Name(function.name, function.start), False)], False)
        return ExportValue(function, False)
    return ExportValue(node, False)


@builds("enum_declaration")
def _enum(b: Builder, raw: Raw) -> Node:
    kids = b.kids(raw, 2)
    properties: list[Property] = []
    for member in kids[-1].named_children:
        inner = member.named_children if member.type == "enum_assignment" else [member]
        value = b.node(inner[-1]) if len(inner) > 1 else Literal(len(properties), member.start_byte)
        properties.append(Property(b.text(inner[0]), value, "init"))
    target = b.node(kids[0])
    return Declare(False, [(target, ObjectLiteral(properties, raw.start_byte))], raw.start_byte)


@builds("internal_module", "module")
def _namespace(b: Builder, raw: Raw) -> Node:
    body = raw.child_by_field_name("body")
    return b.node(body) if body is not None else NOTHING
