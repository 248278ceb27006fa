"""Says that a program without a listener gets on: it touches a file, and whoever watches looks at the file's age.

Only the program itself is meant. A broker or a database that is away is no reason to start it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from celery.signals import heartbeat_sent

EVERY_S = 10.0
SILENT_S = 60.0
"""A worker that is connected sends a heartbeat every two seconds out of the loop that takes messages."""


def touch(folder: Path, part: str) -> None:
    """Now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{part}.beat").touch()


class WorkerPulse(threading.Thread):
    """Touches while the worker's loop turns, and while it tries to reach its broker, which happens outside of it."""

    def __init__(self, folder: Path, part: str, is_connected: Callable[[], bool]) -> None:
        super().__init__(name="pulse", daemon=True)
        self.folder = folder
        self.part = part
        self.is_connected = is_connected
        self.turned_at = time.monotonic()
        heartbeat_sent.connect(self._turned)

    def run(self) -> None:
        """Until the program ends."""
        while True:
            self.look()
            time.sleep(EVERY_S)

    def look(self) -> None:
        """Once."""
        if not self.is_connected():
            self.turned_at = time.monotonic()  # its minute begins when it is connected again
        if time.monotonic() - self.turned_at < SILENT_S:
            touch(self.folder, self.part)

    def _turned(self, **kwargs: object) -> None:
        self.turned_at = time.monotonic()
