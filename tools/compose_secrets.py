#!/usr/bin/env python3
"""Write the secrets that deploy/compose.yml mounts: random, made once, for their owner alone. What is there stays."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "deploy/secrets"
SECRET_BYTES = 36
REDIS = """bind 0.0.0.0
protected-mode yes
dir /data
requirepass {redis}
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
"""
FILES = {
    "admin": "{admin}\n",
    "database-url": "postgresql://packamal:{postgres}@postgres:5432/packamal\n",
    "flower-config": 'basic_auth = ["packamal:{flower}"]\n',
    "oidc": "",
    "postgres": "{postgres}",
    "redis-config": REDIS,
    "redis-url": "redis://:{redis}@redis:6379/0\n",
    "secret-key": "{key}\n",
}
"""File -> what it holds; those that share a secret are written together or not at all. What a provider knows this
service by is written into `oidc` by hand."""
MODE = 0o644
"""Of a file: programs in containers run as users of their own. The folder keeps everybody else of this machine out."""


def main(folder: Path) -> int:
    """Write them; 1 when a part of them is missing, since what is there cannot be told again."""
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        missing = sorted(FILES.keys() - set(there))
        print(f"missing: {' '.join(missing)}" if missing else f"{folder} is complete", file=sys.stderr)
        return 1 if missing else 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = {name: secrets.token_urlsafe(SECRET_BYTES) for name in ("admin", "flower", "key", "postgres", "redis")}
    for name, text in FILES.items():
        descriptor = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text.format(**made))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
