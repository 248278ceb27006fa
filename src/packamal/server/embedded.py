"""The service for the person at this machine: one program, no set-up, on loopback only."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from gunicorn.app.base import BaseApplication

from packamal import config as scanner
from packamal.errors import SettingsError
from packamal.server import config
from packamal.server.local_secret import keep_secret
from packamal.server.start import set_up

HOST = "127.0.0.1"
THREADS = 8
"""Requests at once; pages wait for the index, not for the processor."""
STOP_S = 10
KEY_NAME = "api-key"
Say = Callable[[str], None]


def serve(port: int, say: Say) -> None:
    """Serve until told to stop; `port` 0 takes a free one. Raises SettingsError."""
    settings = config.load(scanner.environment())
    if not settings.is_embedded:
        raise SettingsError("PACKAMAL_SERVER_SHAPE: serve runs the embedded shape alone")
    keep_secret(settings.data_dir)
    lock = _locked(settings.data_dir)
    set_up()
    call_command("migrate", interactive=False, verbosity=0)
    key = _kept_key(settings.data_dir / KEY_NAME)
    connections.close_all()  # what follows forks
    _Server(port, settings.scans, lambda address: say(f"Packamal is at {address}/ (API key in {key})")).run()
    lock.close()


def _locked(folder: Path) -> TextIO:
    """Two of them on one folder would end each other's scans."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SettingsError(f"{folder} is served already; stop that, or set PACKAMAL_SERVER_DATA_DIR") from None
    return lock


def _kept_key(path: Path) -> Path:
    """A key for the API, which its user alone can read; a new one when the old one no longer holds."""
    from packamal.server.accounts.keys import find_key, make_key
    from packamal.server.accounts.local import local_user
    from packamal.server.accounts.models import Scope

    if path.exists() and find_key(path.read_text(encoding="ascii").strip()):
        return path
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(make_key(local_user(), "this machine", list(Scope)).text + "\n")
    part.replace(path)
    return path


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with one worker; the worker's threads run the queue as well."""

    def __init__(self, port: int, scans: int, is_up: Say) -> None:
        self.port = port
        self.scans = scans
        self.is_up = is_up
        self.threads: Any = None
        super().__init__()

    def load_config(self) -> None:
        """As gunicorn asks for it."""
        options = {
            "bind": f"{HOST}:{self.port}",
            "control_socket_disable": True,
            "graceful_timeout": STOP_S,
            "loglevel": "warning",
            "threads": THREADS,
            "worker_class": "gthread",
            "post_worker_init": self._start_queue,
            "when_ready": self._tell,
            "worker_exit": self._stop_queue,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        """The application."""
        return WSGIHandler()

    def _tell(self, server: Any) -> None:  # noqa: ANN401
        host, port = server.LISTENERS[0].sock.getsockname()[:2]
        self.is_up(f"http://{host}:{port}")

    def _start_queue(self, worker: Any) -> None:  # noqa: ANN401
        from packamal.server.pipeline.threads import Threads

        self.threads = Threads(self.scans)
        self.threads.start()

    def _stop_queue(self, server: Any, worker: Any) -> None:  # noqa: ANN401
        if self.threads:
            self.threads.stop()
