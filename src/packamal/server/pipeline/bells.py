"""Tells workers that something waits. The row is the truth: a bell that nobody hears costs time, nothing else."""

from __future__ import annotations

import logging
import threading

import redis
from celery.exceptions import OperationalError
from django.conf import settings

from packamal.server.analyses.states import Lane
from packamal.server.config import Shape
from packamal.server.pipeline.celery_app import BROKER_TIMEOUT_S, MAINTENANCE, app

log = logging.getLogger(__name__)
TASK = "packamal.analyse"
CALL_EXPIRES_S = 30
"""By then the job had its turn."""
local_bell = threading.Condition()
"""What the threads of the embedded shape wait on."""


def ring(lane: Lane) -> bool:
    """Wake a worker of this lane; never raises and never waits long. False: nobody can hear it now."""
    return RINGS[settings.PACKAMAL.shape](lane)


def call(task: str) -> None:
    """Have a job of the schedule done now rather than in its turn; never raises and never waits long."""
    if settings.PACKAMAL.shape is Shape.EMBEDDED:
        return  # its threads look every few seconds
    try:
        app.send_task(task, queue=MAINTENANCE, retry=False, expires=CALL_EXPIRES_S)
    except (OperationalError, OSError) as error:
        log.warning("the broker cannot be reached: %s", error)


def waiting(lane: Lane) -> int:
    """Bells of this lane that nobody took yet, as far as it is known."""
    return WAITING[settings.PACKAMAL.shape](lane)


def _ring_threads(lane: Lane) -> bool:
    with local_bell:
        local_bell.notify()
    return True


def _send(lane: Lane) -> bool:
    try:
        app.send_task(TASK, [lane.value], queue=lane.value, retry=False)
    except (OperationalError, OSError) as error:  # the reconciler rings again
        log.warning("the broker cannot be reached: %s", error)
        return False
    return True


def _in_queue(lane: Lane) -> int:
    timeouts = {"socket_timeout": BROKER_TIMEOUT_S, "socket_connect_timeout": BROKER_TIMEOUT_S}
    try:
        with redis.Redis.from_url(settings.PACKAMAL.redis_url, **timeouts) as client:
            return int(client.llen(lane.value))
    except redis.RedisError as error:
        log.warning("the broker cannot be asked: %s", error)
        return 0


RINGS = {Shape.EMBEDDED: _ring_threads, Shape.FULL: _send}
WAITING = {Shape.EMBEDDED: lambda lane: 0, Shape.FULL: _in_queue}
