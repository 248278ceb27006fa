"""Flows through the file system: what is written under a name and started, loaded or read under it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packamal.capability import Capability
from packamal.model import Flow, Signal

_WRITERS = {Capability.FILE_WRITE, Capability.FILE_DROP, Capability.FILE_CHMOD, Capability.FILE_ARCHIVE}
_USERS = {
    Capability.PROC_EXEC,
    Capability.PROC_SHELL,
    Capability.PROC_POWERSHELL,
    Capability.PROC_HIDDEN,
    Capability.CODE_IMPORT,
    Capability.CODE_EVAL,
    Capability.CODE_NATIVE,
    Capability.FILE_READ,
    Capability.FILE_CHMOD,
    Capability.NET_SEND,
    Capability.PERSIST_STARTUP,
}
_MIN_NAME = 4
"""Shorter base names (`a`, `x.c`) meet by chance."""


def link_paths(signals: Sequence[Signal]) -> Iterator[Flow]:
    """Yield a flow from each writer of a path to each later user of the same path."""
    writers = [(index, _base_name(signal.target)) for index, signal in enumerate(signals) if signal.id in _WRITERS]
    writers = [(index, name) for index, name in writers if len(name) >= _MIN_NAME]
    if not writers:
        return
    for index, signal in enumerate(signals):
        if signal.id not in _USERS or not signal.target:
            continue
        target = signal.target.replace("\\", "/")
        for writer, name in writers:
            if writer != index and name in target:
                yield Flow(writer, index)


def _base_name(path: str) -> str:
    """Last part of a path, kept with its holes; empty where it says nothing (`{x}`)."""
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2].strip("'\" ")
    return "" if name.startswith("{") and name.endswith("}") and "." not in name.rpartition("}")[2] else name
