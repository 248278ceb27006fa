"""Tells Django where the templates and static files are."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Templates and static files."""

    name = "packamal.server.pages"
    label = "pages"
