"""Evaluate calls: what is called, what it gives, and what it starts."""

from __future__ import annotations

import ast

from packamal.detectors.facts import Place
from packamal.detectors.pysource import folding
from packamal.detectors.pysource.folding import FAILED
from packamal.detectors.pysource.recorder import Recorder
from packamal.detectors.pysource.values import UNKNOWN, Value, blend, constant

MAX_STEPS = 400_000
"""Expressions evaluated in one module, repeats included; about a second."""
MAX_DEPTH = 6
"""Local functions entered one inside the other."""
IMPORTERS = {"__import__", "importlib.import_module"}
PASSED = {"asyncio.run", "asyncio.create_task", "asyncio.ensure_future", "asyncio.gather", "map", "filter"}
STARTERS = {
    "threading.Thread",
    "threading.Timer",
    "multiprocessing.Process",
    "_thread.start_new_thread",
    "atexit.register",
}
LOADERS = {"marshal.loads"}
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Calls:
    """The call half of the walk; the other halves fill in how values and names are found."""

    recorder: Recorder
    functions: dict[str, Function]
    texts: dict[tuple[int, int], frozenset[int]]
    steps = 0
    depth = 0

    def value(self, node: ast.expr | None) -> Value:
        """What an expression is."""
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give a name a value."""
        raise NotImplementedError

    def look_up(self, name: str) -> Value:
        """What a name stands for."""
        raise NotImplementedError

    def look_up_attribute(self, name: str) -> Value | None:
        """What was stored under a dotted name."""
        raise NotImplementedError

    def enter(self, name: str, arguments: list[Value], named: dict[str, Value]) -> Value | None:
        """Read a local function with these arguments; None when there is none."""
        raise NotImplementedError

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        raise NotImplementedError

    def spend(self) -> bool:
        """Count a step; False past the limit."""
        self.steps += 1
        return self.steps < MAX_STEPS

    def member(self, base: Value, name: str) -> str:
        """Dotted name of a member of a value."""
        if base.ref:
            return f"{base.ref}.{name}"
        return f"{type(base.const).__name__}.{name}" if base.is_const else f"?.{name}"

    def _call(self, node: ast.Call) -> Value:
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        function = self._callee(node, receiver)
        arguments = [self.value(item) for item in node.args]
        named = {item.arg or "**": self.value(item.value) for item in node.keywords}
        place = self.place(node)
        callee = function.ref
        special = self._special(callee, arguments, node)
        if special is not None:
            return special
        folded = self._folded(callee, receiver, arguments, named, node)
        local = self.enter(callee, arguments, named) if folded is None else None
        if local is not None:
            return local
        is_module = receiver is None or (bool(receiver.ref) and "()" not in receiver.ref and not receiver.sources)
        number = self.recorder.call(callee or "?", arguments, named, None if is_module else receiver, place)
        self._hand_on(callee, arguments, named)
        if folded is not None:
            if folded.steps:
                self.recorder.decoded(folded, place)
            return folded._replace(sources=folded.sources | {number})
        made = blend(*arguments, *named.values(), *([receiver] if receiver else []))
        return self._result(callee, arguments, made, number)

    def _callee(self, node: ast.Call, receiver: Value | None) -> Value:
        if isinstance(node.func, ast.Attribute) and receiver is not None:
            name = self.member(receiver, node.func.attr)
            return self.look_up_attribute(name) or Value(name)
        return self.value(node.func)

    def _result(self, callee: str, arguments: list[Value], made: Value, number: int) -> Value:
        text = None
        if callee in {"os.path.join", "pathlib.Path"}:
            text = "/".join(item.hole() for item in arguments)
        elif callee.endswith(".format") or callee in {"str", "os.fspath", "os.path.expanduser", "os.path.abspath"}:
            text = arguments[0].shown() if arguments else None
        elif callee in {"os.getenv", "os.environ.get"} and arguments:
            text = f"{{os.environ.{arguments[0].hole()}}}"
        ref = f"{callee}()" if callee and not callee.startswith("?") else ""
        return made._replace(ref=ref, text=text, sources=made.sources | {number})

    def _special(self, callee: str, arguments: list[Value], node: ast.Call) -> Value | None:
        """Calls that only name something: getattr, __import__, globals()."""
        first = arguments[0] if arguments else UNKNOWN
        if callee in IMPORTERS and isinstance(first.const, str):
            if not isinstance(node.args[0], ast.Constant):
                self.recorder.note("rebuilt-name", self.place(node), first.const)
            self.recorder.edge("import", first.const, self.place(node))
            whole = len(arguments) > 3 or callee != "__import__"
            return Value(first.const if whole else first.const.partition(".")[0])
        if callee == "getattr" and len(arguments) >= 2 and isinstance(arguments[1].const, str):
            if not isinstance(node.args[1], ast.Constant):
                self.recorder.note("rebuilt-name", self.place(node), arguments[1].const)
            name = self.member(first, arguments[1].const).removeprefix("builtins.")
            return self.look_up_attribute(name) or Value(name, sources=first.sources)
        if callee in {"globals", "locals", "vars"} and not arguments:
            return Value(f"{callee}()")
        return None

    def _folded(
        self, callee: str, receiver: Value | None, arguments: list[Value], named: dict[str, Value], node: ast.Call
    ) -> Value | None:
        plain = [folding.plain(item) for item in arguments]
        if FAILED in plain or (named and not callee.startswith("base64")):
            return None
        if callee in LOADERS and plain and isinstance(plain[0], bytes):
            self.recorder.marshalled(plain[0], self.place(node), arguments[0].steps)
            return None
        if receiver is not None and receiver.is_const and isinstance(node.func, ast.Attribute):
            result = folding.method(receiver.const, node.func.attr, plain)
        else:
            result = folding.call(callee, plain)
        if result is FAILED:
            return None
        made = constant(result, *arguments, *([receiver] if receiver else []))
        codec = folding.CODECS.get(callee)
        return made._replace(steps=(*made.steps, codec)) if codec else made

    def _hand_on(self, callee: str, arguments: list[Value], named: dict[str, Value]) -> None:
        """Functions that are passed to what starts them are called."""
        if callee in STARTERS:
            target = named.get("target") or (arguments[1] if callee.endswith("Timer") and len(arguments) > 1 else None)
            target = target or (arguments[0] if arguments else UNKNOWN)
            passed = named.get("args") or (arguments[1] if len(arguments) > 1 else UNKNOWN)
            self.enter(target.ref, [item for _, item in passed.fields], {})
            return
        for item in [*arguments, *named.values()]:
            if item.ref:
                self.enter(item.ref, arguments[1:] if callee in PASSED or callee.endswith(".submit") else [], {})
            for _, inner in item.fields:
                if inner.ref and callee.endswith("setup"):
                    self.enter(f"{inner.ref}.run", [], {})
