"""What a member is written in, told by name, first line and first bytes: cheap enough to ask for every member.

A name is only a claim: a `.py` that holds an executable is a binary. Text that nothing names as code stays text until
something starts it; then `sniff` says what it most likely is.
"""

from __future__ import annotations

import posixpath
import re

from packamal.detectors.units import Language

HEAD_BYTES = 4096
"""How far into a member we look; magic numbers, shebangs and first statements stand earlier."""

_EXTENSIONS = {
    **dict.fromkeys((".py", ".pyw", ".pyi", ".pyx"), Language.PYTHON),
    **dict.fromkeys((".js", ".cjs", ".mjs", ".jsx", ".es6"), Language.JAVASCRIPT),
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts"), Language.TYPESCRIPT),
    **dict.fromkeys((".sh", ".bash", ".zsh", ".ksh", ".fish", ".command"), Language.SHELL),
    **dict.fromkeys((".ps1", ".psm1", ".psd1"), Language.POWERSHELL),
    **dict.fromkeys((".bat", ".cmd"), Language.BATCH),
    **dict.fromkeys((".json", ".json5", ".jsonc", ".map", ".ipynb", ".webmanifest"), Language.JSON),
    **dict.fromkeys((".toml", ".lock"), Language.TOML),
    **dict.fromkeys((".yaml", ".yml"), Language.YAML),
    **dict.fromkeys((".md", ".markdown", ".mdx"), Language.MARKDOWN),
    **dict.fromkeys((".txt", ".rst", ".cfg", ".ini", ".in", ".csv", ".log", ".adoc", ".pth"), Language.TEXT),
    **dict.fromkeys((".html", ".htm", ".css", ".xml", ".svg", ".c", ".h", ".cpp"), Language.TEXT),
    **dict.fromkeys((".so", ".pyd", ".dll", ".exe", ".dylib", ".node", ".pyc", ".wasm"), Language.BINARY),
}
_MAGIC = (
    b"\x7fELF",
    b"MZ\x90",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"\x00asm",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
)
_SHEBANGS = (
    (re.compile(rb"python|pypy"), Language.PYTHON),
    (re.compile(rb"\b(?:ts-node|tsx|deno)\b"), Language.TYPESCRIPT),
    (re.compile(rb"\b(?:node|nodejs|bun)\b"), Language.JAVASCRIPT),
    (re.compile(rb"\bpwsh\b|powershell"), Language.POWERSHELL),
    (re.compile(rb"\b(?:ba|z|k|da|fi)?sh\b"), Language.SHELL),
)
_SNIFFS = (
    (
        re.compile(rb"^[ \t]*(?:import [\w.]+(?: as \w+)?\s*(?:$|[;,#])|from [\w.]+ import |def \w+\()", re.M),
        Language.PYTHON,
    ),
    (
        re.compile(
            rb"\brequire\s*\(|^[ \t]*(?:const|let|var) [\w{$]|\bfunction\b\s*\w*\s*\(|=>|"
            rb"^import .* from ['\"]|^[ \t]*module\.exports",
            re.M,
        ),
        Language.JAVASCRIPT,
    ),
    (re.compile(rb"\b(?:exec|eval|__import__|print)\s*\(", re.M), Language.PYTHON),
    (re.compile(rb"(?i)\b(?:invoke-|new-object|\$env:|-encodedcommand|start-process)"), Language.POWERSHELL),
    (re.compile(rb"^[ \t]*(?:curl|wget|sh|bash|export|sudo|chmod|nohup|if \[)\b", re.M), Language.SHELL),
)
_BATCH = re.compile(rb"(?i)^\s*(?:@echo off|@powershell|setlocal)")
_PROSE = re.compile(
    r"(?i)(?:^|/)(?:readme|licen[cs]e|copying|changes|changelog|history|news|authors|notice|requirements)[^/]*\Z|\.(?:md|rst)\Z"
)
CODE = frozenset({Language.PYTHON, Language.JAVASCRIPT, Language.TYPESCRIPT})
"""Languages a front end reads."""
SCRIPTS = CODE | {Language.SHELL, Language.POWERSHELL, Language.BATCH}
"""Languages that run when they are started."""


def is_prose(path: str) -> bool:
    """True for what people read and installers only quote; reading it runs nothing."""
    return _PROSE.search(path) is not None


def language_of(path: str, data: bytes) -> Language:
    """Say what a member is written in; never raises."""
    head = data[:HEAD_BYTES]
    if head.startswith(_MAGIC):
        return Language.BINARY
    named = _EXTENSIONS.get(posixpath.splitext(path)[1].lower())
    if named is not None:
        return named
    if head.startswith(b"#!"):
        return _by_shebang(head.split(b"\n", 1)[0]) or Language.UNKNOWN
    if _is_binary(head):
        return Language.BINARY
    return Language.UNKNOWN


def sniff(data: bytes) -> Language:
    """Say what text of no known language most likely is, once it is seen to be started; UNKNOWN when nothing fits."""
    head = data[:HEAD_BYTES]
    if head.startswith(_MAGIC) or _is_binary(head):
        return Language.BINARY
    if head.startswith(b"#!"):
        return _by_shebang(head.split(b"\n", 1)[0]) or Language.UNKNOWN
    if _BATCH.match(head):
        return Language.BATCH
    return next((language for pattern, language in _SNIFFS if pattern.search(head)), Language.UNKNOWN)


def _by_shebang(line: bytes) -> Language | None:
    return next((language for pattern, language in _SHEBANGS if pattern.search(line)), None)


def _is_binary(head: bytes) -> bool:
    """NUL bytes, unless they are those of UTF-16 text with its mark."""
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
