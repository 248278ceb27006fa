"""One setting of the service as its documents and its reader know it, and the kinds of value that several have."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

PREFIX = "PACKAMAL_SERVER_"


class ServerOption(NamedTuple):
    """One variable and what the documents say about it."""

    name: str
    parse: Callable[[str], object]
    default: str | None
    """As it would be written; None: it must be said in the full shape and is left out in the embedded one."""
    help: str
    is_secret: bool = False

    @property
    def variable(self) -> str:
        """`PACKAMAL_SERVER_DATA_DIR`."""
        return PREFIX + self.name.upper()


def a_switch(text: str) -> bool:
    """Yes or no. Raises ValueError."""
    if text.lower() not in ("yes", "no"):
        raise ValueError("yes or no expected")
    return text.lower() == "yes"


def a_folder(text: str) -> Path:
    """A path, made absolute. Raises ValueError."""
    if not text or "\0" in text:
        raise ValueError("a folder expected")
    return Path(text).expanduser().absolute()


def a_url(text: str) -> str:
    """An http address or nothing. Raises ValueError."""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise ValueError("an address like https://packamal.example expected")
    return text.rstrip("/")


def a_whole_number(largest: int) -> Callable[[str], int]:
    """From 1 to this. Raises ValueError."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= largest):
            raise ValueError(f"a whole number from 1 to {largest} expected")
        return int(text)

    return parse


def one_of(words: type[enum.StrEnum]) -> Callable[[str], enum.StrEnum]:
    """One of these. Raises ValueError."""

    def parse(text: str) -> enum.StrEnum:
        try:
            return words(text)
        except ValueError:
            raise ValueError(f"{' or '.join(words)} expected") from None

    return parse
