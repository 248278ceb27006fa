"""The folder that a set lives in: its secrets, its ports, and which processes it started."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

LISTENERS = ("frontend", "web", "internal", "flower", "postgres", "redis")
SECRETS = ("secret-key", "postgres", "redis", "flower", "admin")
SECRET_BYTES = 36
NOBODY = "nobody"
"""What is not our own program runs as this user when root starts the set; PostgreSQL refuses root anyway."""
ROOTS_FOLDER = Path("/var/lib/packamal-local")
"""Root's home cannot be entered by anybody else."""


def user() -> str | None:
    """Whom foreign programs run as; None is whoever starts the set."""
    return NOBODY if os.geteuid() == 0 else None


def usual(clone: Path) -> Path:
    """One for each clone of the project, so that two of them do not end each other's set."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    above = ROOTS_FOLDER if os.geteuid() == 0 else Path(state) / "packamal"
    return above / f"{clone.name}-{hashlib.sha256(bytes(clone)).hexdigest()[:8]}"


class Folder:
    """Makes what is missing; what is there stays."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def make(self) -> None:
        """The folders; everything secret is for its owner alone."""
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        for name, mode in {"secrets": 0o700, "logs": 0o700, "data": 0o711}.items():
            (self.path / name).mkdir(mode=mode, exist_ok=True)
            (self.path / name).chmod(mode)
        for name in SECRETS:
            self._make_secret(name)

    def foreign(self, name: str) -> Path:
        """A folder for a program that runs as somebody else."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        if owner := user():
            shutil.chown(path, owner)
        return path

    def secret_file(self, name: str) -> Path:
        """Where a secret stands, mode 0600."""
        return self.path / "secrets" / name

    def secret(self, name: str) -> str:
        """The secret."""
        return self.secret_file(name).read_text(encoding="ascii").strip()

    def _make_secret(self, name: str) -> None:
        with contextlib.suppress(FileExistsError):
            self.write_private(self.secret_file(name), secrets.token_urlsafe(SECRET_BYTES) + "\n")

    def write_private(self, path: Path, text: str, owner: str | None = None) -> None:
        """A new file with mode 0600. Raises FileExistsError."""
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if owner:
            shutil.chown(path, owner)

    def log(self, part: str) -> Path:
        """What a part says."""
        return self.path / "logs" / f"{part}.log"

    def ports(self) -> dict[str, int]:
        """Listener -> port on loopback."""
        return dict(json.loads((self.path / "ports.json").read_text(encoding="utf-8")))

    def choose_ports(self) -> None:
        """Keep those of last time, so that a link holds over a restart; others when somebody has one of them now."""
        path = self.path / "ports.json"
        if path.exists() and all(is_free(port) for port in self.ports().values()):
            return
        ports = dict(zip(LISTENERS, free_ports(len(LISTENERS)), strict=True))
        path.write_text(json.dumps(ports), encoding="utf-8")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One `up` or `down` at a time."""
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def is_free(port: int) -> bool:
    """Whether nobody listens on it; what a closed connection leaves does not count."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
