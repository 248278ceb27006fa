"""Makes Django ready in this process: the one place that says where its settings are."""

from __future__ import annotations

import os

import django

SETTINGS = "packamal.server.settings"


def set_up() -> None:
    """Load settings and models. Raises SettingsError."""
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    django.setup(set_prefix=False)
