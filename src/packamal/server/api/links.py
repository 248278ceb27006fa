"""Addresses of things, built from the configured public address and never from a request."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import reverse


def analysis(analysis_id: UUID) -> str:
    """In the API."""
    return absolute(reverse("api-1:analysis", args=[analysis_id]))


def report(analysis_id: UUID) -> str:
    """In the API."""
    return absolute(reverse("api-1:report", args=[analysis_id]))


def page(analysis_id: UUID) -> str:
    """For people."""
    return absolute(reverse("analysis", args=[analysis_id]))


def absolute(path: str) -> str:
    """With the public address in front, where one is configured."""
    return settings.PACKAMAL.public_url + path
