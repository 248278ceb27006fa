"""Walk one JavaScript module: what names stand for, what is called, what callbacks receive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from packamal.detectors.facts import Place
from packamal.detectors.jssource import folding
from packamal.detectors.jssource.folding import FAILED
from packamal.detectors.pysource.recorder import Recorder
from packamal.detectors.pysource.values import UNKNOWN, Value, blend, constant, join
from packamal.detectors.units import Unit

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_STEPS = 300_000
"""Nodes evaluated in one module, repeats included; about a second."""
MAX_DEPTH = 6
FUNCTIONS = {"function_declaration", "function_expression", "arrow_function", "function", "method_definition",
             "generator_function_declaration", "generator_function"}  # fmt: skip
GLOBALS = ("window.", "globalThis.", "global.", "self.")
WATCHED = {
    "process.env",
    "document.cookie",
    "process.platform",
    "process.arch",
    "process.version",
    "navigator.userAgent",
}

MEMBERS = {"member_expression", "subscript_expression"}


class Walker:
    """Reads one module into the recorder."""

    def __init__(self, unit: Unit, recorder: Recorder) -> None:
        self.unit = unit
        self.recorder = recorder
        self.scopes: list[dict[str, Value]] = [{}]
        self.functions: dict[str, Node] = {}
        self.entered: dict[str, Value] = {}
        self.attributes: dict[str, Value] = {}
        self.names: list[str] = []
        self.returned: list[Value] = []
        self.steps = 0
        self.is_called = True
        self._kinds: dict[str, Callable[[Node], Value]] = {
            "string": self._string, "template_string": self._template, "number": self._number,
            "identifier": self._identifier, "member_expression": self._member, "subscript_expression": self._subscript,
            "call_expression": self._call, "new_expression": self._call, "binary_expression": self._binary,
            "assignment_expression": self._assign, "augmented_assignment_expression": self._assign,
            "variable_declarator": self._declare, "object": self._object, "array": self._array,
            "sequence_expression": self._last, "return_statement": self._return, "import_statement": self._import,
            "ternary_expression": self._ternary, "true": self._word, "false": self._word,
        }  # fmt: skip

    def read(self, root: Node) -> None:
        """Read a whole module, then the functions that nothing called."""
        self.value(root)
        self.is_called = False
        for name in [name for name in self.functions if name not in self.entered]:
            self.enter(name, [])

    def value(self, node: Node | None) -> Value:
        """What an expression is; of a statement: what stands in it."""
        self.steps += 1
        if node is None or self.steps > MAX_STEPS:
            return UNKNOWN
        if node.type in FUNCTIONS:
            return self._function(node)
        kind = self._kinds.get(node.type)
        if kind is not None:
            return kind(node)
        values = [self.value(child) for child in node.named_children]
        wrapped = node.type in {"parenthesized_expression", "await_expression", "spread_element", "non_null_expression"}
        return values[0] if wrapped and values else blend(*values) if node.type.endswith("expression") else UNKNOWN

    def text(self, node: Node) -> str:
        """Source text of a node."""
        return (node.text or b"").decode("utf-8", "replace")

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.unit.name, node.start_point[0] + 1, ".".join(self.names), self.is_called)

    def _word(self, node: Node) -> Value:
        return constant(node.type == "true")

    def _string(self, node: Node) -> Value:
        const = folding.unescape(self.text(node)[1:-1])
        return Value(const=const, is_const=True, sources=self.recorder.text(const, self.place(node)))

    def _number(self, node: Node) -> Value:
        try:
            return constant(int(self.text(node), 0))
        except ValueError:
            return UNKNOWN

    def _template(self, node: Node) -> Value:
        parts = []
        for child in node.named_children:
            inner = child.named_children[0] if child.type == "template_substitution" and child.named_children else None
            parts.append(self.value(inner) if inner else constant(folding.unescape(self.text(child))))
        return self._joined(parts, node)

    def _joined(self, parts: list[Value], node: Node) -> Value:
        if all(part.is_const and isinstance(part.const, str | int) for part in parts):
            made = constant("".join(str(part.const) for part in parts), *parts)
        else:
            made = blend(*parts)._replace(text="".join(part.hole() for part in parts))
        shown = made.shown() or ""
        return made._replace(sources=made.sources | self.recorder.text(shown[:5000], self.place(node), True))

    def _identifier(self, node: Node) -> Value:
        name = self.text(node)
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return Value(name)

    def named(self, base: Value, member: str) -> str:
        """Canonical dotted name of a member."""
        if not base.ref:
            return f"?.{member}"
        name = f"{base.ref}.{member}"
        for prefix in GLOBALS:
            name = name.removeprefix(prefix)
        return name.removesuffix(".default")

    def _member(self, node: Node) -> Value:
        base = self.value(node.child_by_field_name("object"))
        field = node.child_by_field_name("property")
        return self._of(base, self.text(field) if field else "", node)

    def _subscript(self, node: Node) -> Value:
        base = self.value(node.child_by_field_name("object"))
        key = self.value(node.child_by_field_name("index"))
        if isinstance(key.const, str):
            return self._of(base, key.const, node)
        found = next((item for name, item in base.fields if key.is_const and name == str(key.const)), None)
        return found or blend(base, key)

    def _of(self, base: Value, member: str, node: Node) -> Value:
        found = next((item for name, item in base.fields if name == member), None)
        name = self.named(base, member)
        found = found or self.attributes.get(name)
        if found is not None:
            return found
        if name in WATCHED or base.ref == "process.env":
            used = self.recorder.use(name, self.place(node)) if not self._goes_on(name, node) else frozenset()
            return Value(name, text=f"{{{name}}}" if base.ref == "process.env" else None, sources=used)
        return Value(name, sources=base.sources, steps=base.steps)

    def _goes_on(self, name: str, node: Node) -> bool:
        """True for `process.env` on the way to one variable."""
        parent = node.parent
        return name == "process.env" and parent is not None and parent.type in MEMBERS

    def _binary(self, node: Node) -> Value:
        left, right = (self.value(node.child_by_field_name(side)) for side in ("left", "right"))
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type == "+":
            return self._joined([left, right], node)
        return join(left, right) if operator is not None and operator.type in {"||", "??", "&&"} else blend(left, right)

    def _ternary(self, node: Node) -> Value:
        self.value(node.child_by_field_name("condition"))
        return join(*(self.value(node.child_by_field_name(side)) for side in ("consequence", "alternative")))

    def _last(self, node: Node) -> Value:
        return [self.value(child) for child in node.named_children][-1]

    def _object(self, node: Node) -> Value:
        fields = []
        for child in node.named_children:
            key, item = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is not None and item is not None:
                name = self.value(key) if key.type in {"string", "computed_property_name"} else constant(self.text(key))
                fields.append((str(name.const), self.value(item)))
            else:
                value = self.value(child) if child.type != "shorthand_property_identifier" else self._identifier(child)
                fields.append((self.text(child), value))
        return blend(*(item for _, item in fields))._replace(fields=tuple(fields))

    def _array(self, node: Node) -> Value:
        items = [self.value(child) for child in node.named_children]
        return blend(*items)._replace(fields=tuple((str(index), item) for index, item in enumerate(items)))

    def _declare(self, node: Node) -> Value:
        target, value = node.child_by_field_name("name"), self.value(node.child_by_field_name("value"))
        if target is not None:
            self.bind(target, value)
        return UNKNOWN

    def _assign(self, node: Node) -> Value:
        target, value = node.child_by_field_name("left"), self.value(node.child_by_field_name("right"))
        if target is None:
            return value
        if node.type.startswith("augmented"):
            value = blend(self.value(target), value)
        self.bind(target, value)
        return value

    def bind(self, target: Node, value: Value) -> None:
        """Assign to a name, a pattern or a member."""
        if target.type in {"identifier", "shorthand_property_identifier_pattern"}:
            name = self.text(target)
            scope = next((scope for scope in reversed(self.scopes) if name in scope), self.scopes[-1])
            scope[name] = value
        elif target.type == "object_pattern":
            for child in target.named_children:
                key, inner = child.child_by_field_name("key"), child.child_by_field_name("value")
                name = self.text(key) if key is not None else self.text(child)
                self.bind(inner if inner is not None else child, self._of(value, name, child))
        elif target.type == "array_pattern":
            for child in target.named_children:
                self.bind(child, blend(value))
        elif target.type in MEMBERS:
            base = self.value(target.child_by_field_name("object"))
            field = target.child_by_field_name("property")
            name = self.named(base, self.text(field) if field is not None else "?")
            self.attributes[name] = value
            if base.ref and not base.ref.startswith(("exports", "module", "?", "this")):
                self.recorder.use(name, self.place(target), value)

    def _import(self, node: Node) -> Value:
        source = node.child_by_field_name("source")
        module = self.text(source)[1:-1].removeprefix("node:") if source is not None else ""
        self.recorder.edge("import", module, self.place(node))
        for clause in (child for child in node.named_children if child.type == "import_clause"):
            for child in clause.named_children:
                self._import_names(child, module)
        return UNKNOWN

    def _import_names(self, node: Node, module: str) -> None:
        if node.type == "named_imports":
            for child in node.named_children:
                name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
                if name is not None:
                    self.scopes[-1][self.text(alias or name)] = Value(f"{module}.{self.text(name)}")
        else:
            inner = node.named_children[0] if node.type == "namespace_import" else node
            self.scopes[-1][self.text(inner)] = Value(module)

    def _function(self, node: Node) -> Value:
        key = f"<function:{node.start_byte}>"
        self.functions[key] = node
        name = node.child_by_field_name("name")
        if name is not None and node.type.endswith("declaration"):
            self.scopes[-1][self.text(name)] = Value(key)
        return Value(key)

    def enter(self, key: str, arguments: list[Value]) -> Value | None:
        """Read a local function with the arguments of its first call; later calls give the same result."""
        node = self.functions.get(key)
        if node is None:
            return None
        if key in self.entered or len(self.names) >= MAX_DEPTH:
            known = self.entered.get(key, UNKNOWN)
            return known._replace(sources=known.sources.union(*(item.sources for item in arguments)))
        self.entered[key] = UNKNOWN
        name = node.child_by_field_name("name")
        self.names.append(self.text(name) if name is not None else f"line {node.start_point[0] + 1}")
        self.scopes.append({})
        kept, self.returned = self.returned, []
        self._parameters(node, arguments)
        body = node.child_by_field_name("body")
        result = self.value(body)
        for item in self.returned:
            result = join(result, item)
        self.returned = kept
        self.scopes.pop()
        self.names.pop()
        self.entered[key] = result
        return result

    def _parameters(self, node: Node, arguments: list[Value]) -> None:
        holder = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        names = holder.named_children if holder is not None and holder.type == "formal_parameters" else [holder]
        for index, target in enumerate(item for item in names if item is not None):
            inner = target.child_by_field_name("left") or target.child_by_field_name("pattern") or target
            if inner.type == "identifier":
                self.scopes[-1][self.text(inner)] = UNKNOWN
            self.bind(inner, arguments[index] if index < len(arguments) else UNKNOWN)

    def _return(self, node: Node) -> Value:
        self.returned += [self.value(child) for child in node.named_children]
        return UNKNOWN

    def _call(self, node: Node) -> Value:
        target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        holder = node.child_by_field_name("arguments")
        receiver = self._receiver(target)
        callee = self.value(target).ref.removesuffix(".call").removesuffix(".bind").removesuffix(".apply")
        arguments = [self.value(child) for child in holder.named_children] if holder is not None else []
        place = self.place(node)
        first = arguments[0] if arguments else UNKNOWN
        if callee in {"require", "import"} and isinstance(first.const, str):
            self.recorder.edge("import", first.const, place)
            return Value(first.const.removeprefix("node:"))
        folded = self._folded(callee, target, receiver, arguments)
        if folded is None and (local := self.enter(callee, arguments)) is not None:
            return local
        is_value = receiver is not None and (not receiver.ref or "()" in receiver.ref or bool(receiver.sources))
        number = self.recorder.call(callee or "?", arguments, {}, receiver if is_value else None, place)
        if folded is not None:
            if folded.steps:
                self.recorder.decoded(folded, place)
            return folded._replace(sources=folded.sources | {number})
        made = blend(*arguments, *([receiver] if receiver else []))
        result = made._replace(
            ref=f"{callee}()" if callee and callee[0] not in "?<" else "", sources=made.sources | {number}
        )
        for item in arguments:
            self._call_back(item, callee, receiver, result)
        if callee.endswith((".then", ".on", ".once", ".pipe")) and receiver is not None:
            return receiver._replace(sources=result.sources)
        return result._replace(text="/".join(item.hole() for item in arguments) if callee.startswith("path.") else None)

    def _call_back(self, item: Value, callee: str, receiver: Value | None, result: Value) -> None:
        """A function handed over receives what the call gives."""
        if item.ref in self.functions:
            given = receiver if callee.endswith((".then", ".on", ".once")) and receiver is not None else result
            self.enter(item.ref, [given._replace(is_const=False, const=None)] * 3)

    def _receiver(self, target: Node | None) -> Value | None:
        if target is None or target.type not in MEMBERS:
            return None
        return self.value(target.child_by_field_name("object"))

    def _folded(self, callee: str, target: Node | None, receiver: Value | None, arguments: list[Value]) -> Value | None:
        plain = [item.const for item in arguments if item.is_const]
        if len(plain) < len(arguments):
            return None
        field = target.child_by_field_name("property") if target is not None else None
        whole = None if receiver is None else receiver.const
        if receiver is not None and receiver.fields and all(item.is_const for _, item in receiver.fields):
            whole = tuple(item.const for _, item in receiver.fields)
        step = ""
        if receiver is not None and whole is not None and field is not None:
            result = folding.method(whole, self.text(field), plain)
        else:
            result, step = folding.call(callee, plain)
        if result is FAILED:
            return None
        made = constant(result, *arguments, *([receiver] if receiver else []))
        return made._replace(steps=(*made.steps, step)) if step else made
