"""Imports and started files read off the bytes without parsing: enough for roles before any front end has run.

Wrong in both directions now and then (an import inside a text, a computed name); the front ends' edges come on top.
Anchors are found by plain search and only their surroundings are matched, so that bundles cost next to nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from packamal.detectors.facts import Edge, Place
from packamal.detectors.language import is_prose
from packamal.detectors.units import Language, Unit

MAX_SCAN_BYTES = 4_000_000
"""Bundles beyond this hold their modules inside, not beside them."""
MAX_MENTION_BYTES = 200_000
"""Files named in passing are looked for in code that people write, not in bundles."""
MAX_EDGES = 2_000
"""Edges taken from one unit."""
MAX_ANCHORS = 20_000
"""Places in one unit that are looked at."""
LINE_BYTES = 1_000
"""How far back from an import its line is looked at."""
MAX_HEADS = 20
"""Function heads above an import that are looked at."""
NEAR_BYTES = 300
"""How far from a file's name the word that starts it may stand."""
BLOCK_BYTES = 6_000
"""How far above an indented import its function's head is looked for."""

_IMPORT = re.compile(
    rb"import(?:(?P<names>[ \t]+[\w., \t*]{1,2000}|[ \t]*\([^()]{1,4000}\))|"
    rb"_module\(\s*['\"](?P<module>[\w.]{1,200})['\"]|__\(\s*['\"](?P<dunder>[\w.]{1,200})['\"])"
)
_FROM = re.compile(rb"(?:^|;)[ \t]*from[ \t]+(\.*[ \t]*[\w.]*)[ \t]+\Z")
_NAME = re.compile(rb"([\w.]+)(?:\s+as\s+\w+)?")
_OUTER = re.compile(rb"^[^\s#)\]}'\"]", re.M)
_SPECIFIER = re.compile(rb"(?:\(\s*|\s*)(['\"`])([^'\"`\n]{1,300})\1")
_LOADERS = (
    (b"require", "import"),
    (b"import", "import"),
    (b"from", "import"),
    (b"Worker", "start"),
    (b"fork", "start"),
)
_LOADED = re.compile(rb"(?:\b(?:require(?:\.resolve)?|import|Worker|fork)\s*\(|\b(?:from|import))\s*\Z")
_PATH = re.compile(rb"['\"`]([^'\"`\n]{1,300})['\"`]")
_FILE = re.compile(
    rb"\.(?:py|pyw|js|cjs|mjs|ts|sh|ps1|bat|cmd|exe|vbs|node|dll|so|bin|dat|txt|json|zip|png|jpg)(?=['\"`\s])"
)
_PATH_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@./\\-"
_RUNS = re.compile(rb"\b(?:exec|execfile|eval|compile|run_path|execSync|execFile)\b\s*\(")
_STARTS = re.compile(
    rb"subprocess|os\.system|[pP]open|\bspawn|child_process|execSync|execFile|\bfork\b|os\.exec|startfile"
)
_COMMAND_FILE = re.compile(rb"[\w@./\\-]{1,200}\.\w{1,6}\b")


def quick_edges(unit: Unit) -> tuple[Edge, ...]:
    """Read imports, requires and started files off a unit's bytes; at most MAX_EDGES."""
    text = unit.data[:MAX_SCAN_BYTES]
    if unit.language is Language.PYTHON:
        found = itertools.chain(_python(text, unit.name), _files(text, unit.name))
    elif unit.language in {Language.JAVASCRIPT, Language.TYPESCRIPT}:
        found = itertools.chain(_javascript(text, unit.name), _files(text, unit.name))
    elif unit.language in {Language.SHELL, Language.BATCH, Language.POWERSHELL}:
        place = Place(unit.name, 1)
        named = [target.decode("latin-1") for target in _COMMAND_FILE.findall(text[:MAX_MENTION_BYTES])]
        found = itertools.chain(Edge("start", target, place) for target in named if not is_prose(target))
    else:
        return ()
    return tuple(dict.fromkeys(itertools.islice(found, MAX_EDGES)))


def _positions(text: bytes, word: bytes) -> Iterator[int]:
    position = text.find(word)
    for _ in range(MAX_ANCHORS):
        if position < 0:
            return
        yield position
        position = text.find(word, position + len(word))


def _python(text: bytes, name: str) -> Iterator[Edge]:
    for position in _positions(text, b"import"):
        match = _IMPORT.match(text, position)
        if match is None:
            continue
        line_start = text.rfind(b"\n", max(position - LINE_BYTES, 0), position) + 1 or max(position - LINE_BYTES, 0)
        before = text[line_start:position]
        place = Place(name, 1, is_called=True)
        if before[:1] in {b" ", b"\t"}:
            if _is_for_types_only(text, line_start):
                continue
            place = Place(name, 1, is_called=not _is_in_function(text, line_start, _indent(before)))
        for target in _targets(match, before):
            yield Edge("import", target, place)


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip())


def _is_for_types_only(text: bytes, line_start: int) -> bool:
    """True below `if TYPE_CHECKING:`, which never runs."""
    head = text.rfind(b"TYPE_CHECKING:", max(line_start - BLOCK_BYTES, 0), line_start)
    return head >= 0 and not _OUTER.search(text, head, line_start)


def _is_in_function(text: bytes, line_start: int, indent: int) -> bool:
    """True when the line stands in a function's body; a guess by indentation, False when no head is near."""
    floor, end = max(line_start - BLOCK_BYTES, 0), line_start
    for _ in range(MAX_HEADS):
        head = text.rfind(b"def ", floor, end)
        if head < 0:
            break
        head_start = text.rfind(b"\n", floor, head) + 1
        before = text[head_start:head]
        if before.strip() in {b"", b"async"} and _indent(before + b"d") < indent:
            return not _OUTER.search(text, text.find(b"\n", head) + 1, line_start)
        end = head
    return False


def _targets(match: re.Match[bytes], before: bytes) -> list[str]:
    called = match["module"] or match["dunder"]
    if called:
        return [called.decode("latin-1")]
    origin = _FROM.search(before)
    if not origin and before.strip() and not before.rstrip().endswith((b";", b":")):
        return []
    names = [name.decode("latin-1") for name in _NAME.findall(match["names"] or b"")]
    if not origin:
        return names
    module = origin[1].replace(b" ", b"").replace(b"\t", b"").decode("latin-1")
    glue = "" if module.endswith(".") else "."
    return [module, *(module + glue + name for name in names)]


def _javascript(text: bytes, name: str) -> Iterator[Edge]:
    """Relative specifiers wherever one stands after a word that loads it; other ones in code that people write."""
    place = Place(name, 1)
    for dot in _positions(text, b"./"):
        position = dot - 2 if text[dot - 1 : dot] == b"." else dot - 1
        match = _PATH.match(text, position) if position >= 0 else None
        before = _LOADED.search(text, max(position - 40, 0), position) if match else None
        if match and before:
            kind = "start" if before[0].startswith((b"Worker", b"fork")) else "import"
            yield Edge(kind, match[1].decode("utf-8", "replace"), place)
    if len(text) > MAX_MENTION_BYTES:
        return
    for word, kind in _LOADERS:
        for position in _positions(text, word):
            match = _SPECIFIER.match(text, position + len(word))
            if match:
                yield Edge(kind, match[2].decode("utf-8", "replace"), place)


def _files(text: bytes, name: str) -> Iterator[Edge]:
    """Files the text names: run when a word that runs them is near, read otherwise."""
    if len(text) > MAX_MENTION_BYTES:
        return
    place = Place(name, 1)
    for match in itertools.islice(_FILE.finditer(text), MAX_ANCHORS):
        before = text[max(match.start() - 200, 0) : match.start()]
        stem = before[len(before.rstrip(_PATH_BYTES)) :]
        start, end = max(match.start() - len(stem) - NEAR_BYTES, 0), match.end() + NEAR_BYTES
        kind, target = "read", (stem + match[0]).decode("latin-1")
        if is_prose(target):
            continue
        if _STARTS.search(text, start, end):
            kind = "start"
        elif _RUNS.search(text, start, end):
            kind = "exec"
        yield Edge(kind, target, place)
