"""Foreign JSON and headers as plain values: what has another shape than expected is empty, what is long is cut."""

from __future__ import annotations

import json
from collections.abc import Mapping

MAX_CHARS = 500_000
"""Longest text kept: a long README; hostile fields end here."""
MAX_ITEMS = 20_000
"""Longest list kept; the longest real lists of dependencies are in the hundreds."""


def as_text(value: object) -> str:
    """A text, or empty; surrogates become question marks so that every encoder can write it."""
    if not isinstance(value, str):
        return "" if value is None or isinstance(value, dict | list | bool | bytes) else str(value)[:MAX_CHARS]
    return value[:MAX_CHARS].strip().encode("utf-8", "replace").decode("utf-8")


def as_list(value: object) -> list[object]:
    """A list, or an empty one."""
    return value[:MAX_ITEMS] if isinstance(value, list) else []


def as_table(value: object) -> Mapping[str, object]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def load_json(content: bytes) -> object:
    """The document, or None for what is no JSON (broken, too deeply nested, numbers too long)."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
