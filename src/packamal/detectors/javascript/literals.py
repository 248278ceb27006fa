"""Values of literals as written in JavaScript: escapes in text, numbers in every notation."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3]?[0-7]{1,2})|(\r\n|[\s\S]))"
)
_SIMPLE = {
    "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v",
    "\n": "", "\r\n": "", "\r": "", "\u2028": "", "\u2029": "",
}  # fmt: skip
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LETTER = re.compile(r"\\(?:x[2-7]|u00[2-7]|u\{[2-7])[0-9a-fA-F]")
_WORD = re.compile(r"[!-~ ]+\Z")
MAX_DIGITS = 400
"""Longer number literals are not read exactly: Python's own limit protects from quadratic time."""


def unescape(text: str) -> str:
    """Take the escapes out of a string or template."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    return join_surrogates(plain) if "\\u" in text else plain


def is_spelt(raw: str, value: str) -> bool:
    """Whether a word is written in escapes for no reason: half of its printable characters or more."""
    return len(_LETTER.findall(raw)) * 2 >= len(value) > 1 and _WORD.match(value) is not None


def _character(match: re.Match[str]) -> str:
    braced, four, two, octal, other = match.groups()
    digits = braced or four or two
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    if octal is not None:
        return chr(int(octal, 8))
    return _SIMPLE.get(other, other)


def join_surrogates(text: str) -> str:
    """Make one character of each pair of surrogates, as Python has it."""
    return _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def number(text: str) -> int | float:
    """Read a number literal; a whole value is an int, nonsense is NaN."""
    text = text.replace("_", "").rstrip("n")
    if len(text) > MAX_DIGITS:
        return float("inf")
    try:
        if text[:2] in {"0x", "0X", "0b", "0B", "0o", "0O"}:
            return int(text, 0)
        if len(text) > 1 and text[0] == "0" and text.isdigit():
            return int(text, 10 if "8" in text or "9" in text else 8)
        if text.isdigit():
            return int(text)
        value = float(text)
    except ValueError:
        return float("nan")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
