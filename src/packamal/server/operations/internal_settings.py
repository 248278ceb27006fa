"""Django's settings for the internal listener: the same service, other paths, no pages, no sessions."""

from __future__ import annotations

from packamal.server.settings import *  # noqa: F403  the same service

ROOT_URLCONF = "packamal.server.operations.internal_urls"
MIDDLEWARE = [
    "packamal.server.request_id.RequestId",
    "packamal.server.tracing.Traced",
    "packamal.server.operations.counting.Counted",
]
ALLOWED_HOSTS = ["*"]
"""Reached by the address of a machine, never by people; no link is built here."""
