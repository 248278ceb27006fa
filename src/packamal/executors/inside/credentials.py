"""The two tokens of an attempt, out of the folder that its Secret is mounted on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from packamal.errors import PackamalError

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")
READ_BYTES = 200


class NoTokenError(PackamalError):
    """A token is not there, or is none."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Never shown, never handed to a child."""

    result: str = field(repr=False)
    heartbeat: str = field(repr=False)


def read(folder: Path) -> Tokens:
    """Both. Raises NoTokenError, which says which one is missing and nothing of its content."""
    return Tokens(_token(folder / "result"), _token(folder / "heartbeat"))


def _token(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(READ_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise NoTokenError(f"the token {path.name!r} cannot be read: {error.strerror}") from error
    if not TOKEN.fullmatch(text):
        raise NoTokenError(f"the file {path.name!r} holds no token")
    return text
