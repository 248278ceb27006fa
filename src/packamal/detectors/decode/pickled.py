"""Reads pickles as data: the opcodes that import and call become pseudo source. Nothing is ever unpickled."""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from packamal.detectors.decode.limits import MAX_INPUT, MAX_OBJECTS, MAX_RENDERED

MAX_ARGUMENT = 64 * 2**10
"""Characters of one value; a pickle's memo doubles cheaply."""
_MARK = "("
_UNKNOWN = "_"
_PLAIN_CALLS = frozenset(("REDUCE", "OBJ", "NEWOBJ", "NEWOBJ_EX", "INST"))
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_COLLECTIONS = {"TUPLE": ("(", ",)"), "LIST": ("[", "]"), "DICT": ("{", "}"), "FROZENSET": ("frozenset((", ",))")}
_EMPTY = {
    "EMPTY_LIST": "[]",
    "EMPTY_DICT": "{}",
    "EMPTY_SET": "set()",
    "NONE": "None",
    "NEWTRUE": "True",
    "NEWFALSE": "False",
}
_ITEM_ADDERS = frozenset(("APPENDS", "SETITEMS", "ADDITEMS"))
_REAL_MODULES = {"posix": "os", "nt": "os", "__builtin__": "", "builtins": ""}
"""How pickles spell what source calls by another name."""


class PickleReading(NamedTuple):
    """What a pickle would do."""

    globals: tuple[str, ...]
    """Dotted names it imports, in order, each once."""
    calls: tuple[str, ...]
    """Names among them that it calls."""
    source: str
    """Pseudo source in Python."""
    is_whole: bool
    """False when the stream broke off or a limit was reached."""


def pickle_source(data: bytes) -> str:
    """Write the imports and calls of a pickle as Python pseudo source; empty when it is no pickle or does neither."""
    return read_pickle(data).source


def read_pickle(data: bytes) -> PickleReading:
    """Read all pickles that stand one behind the other at the start of `data`; never raises."""
    machine = _Machine()
    is_whole = len(data) <= MAX_INPUT
    try:
        for count, (name, argument) in enumerate(_opcodes(data[:MAX_INPUT])):
            if count > MAX_OBJECTS or machine.is_full:
                is_whole = False
                break
            machine.step(name, argument)
    except (ValueError, IndexError, KeyError, OverflowError, MemoryError, RecursionError, TypeError, AttributeError):
        is_whole = False
    source = machine.source()
    return PickleReading(tuple(machine.imports), tuple(machine.called), source, is_whole)


def _opcodes(data: bytes) -> Iterator[tuple[str, object]]:
    start = 0
    while start < len(data):
        end = start
        for opcode, argument, position in pickletools.genops(data[start:]):
            end = start + (position or 0) + 1
            yield opcode.name, argument
        start = end


class _Machine:
    """A pickle machine over texts: each stack entry is the pseudo source of a value."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._memo: dict[int, str] = {}
        self._lines: list[str] = []
        self._size = 0
        self.imports: dict[str, None] = {}
        self.called: dict[str, None] = {}

    @property
    def is_full(self) -> bool:
        return self._size > MAX_RENDERED

    def source(self) -> str:
        modules = dict.fromkeys(name.rpartition(".")[0] for name in self.imports)
        return "".join(f"import {module}\n" for module in modules if module) + "".join(
            f"{line}\n" for line in self._lines
        )

    def step(self, name: str, argument: object) -> None:
        if name in _HANDLERS:
            _HANDLERS[name](self, argument)
        elif name in _PLAIN_CALLS:
            self._call(name, argument)
        elif name in _TUPLES:
            items = [self._pop() for _ in range(_TUPLES[name])][::-1]
            self._push("(" + "".join(f"{item}, " for item in items) + ")")
        elif name in _COLLECTIONS:
            opening, closing = _COLLECTIONS[name]
            self._push(opening + ", ".join(self._to_mark()) + closing)
        elif name in _ITEM_ADDERS:
            self._to_mark()
        elif name in _EMPTY:
            self._push(_EMPTY[name])
        elif argument is not None and name not in ("PROTO", "FRAME"):
            self._push(repr(argument) if isinstance(argument, str | bytes | int | float) else _UNKNOWN)

    def add_global(self, module: str, name: str) -> None:
        module = _REAL_MODULES.get(module, module)
        dotted = f"{module}.{name}" if module else name
        self.imports[dotted[:MAX_ARGUMENT]] = None
        self._push(dotted if dotted.replace(".", "").isidentifier() else _UNKNOWN)

    def _call(self, name: str, argument: object) -> None:
        if name == "INST":
            arguments = self._to_mark()
            module, _, attribute = str(argument).partition(" ")
            self.add_global(module, attribute)
            called, inner = self._pop(), ", ".join(arguments)
        elif name == "OBJ":
            called, *rest = self._to_mark() or [_UNKNOWN]
            inner = ", ".join(rest)
        else:
            if name == "NEWOBJ_EX":
                self._pop()
            inner, called = self._pop().strip(), self._pop()
            inner = inner[1:-1].rstrip(", ") if inner.startswith("(") and inner.endswith(")") else f"*{inner}"
        self.called[called[:MAX_ARGUMENT]] = None
        result = f"_{len(self._lines)}"
        self._write(f"{result} = {called}({inner})")
        self._push(result)

    def _write(self, line: str) -> None:
        line = line[:MAX_ARGUMENT]
        self._lines.append(line)
        self._size += len(line)

    def _push(self, text: str) -> None:
        text = text[:MAX_ARGUMENT]
        self._size += len(text) // 64
        self._stack.append(text)

    def _pop(self) -> str:
        return self._stack.pop() if self._stack else _UNKNOWN

    def _to_mark(self) -> list[str]:
        out = []
        while self._stack and (item := self._stack.pop()) != _MARK:
            out.append(item)
        return out[::-1]

    def build(self) -> None:
        state, target = self._pop(), self._pop()
        if target.startswith(_UNKNOWN) and target != _UNKNOWN:
            self._write(f"{target}.__setstate__({state})")
        self._push(target)

    def stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self.add_global(module.strip("'\""), name.strip("'\""))

    def memoize(self, slot: object) -> None:
        index = slot if isinstance(slot, int) else len(self._memo)
        self._memo[index] = self._stack[-1] if self._stack else _UNKNOWN

    def get(self, slot: object) -> None:
        self._push(self._memo.get(slot, _UNKNOWN) if isinstance(slot, int) else _UNKNOWN)

    def stop(self) -> None:
        self._stack.clear()
        self._memo.clear()

    def drop_to_mark(self) -> None:
        self._to_mark()

    def persistent(self) -> None:
        self._pop()
        self._push(_UNKNOWN)

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._pop()


_HANDLERS: dict[str, Callable[[_Machine, object], None]] = {
    "MARK": lambda m, _: m._push(_MARK),
    "GLOBAL": lambda m, a: m.add_global(*str(a).partition(" ")[::2]),
    "STACK_GLOBAL": lambda m, _: m.stack_global(),
    "BUILD": lambda m, _: m.build(),
    "PUT": lambda m, a: m.memoize(a),
    "BINPUT": lambda m, a: m.memoize(a),
    "LONG_BINPUT": lambda m, a: m.memoize(a),
    "MEMOIZE": lambda m, _: m.memoize(None),
    "GET": lambda m, a: m.get(a),
    "BINGET": lambda m, a: m.get(a),
    "LONG_BINGET": lambda m, a: m.get(a),
    "POP": lambda m, _: m.drop(1),
    "POP_MARK": lambda m, _: m.drop_to_mark(),
    "DUP": lambda m, _: m._push(m._stack[-1] if m._stack else _UNKNOWN),
    "APPEND": lambda m, _: m.drop(1),
    "SETITEM": lambda m, _: m.drop(2),
    "PERSID": lambda m, _: m._push(_UNKNOWN),
    "BINPERSID": lambda m, _: m.persistent(),
    "STOP": lambda m, _: m.stop(),
}
