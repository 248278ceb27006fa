"""Walk the statements of a module: scopes, functions read with the arguments of their first call, classes, imports."""

from __future__ import annotations

import ast

from packamal.detectors.facts import Place
from packamal.detectors.pysource.calls import MAX_DEPTH, Function
from packamal.detectors.pysource.expressions import Expressions
from packamal.detectors.pysource.recorder import Recorder
from packamal.detectors.pysource.values import UNKNOWN, Value, blend, join
from packamal.detectors.units import Unit

MAX_CONDITION = 200


class Walker(Expressions):
    """Reads one module into the recorder."""

    def __init__(self, unit: Unit, recorder: Recorder) -> None:
        self.unit = unit
        self.recorder = recorder
        self.functions: dict[str, Function] = {}
        self.texts: dict[tuple[int, int], frozenset[int]] = {}
        self.attributes: dict[str, Value] = {}
        self.scopes: list[dict[str, Value]] = [{}]
        self.names: list[str] = []
        self.bases: dict[str, str] = {}
        self.results: dict[str, Value] = {}
        self.returned: list[list[Value]] = []
        self.condition = ""
        self.is_called = True

    def read(self, tree: ast.Module) -> None:
        """Read a whole module, then the functions that nothing called."""
        self.block(tree.body)
        self.is_called = False
        for name in [name for name in self.functions if name not in self.results]:
            if name not in self.results:
                self.enter(name, [], {})

    def block(self, body: list[ast.stmt]) -> None:
        """Read statements in order."""
        for statement in body:
            if not self.spend():
                return
            method = getattr(self, f"_on_{type(statement).__name__.lower()}", None)
            if method is not None:
                method(statement)
            else:
                for child in ast.iter_child_nodes(statement):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        return Place(self.unit.name, getattr(node, "lineno", 1), ".".join(self.names), self.is_called, self.condition)

    def look_up(self, name: str) -> Value:
        """What a name stands for; an unknown one is a builtin or comes from elsewhere."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return Value("builtins" if name in {"__builtins__", "builtins"} else name)

    def look_up_attribute(self, name: str) -> Value | None:
        """What was stored under a dotted name."""
        return self.attributes.get(name)

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign to a name, an attribute, an item or several."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = value
        elif isinstance(target, ast.Attribute):
            base = self.value(target.value)
            name = self.member(base, target.attr)
            self.attributes[name] = join(value, self.attributes[name]) if name in self.attributes else value
            if base.ref and not base.ref.startswith("?"):
                self.recorder.use(name, self.place(target), value)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            key, held = self.value(target.slice), self.look_up(target.value.id)
            fields = (*held.fields, (str(key.const), value)) if key.is_const else held.fields
            self.scopes[-1][target.value.id] = held._replace(fields=fields, sources=held.sources | value.sources)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = [item for _, item in value.fields]
            for index, part in enumerate(target.elts):
                self.bind(part, parts[index] if len(parts) == len(target.elts) else blend(value))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, blend(value))

    def _on_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.bind(target, value)

    def _on_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def _on_augassign(self, node: ast.AugAssign) -> None:
        joined = ast.copy_location(ast.BinOp(ast.copy_location(_loaded(node.target), node), node.op, node.value), node)
        self.bind(node.target, self.value(joined))

    def _on_import(self, node: ast.Import) -> None:
        for item in node.names:
            self.recorder.edge("import", item.name, self.place(node))
            name = item.name if item.asname else item.name.partition(".")[0]
            self.scopes[-1][item.asname or name] = Value("builtins" if name == "builtins" else name)

    def _on_importfrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for item in node.names:
            self.recorder.edge("import", module if node.module else f"{module}{item.name}", self.place(node))
            name = f"{node.module or ''}.{item.name}".removeprefix("builtins.").strip(".")
            self.scopes[-1][item.asname or item.name] = Value(name)

    def _on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        name = ".".join([*self.names, node.name])
        for item in node.decorator_list:
            self.value(item)
        self.functions[name] = node
        self.results.pop(name, None)
        self.scopes[-1][node.name] = Value(name)

    _on_asyncfunctiondef = _on_functiondef

    def _on_classdef(self, node: ast.ClassDef) -> None:
        bases = [self.value(base).ref for base in node.bases]
        name = ".".join([*self.names, node.name])
        self.bases[name] = bases[0] if bases else ""
        self.scopes[-1][node.name] = Value(name)
        self.names.append(node.name)
        self.scopes.append({})
        self.block(node.body)
        held = self.scopes.pop()
        self.names.pop()
        self.attributes |= {f"{name}.{key}": value for key, value in held.items()}

    def enter(self, name: str, arguments: list[Value], named: dict[str, Value]) -> Value | None:
        """Read a local function with the arguments of its first call; later calls give the same result."""
        name = name.replace("()", "")
        if name in self.bases:
            made = self.enter(f"{name}.__init__", arguments, named)
            return Value(name, sources=made.sources) if made else Value(name) if self._is_plain(name) else None
        node = self.functions.get(name)
        if node is None:
            return self._inherited(name, arguments, named)
        if name in self.results and not isinstance(node, ast.Lambda):
            known = self.results[name]
            return known._replace(sources=known.sources.union(*(item.sources for item in arguments)))
        if self.depth >= MAX_DEPTH:
            return blend(*arguments)
        self.results[name] = blend(*arguments)
        self.results[name] = self._inside(name, node, arguments, named)
        return self.results[name]

    def _is_plain(self, name: str) -> bool:
        return not self.bases.get(name)

    def _inherited(self, name: str, arguments: list[Value], named: dict[str, Value]) -> Value | None:
        owner, _, method = name.rpartition(".")
        base = self.bases.get(owner, "")
        return self.enter(f"{base}.{method}", arguments, named) if base in self.bases and base != owner else None

    def _inside(self, name: str, node: Function, arguments: list[Value], named: dict[str, Value]) -> Value:
        self.depth += 1
        kept_names, kept_condition = self.names, self.condition
        self.names, self.condition = name.split(".") if not name.startswith("<") else self.names, ""
        self.scopes.append(self._parameters(name, node, arguments, named))
        self.returned.append([])
        if isinstance(node, ast.Lambda):
            result = self.value(node.body)
        else:
            self.block(node.body)
            found = self.returned[-1]
            result = found[0] if found else UNKNOWN
            for item in found[1:]:
                result = join(result, item)
        self.returned.pop()
        self.scopes.pop()
        self.names, self.condition = kept_names, kept_condition
        self.depth -= 1
        return result

    def _parameters(
        self, name: str, node: Function, arguments: list[Value], named: dict[str, Value]
    ) -> dict[str, Value]:
        names = [item.arg for item in (*node.args.posonlyargs, *node.args.args)]
        owner = name.rpartition(".")[0]
        values = [Value(owner), *arguments] if owner in self.bases and names[:1] in (["self"], ["cls"]) else arguments
        bound = dict.fromkeys(names, UNKNOWN)
        for key, default in zip(reversed(names), reversed(node.args.defaults), strict=False):
            bound[key] = self.value(default)
        for item, given in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            bound[item.arg] = self.value(given)
        bound |= dict(zip(names, values, strict=False))
        if node.args.vararg:
            bound[node.args.vararg.arg] = blend(*arguments)
        if node.args.kwarg:
            bound[node.args.kwarg.arg] = blend(*named.values())
        return bound | {key: value for key, value in named.items() if key in bound}

    def _on_return(self, node: ast.Return) -> None:
        value = self.value(node.value)
        if self.returned:
            self.returned[-1].append(value)

    def _on_if(self, node: ast.If | ast.While) -> None:
        kept = self.condition
        self.value(node.test)
        self.condition = (
            ast.unparse(node.test)[:MAX_CONDITION] if isinstance(node.test, ast.Compare | ast.Call) else kept
        )
        self.block(node.body)
        self.condition = kept
        self.block(node.orelse)

    _on_while = _on_if

    def _on_for(self, node: ast.For | ast.AsyncFor) -> None:
        source = self.value(node.iter)
        items = [item for _, item in source.fields]
        merged = items[0] if items else blend(source)
        for item in items[1:]:
            merged = join(merged, item)._replace(is_const=False, const=None, text=None)
        self.bind(node.target, merged._replace(sources=merged.sources | source.sources))
        self.block(node.body)
        self.block(node.orelse)

    _on_asyncfor = _on_for

    def _on_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self.block(node.body)

    _on_asyncwith = _on_with

    def _on_try(self, node: ast.Try) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    _on_trystar = _on_try

    def _on_match(self, node: ast.Match) -> None:
        self.value(node.subject)
        for case in node.cases:
            self.block(case.body)


def _loaded(target: ast.expr) -> ast.expr:
    """The same place, read."""
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load()) if isinstance(target, ast.Subscript) else target
