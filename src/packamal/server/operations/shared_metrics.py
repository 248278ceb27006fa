"""Counts of many processes in one folder: each writes a file of its own, whoever is asked adds them up.

To be called before anything is counted, by the parts of the full shape alone: a one-off command counts in memory.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import values

from packamal.errors import SettingsError
from packamal.server.start import share_metrics

MAX_PLACES = 64
"""Programs of one part on one folder."""
_held: list[int] = []
"""Locks, until the last process of the program ends: its children inherit them, and the kernel lets them go."""


def share(folder: Path, part: str, slot: Callable[[], str] = lambda: str(os.getpid()), is_kept: bool = False) -> None:
    """Count into `folder`. `slot` tells processes of a part apart; `is_kept`: counts go on in slots that come again.

    Two programs of one part on one folder have a place each. Raises SettingsError where there are too many.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = _take_place(folder, part)
    if not is_kept:
        for path in folder.glob(f"*_{part}-{place}-*.db"):
            path.unlink(missing_ok=True)
    share_metrics(folder)
    values.ValueClass = values.MultiProcessValue(lambda: f"{part}-{place}-{slot()}")  # type: ignore[no-untyped-call]


def _take_place(folder: Path, part: str) -> int:
    """A number that no living program has. Not by process id: programs in two containers may have the same one."""
    for place in range(MAX_PLACES):
        lock = os.open(folder / f"{part}-{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            _held.append(lock)
            return place
    raise SettingsError(f"{folder}: {MAX_PLACES} programs of {part} count there already")
