"""Celery over Redis for the full shape. Messages are bells: they carry a lane, never a package."""

from __future__ import annotations

from celery import Celery
from django.conf import settings

from packamal.server.start import set_up

set_up()

BROKER_TIMEOUT_S = 5
"""Of connecting and of every answer; the client's own default changed between versions."""
RECONCILE_S = 30.0
SLACK_S = 600
"""Above the longest task a message is taken for lost and given out again."""
MAINTENANCE = "maintenance"


def _broker() -> str:
    return settings.PACKAMAL.redis_url.replace("unix://", "redis+socket://", 1)


app = Celery("packamal", broker=_broker())
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": settings.PACKAMAL.time_limit_s + SLACK_S,
        "socket_timeout": BROKER_TIMEOUT_S,
        "socket_connect_timeout": BROKER_TIMEOUT_S,
    },
    beat_schedule={
        "reconcile": {"task": "packamal.reconcile", "schedule": RECONCILE_S, "options": {"queue": MAINTENANCE}}
    },
    imports=["packamal.server.pipeline.tasks"],
    task_acks_late=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    task_default_queue=MAINTENANCE,
    timezone="UTC",
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=200,
    worker_prefetch_multiplier=1,
)
