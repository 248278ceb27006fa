"""Regular expressions of the evaluated code, run only where Python's engine cannot be held by them."""

from __future__ import annotations

import functools
import re

MAX_PATTERN = 200
MAX_INPUT = 200_000
"""Characters searched by a pattern without open repetition; with one it is MAX_REPEATED."""
MAX_REPEATED = 4_000
"""Searching may cost the square of this."""
_OPEN = re.compile(r"(?<!\\)(?:[*+]|\{\d+,\})")
_RISKY = re.compile(r"\)[*+{?]|\\[1-9]|\(\?<|\\k<|\\p\{")
_NAMED = re.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?")


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> re.Pattern[str] | None:
    """Translate a pattern; None where it is not the same in Python, or could be slow."""
    if len(pattern) > MAX_PATTERN or _RISKY.search(pattern):
        return None
    text = _NAMED.sub(lambda match: re.escape(chr(int(match[1], 16))), pattern).replace("[^]", r"[\s\S]")
    text = text.replace(r"\/", "/")
    options = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    options |= re.DOTALL if "s" in flags else 0
    try:
        return re.compile(text, options)
    except (re.error, ValueError, OverflowError, RecursionError):
        return None


def usable(pattern: str, flags: str, text: str) -> re.Pattern[str] | None:
    """A compiled pattern where running it over `text` is bounded; None otherwise."""
    repeats = len(_OPEN.findall(pattern))
    if len(text) > MAX_INPUT or (repeats and len(text) > MAX_REPEATED) or repeats > _MAX_REPEATS:
        return None
    if repeats > 1 and len(text) > MAX_REPEATED // 16:
        return None
    return compile_pattern(pattern, flags)


_MAX_REPEATS = 3
