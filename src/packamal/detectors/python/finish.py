"""From what the walker met to facts: tokens become sources, functions become called or not, flows are listed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from packamal.detectors.facts import Arg, Call, Edge, FactFlow, Facts, Layer, Note, Place, Text, Use
from packamal.detectors.python.arguments import render, text_of
from packamal.detectors.python.scope import FunctionRecord, ModuleRecord
from packamal.detectors.python.session import RawCall, Session, Spot
from packamal.detectors.python.values import FIRST_TEXT, MAX_SOURCES, NONE, Const, Param, Value, union

_MAX_CONDITION = 200
_MAX_TEXTS = 8
"""Texts listed as flowing into one argument."""
_ROUNDS = 3
_QUOTED = re.compile(r"""["']([^"'\n]{1,500})["']""")
"""Words of a command that hold blanks."""
_CURRENT = re.compile(r"^(?:\{os\.getcwd\}|\.)[/\\]+")


class Finisher:
    """Turns one session into Facts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._called = _reached(session)
        self._places: dict[Spot, Place] = {}
        self._conditions: dict[ast.AST, str] = {}
        self._resolved: dict[int, frozenset[int]] = {}
        self._tokens = self._close()

    def run(self) -> Facts:
        """Build all facts."""
        session = self._session
        facts = Facts(failures=session.failures)
        for raw in session.calls:
            call = self._call(raw)
            facts.calls.append(call)
            facts.flows.extend(self._flows(call))
        for use in session.uses:
            value = None if use.value is None else self._arg(use.value)
            facts.uses.append(Use(use.id, use.name, self._place(use.spot), value is not None, value))
            if value is not None:
                facts.flows.extend(self._arg_flows(use.id, "value", value))
        for text in session.texts:
            facts.texts.append(Text(text.id, text.value, self._place(text.spot), text.is_assembled, text.steps))
        for layer in session.layers.values():
            place = self._place(layer.spot)
            facts.layers.append(Layer(layer.data, place, layer.steps, layer.is_executed, layer.language, layer.via))
        for (kind, target, _), spot in session.edges.items():
            facts.edges.append(Edge(kind, target, self._place(spot)))
        for (kind, _, _), (spot, detail) in session.notes.items():
            facts.notes.append(Note(kind, self._place(spot), detail))
        return facts

    def _close(self) -> dict[int, frozenset[int]]:
        """For each token the facts that reach it, over at most a few rounds of functions."""
        links = self._session.links
        known = {token: frozenset(source for source in src if source >= 0) for token, src in links.items()}
        open_links = {token: tuple(source for source in src if source < 0) for token, src in links.items()}
        for _ in range(_ROUNDS * 4):
            is_changed = False
            for token, others in open_links.items():
                found = known[token]
                for other in others:
                    more = known.get(other)
                    if more and not more <= found and len(found) < MAX_SOURCES:
                        found = union(found, more)
                if found != known[token]:
                    known[token] = found
                    is_changed = True
            if not is_changed:
                break
        return known

    def _sources(self, src: frozenset[int]) -> frozenset[int]:
        if not src or min(src) >= 0:
            return src
        resolved = frozenset(source for source in src if source >= 0)
        for token in sorted(source for source in src if source < 0):
            resolved = union(resolved, self._tokens.get(token, NONE))
        return resolved

    def _arg(self, arg: Arg) -> Arg:
        if arg.sources and min(arg.sources) < 0:
            fields = tuple((name, self._arg(field)) for name, field in arg.fields)
            return arg._replace(sources=self._sources(arg.sources), fields=fields)
        return arg

    def _call(self, raw: RawCall) -> Call:
        args = [self._arg(arg) for arg in raw.args]
        named = [(name, self._arg(arg)) for name, arg in raw.named]
        if raw.pending:
            self._bind(raw, args, named)
        if self._session.files:
            args = [self._with_file(arg) for arg in args]
            named = [(name, self._with_file(arg)) for name, arg in named]
        receiver = None if raw.receiver is None else self._arg(raw.receiver)
        result = self._session.results.get(raw.id, "")
        return Call(raw.id, raw.callee, tuple(args), tuple(named), self._place(raw.spot), receiver, raw.is_new, result)

    def _bind(self, raw: RawCall, args: list[Arg], named: list[tuple[str, Arg]]) -> None:
        """Show constants that every caller passes in the place of parameters."""
        for key, value in raw.pending:
            if key.isdigit() and int(key) < len(args):
                args[int(key)] = self._shown(args[int(key)], value)
            else:
                for index, (name, arg) in enumerate(named):
                    if name == key:
                        named[index] = (name, self._shown(arg, value))

    def _shown(self, arg: Arg, value: Value) -> Arg:
        if isinstance(value, Param):
            bound = self._binding(value)
            if isinstance(bound, Const):
                return arg._replace(text=text_of(bound.value), const=bound.value, is_const=True, steps=bound.steps)
        text = render(value, self._binding)
        return arg if text is None else arg._replace(text=text)

    def _binding(self, param: Param) -> Value | None:
        values = self._session.bound.get(param.token) or []
        texts = {render(value) for value in values}
        return values[0] if len(texts) == 1 and None not in texts else None

    def _with_file(self, arg: Arg) -> Arg:
        """An argument that names a file which was written is made from what was written there."""
        if arg.fields:
            fields = tuple((name, self._with_file(field)) for name, field in arg.fields)
            sources = frozenset(source for _, field in fields for source in field.sources) | arg.sources
            return arg if sources == arg.sources else arg._replace(fields=fields, sources=sources)
        text = arg.text
        if not text or len(text) > 4096:
            return arg
        files = self._session.files
        tokens = [files[word] for word in _words(text) if word in files]
        found = frozenset(source for token in tokens for source in self._tokens.get(token, ()))
        return arg if found <= arg.sources else arg._replace(sources=arg.sources | found)

    def _flows(self, call: Call) -> Iterable[FactFlow]:
        for index, arg in enumerate(call.args):
            yield from self._arg_flows(call.id, str(index), arg)
        for name, arg in call.named:
            yield from self._arg_flows(call.id, name, arg)
        if call.receiver is not None:
            yield from self._arg_flows(call.id, "receiver", call.receiver)

    def _arg_flows(self, sink: int, key: str, arg: Arg) -> Iterable[FactFlow]:
        if not arg.sources:
            return
        inside: frozenset[int] = frozenset()
        for name, field in arg.fields:
            if field.sources:
                inside |= field.sources
                yield from self._arg_flows(sink, f"{key}.{name}", field)
        texts = 0
        for source in sorted(arg.sources - inside):
            if source >= FIRST_TEXT:
                texts += 1
                if texts > _MAX_TEXTS:
                    break
            if source != sink:
                yield FactFlow(source, sink, key)

    def _place(self, spot: Spot) -> Place:
        place = self._places.get(spot)
        if place is None:
            condition = "" if spot.condition is None else self._condition(spot.module, spot.condition)
            name, is_called = spot.function.qualname, spot.function in self._called
            place = self._places[spot] = Place(spot.module.unit.name, spot.line, name, is_called, condition)
        return place

    def _condition(self, module: ModuleRecord, node: ast.AST) -> str:
        text = self._conditions.get(node)
        if text is None:
            text = self._conditions[node] = _source_of(module, node)
        return text


def _words(text: str) -> set[str]:
    """What of a text may name a file: the whole, its words, quoted parts, and a name below the current folder."""
    words = {text, *text.split(), *_QUOTED.findall(text)}
    return words | {_CURRENT.sub("", word) for word in words if word.startswith(("{os.getcwd}", "./", ".\\"))}


def _source_of(module: ModuleRecord, node: ast.AST) -> str:
    """Text of a node on its first line, at most MAX_CONDITION characters."""
    if module.lines is None:
        module.lines = module.source.encode("utf-8", "surrogatepass").split(b"\n")
    line, start = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    if not 0 < line <= len(module.lines):
        return ""
    end_line, end = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", 0)
    if isinstance(node, ast.ExceptHandler):
        text = module.lines[line - 1][start:]
    elif end_line == line:
        text = module.lines[line - 1][start:end]
    else:
        text = b" ".join(module.lines[line - 1 : end_line])[start:]
    return " ".join(text[: 4 * _MAX_CONDITION].decode("utf-8", "replace").split())[:_MAX_CONDITION]


def _reached(session: Session) -> set[FunctionRecord]:
    """Functions that run while their unit is loaded, or started when it is a script."""
    pending = [record.code for record in session.modules.values()]
    reached = set(pending)
    while pending:
        for other in pending.pop().calls:
            if other not in reached:
                reached.add(other)
                pending.append(other)
    return reached
