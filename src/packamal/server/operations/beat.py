"""Celery's scheduler with its state in the database: started twice, one sends; restarted, it goes on where it was."""

from __future__ import annotations

import datetime
import logging
import secrets
import signal
from typing import Any, NoReturn

from celery.apps.beat import Beat
from celery.beat import ScheduleEntry, Scheduler, Service
from celery.exceptions import OperationalError
from django.conf import settings
from django.db import DatabaseError, connection

from packamal.server.operations import lease
from packamal.server.operations.pulse import touch

log = logging.getLogger(__name__)
LOOK_S = 5.0
"""A lease is renewed, or tried for, this often."""
LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


class Program(Beat):  # type: ignore[misc]
    """Celery's program, which ends where it stands: its own handler closes the schedule, and so asks the database,
    inside the signal, and hangs for ever when the signal came while the pool of connections was locked."""

    def install_sync_handler(self, service: Service) -> None:
        """Leave the loop; the service gives the lease up on its way out."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit


class LeasedScheduler(Scheduler):  # type: ignore[misc]
    """Ticks only while this process holds the lease."""

    producer = None
    """Each message takes a connection of the pool, so that a broker that is down never holds a tick for long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Celery's own
        self.holder = secrets.token_hex(8)
        self.is_active = False
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """From the configuration alone."""
        self.merge_inplace(self.app.conf.beat_schedule)

    def tick(self, *args: Any, **kwargs: Any) -> float:  # noqa: ANN401  Celery's own
        """Send what is due, if this is the active one; gives how long to sleep."""
        touch(settings.PACKAMAL.metrics_dir, "beat")
        try:
            if not self._hold():
                return LOOK_S
            return float(min(super().tick(*args, **kwargs), LOOK_S))
        except DatabaseError as error:
            log.warning("the database cannot be used: %s", error)
            self.is_active = False
            return LOOK_S
        finally:
            connection.close()

    def _hold(self) -> bool:
        was_active, self.is_active = self.is_active, lease.hold(self.holder)
        if self.is_active and not was_active:
            log.info("this beat is the active one")
            self._take_over()
        return self.is_active

    def _take_over(self) -> None:
        """Go on where the last active beat was; what never ran is due."""
        last = lease.last_runs()
        for entry in self.schedule.values():
            entry.last_run_at = last.get(entry.name, LONG_AGO)
        self._heap = None

    def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
        """Send one job."""
        before = lease.last_runs().get(entry.name, LONG_AGO)
        if not lease.claim_run(entry.name, entry.schedule.run_every):
            return
        try:
            self.app.send_task(entry.task, retry=False, **entry.options)
        except (OperationalError, OSError) as error:
            log.warning("job=%s cannot be sent: %s", entry.name, error)
            lease.give_run_back(entry.name, before)

    def close(self) -> None:
        """On an orderly end."""
        try:
            lease.give_up(self.holder)
        except DatabaseError as error:
            log.warning("the lease is left to run out: %s", error)
        super().close()
