"""Reads a command's words: which are options, what their values are for, which word is the address."""

from __future__ import annotations

import re
from typing import NamedTuple

from packamal.detectors.facts import Arg
from packamal.detectors.shell import tables

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|[\w{}.-]+@[\w.-]+:")
_BARE_HOST = re.compile(r"[\w{}$-]+(?:\.[\w{}-]+)+(?::\d+)?(?:[/?].*)?", re.S)
_SYSTEM_PLACE = re.compile(
    r"(?:/(?:usr/(?:local/)?)?s?bin/|[a-z]:\\windows\\|/system32/|\{(?:windir|systemroot)\}\\)", re.I
)
_WINDOWS_SUFFIX = re.compile(r"\.(?:exe|cmd|bat|com)$", re.I)
_VERSION_SUFFIX = re.compile(r"(?<=[a-z])[23](?:\.\d+)?w?$")
_LOCAL_FILE = re.compile(r"\.{1,2}[\\/]|[\w{}.~%-]*[\\/]|\{(?:0|~dp0|dir)\}", re.I)
_RUNNABLE = re.compile(r"\.(?:exe|scr|bat|cmd|com|ps1|vbs|js|sh|py|jar|msi|hta|lnk|pif)$", re.I)


class Line(NamedTuple):
    """A command's words, read."""

    name: str
    """Base name in lower case, without suffix or version: `curl`, `python`; empty when it is not known."""
    path: str
    """The command word as it stands."""
    args: tuple[Arg, ...]
    named: tuple[tuple[str, Arg], ...]
    plain: tuple[Arg, ...]
    """Words that are neither options nor their values."""
    is_file: bool
    """The command word names a file, not a command on the search path."""


def read_line(words: list[Arg]) -> Line:
    """Read the words of one command, the first being its name."""
    path = words[0].text or ""
    name, args = command_name(path), tuple(words[1:])
    table = tables.NAMED_OPTIONS.get(tables.SAME_AS.get(name, name), {})
    named, plain = _options(args, table)
    url = next((arg for arg in plain if _is_address(arg, name)), None)
    if url is not None and not any(key == "url" for key, _ in named):
        named.append(("url", url))
    return Line(name, path, args, tuple(named), tuple(plain), is_file(path))


def command_name(path: str) -> str:
    """Reduce a command word to the name catalogues know it by."""
    base = re.split(r"[\\/]", path)[-1].lower()
    bare = _WINDOWS_SUFFIX.sub("", base)
    if bare.startswith(("python", "pypy", "pip")):
        bare = _VERSION_SUFFIX.sub("", bare)
    return "python" if bare == "pythonw" else bare


def is_file(path: str) -> bool:
    """Tell a file that is started by its place from a command found on the search path."""
    if _SYSTEM_PLACE.match(path):
        return False
    return _LOCAL_FILE.match(path) is not None or (_RUNNABLE.search(path) is not None and not _is_system_tool(path))


def _is_system_tool(path: str) -> bool:
    name = command_name(path)
    return (
        name in tables.INTERPRETERS
        or name in tables.NAMED_OPTIONS
        or name in tables.URL_COMMANDS
        or name in tables.WRAPPERS
    )


def _options(args: tuple[Arg, ...], table: dict[str, str]) -> tuple[list[tuple[str, Arg]], list[Arg]]:
    named: list[tuple[str, Arg]] = []
    plain: list[Arg] = []
    pending: str | None = None
    for arg in args:
        word = arg.text or ""
        if pending is not None:
            if pending:
                named.append((pending, arg))
            pending = None
        elif word in table or word.lower() in table:
            pending = table[word] if word in table else table[word.lower()]
        elif word.startswith("--") and "=" in word and word.partition("=")[0] in table:
            option, _, value = word.partition("=")
            named.append((table[option], arg._replace(text=value, const=value if arg.is_const else None)))
        elif len(word) > 2 and word[0] == "-" and word[1] != "-" and table:
            pending = _cluster(word, arg, table, named)
        elif not word.startswith("-"):
            plain.append(arg)
    return [(name, arg) for name, arg in named if name], plain


def _cluster(word: str, arg: Arg, table: dict[str, str], named: list[tuple[str, Arg]]) -> str | None:
    """Read bundled short options: `-sSLo file`, `-XPOST`. Returns the name a next word's value goes by."""
    for at in range(1, len(word)):
        option = "-" + word[at]
        if option in table:
            rest = word[at + 1 :]
            if not rest:
                return table[option]
            named.append((table[option], arg._replace(text=rest, const=rest if arg.is_const else None)))
            return None
    return None


def _is_address(arg: Arg, name: str) -> bool:
    text = arg.text or ""
    if name not in tables.URL_COMMANDS:
        return text.startswith(("http://", "https://", "ftp://"))
    if _ADDRESS.match(text):
        return True
    return name in tables.BARE_HOST_COMMANDS and (_BARE_HOST.fullmatch(text) is not None or bool(arg.sources))
