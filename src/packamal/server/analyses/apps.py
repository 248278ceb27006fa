"""Tells Django about this part."""

from django.apps import AppConfig


class AnalysesConfig(AppConfig):
    """Analyses and their results."""

    name = "packamal.server.analyses"
    label = "analyses"
