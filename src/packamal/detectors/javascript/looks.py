"""What the text of a unit looks like: hex names, string arrays, packing, flattening, minified or hidden lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packamal.detectors.facts import Facts, Note
from packamal.detectors.javascript.machine import Machine
from packamal.detectors.javascript.module import Module, Spot
from packamal.detectors.javascript.nodes import Function
from packamal.detectors.javascript.notes import TELLING_NAMES
from packamal.detectors.javascript.statements import Program

MIN_HEX_NAMES = 8
HEX_SHARE = 0.25
"""Of the distinct names; what obfuscators leave alone are members and globals."""
MIN_SPELT = 30
"""Words in escapes that are a sign whatever they say."""
LONG_SPELT = 20
"""Characters of a text in escapes that is a sign whatever it says."""
MAX_SHOWN = 6
MIN_TELLING = 2
"""Such names in a table of texts."""
MIN_FOLDED = 6
"""Places where a function gives a constant text for a number: fewer are ordinary tables."""
MIN_COMPUTED = 30
MIN_FLATTENED = 2
PACKED_SHARE = 0.3
"""Of the unit's size, that a text it runs as code has at least."""
LONG_LINE = 600
"""Bytes of a line on average; written code stays below 60."""
BLANKS = b" " * 200
_ENCODED = re.compile(r"(?=[^\s]*(?:[a-z][A-Z]|[0-9][A-Za-z]))[A-Za-z0-9+/=_-]{6,}\Z")
_HEX_NAME = re.compile(r"_0x[0-9a-f]{2,8}\Z|_[0-9a-f]{6,}\Z|[a-z]_?0x[0-9a-f]{4,}\Z")
_PACKER = re.compile(rb"eval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k\s*,\s*e\s*,")
_BEHIND_BLANKS = re.compile(rb" {200,}[^\s]")
_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")


def add(m: Machine, module: Module, facts: Facts) -> None:
    """Add the notes of one unit."""
    notes = _of_text(module)
    if module.program is not None:
        names = _of_names(module.program)
        is_hexed = any(kind == "hex-names" for kind, _, _ in names)
        notes += [*names, *_of_shape(module.program), *_of_functions(m, module, is_hexed)]
    if any(
        layer.is_executed and _is_packed(layer.data, module)
        for layer in facts.layers
        if layer.place.unit == module.unit.name
    ):
        notes.append(("packed", 0, "runs most of itself as text"))
    facts.notes.extend(
        Note(kind, module.place(Spot(module, start, None, None)), detail) for kind, start, detail in notes
    )


Seen = tuple[str, int, str]


def _of_text(module: Module) -> list[Seen]:
    source = module.source
    notes: list[Seen] = []
    if module.unit.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.append(("odd-encoding", 0, "utf-16"))
    packer = _PACKER.search(source)
    if packer is not None:
        notes.append(("packed", packer.start(), "eval(function(p,a,c,k,e,d)"))
    if BLANKS in source:
        found = _BEHIND_BLANKS.search(source)
        if found is not None and not source[: found.start()].rpartition(b"\n")[2].strip().startswith((b"*", b"//")):
            notes.append(("dead-long-line", found.end() - 1, f"behind {found.end() - 1 - found.start()} blanks"))
    lines = source.count(b"\n") + 1
    if len(source) // lines > LONG_LINE:
        notes.append(("minified", 0, f"{len(source) // lines} bytes a line"))
    return notes


def _of_names(program: Program) -> list[Seen]:
    names = [name for name in program.names if _NAME.match(name)]
    hexed = sum(1 for name in names if _HEX_NAME.match(name))
    notes = _spelt(program)
    if hexed >= MIN_HEX_NAMES and hexed >= HEX_SHARE * len(names):
        notes.append(("hex-names", 0, f"{hexed} of {len(names)} names"))
    return notes


def _spelt(program: Program) -> list[Seen]:
    """Names of what reaches out, written in escapes."""
    telling = {
        value: start for value, start in reversed(program.spelt) if value in TELLING_NAMES or len(value) >= LONG_SPELT
    }
    if not telling and len(program.spelt) < MIN_SPELT:
        return []
    words = list(telling)[::-1] or [value for value, _ in program.spelt]
    start = min(telling.values(), default=program.spelt[0][1])
    return [("spelt-names", start, "in escapes: " + ", ".join(words[:MAX_SHOWN]))]


def _of_shape(program: Program) -> list[Seen]:
    notes: list[Seen] = []
    if program.flattened >= MIN_FLATTENED or (program.flattened and program.computed > program.members):
        notes.append(("control-flow-flattening", 0, f"{program.flattened} loops over a switch"))
    if program.computed >= MIN_COMPUTED and program.computed > program.members:
        notes.append(("computed-member", 0, f"{program.computed} of {program.computed + program.members} members"))
    return notes


def _of_functions(m: Machine, module: Module, is_hexed: bool) -> list[Seen]:
    """Functions and arrays that were seen to hold the unit's texts."""
    notes: list[Seen] = []
    for function in m.decoders:
        if isinstance(function, Function) and m.decoders[function][0] is module:
            _, where, texts = m.decoders[function]
            places = len(where)
            if callable(function.native) or (places >= MIN_FOLDED and (is_hexed or _are_names(texts))):
                notes.append(
                    ("string-array", function.start, f"{places} texts from {function.qualified or 'a function'}")
                )
    for array, (owner, start, places_read) in m.tables.items():
        if owner is module and len(places_read) >= MIN_FOLDED * 2 and (is_hexed or _are_names(array.items)):
            notes.append(("string-array", start, f"{len(places_read)} texts from a table"))
    return notes[:3]


def _are_names(texts: Iterable[object]) -> bool:
    """Whether a table holds names that code reaches out by, or encoded text, as tables of messages do not."""
    held = [text for text in texts if isinstance(text, str) and text]
    encoded = sum(1 for text in held if _ENCODED.match(text))
    return sum(1 for text in held if text in TELLING_NAMES) >= MIN_TELLING or encoded * 2 > len(held)


def _is_packed(data: bytes, module: Module) -> bool:
    return len(data) >= PACKED_SHARE * len(module.source) and data[:200] not in module.source
