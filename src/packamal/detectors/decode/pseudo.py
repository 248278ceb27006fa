"""Writes marshalled code as Python pseudo source, so that the Python front end can read it."""

from __future__ import annotations

from packamal.detectors.decode.limits import MAX_ARGUMENT, MAX_RENDERED
from packamal.detectors.decode.marshalled import Code, MarshalError, read_marshal
from packamal.detectors.decode.pyc import read_pyc_header


def marshal_source(data: bytes) -> str:
    """Write a marshal stream, or a whole .pyc, as pseudo source; empty when it holds no code."""
    header = read_pyc_header(data)
    try:
        value = read_marshal(data[header.body_at :] if header else data, header.version if header else None)
    except MarshalError:
        return ""
    if isinstance(value, Code):
        return code_source(value)
    return repr(value)[:MAX_RENDERED] if isinstance(value, str | bytes) else ""


def code_source(code: Code) -> str:
    """List names and constants of a code object and of all those inside it."""
    lines: list[str] = []
    size, pending = 0, [code]
    while pending and size < MAX_RENDERED:
        current = pending.pop()
        before = len(lines)
        lines.append(f"# code {current.name!r} names: {' '.join(current.names)}"[:MAX_ARGUMENT].replace("\n", " "))
        lines += [repr(item)[:MAX_ARGUMENT] for item in current.consts if isinstance(item, str | bytes) and item]
        pending += [item for item in current.consts if isinstance(item, Code)]
        size += sum(map(len, lines[before:]))
    return "\n".join(lines) + "\n"
