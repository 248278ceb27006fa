"""The threads of the embedded shape do what beat sends in the full one."""

from __future__ import annotations

import datetime
import threading
import time

import pytest
from django.db import DatabaseError

from packamal.server.pipeline import threads
from packamal.server.pipeline.celery_app import FEEDS, MAINTENANCE, SCHEDULE, Job, app

WAIT_S = 20
pytestmark = pytest.mark.django_db(transaction=True)


def test_every_job_has_a_task():
    app.loader.import_default_modules()
    assert {job.task for job in SCHEDULE.values()} <= set(app.tasks)


def test_jobs_run_again_and_again_and_a_failing_one_does_not_end_the_others(monkeypatch):
    done, all_done = [], threading.Event()

    @app.task(name="test.fails")
    def fails():
        done.append("fails")
        raise DatabaseError("away")

    @app.task(name="test.works")
    def works():
        done.append("works")
        if min(done.count("fails"), done.count("works")) >= 2:
            all_done.set()

    soon = datetime.timedelta(milliseconds=1)
    schedule = {"a": Job("test.fails", soon, FEEDS), "b": Job("test.works", soon, FEEDS), "c": Job("test.works", soon)}
    monkeypatch.setattr(threads, "SCHEDULE", schedule)
    started = threads.Threads(0)
    started.start()
    assert all_done.wait(WAIT_S)
    started.stop()
    count = len(done)
    time.sleep(0.01)
    assert (len(done), len(started.threads)) == (count, len({FEEDS, MAINTENANCE}))
