#!/usr/bin/env python3
"""The real PostgreSQL and Redis for tests and for the local set, from Debian's packages: `services.py install`.

Each runs as a child of whoever started it, in a folder of its own, on a socket in that folder: no port, no password, no
root. What was started here is ended here, by its own process; nothing else is touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

PACKAGES = {"nginx": "nginx-light", "postgres": "postgresql", "redis-server": "redis-server"}
"""Program -> Debian package."""
EXTRAS = {"chromium": "chromium", "promtool": "prometheus"}
"""What the tests look at the pages and at the alerts with; those are reported as not run without it."""
FOLDERS = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/lib/postgresql/*/bin")
NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""
START_S = 60
STOP_S = 20
QUIET = "/usr/sbin/policy-rc.d"
"""Says to Debian's packages whether they may start their services on installation."""


def find(program: str) -> Path | None:
    """Where it is installed, the newest first; PostgreSQL keeps its programs out of the search path."""
    for pattern in reversed(FOLDERS):
        for path in sorted(Path("/").glob(f"{pattern[1:]}/{program}"), reverse=True):
            return path
    return None


def install() -> int:
    """Install what is missing, when this user may; else say what to do. Tests that need it are skipped then."""
    wanted = [package for program, package in (PACKAGES | EXTRAS).items() if find(program) is None]
    if not wanted:
        return 0
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or subprocess.run([*root, "true"], check=False, capture_output=True).returncode:
        say(f"not installed: {' '.join(wanted)}; tests that need them are skipped. apt-get install {' '.join(wanted)}")
        return 0
    say(f"installing {' '.join(wanted)} ...")
    with services_not_started(root):
        apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        subprocess.run([*apt, "update"], check=False, stdout=subprocess.DEVNULL)
        words = ["install", "--yes", "--no-install-recommends", *wanted]
        return subprocess.run([*apt, *words], check=False, stdout=subprocess.DEVNULL).returncode


@contextlib.contextmanager
def services_not_started(root: Sequence[str]) -> Iterator[None]:
    """The programs are wanted, not the machine's own PostgreSQL and Redis."""
    if Path(QUIET).exists():
        yield
        return
    subprocess.run([*root, "tee", QUIET], input=b"#!/bin/sh\nexit 101\n", stdout=subprocess.DEVNULL, check=True)
    subprocess.run([*root, "chmod", "755", QUIET], check=True)
    try:
        yield
    finally:
        subprocess.run([*root, "rm", "-f", QUIET], check=True)


class Service:
    """A program in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="packamal-", dir="/tmp"))
        self.user = NOBODY if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self.child: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str | Path]) -> None:
        """Start it; its output goes to a file in the folder."""
        with (self.folder / "log").open("ab") as log:
            self.child = subprocess.Popen(
                command, stdout=log, stderr=log, user=self.user, cwd=self.folder, start_new_session=True
            )

    def wait_for(self, path: Path) -> None:
        """Until its socket is there. Raises RuntimeError with the end of its log."""
        ends = time.monotonic() + START_S
        while not path.exists():
            if self.child is None or self.child.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and remove its folder."""
        if self.child is not None:
            self.child.send_signal(2)
            try:
                self.child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Service):
    """One cluster with the database `packamal`."""

    def __init__(self) -> None:
        super().__init__()
        server, initdb = find("postgres"), find("initdb")
        if server is None or initdb is None:
            raise FileNotFoundError("postgresql is not installed")
        self.data = self.folder / "data"
        words = ["--auth=trust", "--username=packamal", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [initdb, "-D", self.data, *words], check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL
        )
        options = ["fsync=off", "listen_addresses=", "max_connections=200"]
        flags = [word for option in options for word in ("-c", option)]
        self.start([initdb.with_name("postgres"), "-D", self.data, "-k", self.folder, *flags])
        self.wait_for(self.folder / ".s.PGSQL.5432")
        self.create("packamal")

    def create(self, name: str) -> None:
        """A database; tried again while the server is still coming up."""
        createdb = find("createdb")
        for _ in range(100):
            command = [str(createdb), "-h", str(self.folder), "-U", "packamal", name]
            if subprocess.run(command, check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])

    @property
    def url(self) -> str:
        """As PACKAMAL_SERVER_DATABASE_URL takes it."""
        return f"postgresql://packamal@/packamal?host={self.folder}"


class Redis(Service):
    """One server without files."""

    def __init__(self) -> None:
        super().__init__()
        server = find("redis-server")
        if server is None:
            raise FileNotFoundError("redis-server is not installed")
        self.socket = self.folder / "redis.sock"
        self.start([server, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777", "--save", ""])
        self.wait_for(self.socket)

    @property
    def url(self) -> str:
        """As PACKAMAL_SERVER_REDIS_URL takes it."""
        return f"unix://{self.socket}"


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: services.py install")
    sys.exit(install())
