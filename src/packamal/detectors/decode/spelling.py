"""Spells values and names of bytecode as source that parses, whatever stands in the name tables."""

from __future__ import annotations

import keyword
import re

from packamal.detectors.decode.limits import MAX_ARGUMENT

UNKNOWN = "_unknown"
"""A value that is not known."""
JOINABLE = re.compile(r"[\w.\[\]'\"()]+\Z")
"""What may stand in front of a dot or a bracket as it is."""


def literal(value: object) -> str:
    """Write a constant as source."""
    if isinstance(value, tuple):
        return "(" + "".join(f"{literal(item)}, " for item in value[:1000]) + ")"
    if isinstance(value, frozenset | set):
        return "{" + ", ".join(map(literal, list(value)[:1000])) + "}"
    if isinstance(value, str | bytes | int | float | complex | bool) or value is None or value is ...:
        short = value[: MAX_ARGUMENT // 4] if isinstance(value, str | bytes) else value
        return repr(short)
    return UNKNOWN


def identifier(name: str) -> str:
    """Make a name that parses of any name bytecode may hold."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    cleaned = re.sub(r"\W", "_", name)[:80]
    return f"_{cleaned}"


def attribute_of(value: str, name: str) -> str:
    """Write an attribute access, by getattr where the name does not parse."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return f"{callable_text(value)}.{name}"
    return f"getattr({value}, {name!r})"


def callable_text(value: str) -> str:
    """Bracket what would not parse in front of a dot or a bracket."""
    return value if JOINABLE.match(value) and not value[:1].isdigit() else f"({value})"
