"""Tells Django about this part."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """New releases of registries."""

    name = "packamal.server.feeds"
    label = "feeds"
