"""The parts of the set, in the order they start: what each is run with."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from fullset.folder import Folder
from fullset.frontend import make_frontend
from fullset.stores import NAME, make_postgres, make_redis

HOST = "127.0.0.1"
OURS = [sys.executable, "-m", "packamal"]
Command = list[str | Path]
OWN, PROVIDER = "PACKAMAL_SERVER_", "PACKAMAL_SERVER_OIDC_"
"""What the set says itself, and what whoever starts it may say: whom people sign in with."""
CELERY = "packamal.server.pipeline.celery_app"


class Part(NamedTuple):
    """How a part is run."""

    is_foreign: bool = False
    """Debian's, not ours: runs as somebody else when root starts the set, and is told nothing."""
    stop: int = signal.SIGTERM
    patience_s: float = 10


STORES = {"postgres": Part(True, signal.SIGINT, 20), "redis": Part(True)}
"""What the others stand on; started first, ended last."""
SERVICE = {
    "web": Part(),
    "internal": Part(),
    "scans": Part(),
    "upkeep": Part(),
    "beat": Part(),
    "flower": Part(),
    "frontend": Part(True, signal.SIGQUIT),
}
PARTS = {**STORES, **SERVICE}


def store_commands(folder: Folder, has_aof: bool = True) -> dict[str, Command]:
    """How the stores are run; makes what they need."""
    return {"postgres": make_postgres(folder), "redis": make_redis(folder, has_aof)}


def service_commands(folder: Folder, scans: int) -> dict[str, Command]:
    """How the parts of the service are run; makes what they need."""
    ports = folder.ports()
    upkeep = ["worker", "--name", "upkeep", "--queues", "maintenance,feeds", "--processes", "2"]
    scan = ["worker", "--name", "scans", "--queues", "interactive,bulk,feed", "--processes", str(scans)]
    flower = ["flower", f"--address={HOST}", f"--port={ports['flower']}"]
    return {
        "web": [*OURS, "web", "--bind", f"{HOST}:{ports['web']}"],
        "internal": [*OURS, "internal", "--bind", f"{HOST}:{ports['internal']}"],
        "scans": [*OURS, *scan],
        "upkeep": [*OURS, *upkeep],
        "beat": [*OURS, "beat"],
        "flower": [sys.executable, "-m", "celery", "--app", CELERY, *flower],
        "frontend": make_frontend(folder),
    }


def environment(folder: Folder, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What our parts are told. Secrets by file: a command line and an environment can be seen by others."""
    ports, password = folder.ports(), folder.secret("postgres")
    addresses = {
        "database-url": f"postgresql://{NAME}:{password}@{HOST}:{ports['postgres']}/{NAME}",
        "redis-url": f"redis://:{folder.secret('redis')}@{HOST}:{ports['redis']}/0",
    }
    for name, text in addresses.items():
        path = folder.secret_file(name)
        path.unlink(missing_ok=True)
        folder.write_private(path, text)
    said = {
        "SHAPE": "full",
        "DATA_DIR": str(folder.path / "data"),
        "SECRET_KEY_FILE": str(folder.secret_file("secret-key")),
        "DATABASE_URL_FILE": str(folder.secret_file("database-url")),
        "REDIS_URL_FILE": str(folder.secret_file("redis-url")),
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "PUBLIC_URL": f"http://{HOST}:{ports['frontend']}",
    }
    kept = {name: value for name, value in given.items() if not name.startswith(OWN) or name.startswith(PROVIDER)}
    return kept | {f"PACKAMAL_SERVER_{name}": value for name, value in said.items()}


def flower_environment(folder: Folder) -> dict[str, str]:
    """Flower shows everything it is asked for, so it asks for a name and a password."""
    return {"FLOWER_BASIC_AUTH": f"{NAME}:{folder.secret('flower')}"}
