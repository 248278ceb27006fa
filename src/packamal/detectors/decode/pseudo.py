"""Writes marshalled code as Python pseudo source, so that the Python front end can read it.

Every call, import and assignment of the bytecode becomes a statement; functions and classes become definitions. What
the walk cannot tell is `_unknown`; text constants that no statement shows stand at the end, as statements of their own.
"""

from __future__ import annotations

from packamal.detectors.decode.effects import apply
from packamal.detectors.decode.instructions import Version, instructions, likely_version
from packamal.detectors.decode.limits import MAX_ARGUMENT, MAX_RENDERED
from packamal.detectors.decode.machine import Machine
from packamal.detectors.decode.marshalled import Code, MarshalError, read_marshal
from packamal.detectors.decode.pyc import read_pyc_header
from packamal.detectors.decode.spelling import identifier

_MAX_NESTING = 20
"""Functions inside functions."""
_INDENT = "    "


def marshal_source(data: bytes) -> str:
    """Write a marshal stream, or a whole .pyc, as pseudo source; empty when it holds no code."""
    header = read_pyc_header(data)
    try:
        value = read_marshal(data[header.body_at :] if header else data, header.version if header else None)
    except MarshalError:
        return ""
    if isinstance(value, Code):
        return code_source(value, header.version if header else likely_version(value))
    return repr(value)[:MAX_RENDERED] if isinstance(value, str | bytes) else ""


def code_source(code: Code, version: Version) -> str:
    """Write a code object and all those inside it."""
    writer = _Writer(version)
    lines = writer.lines_of(code, 0)
    shown = "\n".join(lines)
    lines += [repr(text) for text in _texts(code) if text not in shown and repr(text)[1:-1] not in shown]
    return "\n".join(lines)[:MAX_RENDERED] + "\n"


class _Writer:
    def __init__(self, version: Version) -> None:
        self._version = version
        self._size = 0
        self._names: dict[str, int] = {}

    def lines_of(self, code: Code, depth: int) -> list[str]:
        """The statements of one code object."""
        definitions: list[str] = []

        def define(inner: Code) -> str:
            name = self._unique(inner.name)
            if depth < _MAX_NESTING and self._size < MAX_RENDERED:
                definitions.extend(self._definition(inner, name, depth))
            machine.lines += definitions
            definitions.clear()
            return name

        machine = Machine(code, self._version, define)
        for instruction in instructions(code, self._version):
            before = len(machine.lines)
            apply(machine, instruction)
            self._size += sum(len(line) for line in machine.lines[before:])
            if self._size > MAX_RENDERED:
                break
        return machine.lines

    def _definition(self, code: Code, name: str, depth: int) -> list[str]:
        body = [_INDENT + line for line in self.lines_of(code, depth + 1)] or [_INDENT + "pass"]
        parameters = ", ".join(dict.fromkeys(map(_parameter, code.parameters)))
        return [f"def {name}({parameters}):", *body]

    def _unique(self, name: str) -> str:
        """A lambda and its like are many; a real name that comes twice is kept apart, too."""
        plain = identifier(name.strip("<>"))
        self._names[plain] = self._names.get(plain, 0) + 1
        return plain if self._names[plain] == 1 else f"{plain}_{self._names[plain]}"


def _parameter(name: str) -> str:
    bare = name.lstrip("*")
    return name[: len(name) - len(bare)] + identifier(bare)


def _texts(code: Code) -> list[str]:
    found: dict[str, None] = {}
    pending: list[object] = [code]
    while pending and len(found) < 10_000:
        item = pending.pop()
        if isinstance(item, Code):
            pending += item.consts
        elif isinstance(item, tuple):
            pending += item
        elif isinstance(item, str) and item:
            found[item[:MAX_ARGUMENT]] = None
    return list(found)
