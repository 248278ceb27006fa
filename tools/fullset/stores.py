"""PostgreSQL and Redis of the set: kept on disk, behind passwords, on loopback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from services import find

from fullset.folder import Folder, user

NAME = "packamal"
REDIS = """bind 127.0.0.1
port {port}
protected-mode yes
dir {folder}
requirepass {password}
appendonly {aof}
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
"""
"""noeviction: a full broker refuses new messages, which the reconciler sends again, and drops none."""


def program(name: str) -> Path:
    """An installed program. Raises FileNotFoundError."""
    path = find(name)
    if path is None:
        raise FileNotFoundError(name)
    return path


def make_postgres(folder: Folder) -> list[str | Path]:
    """Make the cluster at the first time; gives the command that runs it."""
    place, port = folder.foreign("postgres"), folder.ports()["postgres"]
    cluster = place / "data"
    if not (cluster / "PG_VERSION").exists():
        password = place / "password"
        password.unlink(missing_ok=True)
        folder.write_private(password, folder.secret("postgres"), user())
        words = ["--auth=scram-sha-256", f"--username={NAME}", f"--pwfile={password}", "--encoding=UTF8", "--locale=C"]
        _run([program("initdb"), "-D", cluster, *words], place)
        password.unlink()
    options = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={place}", "max_connections=120"]
    return [program("postgres"), "-D", cluster, *[word for option in options for word in ("-c", option)]]


def make_database(folder: Folder) -> bool:
    """Make the database; False while the server does not answer."""
    environment = {**os.environ, "PGPASSWORD": folder.secret("postgres"), "PGCONNECT_TIMEOUT": "2"}
    server = ["-h", "127.0.0.1", "-p", str(folder.ports()["postgres"]), "-U", NAME]
    listed = "SELECT 1 FROM pg_database WHERE datname = 'packamal'"
    ask = [
        str(program("psql")),
        *server,
        "-At",
        "-c",
        listed,
        "postgres",
    ]
    found = subprocess.run(ask, env=environment, capture_output=True, text=True, check=False)
    if found.returncode:
        return False
    if found.stdout.strip() != "1":
        subprocess.run([str(program("createdb")), *server, NAME], env=environment, check=True)
    return True


def make_redis(folder: Folder, has_aof: bool = True) -> list[str | Path]:
    """Write its configuration; gives the command that runs it."""
    place = folder.foreign("redis")
    configuration = place / "redis.conf"
    configuration.unlink(missing_ok=True)
    values = {"port": folder.ports()["redis"], "folder": place, "password": folder.secret("redis")}
    text = REDIS.format(**values, aof="yes" if has_aof else "no")
    folder.write_private(configuration, text, user())
    return [program("redis-server"), configuration]


def _run(command: list[str | Path], place: Path) -> None:
    done = subprocess.run(command, user=user(), cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name}: {done.stderr.strip()[-2000:]}")
