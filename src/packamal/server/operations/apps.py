"""Tells Django about this part."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """What keeps the service running."""

    name = "packamal.server.operations"
    label = "operations"
