"""A member's name as the archive spells it -> a path that can be trusted to stay inside and to print on one line."""

from __future__ import annotations

import re
from typing import NamedTuple

_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:)?/")
_DRIVE = re.compile(r"^[A-Za-z]:")
_UNNAMED = "!unnamed"


class Cleaned(NamedTuple):
    """A usable path, and what was wrong with the name (empty: nothing)."""

    path: str
    oddity: str


def clean(name: str, max_chars: int) -> Cleaned:
    """Turn a name into a relative posix path; total, idempotent on its own results."""
    if _is_plain(name) and len(name) <= max_chars:
        return Cleaned(name, "")
    oddities: list[str] = []
    text = _readable(name, oddities)
    if "\\" in text:
        oddities.append("backslash")
        text = text.replace("\\", "/")
    if _ABSOLUTE.match(text):
        oddities.append("absolute path")
    path = "/".join(_kept_parts(text, oddities))
    if len(path) > max_chars:
        oddities.append(f"name of {len(path)} characters")
        path = path[:max_chars].rstrip("/.")
    return Cleaned(path or _UNNAMED, ", ".join(dict.fromkeys(oddities)))


def _kept_parts(text: str, oddities: list[str]) -> list[str]:
    kept: list[str] = []
    for part in text.split("/"):
        while not kept and _DRIVE.match(part):
            oddities.append("drive letter")
            part = part[2:]
        if part == "..":
            oddities.append("parent path")
        elif part not in ("", "."):
            kept.append(part)
    return kept


def _is_plain(name: str) -> bool:
    """True for nearly every real name, at the cost of a few substring searches."""
    return (
        name.isprintable()
        and ".." not in name
        and "\\" not in name
        and "//" not in name
        and "./" not in name
        and name[:1] not in ("", "/")
        and name[1:2] != ":"
        and name[-1] != "/"
        and "\ufffd" not in name
        and not name.endswith("/.")
        and name != "."
    )


def _readable(name: str, oddities: list[str]) -> str:
    """Unpackers written in C end a name at NUL; other unprintable characters would forge output."""
    text = name
    if "\0" in text:
        oddities.append("NUL in the name")
        text = text.partition("\0")[0]
    if "\ufffd" in text or any("\ud800" <= char <= "\udfff" for char in text):
        oddities.append("invalid UTF-8")
    if not text.isprintable():
        if any(not char.isprintable() and not "\ud800" <= char <= "\udfff" for char in text):
            oddities.append("control character")
        text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text
