"""The paths of the internal listener. None of them is known to the public one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from packamal.server.operations import callbacks, health, job_files
from packamal.server.operations.collector import exposition

ATTEMPT = "internal/v1/attempts/<uuid:analysis_id>/<int:attempt>"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus."""
    return HttpResponse(exposition(settings.PACKAMAL.metrics_dir), content_type=CONTENT_TYPE_LATEST)


urlpatterns: list[URLPattern] = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics),
    path(f"{ATTEMPT}/result", callbacks.result),
    path(f"{ATTEMPT}/heartbeat", callbacks.heartbeat),
    path(f"{ATTEMPT}/stored", job_files.stored),
    path(f"{ATTEMPT}/upload", job_files.upload),
    path(f"{ATTEMPT}/accepted", job_files.accepted),
]
