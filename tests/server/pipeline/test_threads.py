"""The threads of the embedded shape do what beat sends in the full one."""

from __future__ import annotations

import datetime
import threading
import time

import pytest
from django.db import DatabaseError, connection

from packamal.executors.process import ProcessExecutor
from packamal.server.analyses.claims import Asker
from packamal.server.analyses.models import Analysis
from packamal.server.analyses.states import Lane, State
from packamal.server.pipeline import threads
from packamal.server.pipeline.celery_app import FEEDS, MAINTENANCE, SCHEDULE, Job, app
from packamal.server.pipeline.submit import submit

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
        raise DatabaseError("away") if len(done) < 2 else KeyError("a surprise")

    @app.task(name="test.works")
    def works():
        done.append("works")
        if min(done.count("fails"), done.count("works")) >= 4:
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


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_as_many_scans_run_as_the_settings_say_and_no_more(index, monkeypatch):
    """And none of them within a transaction, which would keep rows from others for as long as it takes."""
    in_hand, seen, lock, run = [], [], threading.Lock(), ProcessExecutor.run

    def watched(self, order, watch):
        with lock:
            in_hand.append(order.name)
            seen.append((len(in_hand), connection.in_atomic_block))
        try:
            return run(self, order, watch)
        finally:
            with lock:
                in_hand.remove(order.name)

    monkeypatch.setattr(ProcessExecutor, "run", watched)
    for number in range(5):
        submit(index.add(f"small{number}", "1.0"), Asker(), Lane.BULK)
    started = threads.Threads(2)
    started.start()
    ends = time.monotonic() + 3 * WAIT_S
    while Analysis.objects.exclude(state=State.DONE).exists() and time.monotonic() < ends:
        time.sleep(0.05)
    started.stop()
    assert [row.state for row in Analysis.objects.all()] == [State.DONE] * 5
    assert max(count for count, _ in seen) == 2
    assert {is_atomic for _, is_atomic in seen} == {False}
