"""Flows through the file system: what is written under a name and started, loaded or read under it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from packamal.capability import Capability
from packamal.detectors.started import base_name, started, words_of
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


def link_paths(signals: Sequence[Signal]) -> Iterator[Flow]:
    """Yield a flow from each writer of a path to each later user of the same path."""
    writers: dict[str, list[int]] = defaultdict(list)
    for index, signal in enumerate(signals):
        name = base_name(signal.target) if signal.id in _WRITERS else ""
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
        name = base_name(signal.target)
        return set() if name.endswith(_PLAIN_DATA) else {name, f"{name}.py", f"{name}.js"}
    return {base_name(word) for word in words_of(signal.target)} if signal.id in _READERS else set()
