"""The paths of the internal listener. None of them is known to the public one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from packamal.server.operations import callbacks, health
from packamal.server.operations.collector import exposition


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus."""
    return HttpResponse(exposition(settings.PACKAMAL.metrics_dir), content_type=CONTENT_TYPE_LATEST)


urlpatterns: list[URLPattern] = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("metrics", metrics),
    path("internal/v1/attempts/<uuid:analysis_id>/<int:attempt>/result", callbacks.result),
    path("internal/v1/attempts/<uuid:analysis_id>/<int:attempt>/heartbeat", callbacks.heartbeat),
]
