"""Source to tree: decoded as Python would, parsed by the standard parser, else by the tolerant one."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Final, NamedTuple

from packamal.detectors.encodings import decode_python
from packamal.detectors.hiding import is_packed, mark
from packamal.detectors.python import limits
from packamal.detectors.python.fallback import parse_tolerantly
from packamal.detectors.units import Unit

_ORDINARY: Final = frozenset(("utf-8", "ascii", "us-ascii", "latin-1", "iso-8859-1", "iso-8859-15", "cp1252", "gbk"))


_MARKS: Final = {
    "behind-blanks": "dead-long-line",
    "hex-names": "hex-names",
    "blank-names": "hex-names",
    "encoded": "string-array",
}
"""Marks of hiding that are told of; bytes spelt out as escapes are mostly data."""


class Parsed(NamedTuple):
    """A unit's tree and text, and what there was to say about the text."""

    tree: ast.Module | None
    text: str
    notes: tuple[tuple[str, str], ...]
    """(kind of note, detail)"""
    failure: str = ""
    """Why there is no tree, in one line."""


def parse_unit(unit: Unit) -> Parsed:
    """Parse one unit; never raises."""
    if len(unit.data) > limits.MAX_SOURCE_BYTES:
        return Parsed(None, "", (("limit", "size"),), "larger than the parser's limit")
    text, encoding = decode_python(unit.data)
    notes = [] if encoding in _ORDINARY else [("odd-encoding", encoding)]
    marked = _MARKS.get(mark(unit), "")
    if marked:
        notes.append((marked, ""))
    if is_packed(unit.data):
        notes.append(("packed", "long lines that run what they hold"))
    if len(text) - len(text.encode("latin-1", "replace").translate(None, _INK)) > limits.MAX_TOKENS:
        return Parsed(None, text, (*notes, ("limit", "tokens")), "more tokens than the parser's limit")
    tree = parse_text(text)
    if tree is not None:
        return Parsed(tree, text, tuple(notes))
    return _tolerant(text, notes)


_INK: Final = b"()[]{},=.:+-*/%&|^~<>@\n"
"""Characters that end a token; their number bounds the number of tokens roughly."""


def parse_text(text: str) -> ast.Module | None:
    """Parse text with the standard parser; None when it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def parse_expression(text: str) -> ast.expr | None:
    """Parse the text of an `eval`; None when it is no expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(" \t\n"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tolerant(text: str, notes: list[tuple[str, str]]) -> Parsed:
    source = text.encode("utf-8", "surrogatepass")
    try:
        tree = None if is_deep(text) else parse_tolerantly(source)
    except RecursionError:
        tree = None
    if tree is None:
        return Parsed(None, text, (*notes, ("unparsable", "")), "neither parser reads it")
    return Parsed(tree, text, (*notes, ("fallback-parser", "")))


def is_deep(text: str) -> bool:
    """Whether brackets nest deeper than the tolerant parser may be trusted with."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}]", text):
        depth += 1 if match.group() in "([{" else -1
        if depth > limits.MAX_NESTING:
            return True
    return False
