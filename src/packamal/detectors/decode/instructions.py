"""Splits bytecode of CPython 2.7 to 3.14 into named instructions; the numbers are data (`opcodes.txt`)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packamal.detectors.decode.marshalled import Code

MAX_INSTRUCTIONS = 200_000
"""Instructions read from one code object."""
_TABLE = Path(__file__).with_name("opcodes.txt")
MAX_WITNESSES = 12
"""Code objects that are looked at to find the version."""
_FIRST = frozenset(("RESUME", "MAKE_CELL", "COPY_FREE_VARS", "RETURN_GENERATOR"))
_BACK_JUMPS = (b"\x71", b"\x8c")
"""JUMP_ABSOLUTE up to 3.10, JUMP_BACKWARD of 3.11: what a loop ends with."""
_HAVE_ARGUMENT_27 = 90
"""First opcode with an argument before the fixed width of 3.6."""
Version = tuple[int, int]


class Instruction(NamedTuple):
    """One instruction, with its argument put together from its prefixes."""

    name: str
    argument: int
    start: int = 0
    """Offset of the instruction in bytes."""
    after: int = 0
    """Offset behind it; relative jumps count from here."""


@functools.cache
def _tables() -> dict[Version, dict[int, str]]:
    lines = _TABLE.read_text(encoding="ascii").splitlines()
    versions = [(int(major), int(minor)) for major, minor in (word.split(".") for word in lines[1].split()[1:])]
    tables: dict[Version, dict[int, str]] = {version: {} for version in versions}
    for line in lines[2:]:
        name, *numbers = line.split()
        for version, number in zip(versions, numbers, strict=True):
            if number != "-":
                tables[version][int(number)] = name
    return tables


def instructions(code: Code, version: Version) -> Iterator[Instruction]:
    """Walk a code object's bytecode from start to end; unknown opcodes come with an empty name."""
    table = _tables().get(version) or _tables()[max(_tables())]
    width = _old_instructions if version < (3, 6) else _wide_instructions
    prefix = 0
    for start, after, opcode, argument in width(code.code):
        name = table.get(opcode, "")
        if name == "EXTENDED_ARG":
            prefix = (prefix | argument) << (16 if version < (3, 6) else 8)
            prefix &= 0xFFFFFFFF
            continue
        yield Instruction(name, prefix | argument, start, after)
        prefix = 0


def _wide_instructions(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    for at in range(0, min(len(raw) - 1, 2 * MAX_INSTRUCTIONS), 2):
        yield at, at + 2, raw[at], raw[at + 1]


def _old_instructions(raw: bytes) -> Iterator[tuple[int, int, int, int]]:
    at = 0
    while at < min(len(raw), 3 * MAX_INSTRUCTIONS):
        opcode = raw[at]
        if opcode >= _HAVE_ARGUMENT_27:
            yield at, at + 3, opcode, int.from_bytes(raw[at + 1 : at + 3], "little")
            at += 3
        else:
            yield at, at + 1, opcode, 0
            at += 1


def likely_version(code: Code) -> Version:
    """Guess which version of a layout's range made a code object: the one that knows most of its instructions.

    A marshal stream does not say; the versions of one layout differ in numbers, and the wrong table shows by unknown
    opcodes and by a first instruction that no module starts with.
    """
    candidates = [version for version in _tables() if _fits(code.layout, version)]
    return max(candidates, key=lambda version: (_score(code, version), version))


def _fits(layout: Version, version: Version) -> bool:
    later = [first for first in ((2, 7), (3, 6), (3, 8), (3, 11)) if first > layout]
    return version >= layout and (not later or version < min(later))


def _score(code: Code, version: Version) -> float:
    scores = [_share(one, version) for one in _with_inner(code)]
    first = next((name for name, *_ in instructions(code, version)), "")
    starts_right = first in _FIRST or version < (3, 11)
    return sum(scores) / len(scores) + (0.2 if starts_right else 0)


def _with_inner(code: Code) -> list[Code]:
    found = [code]
    for one in found:
        found += [item for item in one.consts if isinstance(item, Code)][: MAX_WITNESSES - len(found)]
    return found


def _share(code: Code, version: Version) -> float:
    """Share of instructions that make sense under a version's numbers."""
    seen = [one for one, _ in zip(instructions(code, version), range(400), strict=False)]
    return sum(_is_plausible(code, one, version) for one in seen) / len(seen) if seen else 0


def _is_plausible(code: Code, instruction: Instruction, version: Version) -> bool:
    name, argument, _, after = instruction
    if name in ("LOAD_CONST", "RETURN_CONST"):
        return argument < len(code.consts)
    if name in ("LOAD_NAME", "STORE_NAME", "IMPORT_NAME", "IMPORT_FROM", "STORE_GLOBAL"):
        return argument < len(code.names)
    if name in ("LOAD_FAST", "STORE_FAST"):
        return argument < len(code.varnames)
    if name == "FOR_ITER" and version < (3, 12):
        return code.code[after + argument * jump_unit(version) - 2 :][:1] in _BACK_JUMPS
    return bool(name)


def jump_unit(version: Version) -> int:
    """Bytes a relative jump counts in."""
    return 2 if version >= (3, 10) else 1
