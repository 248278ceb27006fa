"""Tells the listener beside the scan that it lives and where it stands, and learns whether anybody still wants it."""

from __future__ import annotations

import threading

from packamal.errors import FetchError
from packamal.executors.base import Stage
from packamal.executors.inside.listener import Listener

TICK_S = 1.0
BEAT_S = 10.0
"""Well within a lease of 60 s; a new stage is told at the next tick."""
TRY_S = 5.0
UNWANTED = frozenset({401, 409, 410})


class Pulse:
    """A thread of its own: a listener that hangs must not hold up the pipes of the scan."""

    def __init__(self, listener: Listener) -> None:
        self.stage = Stage()
        self.is_unwanted = False
        self._listener = listener
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()

    def _run(self) -> None:
        told, rest = None, 0.0
        while not self.is_unwanted and not self._over.is_set():
            stage = self.stage
            if stage != told or rest <= 0:
                told, rest = stage, BEAT_S
                self._beat(stage)
            self._over.wait(TICK_S)
            rest -= TICK_S

    def _beat(self, stage: Stage) -> None:
        try:
            self.is_unwanted = self._listener.beat(stage, TRY_S) in UNWANTED
        except FetchError:  # the lease outlasts some silence, and the executor sees the pod besides
            return
