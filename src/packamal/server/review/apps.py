"""Registers the tables."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Decisions."""

    name = "packamal.server.review"
    label = "review"
