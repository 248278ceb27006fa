"""Evaluate expressions: names to what they stand for, constants folded, everything else to what it came from."""

from __future__ import annotations

import ast
from typing import Any

from packamal.detectors.facts import Place
from packamal.detectors.pysource import folding
from packamal.detectors.pysource.calls import Calls
from packamal.detectors.pysource.folding import FAILED
from packamal.detectors.pysource.values import UNKNOWN, Value, blend, constant, join, steps_of

WATCHED = {"os.environ", "os.environb"}
MAX_LOOP = 20_000
"""Turns of a comprehension over constants."""


class Expressions(Calls):
    """The expression half of the walk."""

    def value(self, node: ast.expr | None) -> Value:
        """What an expression is."""
        if node is None or not self.spend():
            return UNKNOWN
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        return method(node) if method is not None else self._parts(node)

    def _parts(self, node: ast.expr) -> Value:
        return blend(*(self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)))

    def _constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, str | bytes):
            return constant(node.value) if node.value is not Ellipsis else UNKNOWN
        key = (node.lineno, node.col_offset)
        if key not in self.texts:
            self.texts[key] = self.recorder.text(node.value, self.place(node))
        return Value(const=node.value, is_const=True, sources=self.texts[key])

    def _name(self, node: ast.Name) -> Value:
        return self.look_up(node.id)

    def _attribute(self, node: ast.Attribute) -> Value:
        base = self.value(node.value)
        name = self.member(base, node.attr)
        stored = self.look_up_attribute(name)
        if stored is not None:
            return stored
        if name in WATCHED:
            return Value(name, sources=self.recorder.use(name, self.place(node)))
        if not base.ref:
            return Value(f"?.{node.attr}" if not base.is_const else "", sources=base.sources, steps=base.steps)
        return Value(name, sources=base.sources, steps=base.steps)

    def _joinedstr(self, node: ast.JoinedStr) -> Value:
        return self._concatenated([self.value(part) for part in node.values], node)

    def _formattedvalue(self, node: ast.FormattedValue) -> Value:
        value = self.value(node.value)
        return constant(str(value.const), value) if value.is_const else value

    def _concatenated(self, parts: list[Value], node: ast.expr) -> Value:
        if all(part.is_const and isinstance(part.const, str) for part in parts):
            return self.assembled(constant("".join(str(part.const) for part in parts), *parts), node)
        mixed = blend(*parts)._replace(text="".join(part.hole() for part in parts))
        return mixed._replace(sources=mixed.sources | self.recorder.text(mixed.text, self.place(node), True))

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        one, other = folding.plain(left), folding.plain(right)
        if one is not FAILED and other is not FAILED:
            result = folding.binary(node.op, one, other)
            if result is not FAILED:
                return self.assembled(constant(result, left, right), node)
        if isinstance(node.op, ast.Add | ast.Div) and (left.shown() or right.shown()):
            slash = "/" if isinstance(node.op, ast.Div) else ""
            text = f"{left.hole()}{slash}{right.hole()}"
            made = blend(left, right)._replace(text=text)
            return made._replace(sources=made.sources | self.recorder.text(text, self.place(node), True))
        if isinstance(node.op, ast.Mod) and left.is_const:
            return blend(left, right)._replace(text=str(left.shown()).replace("%s", right.hole()))
        return blend(left, right)

    def _boolop(self, node: ast.BoolOp) -> Value:
        values = [self.value(item) for item in node.values]
        result = values[0]
        for item in values[1:]:
            result = join(result, item)
        return result

    def _ifexp(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return join(self.value(node.body), self.value(node.orelse))

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _await(self, node: ast.Await) -> Value:
        return self.value(node.value)

    def _starred(self, node: ast.Starred) -> Value:
        return self.value(node.value)

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(value.const, int | float):
            return constant(-value.const, value)
        return value._replace(is_const=False, const=None, text=None) if isinstance(node.op, ast.Not) else value

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items = [self.value(item) for item in node.elts]
        return Value(
            fields=tuple((str(index), item) for index, item in enumerate(items)),
            sources=frozenset().union(*(item.sources for item in items)),
            steps=steps_of(*items),
        )

    _tuple = _list
    _set = _list

    def _dict(self, node: ast.Dict) -> Value:
        fields, rest = [], []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            name = self.value(key)
            if name.is_const:
                fields.append((str(name.const), value))
            rest.append(value)
        return blend(*rest)._replace(fields=tuple(fields))

    def _lambda(self, node: ast.Lambda) -> Value:
        name = f"<lambda:{node.lineno}:{node.col_offset}>"
        self.functions[name] = node
        return Value(name)

    def _subscript(self, node: ast.Subscript) -> Value:
        base, key = self.value(node.value), self.value(node.slice)
        if base.ref in WATCHED:
            place = self.place(node)
            number = self.recorder.call("os.environ.get", [key], {}, None, place)
            return Value(text=f"{{os.environ.{key.hole()}}}", sources=frozenset({number}))
        if base.ref in {"builtins", "globals()", "locals()", "vars()", "sys.modules"} and isinstance(key.const, str):
            self.recorder.note("rebuilt-name", self.place(node), key.const)
            return self.look_up(key.const) if base.ref != "sys.modules" else Value(key.const)
        found = next((item for name, item in base.fields if key.is_const and name == str(key.const)), None)
        if found is not None:
            return found
        return self._sliced(base, key, node)

    def _sliced(self, base: Value, key: Value, node: ast.Subscript) -> Value:
        whole = folding.plain(base)
        if isinstance(whole, str | bytes | tuple):
            try:
                if isinstance(node.slice, ast.Slice):
                    ends = (node.slice.lower, node.slice.upper, node.slice.step)
                    parts: list[Any] = [self.value(part).const for part in ends]
                    return self.assembled(constant(whole[slice(*parts)], base), node)
                if isinstance(key.const, int):
                    return constant(whole[key.const], base, key)
            except (IndexError, TypeError, ValueError):
                pass
        return blend(base, key)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        generator = node.generators[0]
        source = self.value(generator.iter)
        items = folding.plain(source)
        if (
            len(node.generators) == 1
            and not generator.ifs
            and isinstance(items, str | bytes | tuple)
            and len(items) <= MAX_LOOP
        ):
            results = []
            for item in items:
                self.bind(generator.target, Value(const=item, is_const=True))
                result = self.value(node.elt)
                if not result.is_const:
                    break
                results.append(result.const)
            else:
                return constant(tuple(results), source)
        for part in node.generators:
            self.bind(part.target, blend(self.value(part.iter)))
        return blend(source, self.value(node.elt))

    _generatorexp = _listcomp
    _setcomp = _listcomp

    def _dictcomp(self, node: ast.DictComp) -> Value:
        for part in node.generators:
            self.bind(part.target, blend(self.value(part.iter)))
        return blend(self.value(node.key), self.value(node.value))

    def assembled(self, value: Value, node: ast.expr) -> Value:
        """A folded text is a fact of its own: nobody finds it in the source."""
        if isinstance(value.const, str | bytes) and len(value.const) < 5000:
            return value._replace(
                sources=value.sources | self.recorder.text(value.const, self.place(node), True, value.steps)
            )
        return value

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        raise NotImplementedError
