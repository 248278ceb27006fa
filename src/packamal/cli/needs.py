"""Says in one line what a command cannot do without."""

from __future__ import annotations

import importlib.util

from packamal.errors import SettingsError


def need_server() -> None:
    """The libraries of the service. Raises SettingsError."""
    if importlib.util.find_spec("celery") is None or importlib.util.find_spec("django") is None:
        raise SettingsError("the service is not installed; install packamal[server], or use `make serve` in a clone")
