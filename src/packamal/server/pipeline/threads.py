"""The queue of the embedded shape: threads that wait for a bell. Each scan is still a process of its own."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, connection

from packamal.server.pipeline.bells import local_bell
from packamal.server.pipeline.reconcile import reconcile, release_all
from packamal.server.pipeline.run import run_next

log = logging.getLogger(__name__)
LOOK_S = 2.0
"""Looked for work at least this often, since a retry becomes due without a bell."""
RECONCILE_S = 30.0
STOP_S = 8.0
"""An executor asks about once a second whether it is still wanted."""


class Threads:
    """Starts them, ends them."""

    def __init__(self, count: int) -> None:
        self.stopping = threading.Event()
        jobs = [*(self._work for _ in range(count)), self._reconcile]
        self.threads = [threading.Thread(target=job, name=f"scan-{n}", daemon=True) for n, job in enumerate(jobs)]

    def start(self) -> None:
        """Begin; what an earlier process left running is queued again first."""
        release_all()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Take nothing new, stop the scans in hand (they are queued again) and wait a little for it."""
        self.stopping.set()
        with local_bell:
            local_bell.notify_all()
        ends = time.monotonic() + STOP_S
        for thread in self.threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _work(self) -> None:
        name = threading.current_thread().name
        while not self.stopping.is_set():
            try:
                has_worked = run_next(name, is_stopping=self.stopping.is_set)
            except DatabaseError as error:
                log.warning("the database cannot be used: %s", error)
                has_worked = False
            if not has_worked:
                connection.close()
                with local_bell:
                    local_bell.wait(LOOK_S)

    def _reconcile(self) -> None:
        last = time.monotonic()
        while not self.stopping.wait(1.0):
            if time.monotonic() - last < RECONCILE_S:
                continue
            last = time.monotonic()
            try:
                reconcile()
            except DatabaseError as error:
                log.warning("the database cannot be used: %s", error)
            connection.close()
