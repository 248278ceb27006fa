"""Counts of many processes in one folder: each writes a file of its own, whoever is asked adds them up.

To be called before anything is counted, by the parts of the full shape alone: a one-off command counts in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import values

from packamal.server.start import share_metrics


def share(folder: Path, part: str, slot: Callable[[], str] = lambda: str(os.getpid()), is_kept: bool = False) -> None:
    """Count into `folder`. `slot` tells processes of a part apart; `is_kept`: counts go on in slots that come again."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_kept:
        for path in folder.glob(f"*_{part}-*.db"):
            path.unlink(missing_ok=True)
    share_metrics(folder)
    values.ValueClass = values.MultiProcessValue(lambda: f"{part}-{slot()}")  # type: ignore[no-untyped-call]
