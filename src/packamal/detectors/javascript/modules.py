"""Loading units: parsing them, running their top level, and what they export to one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packamal.detectors.javascript.build import Builder
from packamal.detectors.javascript.build_statements import build_program
from packamal.detectors.javascript.builtins_global import parse_json
from packamal.detectors.javascript.dispatch import (
    NOT_FOLDED,
    Completion,
    Invocation,
    call_value,
    evaluate,
    execute,
    executes,
    run_list,
)
from packamal.detectors.javascript.functions import unknown_arguments
from packamal.detectors.javascript.machine import (
    BUNDLE_LOOP_STEPS,
    HIDDEN_LOOP_STEPS,
    LEAST_LOOP_STEPS,
    LOOP_STEPS,
    LOOP_STEPS_PER_BYTE,
    MAX_UNIT_STEPS,
    STEPS_PER_NODE,
    UNIT_STEPS,
    JsThrow,
    Machine,
)
from packamal.detectors.javascript.members import get_member, set_member
from packamal.detectors.javascript.module import Inline, Module, Spot
from packamal.detectors.javascript.names import module_name
from packamal.detectors.javascript.nodes import UNDEFINED, ClassNode, Function, FunctionDeclaration, Name, Node
from packamal.detectors.javascript.parse import JAVASCRIPT, MAX_BYTES, TSX, TYPESCRIPT, parse
from packamal.detectors.javascript.patterns import define
from packamal.detectors.javascript.scope import MISSING, Frame, Scope, find
from packamal.detectors.javascript.statements import Declare, Export, ExportValue, Import, Program
from packamal.detectors.javascript.telling import EVERYWHERE, Telling
from packamal.detectors.javascript.values import (
    UNKNOWN,
    ObjectValue,
    Ref,
)
from packamal.detectors.resolve import resolve_javascript, resolve_path
from packamal.detectors.tree import FileTree
from packamal.detectors.units import Language, Unit

MAX_TOTAL_BYTES = 24_000_000
"""Source parsed of one artifact: the tree takes some twenty times as much memory."""
MAX_NODES = 1_500_000
"""Nodes of tree-sitter's tree; a unit of MAX_BYTES of dense code has about that many."""
MAX_CONTENT = 512_000
"""Bytes of a data file that evaluation reads."""
MAX_INLINE_RUNS = 40
_BUILTIN_MODULES = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram", "dns",
    "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks",
    "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys", "timers", "tls",
    "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib", "test", "sqlite", "sea",
))  # fmt: skip
_SOURCE = frozenset({Language.JAVASCRIPT, Language.TYPESCRIPT})


class Loader:
    """The modules of one artifact."""

    def __init__(self, m: Machine, units: Sequence[Unit], package: Mapping[str, Unit]) -> None:
        self._m = m
        self._given = {unit.name: unit for unit in units}
        self._package = package
        self._tree: FileTree | None = None
        self._modules: dict[str, Module] = {}
        self._bytes = 0
        self._inlined = 0
        self.failures: list[tuple[str, str]] = []
        """(unit name, why) of the members that could not be parsed within the limits."""
        m.load = self.load
        m.read_file = self.read_file
        m.run_inline = self.run_inline

    @property
    def modules(self) -> list[Module]:
        """Every module that was looked at."""
        return list(self._modules.values())

    def module(self, unit: Unit) -> Module:
        """The module of a unit, parsed; its program is None where it cannot be."""
        found = self._modules.get(unit.name)
        if found is None:
            source = as_utf8(unit.data)
            found = self._modules[unit.name] = Module(unit, source, None, unit.name in self._given)
            found.program = self._parse(unit, source, found)
        return found

    def _parse(self, unit: Unit, source: bytes, module: Module) -> Program | None:
        spot = Spot(module, 0, None, None)
        if b"\0" in source:
            self._m.record.note("unparsable", "NUL bytes", spot)
            return None
        if len(source) > MAX_BYTES or self._bytes + len(source) > MAX_TOTAL_BYTES:
            self._m.record.note("limit", "size", spot)
            return None
        self._bytes += len(source)
        program, problem = parse_program(source, grammar_for(unit), module.telling)
        if program is None and not unit.parent:
            self.failures.append((unit.name, f"not parsed: too much {problem}"))
        if problem:
            self._m.record.note("unparsable" if program is None else "limit", problem, spot)
        if program is not None:
            more = UNIT_STEPS + min(STEPS_PER_NODE * program.nodes, MAX_UNIT_STEPS)
            self._m.limit = max(self._m.limit, self._m.steps) + more
        return program

    def run(self, module: Module, is_called: bool = True) -> None:
        """Run a module's top level, once."""
        if module.is_run or module.program is None:
            return
        module.is_run = True
        self._m.loop_steps = _loop_steps(module)
        frame = Frame(module, None, is_called, module.exports)
        if not module.unit.parent:
            frame.arguments = [module.exports, Ref("require"), module.holder, Ref("__filename"), Ref("__dirname")]
        scope = module.scope = Scope(None, frame, self._m.level, True)
        names = scope.names
        names["module"], names["exports"] = module.holder, module.exports
        for name in module.program.variables:
            names.setdefault(name, UNDEFINED)
        try:
            self._run_body(module.program.body, scope)
        except JsThrow:
            return
        except RecursionError:
            self._m.record.note("limit", "nesting", Spot(module, 0, None, None))

    def _run_body(self, body: list[Node], scope: Scope) -> None:
        last = body[-1] if body else None
        if not scope.frame.module.unit.parent or not isinstance(last, Function):
            run_list(self._m, body, scope)
            return
        run_list(self._m, body[:-1], scope)
        function = evaluate(self._m, last, scope)
        call_value(self._m, function, Invocation(unknown_arguments(last), scope, last.start))

    def load(self, specifier: str, frame: Frame, start: int) -> object:
        """What importing a specifier gives."""
        m, module = self._m, frame.module
        name = module_name(specifier)
        root = name.partition("/")[0].partition(".")[0]
        if specifier.startswith("node:") or (root in _BUILTIN_MODULES and not specifier.startswith(".")):
            return self._outside(name)
        m.record.edge("import", specifier, Spot(module, start, frame.function, frame.condition))
        unit = self._find(specifier, module.unit.path)
        if unit is None:
            return self._outside(name)
        if unit.language is Language.JSON:
            value = parse_json(m, unit.data[:MAX_CONTENT].decode("utf-8", "replace"))
            return UNKNOWN if value is NOT_FOLDED else value
        if unit.language not in _SOURCE or unit.name not in self._given:
            return self._outside(name)
        other = self.module(unit)
        level, log, concrete, dry, loop_steps = m.level, m.log, m.concrete, m.dry, m.loop_steps
        m.level = m.concrete = m.dry = 0
        m.log = None
        try:
            self.run(other, frame.is_called)
        finally:
            m.level, m.log, m.concrete, m.dry, m.loop_steps = level, log, concrete, dry, loop_steps
        return other.holder.fields.get("exports", UNDEFINED)

    def _outside(self, name: str) -> Ref:
        ref = Ref(name)
        ref.is_module = True
        self._m.module_names.add(name.partition(".")[0])
        return ref

    def _find(self, specifier: str, path: str) -> Unit | None:
        found = resolve_javascript(specifier, path, self.tree)
        return self._package.get(found[0]) if found else None

    @property
    def tree(self) -> FileTree:
        """The files of the artifact, indexed when first needed."""
        if self._tree is None:
            self._tree = FileTree.of(self._package.values())
        return self._tree

    def read_file(self, target: str, frame: Frame) -> bytes | None:
        """Content of a file of the package, by its path seen from the unit that reads it."""
        found = resolve_path(target, frame.module.unit.path, self.tree)
        unit = self._package.get(found[0]) if found else None
        return unit.data if unit is not None and len(unit.data) <= MAX_CONTENT else None

    def run_inline(self, code: str, inv: Invocation) -> object:
        """Evaluate short code where it stands; its facts stand where it is run."""
        self._inlined += 1
        frame = inv.scope.frame
        if self._inlined > MAX_INLINE_RUNS or isinstance(frame.module, Inline):
            return UNKNOWN
        source = code.encode("utf-8", "replace")
        program, _ = parse_program(source, JAVASCRIPT)
        if program is None:
            return UNKNOWN
        module = Inline(frame.module, source, Spot(frame.module, inv.start, frame.function, frame.condition))
        inner = Frame(module, frame.function, frame.is_called, frame.this)
        scope = Scope(inv.scope, inner, self._m.level, False)
        body = program.body
        if len(body) == 1:
            return evaluate(self._m, body[0], scope)
        run_list(self._m, body[:-1], scope)
        return evaluate(self._m, body[-1], scope) if body else UNDEFINED


def _loop_steps(module: Module) -> int:
    source = module.source
    if module.telling is not EVERYWHERE:
        return BUNDLE_LOOP_STEPS
    if _decodes(source):
        return HIDDEN_LOOP_STEPS
    return min(LOOP_STEPS, LEAST_LOOP_STEPS + LOOP_STEPS_PER_BYTE * len(source))


def _decodes(source: bytes) -> bool:
    """Whether a unit may hold a decoder: one that makes text from codes, or turns an array of texts around."""
    return b"fromCharCode" in source or (b"parseInt" in source and b"shift" in source)


def as_utf8(data: bytes) -> bytes:
    """Source as UTF-8, from UTF-16 where a mark says so."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def grammar_for(unit: Unit) -> str:
    """The grammar for a unit."""
    if unit.language is Language.TYPESCRIPT:
        return TSX if unit.path.endswith((".tsx", ".jsx")) else TYPESCRIPT
    return JAVASCRIPT


def parse_program(source: bytes, name: str, telling: Telling = EVERYWHERE) -> tuple[Program | None, str]:
    """Parse and build; (None, problem) when it is not possible, a problem alone when something was left out.

    Functions outside the telling places are built when they are called.
    """
    tree = parse(source, name)
    if tree is None:
        return None, "time"
    root = tree.root_node
    if root.has_error and name == JAVASCRIPT and (b"import type" in source or b": string" in source):
        other = parse(source, TSX)
        if other is not None and not other.root_node.has_error:
            root, name = other.root_node, TSX
    if root.descendant_count > MAX_NODES:
        return None, "nodes"
    builder = Builder(source, name, telling)
    program = build_program(builder, root)
    return program, "nesting" if builder.is_cut else ""


def default_of(value: object) -> object:
    """The default export: of a module that has none by that name, the module itself."""
    if isinstance(value, ObjectValue):
        return value.fields.get("default", value)
    return value


@executes(Import)
def _import(m: Machine, node: Import, scope: Scope) -> Completion | None:
    if not node.source:
        return None
    value = m.load(node.source, scope.frame, node.start)
    for name, local in node.names:
        if name == "*":
            found = value
        elif name == "default":
            found = default_of(value)
        else:
            found = get_member(m, value, name)
        define(m, scope, local, found)
    return None


@executes(Export)
def _export(m: Machine, node: Export, scope: Scope) -> Completion | None:
    exports = scope.frame.module.exports
    if node.declaration is not None:
        execute(m, node.declaration, scope)
        for name in _declared(node.declaration):
            _export_name(exports, name, scope, name)
        return None
    if node.source:
        value = m.load(node.source, scope.frame, node.start)
        for name, local in node.names:
            if (name, local) == ("*", "*"):
                if isinstance(value, ObjectValue) and isinstance(exports, ObjectValue):
                    exports.fields.update(value.fields)
            else:
                set_member(m, exports, local, value if name == "*" else get_member(m, value, name))
        return None
    for name, local in node.names:
        _export_name(exports, name, scope, local)
    return None


def _export_name(exports: object, name: str, scope: Scope, shown: str) -> None:
    value = find(scope, name)
    if isinstance(exports, ObjectValue):
        exports.fields[shown] = UNDEFINED if value is MISSING else value


def _declared(node: Node) -> list[str]:
    if isinstance(node, FunctionDeclaration):
        return [node.function.name]
    if isinstance(node, ClassNode):
        return [node.name]
    if isinstance(node, Declare):
        return [target.name for target, _ in node.targets if isinstance(target, Name)]
    return []


@executes(ExportValue)
def _export_value(m: Machine, node: ExportValue, scope: Scope) -> Completion | None:
    value = evaluate(m, node.value, scope)
    module = scope.frame.module
    if node.is_whole:
        module.holder.fields["exports"] = value
    elif isinstance(module.exports, ObjectValue):
        module.exports.fields["default"] = value
    return None
