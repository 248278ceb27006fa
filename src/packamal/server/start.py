"""Makes Django ready in this process: the one place that says where its settings are."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.apps import apps

SETTINGS = "packamal.server.settings"
INTERNAL = "packamal.server.operations.internal_settings"


def set_up(settings_module: str = SETTINGS) -> None:
    """Load settings and models, once in a process. Raises SettingsError."""
    if apps.ready:
        return
    name_settings(settings_module)
    django.setup(set_prefix=False)


def name_settings(settings_module: str = SETTINGS) -> None:
    """Say where the settings are, for what needs them before there are models."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module


def share_metrics(folder: Path) -> None:
    """Tell the metrics library where the processes of one machine count; it reads this from the environment alone."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
