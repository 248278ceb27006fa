"""Bytes to tree-sitter's tree, within limits of size and time. Nothing here recurses, and no tree is turned to text."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

MAX_BYTES = 4_000_000
"""Larger units are bundles; they are looked at as text. About five seconds of parsing and evaluation."""
MAX_PARSE_S = 4.0
"""CPU time, so that a busy machine reads what an idle one does. Damaged or hostile text can hold the parser for long;
ordinary code of MAX_BYTES takes 0.8 s."""
_CHUNK = 1 << 16
_CALLS_PER_CLOCK = 256
"""The parser reports every few tokens; the clock is looked at now and then."""

JAVASCRIPT = "javascript"
TYPESCRIPT = "typescript"
TSX = "tsx"


@functools.cache
def grammar(name: str) -> tree_sitter.Language:
    """Load a grammar: javascript (with JSX), typescript or tsx."""
    import tree_sitter

    if name == JAVASCRIPT:
        import tree_sitter_javascript

        return tree_sitter.Language(tree_sitter_javascript.language())
    import tree_sitter_typescript

    is_tsx = name == TSX
    return tree_sitter.Language(
        tree_sitter_typescript.language_tsx() if is_tsx else tree_sitter_typescript.language_typescript()
    )


@functools.cache
def _parser(name: str) -> tree_sitter.Parser:
    import tree_sitter

    return tree_sitter.Parser(grammar(name))


@functools.cache
def _literals(name: str) -> tree_sitter.Query:
    import tree_sitter

    return tree_sitter.Query(grammar(name), "[(string) (template_string)] @literal")


def literals_in(raw: tree_sitter.Node, name: str) -> list[tree_sitter.Node]:
    """Quoted texts and templates below a node, in order."""
    import tree_sitter

    return tree_sitter.QueryCursor(_literals(name)).captures(raw).get("literal", [])


def parse(source: bytes, name: str) -> tree_sitter.Tree | None:
    """Parse; None when it takes longer than MAX_PARSE_S."""
    parser = _parser(name)
    deadline = time.thread_time() + MAX_PARSE_S
    calls = 0

    def read(offset: int, _: object) -> bytes:
        return source[offset : offset + _CHUNK]

    def is_late(*_: object) -> bool:
        nonlocal calls
        calls += 1
        return calls % _CALLS_PER_CLOCK == 0 and time.thread_time() > deadline

    try:
        return parser.parse(read, progress_callback=is_late)
    except ValueError:
        parser.reset()
        return None
