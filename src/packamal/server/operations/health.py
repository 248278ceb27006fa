"""Whether this process lives, and whether what it stands on does. Asked by whoever runs it, never from outside."""

from __future__ import annotations

import errno
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from packamal.server.pipeline import parts
from packamal.server.pipeline.results import StoreError

ANSWER_S = 2.0
"""Longer is as good as no answer to whoever waits for one."""
PUBLIC_PATHS = "packamal.server.urls"


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is looked at, since a restart would mend nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Each thing it stands on; 503 while one of them is away. Says which, not why."""
    checks = {name: "ok" if check() else "unavailable" for name, check in CHECKS.items()}
    is_ready = set(checks.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status=200 if is_ready else 503
    )


def has_database() -> bool:
    """It answers, and knows our tables."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM analyses_analysis LIMIT 1")
    except DatabaseError:
        return False
    return True


def has_broker() -> bool:
    """It answers; the embedded shape has none and needs none."""
    if not settings.PACKAMAL.redis_url:
        return True
    timeouts = {"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S}
    try:
        with redis.Redis.from_url(settings.PACKAMAL.redis_url, **timeouts) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def has_store() -> bool:
    """A file can be written and there is room for reports."""
    try:
        parts.store().check()
    except StoreError as error:
        return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EROFS and is_reader()
    return True


def is_reader() -> bool:
    """Pages and API of the full shape only read reports: a volume that cannot be written is enough for them."""
    return settings.ROOT_URLCONF == PUBLIC_PATHS and not settings.PACKAMAL.is_embedded


CHECKS: dict[str, Callable[[], bool]] = {"database": has_database, "broker": has_broker, "results": has_store}
