"""The embedded shape needs no set-up: its signing key is made once and kept where only its user can read it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

NAME = "secret-key"
KEY_BYTES = 48


def kept_secret(folder: Path) -> str:
    """The key of this folder; made by `keep_secret`, and one for this process alone where there is none yet."""
    try:
        return (folder / NAME).read_text(encoding="ascii")
    except FileNotFoundError:
        return secrets.token_urlsafe(KEY_BYTES)


def keep_secret(folder: Path) -> None:
    """Make the folder, and the key in it when there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder / NAME, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES))
