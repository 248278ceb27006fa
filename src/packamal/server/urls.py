"""The paths of the service. Each part lists its own; nothing but the lists of parts stands here."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from packamal.server.api.api import api
from packamal.server.api.problems import not_found
from packamal.server.operations import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.live),
    path("readyz", health.ready),
    path("api/v1/", not_found),
    path("api/v1/", api.urls),
    path("api/<path:path>", not_found),
    path("", include("packamal.server.accounts.urls")),
    path("", include("packamal.server.pages.urls")),
]

handler400 = "packamal.server.pages.errors.refused"
handler403 = "packamal.server.pages.errors.forbidden"
handler404 = "packamal.server.pages.errors.not_found"
handler500 = "packamal.server.pages.errors.broken"
