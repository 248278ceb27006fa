"""Flows through the file system: what is written under a name and started, loaded or read under it again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from packamal.capability import Capability
from packamal.model import Flow, Signal

_WRITERS = {Capability.FILE_WRITE, Capability.FILE_DROP, Capability.FILE_CHMOD, Capability.FILE_ARCHIVE}
_STARTERS = {
    Capability.PROC_EXEC,
    Capability.PROC_SHELL,
    Capability.PROC_POWERSHELL,
    Capability.PROC_HIDDEN,
    Capability.PROC_INTERPRETER,
}
_LOADERS = {Capability.CODE_IMPORT, Capability.CODE_EVAL, Capability.CODE_NATIVE}
_READERS = {Capability.FILE_READ, Capability.FILE_CHMOD, Capability.NET_SEND, Capability.PERSIST_STARTUP}
_MIN_NAME = 4
"""Shorter base names (`a`, `x.c`) meet by chance."""
_PLAIN_DATA = (".json", ".txt", ".log", ".md", ".yaml", ".yml", ".toml", ".csv", ".html", ".xml")
"""What is loaded or opened from such a file is data: `require('./package.json')`, `xdg-open README.html`."""
_INTERPRETER = re.compile(
    r"(?:[\w.]*(?:sh|python|node|perl|ruby|php|lua|bun|deno|java|wine)[\d.]*w?|cmd|powershell|[wc]script|mshta|rundll32|regsvr32"
    r"|msiexec|chmod|open|xdg-open|start|call|nohup|sudo|env|exec|source|setsid|\.|&)(?:\.exe)?",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"&&|\|\||[;|\n]|\$\(|`")
_WORD = re.compile(r"\{[^{}]*\}[^\s'\"]*|[^\s'\"]+")
_OPTION = re.compile(r"[-+/]\w[\w:=-]*|\d{3,4}|a?\+x")
_SCRIPT = (
    ".py",
    ".pyw",
    ".js",
    ".mjs",
    ".cjs",
    ".sh",
    ".ps1",
    ".bat",
    ".cmd",
    ".vbs",
    ".hta",
    ".jar",
    ".exe",
    ".dll",
    ".scr",
)


def link_paths(signals: Sequence[Signal]) -> Iterator[Flow]:
    """Yield a flow from each writer of a path to each later user of the same path."""
    writers: dict[str, list[int]] = defaultdict(list)
    for index, signal in enumerate(signals):
        name = _base_name(signal.target) if signal.id in _WRITERS else ""
        if len(name) >= _MIN_NAME:
            writers[name].append(index)
    if not writers:
        return
    for index, signal in enumerate(signals):
        for name in _used(signal):
            yield from (Flow(writer, index) for writer in writers.get(name, ()) if writer != index)


def _used(signal: Signal) -> set[str]:
    """Base names of the files that a signal starts, loads or reads."""
    if signal.id in _STARTERS:
        return {name for name in started(signal.target) if not name.endswith(_PLAIN_DATA)}
    if signal.id in _LOADERS:
        name = _base_name(signal.target)
        return set() if name.endswith(_PLAIN_DATA) else {name, f"{name}.py", f"{name}.js"}
    return {_base_name(word) for word in _WORD.findall(signal.target)} if signal.id in _READERS else set()


def started(command: str) -> set[str]:
    """Base names of what a command starts: its program, or the file that its interpreter is given.

    A file that is only an argument (`openssl ocsp -issuer FILE`) is not started.
    """
    found: set[str] = set()
    for segment in _SEGMENT.split(command):
        words = [word for word in _WORD.findall(segment) if not _OPTION.fullmatch(word)]
        named = next((at for at, word in enumerate(words) if not _is_interpreter(word)), len(words))
        found.update(map(_base_name, words[: named + 1]))
        if named:  # an option's value may stand before the script: `-ExecutionPolicy Bypass -File stage.ps1`
            found.update(name for name in map(_base_name, words) if name.lower().endswith(_SCRIPT))
    return found


def _is_interpreter(word: str) -> bool:
    return bool(_INTERPRETER.fullmatch(_base_name(word))) or "executable" in word or "execPath" in word


def _base_name(path: str) -> str:
    """Last part of a path, kept with its holes; empty where it says nothing (`{x}`)."""
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2].strip("'\" ")
    return "" if name.startswith("{") and name.endswith("}") and "." not in name.rpartition("}")[2] else name
