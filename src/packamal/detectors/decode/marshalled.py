"""Reads marshal streams as data. `marshal.loads` may crash the interpreter on hostile bytes and knows one version only.

Format: CPython's Python/marshal.c; layouts of code objects from 2.7 to 3.14.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from packamal.detectors.decode.limits import MAX_DEPTH, MAX_INPUT, MAX_OBJECTS

_FLAG_REF = 0x80
_GATHERS_ITEMS, _GATHERS_NAMES = 0x04, 0x08
_LONG_DIGIT_BITS = 15
_MAX_LONG_DIGITS = 4000
"""15-bit digits of one number; longer ones are key material at most."""
_SINGLETONS: dict[int, object] = {
    ord("N"): None,
    ord("F"): False,
    ord("T"): True,
    ord("."): ...,
    ord("S"): StopIteration,
}

_OLD = ("argcount", "nlocals", "stacksize", "flags", "code", "consts", "names", "varnames", "freevars", "cellvars",
        "filename", "name", "firstlineno", "linetable")  # fmt: skip
_OLD3 = (_OLD[0], "kwonlyargcount", *_OLD[1:])
_POSONLY = (_OLD[0], "posonlyargcount", "kwonlyargcount", *_OLD[1:])
_NEW = ("argcount", "posonlyargcount", "kwonlyargcount", "stacksize", "flags", "code", "consts", "names", "varnames",
        "kinds", "filename", "name", "qualname", "firstlineno", "linetable", "exceptiontable")  # fmt: skip
_NUMBERS = frozenset(("argcount", "posonlyargcount", "kwonlyargcount", "nlocals", "stacksize", "flags", "firstlineno"))
LAYOUTS: tuple[tuple[tuple[int, int], tuple[str, ...]], ...] = (
    ((3, 11), _NEW),
    ((3, 8), _POSONLY),
    ((3, 6), _OLD3),
    ((2, 7), _OLD),
)
"""(first version, fields in order), newest first."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code object of any version."""

    name: str
    filename: str
    code: bytes
    consts: tuple[object, ...]
    names: tuple[str, ...]
    varnames: tuple[str, ...]
    """Locals; from 3.11 on followed by cell and free variables."""
    freevars: tuple[str, ...]
    """Cell then free variables before 3.11; empty from 3.11 on."""
    parameters: tuple[str, ...]
    """With `*` and `**` where they gather."""
    firstlineno: int
    layout: tuple[int, int]
    """First Python version with this object's layout."""


class MarshalError(ValueError):
    """The stream is no marshal stream, or past the limits."""


def read_marshal(data: bytes, version: tuple[int, int] | None = None) -> object:
    """Read a stream: constants as themselves, code as Code. Raises MarshalError.

    Without a version the layout is found by trial.
    """
    if len(data) > MAX_INPUT:
        raise MarshalError("too long")
    layouts = [item for item in LAYOUTS if version is None or version >= item[0]]
    failure = MarshalError("no layout fits")
    for first, fields in layouts[: 1 if version else None]:
        try:
            return _Reader(data, first, fields).read()
        except MarshalError as error:
            failure = error
        except (IndexError, struct.error, OverflowError, RecursionError, TypeError, ValueError) as error:
            failure = MarshalError(str(error))
    raise failure


class _Reader:
    def __init__(self, data: bytes, layout: tuple[int, int], fields: tuple[str, ...]) -> None:
        self._data = data
        self._at = 0
        self._refs: list[object] = []
        self._interned: list[object] = []
        self._left = MAX_OBJECTS
        self._layout = layout
        self._fields = fields

    def read(self, depth: int = 0) -> object:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise MarshalError("past the limits")
        tag = self._byte()
        kind, is_ref = tag & ~_FLAG_REF, bool(tag & _FLAG_REF)
        if kind in _SINGLETONS:
            return _SINGLETONS[kind]
        if kind == ord("r"):
            return self._refs[self._int32()]
        if kind == ord("R"):
            return self._interned[self._int32()]
        slot = len(self._refs)
        if is_ref:
            self._refs.append(None)
        value = self._value(chr(kind), depth)
        if is_ref:
            self._refs[slot] = value
        return value

    def _value(self, kind: str, depth: int) -> object:
        leaf = _LEAVES.get(kind)
        if leaf is not None:
            value = leaf(self)
            if kind == "t" and self._layout == (2, 7):
                self._interned.append(value)
            return value
        if kind in "([<>":
            return self._sequence(self._int32(), depth)
        if kind == ")":
            return self._sequence(self._byte(), depth)
        if kind == "{":
            return self._mapping(depth)
        if kind == ":":
            return slice(self.read(depth + 1), self.read(depth + 1), self.read(depth + 1))
        if kind == "c":
            return self._code(depth)
        raise MarshalError(f"unknown tag {kind!r}")

    def _sequence(self, count: int, depth: int) -> tuple[object, ...]:
        if not 0 <= count <= self._left:
            raise MarshalError("sequence past the limits")
        return tuple(self.read(depth + 1) for _ in range(count))

    def _mapping(self, depth: int) -> tuple[object, ...]:
        out: list[object] = []
        while self._data[self._at] != ord("0"):
            out.append((self.read(depth + 1), self.read(depth + 1)))
        self._at += 1
        return tuple(out)

    def _code(self, depth: int) -> Code:
        values: dict[str, object] = {}
        for field in self._fields:
            values[field] = self._int32() if field in _NUMBERS else self.read(depth + 1)
        code, consts = values["code"], values["consts"]
        if not isinstance(code, bytes) or not isinstance(consts, tuple) or not isinstance(values["names"], tuple):
            raise MarshalError("no code object of this layout")
        line, varnames = values["firstlineno"], _texts(values["varnames"])
        if not isinstance(line, int):
            raise MarshalError("no code object of this layout")
        return Code(
            name=_text(values["name"]),
            filename=_text(values["filename"]),
            code=code,
            consts=consts,
            names=_texts(values["names"]),
            varnames=varnames,
            freevars=_texts(values.get("cellvars", ())) + _texts(values.get("freevars", ())),
            parameters=_parameters(values, varnames),
            firstlineno=line,
            layout=self._layout,
        )

    def _byte(self) -> int:
        value = self._data[self._at]
        self._at += 1
        return value

    def _take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count] if count >= 0 else b""
        if count < 0 or len(piece) != count:
            raise MarshalError("truncated")
        self._at += count
        return piece

    def _int32(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def _long(self) -> int:
        count = self._int32()
        if abs(count) > _MAX_LONG_DIGITS:
            raise MarshalError("number past the limits")
        raw = self._take(2 * abs(count))
        value = sum(
            int.from_bytes(raw[i : i + 2], "little") << (_LONG_DIGIT_BITS * i // 2) for i in range(0, len(raw), 2)
        )
        return -value if count < 0 else value


_LEAVES: dict[str, Callable[[_Reader], object]] = {
    "i": lambda r: r._int32(),
    "I": lambda r: int.from_bytes(r._take(8), "little", signed=True),
    "l": lambda r: r._long(),
    "g": lambda r: struct.unpack("<d", r._take(8))[0],
    "f": lambda r: float(r._take(r._byte())),
    "y": lambda r: complex(*struct.unpack("<dd", r._take(16))),
    "x": lambda r: complex(float(r._take(r._byte())), float(r._take(r._byte()))),
    "s": lambda r: r._take(r._int32()),
    "t": lambda r: r._take(r._int32()).decode("utf-8", "replace"),
    "u": lambda r: r._take(r._int32()).decode("utf-8", "surrogatepass"),
    "a": lambda r: r._take(r._int32()).decode("latin-1"),
    "A": lambda r: r._take(r._int32()).decode("latin-1"),
    "z": lambda r: r._take(r._byte()).decode("latin-1"),
    "Z": lambda r: r._take(r._byte()).decode("latin-1"),
}


def _parameters(values: dict[str, object], varnames: tuple[str, ...]) -> tuple[str, ...]:
    """Positional, keyword-only, then the gathering ones (CPython's order of locals)."""
    counts = [values.get("argcount", 0), values.get("kwonlyargcount", 0)]
    plain = sum(count for count in counts if isinstance(count, int))
    flags = values["flags"] if isinstance(values["flags"], int) else 0
    if not 0 <= plain <= len(varnames):
        raise MarshalError("no code object of this layout")
    gathering = [star for star, flag in (("*", _GATHERS_ITEMS), ("**", _GATHERS_NAMES)) if flags & flag]
    return varnames[:plain] + tuple(star + name for star, name in zip(gathering, varnames[plain:], strict=False))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise MarshalError("a name is no text")


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, tuple):
        raise MarshalError("names are no tuple")
    return tuple(_text(item) for item in value)
