"""Read JavaScript and TypeScript units into facts; hostile source costs a note or a failure, never an exception."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from packamal.detectors.encodings import decode_text
from packamal.detectors.facts import Facts, Place
from packamal.detectors.jssource.walker import MAX_STEPS, Walker
from packamal.detectors.pysource.recorder import Recorder
from packamal.detectors.units import Language, Unit

if TYPE_CHECKING:
    from tree_sitter import Parser

MAX_SOURCE = 3_000_000
"""Bytes of one module that are parsed; bundles that are larger are judged by the byte rules."""
MAX_NESTING = 2_000
"""Open brackets at once; the parser's own recursion is not to be trusted beyond."""
_HEX_NAMES = re.compile(rb"\b_0x[0-9a-f]{4,6}\b")
_PACKED = re.compile(rb"eval\(function\(p,a,c,k,e,[dr]\)|\['\w+'\]\['constructor'\]|\(!\[\]\+\[\]\)\[\+")
_FAR_RIGHT = re.compile(rb"[;{}),][ \t]{200,}[^\s/*]")
_MANY = 12


def read(units: Sequence[Unit], package: Mapping[str, Unit]) -> Facts:
    """Read the facts of JavaScript units."""
    del package
    recorder = Recorder()
    for unit in units:
        _notes(unit, recorder)
        _read_unit(unit, recorder)
    return recorder.facts


def _read_unit(unit: Unit, recorder: Recorder) -> None:
    if len(unit.data) > MAX_SOURCE or b"\0" in unit.data or _nesting(unit.data) > MAX_NESTING:
        recorder.facts.failures.append((unit.name, "too large, too deep or no text: not parsed"))
        return
    source = decode_text(unit.data).encode("utf-8", "replace")
    tree = _parser("typescript" if unit.language is Language.TYPESCRIPT else "javascript").parse(source)
    walker = Walker(unit, recorder)
    try:
        walker.read(tree.root_node)
    except RecursionError:
        recorder.note("limit", Place(unit.name, 1), "nesting")
        recorder.facts.failures.append((unit.name, "nested too deep to be read whole"))
    if walker.steps > MAX_STEPS:
        recorder.note("limit", Place(unit.name, 1), "steps")


def _nesting(data: bytes) -> int:
    """Most brackets open at once, strings not told apart; cheap and never too low."""
    deepest = depth = 0
    for match in re.finditer(rb"[(\[{]+|[)\]}]+", data):
        run = match.group()
        depth = depth + len(run) if run[:1] in b"([{" else max(0, depth - len(run))
        deepest = max(deepest, depth)
    return deepest


@functools.cache
def _parser(name: str) -> Parser:
    import tree_sitter

    if name == "typescript":
        import tree_sitter_typescript

        return tree_sitter.Parser(tree_sitter.Language(tree_sitter_typescript.language_typescript()))
    import tree_sitter_javascript

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))


def _notes(unit: Unit, recorder: Recorder) -> None:
    here = Place(unit.name, 1)
    head = unit.data[:2_000_000]
    if len(set(_HEX_NAMES.findall(head[:400_000]))) >= _MANY:
        recorder.note("hex-names", here)
    if match := _PACKED.search(head):
        recorder.note("packed", here, match.group().decode("latin-1"))
    if (b" " * 200) in head and (match := _FAR_RIGHT.search(head)):
        recorder.note("dead-long-line", Place(unit.name, head.count(b"\n", 0, match.start()) + 1))
