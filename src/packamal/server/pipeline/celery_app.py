"""Celery over Redis for the full shape. Messages are bells: they carry a lane, never a package."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from celery import Celery
from django.conf import settings

from packamal.server.start import name_settings, set_up

BROKER_TIMEOUT_S = 5
"""Of connecting and of every answer; the client's own default changed between versions."""
QUICK = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
"""Somebody waits while a bell is rung; without this a missing broker costs them eight seconds."""
SLACK_S = 600
"""Above the longest task a message is taken for lost and given out again."""
MAINTENANCE = "maintenance"
FEEDS = "feeds"
"""The queue of what asks package indexes for news."""


class Job(NamedTuple):
    """Something that is done again and again."""

    task: str
    period: datetime.timedelta
    queue: str = MAINTENANCE


SCHEDULE = {
    "reconcile": Job("packamal.reconcile", datetime.timedelta(seconds=30)),
    "feeds": Job("packamal.feeds", datetime.timedelta(seconds=15), FEEDS),
    "lists": Job("packamal.lists", datetime.timedelta(minutes=10), FEEDS),
    "deliver": Job("packamal.deliver", datetime.timedelta(seconds=10)),
    "forget-messages": Job("packamal.forget_messages", datetime.timedelta(hours=1)),
    "forget-watch-events": Job("packamal.forget_watch_events", datetime.timedelta(hours=6)),
    "poll-watches": Job("packamal.poll_watches", datetime.timedelta(seconds=30), FEEDS),
    "retention": Job("packamal.retention", datetime.timedelta(hours=1)),
}
"""By name; beat sends them, in the embedded shape threads run them. A message that nobody took before the next one is
due is worth nothing: it expires."""
TASKS = (
    "packamal.server.pipeline.tasks",
    "packamal.server.feeds.tasks",
    "packamal.server.webhooks.tasks",
    "packamal.server.watches.tasks",
)
"""Modules with tasks."""
OPTIONS = {
    "beat_schedule": {
        name: {
            "task": job.task,
            "schedule": job.period,
            "options": {"queue": job.queue, "expires": job.period.total_seconds()},
        }
        for name, job in SCHEDULE.items()
    },
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "imports": TASKS,
    "task_acks_late": True,
    "task_default_queue": MAINTENANCE,
    "task_ignore_result": True,
    "task_reject_on_worker_lost": True,
    "timezone": "UTC",
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_hijack_root_logger": False,
    "worker_max_tasks_per_child": 200,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
}


def make_app(redis_url: str, time_limit_s: int) -> Celery:
    """Celery over this Redis."""
    made = Celery("packamal", broker=redis_url.replace("unix://", "redis+socket://", 1))
    transport = {
        "visibility_timeout": time_limit_s + SLACK_S,
        "socket_timeout": BROKER_TIMEOUT_S,
        "socket_connect_timeout": BROKER_TIMEOUT_S,
        "queue_order_strategy": "priority",
        **QUICK,
    }
    made.conf.update(OPTIONS, broker_transport_options=transport)
    return made


_is_first = not settings.configured  # loaded by Celery's own programs
if _is_first:
    name_settings()
app = make_app(settings.PACKAMAL.redis_url, settings.PACKAMAL.time_limit_s)
if _is_first:
    set_up()  # after the app, which parts of the service ring bells with as soon as they are loaded
