"""gunicorn for the two listeners of the full shape. They are programs apart, with paths apart: the public one has no
path of the internal one, so that no mistake in a proxy can open it.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from packamal import config as scanner
from packamal.errors import SettingsError
from packamal.server import config
from packamal.server.config import ServerSettings
from packamal.server.operations.logs import LOGGING
from packamal.server.operations.shared_metrics import share
from packamal.server.start import INTERNAL, SETTINGS, set_up

THREADS = 8
"""Requests at once in one process."""
TIMEOUT_S = 60
"""A worker that says nothing for longer is replaced; gthread says something while its threads work."""
STOP_S = 10
LINE_BYTES = 4094
"""Of a request line: a package address is at most half of it."""


def full_settings() -> ServerSettings:
    """The settings in force, which must be those of the full shape. Raises SettingsError."""
    settings = config.load(scanner.environment())
    if settings.is_embedded:
        raise SettingsError("PACKAMAL_SERVER_SHAPE: this is a part of the full shape; `packamal serve` needs no parts")
    return settings


def serve_public(bind: str, processes: int) -> None:
    """Pages and API."""
    share(full_settings().metrics_dir, "web")
    _Server(SETTINGS, bind, processes).run()


def serve_internal(bind: str) -> None:
    """Callbacks of scans, metrics, health."""
    share(full_settings().metrics_dir, "internal")
    _Server(INTERNAL, bind, 1).run()


class _OurLogs(Logger):  # type: ignore[misc]
    """Hands gunicorn's own lines on to the logging that Django's settings set up."""

    def setup(self, cfg: object) -> None:
        """As gunicorn does it, then without handlers of its own."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        self.error_log.setLevel(logging.INFO)


class _Server(BaseApplication):  # type: ignore[misc]
    """One listener."""

    def __init__(self, settings_module: str, bind: str, processes: int) -> None:
        self.settings_module = settings_module
        self.options: dict[str, Any] = {
            "bind": bind,
            "control_socket_disable": True,
            "graceful_timeout": STOP_S,
            "limit_request_line": LINE_BYTES,
            "logger_class": _OurLogs,
            "threads": THREADS,
            "timeout": TIMEOUT_S,
            "worker_class": "gthread",
            "workers": processes,
        }
        logging.config.dictConfig(LOGGING)  # of the process that watches the others; Django does it in those
        super().__init__()

    def load_config(self) -> None:
        """As gunicorn asks for it."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The application, made in each process: nothing that is open is shared by a fork."""
        set_up(self.settings_module)
        return WSGIHandler()
