"""Imports and started files read off the bytes without parsing: enough for roles before any front end has run.

Wrong in both directions now and then (an import inside a text, a computed name); the front ends' edges come on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packamal.detectors.facts import Edge, Place
from packamal.detectors.units import Language, Unit

MAX_SCAN_BYTES = 4_000_000
"""Bundles beyond this hold their modules inside, not beside them."""
MAX_EDGES = 2_000
"""Imports taken from one unit."""
NEAR_BYTES = 300
"""How far from a file's name the word that starts it may stand."""

_IMPORT = re.compile(
    rb"import(?:(?P<names>[ \t]+[\w., \t*]+|[ \t]*\([^()]{1,4000}\))|_module\(\s*['\"](?P<module>[\w.]{1,200})['\"]|"
    rb"__\(\s*['\"](?P<dunder>[\w.]{1,200})['\"])"
)
_FROM = re.compile(rb"(?:^|;)[ \t]*from[ \t]+(\.*[ \t]*[\w.]*)[ \t]+\Z")
_NAME = re.compile(rb"([\w.]+)(?:\s+as\s+\w+)?")
_DEF = re.compile(rb"^([ \t]*)(?:async[ \t]+)?def[ \t]", re.M)
_OUTER = re.compile(rb"^[^\s#)\]}'\"]", re.M)
_REQUIRE = re.compile(
    rb"(?:require(?:\.resolve)?\s*\(|\bfrom|\bimport(?:\s*\()?|\bWorker\s*\(|\bfork\s*\()\s*['\"`]([^'\"`\n]{1,300})['\"`]"
)
_FILE = re.compile(
    rb"['\"`/]([\w@./\\-]{0,200}\.(?:py|pyw|js|cjs|mjs|ts|sh|ps1|bat|cmd|exe|vbs|node|dll|so|bin|dat|txt|json|zip|png|jpg))['\"`\s]"
)
_RUNS = re.compile(rb"\b(?:exec|execfile|eval|compile|run_path|execSync|execFile)\b\s*\(")
_STARTS = re.compile(
    rb"subprocess|os\.system|popen|\bspawn|child_process|execSync|execFile|\bfork\b|os\.exec|startfile|Popen"
)


def quick_edges(unit: Unit) -> tuple[Edge, ...]:
    """Read imports, requires and started files off a unit's bytes; at most MAX_EDGES."""
    text = unit.data[:MAX_SCAN_BYTES]
    if unit.language is Language.PYTHON:
        found = [*_python(text, unit.name), *_files(text, unit.name)]
    elif unit.language in {Language.JAVASCRIPT, Language.TYPESCRIPT}:
        found = [*_javascript(text, unit.name), *_files(text, unit.name)]
    elif unit.language in {Language.SHELL, Language.BATCH, Language.POWERSHELL}:
        found = [Edge("start", target, Place(unit.name, 1)) for target in _named_files(text)]
    else:
        return ()
    return tuple(dict.fromkeys(found))[:MAX_EDGES]


def _python(text: bytes, name: str) -> Iterator[Edge]:
    functions = [(match.start(), len(match[1])) for match in _DEF.finditer(text)]
    place = {True: Place(name, 1, is_called=True), False: Place(name, 1, is_called=False)}
    cursor, current = 0, (-1, 0)
    for match in _IMPORT.finditer(text):
        while cursor < len(functions) and functions[cursor][0] < match.start():
            current = functions[cursor]
            cursor += 1
        line_start = text.rfind(b"\n", 0, match.start()) + 1
        before = text[line_start : match.start()]
        is_called = not _is_inside(text, current, line_start, before)
        for target in _targets(match, before):
            yield Edge("import", target, place[is_called])


def _is_inside(text: bytes, function: tuple[int, int], line_start: int, before: bytes) -> bool:
    """True when the line stands in the function last begun; a guess by indentation."""
    start, indent = function
    if start < 0 or len(before) - len(before.lstrip()) <= indent:
        return False
    return not _OUTER.search(text, text.find(b"\n", start) + 1, line_start)


def _targets(match: re.Match[bytes], before: bytes) -> list[str]:
    called = match["module"] or match["dunder"]
    if called:
        return [called.decode("latin-1")]
    names = [name.decode("latin-1") for name in _NAME.findall(match["names"] or b"")]
    origin = _FROM.search(before)
    if origin:
        module = origin[1].replace(b" ", b"").replace(b"\t", b"").decode("latin-1")
        glue = "" if module.endswith(".") else "."
        return [module, *(module + glue + name for name in names)]
    return names if not before.strip() or before.rstrip().endswith((b";", b":")) else []


def _javascript(text: bytes, name: str) -> Iterator[Edge]:
    place = Place(name, 1)
    for match in _REQUIRE.finditer(text):
        kind = "start" if match[0].startswith((b"Worker", b"fork")) else "import"
        yield Edge(kind, match[1].decode("utf-8", "replace"), place)


def _files(text: bytes, name: str) -> Iterator[Edge]:
    """Files the text names: run when a word that runs them is near, read otherwise."""
    place = Place(name, 1)
    for match in _FILE.finditer(text):
        start, end = max(match.start() - NEAR_BYTES, 0), match.end() + NEAR_BYTES
        kind = "read"
        if _STARTS.search(text, start, end):
            kind = "start"
        elif _RUNS.search(text, start, end):
            kind = "exec"
        yield Edge(kind, match[1].decode("latin-1"), place)


def _named_files(text: bytes) -> Iterator[str]:
    for match in re.finditer(rb"[\w@./\\-]{1,200}\.\w{1,6}\b", text):
        yield match[0].decode("latin-1")
