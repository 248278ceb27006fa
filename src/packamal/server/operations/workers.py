"""Celery's two programs with what they need: counts that outlive a child, logs of ours, a schedule in the database."""

from __future__ import annotations

import logging

from billiard.process import current_process
from celery.signals import setup_logging
from celery.utils.nodenames import default_nodename, host_format

from packamal.server.operations.pulse import WorkerPulse
from packamal.server.operations.serving import full_settings
from packamal.server.operations.shared_metrics import share
from packamal.server.start import set_up

MAIN = "main"


@setup_logging.connect  # type: ignore[untyped-decorator]
def _leave_logging(**kwargs: object) -> None:
    """That there is a receiver is enough: Celery then leaves alone what Django's settings set up."""
    logging.captureWarnings(capture=True)


def run_worker(name: str, queues: str, processes: int | None) -> None:
    """Take work from these queues (separated by commas) until told to stop; `processes` None: what the settings say.

    Raises SettingsError when scans cannot run as the settings say: before work is taken, not with it in hand.
    """
    settings = full_settings()
    share(settings.metrics_dir, f"worker-{name}", _slot, is_kept=True)
    set_up()
    from packamal.server import tracing
    from packamal.server.pipeline.celery_app import app
    from packamal.server.pipeline.parts import executor

    executor()
    tracing.check()
    worker = app.Worker(
        hostname=host_format(default_nodename(f"{name}@%h")),
        queues=queues,
        concurrency=processes or settings.scans,
        task_events=True,
        without_gossip=True,
        without_mingle=True,
        loglevel="INFO",
        quiet=True,
    )
    WorkerPulse(settings.metrics_dir, name, lambda: _is_connected(worker)).start()
    worker.start()


def run_beat() -> None:
    """Send what is due, while this is the active one."""
    share(full_settings().metrics_dir, "beat")
    set_up()
    from packamal.server.operations.beat import LeasedScheduler, Program
    from packamal.server.pipeline.celery_app import app

    Program(app=app, scheduler_cls=LeasedScheduler, loglevel="INFO", quiet=True, redirect_stdouts=False).run()


def _is_connected(worker: object) -> bool:
    return getattr(getattr(worker, "consumer", None), "connection", None) is not None


def _slot() -> str:
    """The place in the pool: a child that follows another counts on in its file."""
    index = getattr(current_process(), "index", None)
    return MAIN if index is None else str(index)
