"""What a shell command starts: words that may be files, code given on the line, and scripts run by name.

Not a shell: words are split, wrappers and assignments fall away, nested `sh -c` is entered. A word that names no file
of the artifact costs nothing, so every word is offered.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from packamal.detectors.tree import normal
from packamal.detectors.units import Language

MAX_COMMAND_CHARS = 20_000
"""Longer commands are read up to here."""
MAX_DEPTH = 4
"""`sh -c "sh -c ..."`"""
MAX_WORDS = 500
"""Words offered as files by one command."""

_INTERPRETERS = {
    **dict.fromkeys(("node", "nodejs", "bun", "iojs", "electron"), Language.JAVASCRIPT),
    **dict.fromkeys(("deno", "ts-node", "tsx"), Language.TYPESCRIPT),
    **dict.fromkeys(("python", "python2", "python3", "py", "pythonw"), Language.PYTHON),
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ksh"), Language.SHELL),
    **dict.fromkeys(("powershell", "pwsh"), Language.POWERSHELL),
    "cmd": Language.BATCH,
}
_INLINE = {
    Language.JAVASCRIPT: re.compile(r"-(?:e|p|pe|-eval|-print)\Z"),
    Language.TYPESCRIPT: re.compile(r"(?:-(?:e|p|-eval)|eval)\Z"),
    Language.PYTHON: re.compile(r"-[A-Za-z]*c\Z"),
    Language.SHELL: re.compile(r"-[a-z]*c\Z"),
    Language.POWERSHELL: re.compile(r"(?i)-(?:c|command|e|ec|enc|encodedcommand)\Z"),
    Language.BATCH: re.compile(r"(?i)/[ck]\Z"),
}
_RUNNERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_RUN_WORDS = frozenset({"run", "run-script", "rum", "urn"})
_MANY_RUNNERS = frozenset({"run-s", "run-p", "npm-run-all"})
_SEPARATORS = frozenset(";|&\n(){}")
_WINDOWS_PATH = re.compile(r"(?<=[\w.])\\(?=[\w.-]{1,64}(?:\\[\w.-]{1,64}){0,8}\.\w{1,8}(?:\s|$))")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SUBSTITUTION = re.compile(r"\$\(([^()]+)\)|`([^`]+)`")


@dataclass(slots=True)
class Started:
    """What one command line starts."""

    words: list[tuple[str, bool]] = field(default_factory=list)
    """(path seen from where the command begins, an interpreter or loader stands before it)"""
    inline: list[tuple[Language, str]] = field(default_factory=list)
    """Code given on the command line."""
    scripts: list[str] = field(default_factory=list)
    """Names of package scripts it runs."""


def read_command(command: str) -> Started:
    """Read one command line; never raises."""
    started = Started()
    _read(command[:MAX_COMMAND_CHARS], started, "", 0)
    return started


def split_words(command: str) -> list[str]:
    """Split as a shell would, separators as words of their own; a broken quote falls back to plain splitting."""
    lexer = shlex.shlex(_WINDOWS_PATH.sub("/", command), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return re.split(r"[\s\"']+", command)


def _read(command: str, started: Started, folder: str, depth: int) -> None:
    simple: list[str] = []
    for word in [*split_words(command), ";"]:
        if _SEPARATORS.issuperset(word):
            folder = _simple(simple, started, folder, depth)
            simple = []
        else:
            simple.append(word)
    if depth < MAX_DEPTH:
        for match in _SUBSTITUTION.finditer(command):
            _read(match[1] or match[2], started, folder, depth + 1)


def _simple(words: list[str], started: Started, folder: str, depth: int) -> str:
    """Read one simple command; returns the folder the next one runs in."""
    words = [word for word in words if not _ASSIGNMENT.match(word)]
    if words[:1] == ["cd"] and len(words) > 1:
        return normal(folder, words[1])
    named = [_program(word) for word in words]
    _scripts(named, words, started)
    language: Language | None = None
    for index, word in enumerate(words):
        found = _INTERPRETERS.get(named[index])
        if found is not None:
            language = found
        elif language is not None and _INLINE[language].match(word):
            _inline(language, words[index + 1 :], started, folder, depth)
            break
        elif not word.startswith("-") and len(started.words) < MAX_WORDS:
            started.words.append((normal(folder, word) or ".", language is not None))
        elif "=" in word and len(started.words) < MAX_WORDS:
            started.words.append((normal(folder, word.partition("=")[2]) or ".", False))
    return folder


def _program(word: str) -> str:
    name = word.replace("\\", "/").rsplit("/", 1)[-1].lstrip("@").lower()
    name = name.removesuffix(".exe").removesuffix(".cmd")
    return re.sub(r"(?<=python)[\d.]+\Z", "", name)


def _scripts(named: list[str], words: list[str], started: Started) -> None:
    for index, name in enumerate(named):
        rest = [word for word in words[index + 1 :] if not word.startswith("-")]
        if name in _MANY_RUNNERS:
            started.scripts += rest
        elif name in _RUNNERS and rest:
            started.scripts.append(rest[1] if rest[0] in _RUN_WORDS and len(rest) > 1 else rest[0])


def _inline(language: Language, rest: list[str], started: Started, folder: str, depth: int) -> None:
    if not rest:
        return
    text = rest[0] if language not in {Language.POWERSHELL, Language.BATCH} else " ".join(rest)
    if language in {Language.SHELL, Language.BATCH} and depth < MAX_DEPTH:
        _read(text, started, folder, depth + 1)
    if language is not Language.BATCH:
        started.inline.append((language, text))
