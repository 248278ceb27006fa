"""The packer that is known by its parameters p, a, c, k, e, d: a text in which numbers stand for words of a list.

Its loop replaces every word of the text for every word of the list; that is one pass here.
"""

from __future__ import annotations

import re

from packamal.detectors.javascript.coerce import MAX_STRING
from packamal.detectors.javascript.values import ArrayValue

MIN_PACKED = 40
"""Characters of the least text that is worth packing."""
MAX_BASE = 62
"""Base of the numbers; beyond it the packer needs characters that no word has."""
MAX_WORDS = 20_000
_WORD = re.compile(r"\w+")


def unpack(arguments: list[object]) -> str | None:
    """What a packer gives for its arguments; None when these are not those of a packer."""
    if len(arguments) < 4:
        return None
    text, base, count, words = arguments[:4]
    if not (isinstance(text, str) and isinstance(base, int) and isinstance(count, int)):
        return None
    if not isinstance(words, ArrayValue) or words.is_open or not 2 <= base <= MAX_BASE or len(text) < MIN_PACKED:
        return None
    if not 0 < len(words.items) <= count <= MAX_WORDS or not all(isinstance(word, str) for word in words.items):
        return None
    table = {_number(at, base): word for at, word in enumerate(words.items) if isinstance(word, str) and word}
    made = _WORD.sub(lambda found: table.get(found[0], found[0]), text)
    return made if len(made) <= MAX_STRING else None


def _number(value: int, base: int) -> str:
    """A number as the packer writes it: digits, small letters, then capitals."""
    head = _number(value // base, base) if value >= base else ""
    digit = value % base
    return head + (chr(digit + 29) if digit > 35 else "0123456789abcdefghijklmnopqrstuvwxyz"[digit])
