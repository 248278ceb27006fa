"""The queue of the embedded shape: threads that wait for a bell. Each scan is still a process of its own.

What beat sends in the full shape is done here as well: one thread for each queue of the schedule.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from packamal.server.pipeline.bells import local_bell
from packamal.server.pipeline.celery_app import SCHEDULE, app
from packamal.server.pipeline.parts import executor
from packamal.server.pipeline.reconcile import release_all
from packamal.server.pipeline.run import run_next

log = logging.getLogger(__name__)
LOOK_S = 2.0
"""Looked for work at least this often, since a retry becomes due without a bell."""
FIRST_S = 30.0
"""From the start to the first run of a job at the latest."""
STOP_S = 8.0
"""An executor asks about once a second whether it is still wanted."""


class Threads:
    """Starts them, ends them."""

    def __init__(self, count: int) -> None:
        self.stopping = threading.Event()
        queues = sorted({job.queue for job in SCHEDULE.values()})
        jobs: list[Callable[[], None]]
        jobs = [*(self._work for _ in range(count)), *(functools.partial(self._keep_up, queue) for queue in queues)]
        self.threads = [threading.Thread(target=job, name=f"scan-{n}", daemon=True) for n, job in enumerate(jobs)]

    def start(self) -> None:
        """Begin; what an earlier process left running is queued again first. Raises SettingsError as `executor`."""
        executor()
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

    def _keep_up(self, queue: str) -> None:
        """Do what is due in one queue of the schedule, one job after the other."""
        app.loader.import_default_modules()
        jobs = [job for job in SCHEDULE.values() if job.queue == queue]
        now = time.monotonic()
        due = {job.task: now + min(job.period.total_seconds(), FIRST_S) for job in jobs}
        while not self.stopping.wait(1.0):
            for job in jobs:
                if time.monotonic() >= due[job.task] and not self.stopping.is_set():
                    due[job.task] = time.monotonic() + job.period.total_seconds()
                    _do(job.task)


def _do(task: str) -> None:
    """As a worker of Celery does it: what goes wrong is logged and ends this run, not those that come after it."""
    app.tasks[task].apply(throw=False)
    connection.close()
