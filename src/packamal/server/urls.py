"""The paths of the service. Each part lists its own; nothing but the lists of parts stands here."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
