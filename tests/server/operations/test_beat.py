"""Beat: one is active, and a restart neither repeats nor skips a job."""

from __future__ import annotations

import datetime
import signal

import pytest
from celery.exceptions import OperationalError
from django.utils import timezone

from packamal.server.operations import lease
from packamal.server.operations.beat import LOOK_S, LeasedScheduler, Program
from packamal.server.operations.models import BeatLease, ScheduledRun
from packamal.server.pipeline.celery_app import SCHEDULE, make_app

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = datetime.timedelta(minutes=1)


class Recording:
    """Celery as far as a scheduler sends; the broker may be away."""

    def __init__(self):
        self.app = make_app("redis://127.0.0.1:1/0", 10)
        self.sent = []
        self.is_away = False
        self.app.send_task = self.send

    def send(self, task, **options):
        if self.is_away:
            raise OperationalError("away")
        self.sent.append(task)

    def beat(self):
        scheduler = LeasedScheduler(self.app)
        return scheduler

    def run(self, scheduler):
        while scheduler.tick() == 0:
            pass


@pytest.fixture
def celery():
    return Recording()


def run_out():
    BeatLease.objects.update(until=timezone.now() - MINUTE)


def test_one_of_two_holds_the_lease_until_it_is_silent():
    assert lease.hold("a")
    assert not lease.hold("b")
    assert lease.hold("a")
    run_out()
    assert lease.hold("b")
    assert not lease.hold("a")


def test_a_lease_given_up_is_free_at_once():
    lease.hold("a")
    lease.give_up("b")
    assert not lease.hold("b")
    lease.give_up("a")
    assert lease.hold("b")


def test_many_at_once_get_one_lease_and_one_run(at_once):
    assert sum(at_once(lambda number: lease.hold(f"beat-{number}"), 8)) == 1
    assert sum(at_once(lambda number: lease.claim_run("job", MINUTE), 8)) == 1


def test_of_two_beats_one_sends_and_the_other_takes_over(celery):
    first, second = celery.beat(), celery.beat()
    celery.run(first)
    assert sorted(celery.sent) == sorted(job.task for job in SCHEDULE.values())
    assert second.tick() == LOOK_S
    run_out()
    celery.run(second)
    assert len(celery.sent) == len(SCHEDULE)  # what the first sent is not due yet
    ScheduledRun.objects.update(last_run_at=timezone.now() - datetime.timedelta(days=1))
    run_out()
    third = celery.beat()
    celery.run(third)
    assert len(celery.sent) == 2 * len(SCHEDULE)
    assert first.tick() == LOOK_S
    assert not first.is_active


def test_what_could_not_be_sent_is_due_still(celery):
    celery.is_away = True
    celery.run(celery.beat())
    assert celery.sent == []
    celery.is_away = False
    run_out()
    celery.run(celery.beat())
    assert len(celery.sent) == len(SCHEDULE)


def test_an_orderly_end_lets_another_take_over_at_once(celery):
    first = celery.beat()
    celery.run(first)
    first.close()
    second = celery.beat()
    second.tick()
    assert second.is_active


class Untouchable:
    """A service that must not be asked for anything."""

    def __getattr__(self, name):
        raise AssertionError(name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_loop_and_asks_the_database_for_nothing(celery, number):
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        Program(app=celery.app, quiet=True).install_sync_handler(Untouchable())
        with pytest.raises(SystemExit):
            signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
